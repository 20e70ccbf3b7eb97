import { randomUUID } from 'node:crypto';
import { illegalArgument } from '../request/error.js';
import { type JsonObject, optionalStringMap } from '../request/fields.js';
import { NEWEST_FORMAT_VERSION } from './draft.js';
import type { KeptMetadata } from './model.js';
import { bindSpec, checkSortOrder, LAST_UNPARTITIONED_ID, readPartitionSpec, readSortOrder } from './partitioning.js';
import { checkSchemaVersion, readSchema, withFreshIds } from './schema.js';

/** Properties that are no properties of the table but say how to make it. */
const RESERVED = [
  'format-version',
  'uuid',
  'snapshot-count',
  'current-snapshot-summary',
  'current-snapshot-id',
  'current-snapshot-timestamp-ms',
  'current-schema',
  'default-partition-spec',
  'default-sort-order',
];

/** The metadata of a new table from a `CreateTableRequest`: all ids are given anew. */
export function newTableMetadata(request: JsonObject, location: string): KeptMetadata {
  const requested = optionalStringMap(request, 'properties');
  const formatVersion = Number(requested['format-version'] ?? 2);
  if (formatVersion !== 1 && formatVersion !== 2 && formatVersion !== 3) {
    throw illegalArgument(`Unsupported format version: v${formatVersion} (supported: v${NEWEST_FORMAT_VERSION})`);
  }
  const properties: Record<string, string> = {
    'created-at': new Date().toISOString(),
    'write.parquet.compression-codec': 'zstd',
  };
  for (const [name, value] of Object.entries(requested)) {
    if (!RESERVED.includes(name) && !name.startsWith('polaris.')) properties[name] = value;
  }

  if (request.schema == null) throw illegalArgument('Invalid schema: null');
  const { schema, lastId, newIds } = withFreshIds(readSchema(request.schema));
  checkSchemaVersion(schema, formatVersion);
  const fresh = (id: number): number => {
    const found = newIds.get(id);
    if (found === undefined) throw illegalArgument(`Cannot find source column: ${id}`);
    return found;
  };
  const requestedSpec = readPartitionSpec(request['partition-spec'] ?? { 'spec-id': 0, fields: [] });
  const { spec, lastPartitionId } = bindSpec(
    {
      specId: 0,
      fields: requestedSpec.fields.map(({ sourceIds, name, transform }) => ({
        sourceIds: sourceIds.map(fresh),
        name,
        transform,
      })),
    },
    0,
    schema,
    [],
    LAST_UNPARTITIONED_ID,
  );
  const requestedOrder = readSortOrder(request['write-order'] ?? { 'order-id': 0, fields: [] });
  const order = {
    orderId: requestedOrder.fields.length === 0 ? 0 : 1,
    fields: requestedOrder.fields.map((field) => ({ ...field, sourceId: fresh(field.sourceId) })),
  };
  checkSortOrder(order, schema);

  return {
    formatVersion,
    tableUuid: randomUUID(),
    location,
    lastSequenceNumber: 0,
    lastUpdatedMs: Date.now(),
    lastColumnId: lastId,
    schemas: [schema],
    currentSchemaId: 0,
    partitionSpecs: [spec],
    defaultSpecId: 0,
    lastPartitionId,
    sortOrders: [order],
    defaultSortOrderId: order.orderId,
    properties,
    snapshots: [],
    snapshotLog: [],
    metadataLog: [],
    refs: {},
    nextRowId: 0n,
    statistics: [],
    partitionStatistics: [],
    encryptionKeys: [],
  };
}
