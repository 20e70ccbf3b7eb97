/** The Iceberg table format: metadata, types, scan planning, deletes, and the preparation of commits. */
export { fieldToArrow, tableColumns } from './arrow-field.js';
export type * from './contract.js';
export { assignFieldIds } from './field-ids.js';
export { arrowToSchema, type FromArrowOptions } from './from-arrow.js';
export { parseTableMetadata, partitionSpecToJson } from './metadata.js';
export {
  fieldsById,
  findField,
  highestFieldId,
  parseSchema,
  parseType,
  schemaToJson,
  typeToJson,
  typeToText,
} from './schema.js';
export {
  currentSchema,
  currentSnapshot,
  defaultPartitionSpec,
  resolveSnapshot,
  type SnapshotSelector,
  schemaOf,
} from './snapshots.js';
export { sqlTypeToIceberg, typeToSql } from './sql-type.js';
export type * from './types.js';
export { writeDefault } from './write-default.js';
