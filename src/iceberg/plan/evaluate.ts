/** Evaluates predicates on manifests, on partition tuples and on the statistics of files. */
import type { DataFile, DeleteFile, ManifestFile, PartitionField, Type } from '../types.js';
import { decodeValue } from '../values/single-value.js';
import type { Predicate } from './predicate.js';
import { hasOrderedBounds, isFloating, mayMatch, type ValueRange } from './range.js';

/** False only where no file of the manifest can have matching rows. `predicate` is over partition field ids. */
export function mayMatchManifest(
  predicate: Predicate,
  manifest: ManifestFile,
  fields: readonly PartitionField[],
): boolean {
  const { partitions } = manifest;
  if (!partitions) return predicate.op !== 'never';
  return mayMatch(predicate, (fieldId, type) => {
    const summary = partitions[fields.findIndex((field) => field.fieldId === fieldId)];
    if (!summary) return undefined;
    const range: ValueRange = { hasNull: summary.containsNull };
    if (summary.containsNan !== undefined) range.hasNan = summary.containsNan;
    if (hasOrderedBounds(type)) {
      if (summary.lowerBound) range.lower = decodeValue(type, summary.lowerBound);
      if (summary.upperBound) range.upper = decodeValue(type, summary.upperBound);
    }
    // Without bounds all values are null or NaN.
    const isOnlyNull = !summary.lowerBound && !summary.upperBound && summary.containsNull;
    if (isOnlyNull && (!isFloating(type) || summary.containsNan === false)) range.hasValue = false;
    return range;
  });
}

/** False only where no row of the partition can match. `predicate` is over partition field ids. */
export function mayMatchPartition(
  predicate: Predicate,
  file: DataFile | DeleteFile,
  fields: readonly PartitionField[],
): boolean {
  return mayMatch(predicate, (fieldId) => {
    const index = fields.findIndex((field) => field.fieldId === fieldId);
    const value = file.partition[index];
    if (value === undefined) return undefined;
    if (value === null) return { hasNull: true, hasValue: false };
    if (Number.isNaN(value)) return { hasNull: false, hasNan: true };
    return { lower: value, upper: value, hasNull: false, hasNan: false };
  });
}

/** False only where the file's counts and bounds rule out every row. */
export function mayMatchStatistics(predicate: Predicate, file: DataFile | DeleteFile): boolean {
  if (predicate.op !== 'always' && file.recordCount === 0) return false;
  return mayMatch(predicate, (fieldId, type) => rangeOfColumn(file, fieldId, type));
}

/** What the file's counts and bounds tell of a column. */
export function rangeOfColumn(file: DataFile | DeleteFile, fieldId: number, type: Type): ValueRange {
  const range: ValueRange = {};
  const values = file.valueCounts?.get(fieldId);
  const nulls = file.nullCounts?.get(fieldId);
  const nans = file.nanCounts?.get(fieldId);
  if (nulls !== undefined) range.hasNull = nulls !== 0;
  if (nulls !== undefined && values !== undefined && nulls >= values) range.hasValue = false;
  if (nans !== undefined) range.hasNan = nans !== 0;
  if (!hasOrderedBounds(type)) return range;
  const lower = file.lowerBounds?.get(fieldId);
  const upper = file.upperBounds?.get(fieldId);
  if (lower) range.lower = decodeValue(type, lower);
  if (upper) range.upper = decodeValue(type, upper);
  // A NaN for a bound, as some writers leave it, says nothing.
  if (Number.isNaN(range.lower)) range.lower = undefined;
  if (Number.isNaN(range.upper)) range.upper = undefined;
  return range;
}
