/** Inclusive projection of predicates over rows to predicates over partition values (Iceberg spec, "Scan Planning"). */
import { applyTransform, floorToWidth, parseTransform, resultTypeOf, type Transform } from '../transforms/transform.js';
import type { PartitionField, Type } from '../types.js';
import type { Value } from '../values/single-value.js';
import { floorDivide } from '../values/temporal.js';
import { always, combine, type Predicate, type Test } from './predicate.js';

type Leaf = Extract<Predicate, { fieldId: number }>;

/** The predicate over partition field ids that holds for the partition of every row that passes. */
export function projectPredicate(predicate: Predicate, fields: readonly PartitionField[]): Predicate {
  if ('operands' in predicate) {
    return combine(
      predicate.op,
      predicate.operands.map((operand) => projectPredicate(operand, fields)),
    );
  }
  if (!('fieldId' in predicate)) return predicate;
  const projected = fields
    .filter((field) => field.sourceIds.length === 1 && field.sourceIds[0] === predicate.fieldId)
    .map((field) => projectLeaf(predicate, field));
  return combine('and', projected);
}

function projectLeaf(leaf: Leaf, field: PartitionField): Predicate {
  const transform = parseTransform(field.transform);
  if (transform.kind === 'void' || transform.kind === 'unknown') return always;
  const target = { fieldId: field.fieldId, type: resultTypeOf(field.transform, leaf.type) };
  if (!('value' in leaf || 'values' in leaf || 'prefix' in leaf)) return { op: leaf.op, ...target };
  if (transform.kind === 'identity') return { ...leaf, ...target };
  if (leaf.op === 'startsWith') return projectPrefix(leaf, transform, target);
  if (leaf.op === 'ne') return always;
  if (leaf.op === 'in') {
    return combine(
      'or',
      leaf.values.map((value) => projectComparison('eq', value, transform, leaf.type, target)),
    );
  }
  return projectComparison(leaf.op, leaf.value, transform, leaf.type, target);
}

function projectComparison(
  op: 'eq' | 'lt' | 'le' | 'gt' | 'ge',
  given: Value,
  transform: Transform,
  type: Type,
  target: { fieldId: number; type: Type },
): Predicate {
  if (transform.kind === 'truncate' && (typeof given === 'bigint' || typeof given === 'number')) {
    return projectToMultiple(op, inclusive(op, given) as number | bigint, transform.parameter, target);
  }
  const value = applyTransform(transform, type, inclusive(op, given));
  if (value === undefined || value === null || Number.isNaN(given)) return always;
  const test = (wanted: 'eq' | 'le' | 'ge', than: Value): Predicate => ({ op: wanted, ...target, value: than });
  if (transform.kind === 'bucket') return op === 'eq' ? test('eq', value) : always;
  // Early writers rounded times before 1970 towards zero, one unit too high.
  const highest = transform.kind !== 'truncate' && (value as number) < 0 ? (value as number) + 1 : value;
  const wraps = transform.kind === 'hour' && !isNanoseconds(type);
  if (wraps && op !== 'eq' && isBeyondHours(inclusive(op, given) as bigint)) return always;
  if (op === 'lt' || op === 'le') {
    return wraps ? combine('or', [test('le', highest), test('ge', earliestHour)]) : test('le', highest);
  }
  if (op === 'gt' || op === 'ge') {
    return wraps ? combine('or', [test('ge', value), test('le', latestHour)]) : test('ge', value);
  }
  return highest === value ? test('eq', value) : combine('or', [test('eq', value), test('eq', highest)]);
}

/**
 * Truncated numbers, which keep the order but for those next to the smallest integer: their multiple does not fit, so that they are found
 * under one near the largest. Of a column of longs some may have been written when it held ints.
 */
function projectToMultiple(
  op: 'eq' | 'lt' | 'le' | 'gt' | 'ge',
  value: number | bigint,
  width: number,
  target: { fieldId: number; type: Type },
): Predicate {
  const multiple = floorToWidth(BigInt(value), width);
  const test = (wanted: 'eq' | 'le' | 'ge', than: bigint): Predicate => ({
    op: wanted,
    ...target,
    value: typeof value === 'number' ? Number(than) : than,
  });
  if (op === 'gt' || op === 'ge') return test('ge', multiple);
  const wanted = op === 'eq' ? 'eq' : 'le';
  const wrapped = (target.type.kind === 'decimal' ? [] : integerWidths).flatMap((bits): Predicate[] => {
    const lowest = floorToWidth(-(1n << BigInt(bits - 1)), width);
    const found = BigInt.asIntN(bits, lowest);
    const isWanted = found !== lowest && (op === 'eq' ? lowest === multiple : lowest <= multiple);
    return isWanted ? [test('eq', found)] : [];
  });
  return combine('or', [test(wanted, multiple), ...wrapped]);
}

const perHour = 3_600_000_000n;

/** Partition values of the first and the last hour that microseconds reach: beyond 32 bits, and wrapped around. */
const [earliestHour, latestHour] = [-(1n << 63n), (1n << 63n) - 1n].map((microseconds) =>
  Number(BigInt.asIntN(32, floorDivide(microseconds, perHour))),
) as [number, number];

function isBeyondHours(microseconds: bigint): boolean {
  const hours = floorDivide(microseconds, perHour);
  return BigInt.asIntN(32, hours) !== hours;
}

function isNanoseconds(type: Type): boolean {
  return type.kind === 'primitive' && type.type.endsWith('_ns');
}

/** In bits. */
const integerWidths = [32, 64];

/** The last value that passes a strict comparison, where the values can be counted: the hour before midnight is not of the next day. */
function inclusive(op: 'eq' | 'lt' | 'le' | 'gt' | 'ge', value: Value): Value {
  if (op !== 'lt' && op !== 'gt') return value;
  if (typeof value === 'bigint') return op === 'lt' ? value - 1n : value + 1n;
  // Numbers that are transformed are ints and days; floats have no transform but identity.
  if (typeof value === 'number') return op === 'lt' ? value - 1 : value + 1;
  return value;
}

function projectPrefix(
  leaf: Extract<Test, { op: 'startsWith' }>,
  transform: Transform,
  target: { fieldId: number; type: Type },
): Predicate {
  if (transform.kind !== 'truncate') return always;
  const codePoints = [...leaf.prefix];
  if (codePoints.length <= transform.parameter) return { op: 'startsWith', ...target, prefix: leaf.prefix };
  return { op: 'eq', ...target, value: codePoints.slice(0, transform.parameter).join('') };
}
