/** Table metadata from JSON (Iceberg spec, "Table Metadata"; Appendix C). */
import { SkuaError } from '../errors.js';
import { knownFormatVersion } from './format-version.js';
import {
  asArray,
  asBigint,
  asNumber,
  asObject,
  asString,
  asStringMap,
  type JsonObject,
  malformed,
  optional,
} from './json-reader.js';
import { refuseContradictions } from './metadata-checks.js';
import { parseSchema } from './schema.js';
import type {
  PartitionField,
  PartitionSpec,
  Schema,
  Snapshot,
  SnapshotReference,
  SortOrder,
  StatisticsFile,
  TableMetadata,
} from './types.js';

/** Partition field ids of version 1 tables without explicit ids start here. */
const firstPartitionFieldId = 1000;

/**
 * Versions 1, 2 and 3; later ones, and encrypted tables: UNIMPLEMENTED. What does not follow the specification: DATA_LOSS naming the key.
 * `json` is what `parseJson` gives, so that 64-bit ids are exact.
 */
export function parseTableMetadata(json: unknown): TableMetadata {
  const object = asObject(json, 'metadata');
  const given = asNumber(object['format-version'], 'format-version');
  if (given < 1) throw malformed('format-version', 'a version of the format');
  const formatVersion = knownFormatVersion(given);
  const schemas = parseSchemas(object);
  const partitionSpecs = parsePartitionSpecs(object);
  const currentSnapshotId = snapshotIdOrNone(object['current-snapshot-id']);
  const metadata: TableMetadata = {
    formatVersion,
    tableUuid: optional(object['table-uuid'], 'table-uuid', asString) ?? '',
    location: asString(object.location, 'location').replace(/\/+$/, ''),
    lastSequenceNumber: optional(object['last-sequence-number'], 'last-sequence-number', asNumber) ?? 0,
    lastUpdatedMs: asNumber(object['last-updated-ms'], 'last-updated-ms'),
    lastColumnId: asNumber(object['last-column-id'], 'last-column-id'),
    schemas,
    currentSchemaId: optional(object['current-schema-id'], 'current-schema-id', asNumber) ?? schemas[0]?.schemaId ?? 0,
    partitionSpecs,
    defaultSpecId: optional(object['default-spec-id'], 'default-spec-id', asNumber) ?? partitionSpecs[0]?.specId ?? 0,
    lastPartitionId:
      optional(object['last-partition-id'], 'last-partition-id', asNumber) ?? highestPartitionFieldId(partitionSpecs),
    sortOrders: (optional(object['sort-orders'], 'sort-orders', asArray) ?? []).map((order, index) =>
      parseSortOrder(order, `sort-orders[${index}]`),
    ),
    defaultSortOrderId: optional(object['default-sort-order-id'], 'default-sort-order-id', asNumber) ?? 0,
    properties: optional(object.properties, 'properties', asStringMap) ?? {},
    snapshots: (optional(object.snapshots, 'snapshots', asArray) ?? []).map(parseSnapshot),
    snapshotLog: (optional(object['snapshot-log'], 'snapshot-log', asArray) ?? []).map((entry, index) => {
      const where = `snapshot-log[${index}]`;
      const log = asObject(entry, where);
      return {
        timestampMs: asNumber(log['timestamp-ms'], `${where}.timestamp-ms`),
        snapshotId: asBigint(log['snapshot-id'], `${where}.snapshot-id`),
      };
    }),
    metadataLog: (optional(object['metadata-log'], 'metadata-log', asArray) ?? []).map((entry, index) => {
      const where = `metadata-log[${index}]`;
      const log = asObject(entry, where);
      return {
        timestampMs: asNumber(log['timestamp-ms'], `${where}.timestamp-ms`),
        metadataFile: asString(log['metadata-file'], `${where}.metadata-file`),
      };
    }),
    statistics: (optional(object.statistics, 'statistics', asArray) ?? []).map((file, index) =>
      parseStatisticsFile(file, `statistics[${index}]`),
    ),
    partitionStatistics: (optional(object['partition-statistics'], 'partition-statistics', asArray) ?? []).map(
      (file, index) => parseStatisticsFile(file, `partition-statistics[${index}]`),
    ),
    refs: parseRefs(object.refs, currentSnapshotId),
  };
  if (currentSnapshotId !== undefined) metadata.currentSnapshotId = currentSnapshotId;
  const nextRowId = optional(object['next-row-id'], 'next-row-id', asBigint);
  if (nextRowId !== undefined) metadata.nextRowId = nextRowId;
  if (!schemas.some((schema) => schema.schemaId === metadata.currentSchemaId)) {
    throw malformed('current-schema-id', 'the id of a schema of the table');
  }
  if (isEncrypted(object, metadata)) throw new SkuaError('UNIMPLEMENTED', 'Encrypted tables are not supported');
  refuseContradictions(metadata);
  return metadata;
}

