/** Table metadata to and from its document (spec, Appendix C, "Table Metadata and Snapshots"). */
import type { PartitionSpec, SortOrder } from '../../iceberg/types.js';
import { illegalArgument } from '../request/error.js';
import {
  asArray,
  asObject,
  integerField,
  type JsonObject,
  longField,
  optionalInteger,
  optionalLong,
  optionalStringMap,
  stringField,
} from '../request/fields.js';
import type { KeptMetadata } from './model.js';
import { LAST_UNPARTITIONED_ID, readPartitionSpec, readSortOrder } from './partitioning.js';
import { readSchema } from './schema.js';
import { readReference, readSnapshot, readStatistics, referenceDocument } from './snapshot.js';

const NO_SNAPSHOT = -1;

/** The document of a table's metadata; which fields it has depends on the format version. */
export function tableDocument(metadata: KeptMetadata): JsonObject {
  const version = metadata.formatVersion;
  const spec = metadata.partitionSpecs.find((one) => one.specId === metadata.defaultSpecId);
  const schema = metadata.schemas.find((one) => one['schema-id'] === metadata.currentSchemaId);
  return {
    'format-version': version,
    'table-uuid': metadata.tableUuid,
    location: metadata.location,
    ...(version > 1 ? { 'last-sequence-number': metadata.lastSequenceNumber } : {}),
    'last-updated-ms': metadata.lastUpdatedMs,
    'last-column-id': metadata.lastColumnId,
    ...(version === 1 ? { schema } : {}),
    'current-schema-id': metadata.currentSchemaId,
    schemas: metadata.schemas,
    ...(version === 1 ? { 'partition-spec': spec === undefined ? [] : specDocument(spec).fields } : {}),
    'default-spec-id': metadata.defaultSpecId,
    'partition-specs': metadata.partitionSpecs.map(specDocument),
    'last-partition-id': metadata.lastPartitionId,
    'default-sort-order-id': metadata.defaultSortOrderId,
    'sort-orders': metadata.sortOrders.map(sortOrderDocument),
    properties: metadata.properties,
    'current-snapshot-id': metadata.currentSnapshotId ?? (version >= 3 ? null : NO_SNAPSHOT),
    ...(version >= 3 ? { 'next-row-id': metadata.nextRowId } : {}),
    ...(metadata.encryptionKeys.length > 0 ? { 'encryption-keys': metadata.encryptionKeys } : {}),
    refs: Object.fromEntries(Object.entries(metadata.refs).map(([name, ref]) => [name, referenceDocument(ref)])),
    snapshots: metadata.snapshots.map((snapshot) => snapshot.json),
    statistics: metadata.statistics.map((file) => file.json),
    'partition-statistics': metadata.partitionStatistics.map((file) => file.json),
    'snapshot-log': metadata.snapshotLog.map((entry) => ({
      'timestamp-ms': entry.timestampMs,
      'snapshot-id': entry.snapshotId,
    })),
    'metadata-log': metadata.metadataLog.map((entry) => ({
      'timestamp-ms': entry.timestampMs,
      'metadata-file': entry.metadataFile,
    })),
  };
}

function specDocument(spec: PartitionSpec): JsonObject {
  return {
    'spec-id': spec.specId,
    fields: spec.fields.map((field) => ({
      name: field.name,
      transform: field.transform,
      ...sourceDocument(field.sourceIds),
      'field-id': field.fieldId,
    })),
  };
}

function sourceDocument(ids: number[]): JsonObject {
  return ids.length === 1 ? { 'source-id': ids[0] } : { 'source-ids': ids };
}

function sortOrderDocument(order: SortOrder): JsonObject {
  return {
    'order-id': order.orderId,
    fields: order.fields.map((field) => ({
      transform: field.transform,
      'source-id': field.sourceId,
      direction: field.direction,
      'null-order': field.nullOrder,
    })),
  };
}

