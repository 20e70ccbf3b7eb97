/** Whether a value that passes a test may be among those of a file or a manifest, or all of them pass. */
import type { Type } from '../types.js';
import { compareValues, type Value } from '../values/single-value.js';
import { bytesOf, compareTop, isFloating, isOneValue, startsWithBytes, type ValueRange } from './bounds.js';
import type { ColumnTest, Predicate, Test } from './predicate.js';

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
      if (mayHoldNan || lower === undefined || !isOneValue(range)) return true;
      return compareValues(lower, test.value) !== 0;
    case 'lt':
      return lower === undefined || compareValues(lower, test.value) < 0;
    case 'le':
      return lower === undefined || (mayHoldNan && Number.isNaN(test.value)) || compareValues(lower, test.value) <= 0;
    case 'gt':
      return mayHoldNan || upper === undefined || compareTop(upper, test.value) > 0;
    case 'ge':
      return mayHoldNan || upper === undefined || compareTop(upper, test.value) >= 0;
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

function mustPass(test: Test, type: Type, range: ValueRange): boolean {
  const { lower, upper, hasNull, hasValue } = range;
  if (test.op === 'isNull') return hasValue === false;
  if (hasNull !== false) return false;
  if (test.op === 'notNull') return true;
  if (lower === undefined || upper === undefined || isFloating(type)) return false;
  switch (test.op) {
    case 'eq':
      return isOneValue(range) && compareValues(lower, test.value) === 0;
    case 'in':
      return isOneValue(range) && test.values.some((value) => compareValues(value, lower) === 0);
    case 'ne':
      return compareValues(lower, test.value) > 0 || compareTop(upper, test.value) < 0;
    case 'lt':
      return compareTop(upper, test.value) < 0;
    case 'le':
      return compareTop(upper, test.value) <= 0;
    case 'gt':
      return compareValues(lower, test.value) > 0;
    case 'ge':
      return compareValues(lower, test.value) >= 0;
    case 'startsWith':
      return [lower, upper].every((bound) => startsWithBytes(bound, Buffer.from(test.prefix, 'utf8')));
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
  return range.upper === undefined || compareTop(range.upper, value) >= 0;
}

/** Bounds are compared over the prefix only. */
function mayStartWith(prefix: string, lower: Value | undefined, upper: Value | undefined): boolean {
  const bytes = Buffer.from(prefix, 'utf8');
  const head = (bound: Value) => (bytesOf(bound) ?? bytes).subarray(0, bytes.length);
  if (lower !== undefined && Buffer.compare(head(lower), bytes) > 0) return false;
  return upper === undefined || compareTop(head(upper), bytes) >= 0;
}
