/** The one `partition` column of all specs of a table (Iceberg spec, "Partition Evolution"): a field for each partition field id. */

import { partitionTypes } from '../partition-types.js';
import { partitionSpecById } from '../snapshots.js';
import type { DataFile, DeleteFile, NestedField, PartitionValue, TableMetadata } from '../types.js';

/** By field id; a field that a later spec made void keeps its earlier type. Empty for a table that never was partitioned. */
export function partitionColumns(metadata: TableMetadata): NestedField[] {
  const columns = new Map<number, NestedField>();
  const specs = [...metadata.partitionSpecs].sort((left, right) => right.specId - left.specId);
  for (const spec of specs) {
    const types = partitionTypes(metadata, spec);
    spec.fields.forEach(({ fieldId, name, transform }, index) => {
      const type = types[index];
      if (type && transform !== 'void' && !columns.has(fieldId))
        columns.set(fieldId, { id: fieldId, name, required: false, type });
    });
  }
  return [...columns.values()].sort((left, right) => left.id - right.id);
}

/** A file's partition as values of those columns; null where its spec lacks the field. */
export function unifiedPartition(
  metadata: TableMetadata,
  columns: readonly NestedField[],
  file: DataFile | DeleteFile,
): PartitionValue[] {
  const { fields } = partitionSpecById(metadata, file.specId);
  return columns.map(({ id }) => file.partition[fields.findIndex(({ fieldId }) => fieldId === id)] ?? null);
}