/** Such a table can't be read, and what is written to it in the clear would betray it. */
function isEncrypted(object: JsonObject, { properties }: TableMetadata): boolean {
  const keys = optional(object['encryption-keys'], 'encryption-keys', asArray) ?? [];
  return keys.length > 0 || properties['encryption.key-id'] !== undefined;
}

function parseSchemas(object: JsonObject): Schema[] {
  const schemas = optional(object.schemas, 'schemas', asArray);
  if (schemas && schemas.length > 0) return schemas.map((schema, index) => parseSchema(schema, `schemas[${index}]`));
  return [parseSchema(object.schema)];
}

function parsePartitionSpecs(object: JsonObject): PartitionSpec[] {
  const specs = optional(object['partition-specs'], 'partition-specs', asArray);
  if (specs && specs.length > 0) {
    return specs.map((entry, index) => {
      const where = `partition-specs[${index}]`;
      const spec = asObject(entry, where);
      return {
        specId: asNumber(spec['spec-id'], `${where}.spec-id`),
        fields: parsePartitionFields(spec.fields, `${where}.fields`),
      };
    });
  }
  return [{ specId: 0, fields: parsePartitionFields(object['partition-spec'] ?? [], 'partition-spec') }];
}

/** The fields array of a partition spec, as table metadata and manifests hold it. */
export function parsePartitionFields(json: unknown, where: string): PartitionField[] {
  return asArray(json, where).map((entry, index) => {
    const field = asObject(entry, `${where}[${index}]`);
    const sourceIds = optional(field['source-ids'], `${where}[${index}].source-ids`, asArray)?.map((id) =>
      asNumber(id, where),
    ) ?? [asNumber(field['source-id'], `${where}[${index}].source-id`)];
    return {
      fieldId: optional(field['field-id'], `${where}[${index}].field-id`, asNumber) ?? firstPartitionFieldId + index,
      sourceIds,
      name: asString(field.name, `${where}[${index}].name`),
      transform: asString(field.transform, `${where}[${index}].transform`),
    };
  });
}

/** The JSON form of a partition spec's fields. */
export function partitionFieldsToJson(fields: readonly PartitionField[]): JsonObject[] {
  return fields.map((field) => {
    const source: JsonObject =
      field.sourceIds.length === 1 ? { 'source-id': field.sourceIds[0] } : { 'source-ids': field.sourceIds };
    return { ...source, 'field-id': field.fieldId, name: field.name, transform: field.transform };
  });
}

/** A partition spec as table metadata and the REST catalog hold it. */
export function partitionSpecToJson(spec: PartitionSpec): JsonObject {
  return { 'spec-id': spec.specId, fields: partitionFieldsToJson(spec.fields) };
}

function highestPartitionFieldId(specs: readonly PartitionSpec[]): number {
  return Math.max(firstPartitionFieldId - 1, ...specs.flatMap((spec) => spec.fields.map((field) => field.fieldId)));
}

/** A sort order as table metadata and the REST catalog hold it. */
export function sortOrderToJson(order: SortOrder): JsonObject {
  const fields = order.fields.map(({ transform, sourceId, direction, nullOrder }) => {
    return { transform, 'source-id': sourceId, direction, 'null-order': nullOrder };
  });
  return { 'order-id': order.orderId, fields };
}

