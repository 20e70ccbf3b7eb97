/** Evaluates predicates on manifests, on partition tuples and on the statistics of files. */
import type { DataFile, DeleteFile, ManifestFile, PartitionField, PartitionValue, Type } from '../types.js';
import { isValueOf } from '../values/single-value.js';
import { rangeOfColumn, rangeOfSummary, type ValueRange } from './bounds.js';
import type { Predicate } from './predicate.js';
import { mayMatch } from './range.js';

/** False only where no file of the manifest can have matching rows. `predicate` is over partition field ids. */
export function mayMatchManifest(
  predicate: Predicate,
  manifest: ManifestFile,
  fields: readonly PartitionField[],
): boolean {
  const { partitions } = manifest;
  if (!partitions) return predicate.op !== 'never';
  return mayMatch(predicate, (fieldId, type) => {
    const index = fields.findIndex((field) => field.fieldId === fieldId);
    const summary = partitions.length === fields.length ? partitions[index] : undefined;
    return summary && rangeOfSummary(summary, type);
  });
}

/** False only where no row of the partition can match. `predicate` is over partition field ids. */
export function mayMatchPartition(
  predicate: Predicate,
  file: DataFile | DeleteFile,
  fields: readonly PartitionField[],
): boolean {
  return mayMatch(predicate, (fieldId, type) => {
    const index = fields.findIndex((field) => field.fieldId === fieldId);
    return rangeOfValue(file.partition[index], type);
  });
}

function rangeOfValue(value: PartitionValue | undefined, type: Type): ValueRange | undefined {
  if (value === undefined) return undefined;
  if (value === null) return { hasNull: true, hasValue: false };
  if (Number.isNaN(value)) return { hasNull: false, hasNan: true };
  if (!isValueOf(type, value)) return undefined;
  return { lower: value, upper: value, hasNull: false, hasNan: false };
}

/**
 * False only where the file's counts and bounds rule out every row. Of a column by whose own values the table is partitioned, its partition tells
 * the value, whatever the file holds.
 */
export function mayMatchStatistics(
  predicate: Predicate,
  file: DataFile | DeleteFile,
  fields: readonly PartitionField[],
): boolean {
  const identity = fields.some(({ transform }) => transform === 'identity');
  return mayMatch(predicate, (fieldId, type) => {
    const index = identity ? fields.findIndex((field) => isOf(field, fieldId)) : -1;
    return index < 0 ? rangeOfColumn(file, fieldId, type) : rangeOfValue(file.partition[index], type);
  });
}

function isOf({ transform, sourceIds }: PartitionField, fieldId: number): boolean {
  return transform === 'identity' && sourceIds.length === 1 && sourceIds[0] === fieldId;
}
