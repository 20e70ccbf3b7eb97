/** Partition values as the values of columns (Iceberg spec, "Column Projection"). */
import type { Literal } from '../../../expressions/index.js';
import { partitionLiteral } from '../../../iceberg/index.js';
import type { DataFile, TableMetadata } from '../../../iceberg/types.js';

/**
 * By source field id, for identity fields of the file's own partition spec. They hold for files that have the column as well, as in
 * Iceberg's own reader: a file that disagrees with its partition was moved there by its metadata.
 */
export function identityConstants(metadata: TableMetadata, file: DataFile): Map<number, Literal | null> {
  const constants = new Map<number, Literal | null>();
  const spec = metadata.partitionSpecs.find(({ specId }) => specId === file.specId);
  spec?.fields.forEach((field, index) => {
    const sourceId = field.sourceIds[0];
    if (field.transform !== 'identity' || sourceId === undefined) return;
    constants.set(sourceId, partitionLiteral(metadata, sourceId, file.partition[index] ?? null));
  });
  return constants;
}