/** `where` names the order in what is said of a malformed one. */
export function parseSortOrder(json: unknown, where: string): SortOrder {
  const order = asObject(json, where);
  return {
    orderId: asNumber(order['order-id'], `${where}.order-id`),
    fields: asArray(order.fields, `${where}.fields`).map((entry) => {
      const field = asObject(entry, `${where}.fields`);
      const sourceIds = optional(field['source-ids'], `${where}.source-ids`, asArray);
      return {
        transform: asString(field.transform, `${where}.transform`),
        sourceId: asNumber(field['source-id'] ?? sourceIds?.[0], `${where}.source-id`),
        direction: field.direction === 'desc' ? ('desc' as const) : ('asc' as const),
        nullOrder: field['null-order'] === 'nulls-last' ? ('nulls-last' as const) : ('nulls-first' as const),
      };
    }),
  };
}

/** A file of statistics, as table metadata and the REST catalog name it. */
export function parseStatisticsFile(json: unknown, where: string): StatisticsFile {
  const file = asObject(json, where);
  return {
    snapshotId: asBigint(file['snapshot-id'], `${where}.snapshot-id`),
    location: asString(file['statistics-path'], `${where}.statistics-path`),
  };
}

function parseSnapshot(json: unknown, index: number): Snapshot {
  const where = `snapshots[${index}]`;
  const object = asObject(json, where);
  const parentSnapshotId = snapshotIdOrNone(object['parent-snapshot-id']);
  const manifestList = optional(object['manifest-list'], `${where}.manifest-list`, asString);
  const manifests = optional(object.manifests, `${where}.manifests`, asArray);
  const schemaId = optional(object['schema-id'], `${where}.schema-id`, asNumber);
  const firstRowId = optional(object['first-row-id'], `${where}.first-row-id`, asBigint);
  const addedRows = optional(object['added-rows'], `${where}.added-rows`, asBigint);
  return {
    snapshotId: asBigint(object['snapshot-id'], `${where}.snapshot-id`),
    ...(parentSnapshotId !== undefined && { parentSnapshotId }),
    sequenceNumber: optional(object['sequence-number'], `${where}.sequence-number`, asNumber) ?? 0,
    timestampMs: asNumber(object['timestamp-ms'], `${where}.timestamp-ms`),
    ...(manifestList !== undefined && { manifestList }),
    ...(manifests !== undefined && { manifests: manifests.map((m) => asString(m, `${where}.manifests`)) }),
    summary: optional(object.summary, `${where}.summary`, asStringMap) ?? {},
    ...(schemaId !== undefined && { schemaId }),
    ...(firstRowId !== undefined && { firstRowId }),
    ...(addedRows !== undefined && { addedRows }),
  };
}

/** Writers of old put -1 where there is no snapshot. */
function snapshotIdOrNone(value: unknown): bigint | undefined {
  const id = optional(value, 'current-snapshot-id', asBigint);
  return id === undefined || id === -1n ? undefined : id;
}

function parseRefs(json: unknown, currentSnapshotId: bigint | undefined): Record<string, SnapshotReference> {
  const refs: Record<string, SnapshotReference> = {};
  for (const [name, entry] of Object.entries(optional(json, 'refs', asObject) ?? {})) {
    const ref = asObject(entry, `refs.${name}`);
    const minSnapshotsToKeep = optional(ref['min-snapshots-to-keep'], `refs.${name}`, asNumber);
    const maxSnapshotAgeMs = optional(ref['max-snapshot-age-ms'], `refs.${name}`, asNumber);
    const maxRefAgeMs = optional(ref['max-ref-age-ms'], `refs.${name}`, asNumber);
    refs[name] = {
      snapshotId: asBigint(ref['snapshot-id'], `refs.${name}.snapshot-id`),
      type: ref.type === 'tag' ? 'tag' : 'branch',
      ...(minSnapshotsToKeep !== undefined && { minSnapshotsToKeep }),
      ...(maxSnapshotAgeMs !== undefined && { maxSnapshotAgeMs }),
      ...(maxRefAgeMs !== undefined && { maxRefAgeMs }),
    };
  }
  if (!refs.main && currentSnapshotId !== undefined) refs.main = { snapshotId: currentSnapshotId, type: 'branch' };
  return refs;
}
