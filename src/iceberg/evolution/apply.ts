/** Table metadata as a catalog will have it once it has taken updates of a definition; for statements of the transaction that asks for them. */
import { parsePartitionFields, parseSortOrder } from '../metadata.js';
import { parseSchema } from '../schema.js';
import type { TableMetadata } from '../types.js';
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
    case 'remove-snapshot-ref': {
      const { [update['ref-name']]: _, ...refs } = metadata.refs;
      if (update['ref-name'] !== 'main') return { ...metadata, refs };
      const { currentSnapshotId: __, ...rest } = metadata;
      return { ...rest, refs };
    }
  }
}
