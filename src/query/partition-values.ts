/** Partition values for columns that a data file lacks (Iceberg spec, "Column Projection"). */
import type { Literal, PhysicalColumn } from '../engine/contract.js';
import { partitionLiteral } from '../iceberg/index.js';
import type { DataFile, TableMetadata } from '../iceberg/types.js';

/** By source field id, for identity fields of the file's own partition spec whose column is not in the file. */
export function identityConstants(
  metadata: TableMetadata,
  file: DataFile,
  columns: readonly PhysicalColumn[],
): Map<number, Literal | null> {
  const constants = new Map<number, Literal | null>();
  const spec = metadata.partitionSpecs.find(({ specId }) => specId === file.specId);
  spec?.fields.forEach((field, index) => {
    const sourceId = field.sourceIds[0];
    if (field.transform !== 'identity' || sourceId === undefined) return;
    if (columns.some(({ fieldId }) => fieldId === sourceId)) return;
    constants.set(sourceId, partitionLiteral(metadata, sourceId, file.partition[index] ?? null));
  });
  return constants;
}
