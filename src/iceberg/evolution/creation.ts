/** The commit that makes a table which a catalog has staged (Iceberg REST specification, `stage-create` and `assert-create`). */
import { partitionSpecToJson, sortOrderToJson } from '../metadata.js';
import type { TableRequirement, TableUpdate } from '../rest/updates.js';
import { schemaToJson } from '../schema.js';
import { currentSchema, defaultPartitionSpec } from '../snapshots.js';
import type { TableMetadata } from '../types.js';
import { LAST_ADDED } from './commit.js';

export interface CreationCommit {
  requirements: Extract<TableRequirement, { type: 'assert-create' }>[];
  updates: Exclude<TableUpdate, { action: 'add-snapshot' }>[];
}

/** Such a table has one schema, one partition spec and one sort order. */
export function creationCommit(staged: TableMetadata): CreationCommit {
  const order = staged.sortOrders.find(({ orderId }) => orderId === staged.defaultSortOrderId);
  return {
    requirements: [{ type: 'assert-create' }],
    updates: [
      { action: 'assign-uuid', uuid: staged.tableUuid },
      { action: 'upgrade-format-version', 'format-version': staged.formatVersion },
      { action: 'add-schema', schema: schemaToJson(currentSchema(staged)), 'last-column-id': staged.lastColumnId },
      { action: 'set-current-schema', 'schema-id': LAST_ADDED },
      { action: 'add-spec', spec: partitionSpecToJson(defaultPartitionSpec(staged)) },
      { action: 'set-default-spec', 'spec-id': LAST_ADDED },
      { action: 'add-sort-order', 'sort-order': sortOrderToJson(order ?? { orderId: 0, fields: [] }) },
      { action: 'set-default-sort-order', 'sort-order-id': LAST_ADDED },
      { action: 'set-location', location: staged.location },
      { action: 'set-properties', updates: staged.properties },
    ],
  };
}
