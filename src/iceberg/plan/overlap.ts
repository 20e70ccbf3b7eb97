/** How well a column's values are kept apart: whether knowing some of them leaves files out. */
import { partitionedValue } from '../extremes.js';
import type { DataFile, NestedField, TableMetadata } from '../types.js';
import { compareValues, type Value } from '../values/single-value.js';
import { hasOrderedBounds, rangeOfColumn } from './bounds.js';

/** The smallest and the largest value of a file or row group. */
export type Span<T> = readonly [T, T];

/**
 * Of the other spans, the share that one overlaps with on average: 1 where the same values may be anywhere, near 0 where the spans follow
 * one another. 1 for fewer than two.
 */
export function overlap<T>(spans: readonly Span<T>[], compare: (left: T, right: T) => number): number {
  if (spans.length < 2) return 1;
  const lowers = spans.map(([lower]) => lower).sort(compare);
  const uppers = spans.map(([, upper]) => upper).sort(compare);
  let overlapping = 0;
  for (const [lower, upper] of spans) {
    // All but those that begin behind its end, and those that end before it begins.
    const begun = countWhere(lowers, (value) => compare(value, upper) <= 0);
    const ended = countWhere(uppers, (value) => compare(value, lower) < 0);
    overlapping += begun - ended - 1;
  }
  return overlapping / (spans.length * (spans.length - 1));
}

/** How many of ascending values satisfy what holds for the first ones alone. */
function countWhere<T>(values: readonly T[], holds: (value: T) => boolean): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(values[middle] as T)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Files beyond this number say no more than those before them. */
const filesLookedAt = 2000;

/** `overlap` of files whose statistics of the column were kept; 1 where too few of them tell. */
export function overlapOfFiles(metadata: TableMetadata, files: readonly DataFile[], field: NestedField): number {
  if (!hasOrderedBounds(field.type)) return 1;
  const step = Math.ceil(files.length / filesLookedAt);
  const looked = files.filter((_, index) => index % step === 0);
  const spans = looked.flatMap((file): Span<Value>[] => {
    const constant = partitionedValue(metadata, file, field.id);
    if (constant !== undefined) return constant === null ? [] : [[constant, constant]];
    const { lower, upper } = rangeOfColumn(file, field.id, field.type);
    return lower === undefined || upper === undefined ? [] : [[lower, upper]];
  });
  return spans.length < looked.length / 2 ? 1 : overlap(spans, compareValues);
}
