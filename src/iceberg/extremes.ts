/** The smallest and largest value of a column in a file, where the file's bounds are known to be values of the column. */
import type { DataFile, NestedField } from './types.js';
import { decodeValue, type Value } from './values/single-value.js';

/** Types whose bounds are never cut or rounded, and whose order the engine shares. */
const EXACT_TYPES = new Set(['int', 'long', 'date', 'timestamp', 'timestamptz']);

/**
 * The extremes of a top-level column in one file by its manifest entry; none where it holds nothing but nulls, undefined where the entry
 * does not tell. The scan must have been asked to keep the column's statistics.
 */
export function extremesOf(file: DataFile, { id, type }: NestedField): Value[] | undefined {
  if (type.kind !== 'primitive' || !EXACT_TYPES.has(type.type)) return undefined;
  if (file.nullCounts?.get(id) === file.recordCount) return [];
  const lower = file.lowerBounds?.get(id);
  const upper = file.upperBounds?.get(id);
  if (!lower || !upper) return undefined;
  const values = [decodeValue(type, lower), decodeValue(type, upper)];
  return values.every((value) => value !== undefined) ? (values as Value[]) : undefined;
}
