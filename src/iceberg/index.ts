/** The Iceberg table format: metadata, types, scan planning, deletes, and the preparation of commits. */
export { defaultLiteral, fieldToArrow, fieldToResult, tableColumns } from './arrow-field.js';
export { comparedColumn } from './compared-columns.js';
export type * from './contract.js';
export { readDeletionVector } from './deletes/deletion-vector.js';
export { applyUpdates } from './evolution/apply.js';
export {
  type DefinitionCommit,
  type DefinitionRequirement,
  type DefinitionUpdate,
  sameSchema,
  schemaCommit,
  specCommit,
} from './evolution/commit.js';
export { creationCommit } from './evolution/creation.js';
export { checkPartitionName, type PartitionTerm, partitionSource, SpecEvolution } from './evolution/partition-spec.js';
export { canHaveBeenDate, promotionProblem } from './evolution/promotion.js';
export { propertyChanges } from './evolution/properties.js';
export { replacementOf, type TableDefinition } from './evolution/replacement.js';
export { SchemaEvolution } from './evolution/schema.js';
export { type SortTerm, sameSortFields, sortFields, sortOrderCommit, sortOrderToJson } from './evolution/sort-order.js';
export { fieldPath } from './evolution/tree.js';
export { anyLiteral, Extremes, extremesOf, valueCountOf } from './extremes.js';
export { assignFieldIds } from './field-ids.js';
export { knownFormatVersion } from './format-version.js';
export { arrowToSchema, type FromArrowOptions } from './from-arrow.js';
export { HIDDEN_NAMES, hiddenColumnNames, hiddenColumns, hiddenValues, OTHER_HIDDEN_NAMES } from './hidden-columns.js';
export { refuseLaterTypes } from './later-types.js';
export { parseTableMetadata, partitionSpecToJson } from './metadata.js';
export { createMetadataCache, type MetadataCache, ofStore } from './metadata-cache.js';
export {
  FUNCTION_TABLES,
  METADATA_TABLES,
  type MetadataTableName,
  type MetadataTableOptions,
  metadataTable,
} from './metadata-tables/index.js';
export { partitionColumns, unifiedPartition } from './metadata-tables/partition-column.js';
export { positionDeleteFiles, positionDeletesSchema } from './metadata-tables/position-deletes.js';
export {
  applyNameMapping,
  type MappedField,
  nameMapping,
  nameMappingToJson,
  numberByPosition,
} from './name-mapping.js';
export { fieldsWithoutNan, floatingFieldIds } from './nan-counts.js';
export { allColumns, partitionKey, partitionLiteral, partitionTypes } from './partition-types.js';
export { passingRow, strictPredicate } from './passing-rows.js';
export { planAppendsAtCatalog, planScanAtCatalog } from './plan/at-catalog.js';
export { danglingDeletes } from './plan/dangling.js';
export { onlyDataFile } from './plan/delete-index.js';
export { differenceOf, onlyTasks, planAppends, planDifference } from './plan/incremental.js';
export { overlap, overlapOfFiles, type Span } from './plan/overlap.js';
export { recordedFiles } from './plan/recorded-files.js';
export { planScan } from './plan/scan.js';
export {
  filesNamedBy,
  forEachLocation,
  manifestsOf,
  type UnneededFiles,
  withoutNeeded,
} from './reachable-files.js';
export {
  ancestorsOf,
  asItIs,
  isAncestor,
  MAIN_BRANCH,
  referenceCommit,
  referenceNamed,
  removalCommit,
  requireBranch,
  setReference,
} from './references.js';
export { contentFileToJson } from './rest/content-file.js';
export { filterFromJson, UnreadableExpression } from './rest/expression.js';
export { commitReport, type MetricsReport, scanReport } from './rest/reports.js';
export { type Expiry, expiryOf, removeUnused } from './retention.js';
export {
  defaultCrs,
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
  snapshotById,
} from './snapshots.js';
export { sqlTypeToIceberg, typeToSql } from './sql-type.js';
export { columnSketch, sketchable } from './statistics/column-sketch.js';
export { ThetaSketch } from './statistics/theta-sketch.js';
export { parseTransform } from './transforms/transform.js';
export type * from './types.js';
export { parseValue, valueToLiteral } from './values/text-value.js';
export { cherryPick, stagedSnapshot } from './write/cherry-pick.js';
export { dataFileFromWritten } from './write/data-file.js';
export { DeletionVectorWriter } from './write/deletion-vectors.js';
export { fieldIdsOfType } from './write/field-ids-of-type.js';
export { type FileToImport, importFile, mappingByName } from './write/import-file.js';
export { metadataLocation, newDataLocation, newDeleteLocation } from './write/locations.js';
export { type DeletedFiles, positionDeleteColumns, positionDeleteFile } from './write/position-deletes.js';
export { type PuffinBlob, puffinFile } from './write/puffin.js';
export { removalKey } from './write/removal.js';
export { applySnapshot, prepareManifests, prepareSnapshot } from './write/snapshot.js';
export { writeDefault } from './write-default.js';
