/** What is known of a column's values in a file or a manifest, and whether a value that passes a test may be among them. */
import type { Type } from '../types.js';
import { compareValues, type Value } from '../values/single-value.js';
import type { ColumnTest, Predicate, Test } from './predicate.js';

/** Undefined members are unknown. Bounds leave out nulls and NaNs; truncated ones are still bounds. */
export interface ValueRange {
  lower?: Value;
  upper?: Value;
  /** Whether some value is null, and whether some is not. */
  hasNull?: boolean;
  hasValue?: boolean;
  hasNan?: boolean;
}

/** False only where no row can pass. `rangeOf` gives what is known of a column; undefined: nothing. */
export function mayMatch(
  predicate: Predicate,
  rangeOf: (fieldId: number, type: Type) => ValueRange | undefined,
): boolean {
  return holds(predicate, (test) => {
    const range = rangeOf(test.fieldId, test.type);
    return range === undefined || mayPass(test, test.type, range);
  });
}

function mayPass(test: Test, type: Type, range: ValueRange): boolean {
  if (test.op === 'isNull') return range.hasNull !== false;
  if (range.hasValue === false) return false;
  if (test.op === 'notNull') return true;
  const { lower, upper } = range;
  // NaNs lie outside the bounds and, to the engine, above every number.
  const mayHoldNan = isFloating(type) && range.hasNan !== false;
  switch (test.op) {
    case 'eq':
      return within(test.value, range, mayHoldNan);
    case 'in':
      if (isFloating(type) || lower === undefined) {
        return test.values.some((value) => within(value, range, mayHoldNan));
      }
      return within(firstFrom(test.values, lower), range, mayHoldNan);
    case 'ne':
      if (mayHoldNan || lower === undefined || upper === undefined) return true;
      return compareValues(lower, upper) !== 0 || compareValues(lower, test.value) !== 0;
    case 'lt':
      return lower === undefined || compareValues(lower, test.value) < 0;
    case 'le':
      return lower === undefined || (mayHoldNan && Number.isNaN(test.value)) || compareValues(lower, test.value) <= 0;
    case 'gt':
      return mayHoldNan || upper === undefined || compareValues(upper, test.value) > 0;
    case 'ge':
      return mayHoldNan || upper === undefined || compareValues(upper, test.value) >= 0;
    case 'startsWith':
      return mayStartWith(test.prefix, lower, upper);
  }
}

/** True only where every row passes. */
export function mustMatch(predicate: Predicate, rangeOf: (fieldId: number, type: Type) => ValueRange): boolean {
  return holds(predicate, (test) => mustPass(test, test.type, rangeOf(test.fieldId, test.type)));
}

/** Whether a predicate holds when each of its tests is decided by `decide`. */
function holds(predicate: Predicate, decide: (test: ColumnTest) => boolean): boolean {
  switch (predicate.op) {
    case 'always':
      return true;
    case 'never':
      return false;
    case 'and':
      return predicate.operands.every((operand) => holds(operand, decide));
    case 'or':
      return predicate.operands.some((operand) => holds(operand, decide));
    default:
      return decide(predicate);
  }
}

function mustPass(test: Test, type: Type, { lower, upper, hasNull, hasValue }: ValueRange): boolean {
  if (test.op === 'isNull') return hasValue === false;
  if (hasNull !== false) return false;
  if (test.op === 'notNull') return true;
  if (lower === undefined || upper === undefined || isFloating(type)) return false;
  switch (test.op) {
    case 'eq':
      return compareValues(lower, test.value) === 0 && compareValues(upper, test.value) === 0;
    case 'in':
      return compareValues(lower, upper) === 0 && test.values.some((value) => compareValues(value, lower) === 0);
    case 'ne':
      return compareValues(lower, test.value) > 0 || compareValues(upper, test.value) < 0;
    case 'lt':
      return compareValues(upper, test.value) < 0;
    case 'le':
      return compareValues(upper, test.value) <= 0;
    case 'gt':
      return compareValues(lower, test.value) > 0;
    case 'ge':
      return compareValues(lower, test.value) >= 0;
    case 'startsWith':
      return [lower, upper].every((bound) => (bound as string).startsWith(test.prefix));
  }
}

/** The first of ordered values that is not below a bound; the last of them where all are. */
function firstFrom(values: readonly Value[], bound: Value): Value {
  let [low, high] = [0, values.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareValues(values[middle] as Value, bound) < 0) low = middle + 1;
    else high = middle;
  }
  return values[low] as Value;
}

function within(value: Value, range: ValueRange, mayHoldNan: boolean): boolean {
  if (Number.isNaN(value)) return mayHoldNan;
  if (range.lower !== undefined && compareValues(range.lower, value) > 0) return false;
  return range.upper === undefined || compareValues(range.upper, value) >= 0;
}

/** Bounds are compared over the prefix only. */
function mayStartWith(prefix: string, lower: Value | undefined, upper: Value | undefined): boolean {
  const bytes = Buffer.from(prefix, 'utf8');
  const head = (bound: Value) => Buffer.from(bound as string, 'utf8').subarray(0, bytes.length);
  if (lower !== undefined && Buffer.compare(head(lower), bytes) > 0) return false;
  return upper === undefined || Buffer.compare(head(upper), bytes) >= 0;
}

export function isFloating(type: Type): boolean {
  return type.kind === 'primitive' && (type.type === 'float' || type.type === 'double');
}

/**
 * Whether bounds of the type are ordered as the engine compares. UUIDs were ordered as two signed halves by some writers; booleans are
 * ordered false before true by all.
 */
export function hasOrderedBounds(type: Type): boolean {
  if (type.kind === 'primitive') return !['uuid', 'variant', 'unknown'].includes(type.type);
  return type.kind === 'decimal' || type.kind === 'fixed';
}
