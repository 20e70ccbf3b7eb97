/** Table metadata as a catalog will have it once it has taken updates of a definition; for statements of the transaction that asks for them. */
import { parsePartitionFields, parseSortOrder, parseStatisticsFile } from '../metadata.js';
import { parseSchema } from '../schema.js';
import type { SnapshotReference, StatisticsFile, TableMetadata } from '../types.js';
import { type DefinitionUpdate, LAST_ADDED, nextSchemaId, nextSpecId } from './commit.js';
import { nextOrderId } from './sort-order.js';

export function applyUpdates(metadata: TableMetadata, updates: readonly DefinitionUpdate[]): TableMetadata {
  return updates.reduce(applied, metadata);
}

function applied(metadata: TableMetadata, update: DefinitionUpdate): TableMetadata {
  const { schemas, partitionSpecs, sortOrders, properties } = metadata;
  switch (update.action) {
    case 'upgrade-format-version':
      return { ...metadata, formatVersion: update['format-version'] as TableMetadata['formatVersion'] };
    case 'add-schema': {
      const schema = { ...parseSchema(update.schema), schemaId: nextSchemaId(metadata) };
      return { ...metadata, schemas: [...schemas, schema], lastColumnId: update['last-column-id'] };
    }
    case 'set-current-schema': {
      const id = update['schema-id'];
      return { ...metadata, currentSchemaId: id === LAST_ADDED ? (schemas.at(-1)?.schemaId ?? id) : id };
    }
    case 'add-spec': {
      const fields = parsePartitionFields(update.spec.fields, 'partition spec');
      const lastPartitionId = Math.max(metadata.lastPartitionId, ...fields.map(({ fieldId }) => fieldId));
      return {
        ...metadata,
        partitionSpecs: [...partitionSpecs, { specId: nextSpecId(metadata), fields }],
        lastPartitionId,
      };
    }
    case 'set-default-spec': {
      const id = update['spec-id'];
      return { ...metadata, defaultSpecId: id === LAST_ADDED ? (partitionSpecs.at(-1)?.specId ?? id) : id };
    }
    case 'add-sort-order': {
      const order = parseSortOrder(update['sort-order'], 'sort order');
      return { ...metadata, sortOrders: [...sortOrders, { ...order, orderId: nextOrderId(metadata, order.fields) }] };
    }
    case 'set-default-sort-order': {
      const id = update['sort-order-id'];
      return { ...metadata, defaultSortOrderId: id === LAST_ADDED ? (sortOrders.at(-1)?.orderId ?? id) : id };
    }
    case 'set-properties':
      return { ...metadata, properties: { ...properties, ...update.updates } };
    case 'remove-properties': {
      const kept = Object.entries(properties).filter(([name]) => !update.removals.includes(name));
      return { ...metadata, properties: Object.fromEntries(kept) };
    }
    case 'set-snapshot-ref':
      return withReference(metadata, update);
    case 'remove-snapshots': {
      const gone = new Set(update['snapshot-ids']);
      const refs = Object.entries(metadata.refs).filter(([, { snapshotId }]) => !gone.has(snapshotId));
      return {
        ...metadata,
        snapshots: metadata.snapshots.filter(({ snapshotId }) => !gone.has(snapshotId)),
        refs: Object.fromEntries(refs),
      };
    }
    case 'remove-schemas':
      return { ...metadata, schemas: schemas.filter(({ schemaId }) => !update['schema-ids'].includes(schemaId)) };
    case 'remove-partition-specs': {
      const kept = partitionSpecs.filter(({ specId }) => !update['spec-ids'].includes(specId));
      return { ...metadata, partitionSpecs: kept };
    }
    case 'set-statistics':
    case 'remove-statistics':
    case 'remove-partition-statistics':
      return withStatistics(metadata, update);
    case 'remove-snapshot-ref': {
      const { [update['ref-name']]: _, ...refs } = metadata.refs;
      if (update['ref-name'] !== 'main') return { ...metadata, refs };
      const { currentSnapshotId: __, ...rest } = metadata;
      return { ...rest, refs };
    }
  }
}

function withReference(
  metadata: TableMetadata,
  update: Extract<DefinitionUpdate, { action: 'set-snapshot-ref' }>,
): TableMetadata {
  const snapshotId = update['snapshot-id'];
  const reference: SnapshotReference = {
    snapshotId,
    type: update.type,
    ...(update['min-snapshots-to-keep'] !== undefined && { minSnapshotsToKeep: update['min-snapshots-to-keep'] }),
    ...(update['max-snapshot-age-ms'] !== undefined && { maxSnapshotAgeMs: update['max-snapshot-age-ms'] }),
    ...(update['max-ref-age-ms'] !== undefined && { maxRefAgeMs: update['max-ref-age-ms'] }),
  };
  const refs = { ...metadata.refs, [update['ref-name']]: reference };
  return update['ref-name'] === 'main' ? { ...metadata, refs, currentSnapshotId: snapshotId } : { ...metadata, refs };
}

function withStatistics(
  metadata: TableMetadata,
  update: Extract<DefinitionUpdate, { action: 'set-statistics' | 'remove-statistics' | 'remove-partition-statistics' }>,
): TableMetadata {
  const { statistics, partitionStatistics } = metadata;
  const id = update['snapshot-id'];
  const others = (files: readonly StatisticsFile[]) => files.filter(({ snapshotId }) => snapshotId !== id);
  switch (update.action) {
    case 'set-statistics':
      return { ...metadata, statistics: [...others(statistics), parseStatisticsFile(update.statistics, 'statistics')] };
    case 'remove-statistics':
      return { ...metadata, statistics: others(statistics) };
    case 'remove-partition-statistics':
      return { ...metadata, partitionStatistics: others(partitionStatistics) };
  }
}