/** Reads a document that this catalog or another writer wrote, of format version 1 to 3. */
export function readTableDocument(value: unknown): KeptMetadata {
  const object = asObject(value, 'table metadata');
  const formatVersion = integerField(object, 'format-version');
  if (formatVersion !== 1 && formatVersion !== 2 && formatVersion !== 3) {
    throw illegalArgument(`Cannot read unsupported version ${formatVersion}`);
  }
  const schemas = (object.schemas === undefined ? [object.schema] : asArray(object.schemas, 'schemas')).map(readSchema);
  const partitionSpecs = readSpecs(object);
  const snapshots = listOf(object, 'snapshots').map(readSnapshot);
  const current = optionalLong(object, 'current-snapshot-id');
  const currentSnapshotId = current === BigInt(NO_SNAPSHOT) ? undefined : current;
  const refs = Object.fromEntries(
    Object.entries(object.refs == null ? {} : asObject(object.refs, 'refs')).map(([name, ref]) => [
      name,
      readReference(ref),
    ]),
  );
  if (currentSnapshotId !== undefined) refs.main ??= { snapshotId: currentSnapshotId, type: 'branch' };
  return {
    formatVersion,
    tableUuid: stringField(object, 'table-uuid'),
    location: stringField(object, 'location').replace(/\/+$/, ''),
    lastSequenceNumber: Number(optionalLong(object, 'last-sequence-number') ?? 0n),
    lastUpdatedMs: Number(longField(object, 'last-updated-ms')),
    lastColumnId: integerField(object, 'last-column-id'),
    schemas,
    currentSchemaId: optionalInteger(object, 'current-schema-id') ?? schemas[0]?.['schema-id'] ?? 0,
    partitionSpecs,
    defaultSpecId: optionalInteger(object, 'default-spec-id') ?? 0,
    lastPartitionId:
      optionalInteger(object, 'last-partition-id') ??
      Math.max(LAST_UNPARTITIONED_ID, ...partitionSpecs.flatMap((spec) => spec.fields.map((field) => field.fieldId))),
    sortOrders:
      object['sort-orders'] === undefined
        ? [{ orderId: 0, fields: [] }]
        : asArray(object['sort-orders'], 'sort orders').map(readSortOrder),
    defaultSortOrderId: optionalInteger(object, 'default-sort-order-id') ?? 0,
    properties: optionalStringMap(object, 'properties'),
    currentSnapshotId,
    snapshots,
    refs,
    nextRowId: optionalLong(object, 'next-row-id') ?? 0n,
    statistics: listOf(object, 'statistics').map(readStatistics),
    partitionStatistics: listOf(object, 'partition-statistics').map(readStatistics),
    encryptionKeys: listOf(object, 'encryption-keys').map((key) => asObject(key, 'encryption key')),
    snapshotLog: listOf(object, 'snapshot-log').map((entry) => {
      const log = asObject(entry, 'snapshot log entry');
      return { timestampMs: Number(longField(log, 'timestamp-ms')), snapshotId: longField(log, 'snapshot-id') };
    }),
    metadataLog: listOf(object, 'metadata-log').map((entry) => {
      const log = asObject(entry, 'metadata log entry');
      return { timestampMs: Number(longField(log, 'timestamp-ms')), metadataFile: stringField(log, 'metadata-file') };
    }),
  };
}

function readSpecs(object: JsonObject): PartitionSpec[] {
  const specs =
    object['partition-specs'] === undefined
      ? [readPartitionSpec({ 'spec-id': 0, fields: object['partition-spec'] ?? [] })]
      : asArray(object['partition-specs'], 'partition specs').map(readPartitionSpec);
  return specs.map((spec) => ({
    specId: spec.specId,
    fields: spec.fields.map((field, at) => ({ ...field, fieldId: field.fieldId ?? LAST_UNPARTITIONED_ID + 1 + at })),
  }));
}

function listOf(object: JsonObject, name: string): unknown[] {
  return object[name] == null ? [] : asArray(object[name], name);
}
