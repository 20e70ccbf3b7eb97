/** Updates of schemas, partition specs and sort orders (REST specification, `TableUpdate`). */
import { illegalArgument, invalid } from '../request/error.js';
import { integerField, integersField, type JsonObject } from '../request/fields.js';
import { currentSchema, type Draft } from './draft.js';
import type { SchemaJson } from './model.js';
import { bindSpec, checkSortOrder, readPartitionSpec, readSortOrder, sameSortOrder, sameSpec } from './partitioning.js';
import { checkSchemaVersion, highestId, readSchema, sameSchema } from './schema.js';

/** The id that stands for what this commit added last. */
const LAST_ADDED = -1;

export function addSchema(draft: Draft, update: JsonObject): void {
  const { metadata } = draft;
  const schema = readSchema(update.schema);
  // The `last-column-id` that clients send is that of the schema, without the columns that they drop.
  const lastColumnId = Math.max(metadata.lastColumnId, highestId(schema));
  checkSchemaVersion(schema, metadata.formatVersion);
  const known = metadata.schemas.find((one) => sameSchema(one, schema));
  if (known !== undefined && lastColumnId === metadata.lastColumnId) {
    const id = known['schema-id'];
    draft.lastAddedSchemaId = draft.addedSchemaIds.has(id) ? id : undefined;
    return;
  }
  const id = known?.['schema-id'] ?? Math.max(metadata.currentSchemaId, ...nextIds(metadata.schemas, 'schema-id'));
  metadata.lastColumnId = lastColumnId;
  if (known === undefined) metadata.schemas.push({ ...schema, 'schema-id': id });
  draft.addedSchemaIds.add(id);
  draft.lastAddedSchemaId = id;
  draft.changed = true;
}

function nextIds<Key extends string>(all: readonly Record<Key, number>[], key: Key): number[] {
  return [0, ...all.map((one) => one[key] + 1)];
}

export function setCurrentSchema(draft: Draft, update: JsonObject): void {
  const { metadata } = draft;
  const id = settled(integerField(update, 'schema-id'), draft.lastAddedSchemaId, 'schema: no schema');
  if (id === metadata.currentSchemaId) return;
  if (!metadata.schemas.some((schema) => schema['schema-id'] === id)) {
    throw illegalArgument(`Cannot set current schema to unknown schema: ${id}`);
  }
  metadata.currentSchemaId = id;
  draft.changed = true;
}

export function removeSchemas(draft: Draft, update: JsonObject): void {
  const { metadata } = draft;
  const ids = integersField(update, 'schema-ids');
  if (ids.includes(metadata.currentSchemaId)) throw illegalArgument('Cannot remove the current schema');
  metadata.schemas = metadata.schemas.filter((schema) => !ids.includes(schema['schema-id']));
  draft.changed = true;
}

export function addSpec(draft: Draft, update: JsonObject): void {
  const { metadata } = draft;
  const unbound = readPartitionSpec(update.spec);
  const known = metadata.partitionSpecs.find((spec) => sameSpec(spec, unbound));
  if (known !== undefined) {
    draft.lastAddedSpecId = draft.addedSpecIds.has(known.specId) ? known.specId : undefined;
    return;
  }
  const id = Math.max(...nextIds(metadata.partitionSpecs, 'specId'));
  const { spec, lastPartitionId } = bindSpec(
    unbound,
    id,
    schemaInForce(draft),
    metadata.partitionSpecs,
    metadata.lastPartitionId,
  );
  if (metadata.formatVersion === 1 && spec.fields.some((field, at) => field.fieldId !== 1000 + at)) {
    throw invalid('Spec does not use sequential IDs that are required in v1');
  }
  metadata.partitionSpecs.push(spec);
  metadata.lastPartitionId = lastPartitionId;
  draft.addedSpecIds.add(id);
  draft.lastAddedSpecId = id;
  draft.changed = true;
}

/** The current schema; of a table that is just coming into being, the one that was added, which is made current later on. */
function schemaInForce({ metadata, lastAddedSchemaId }: Draft): SchemaJson {
  const isNew = metadata.currentSchemaId === LAST_ADDED;
  const added = isNew ? metadata.schemas.find((schema) => schema['schema-id'] === lastAddedSchemaId) : undefined;
  return added ?? currentSchema(metadata);
}

export function setDefaultSpec(draft: Draft, update: JsonObject): void {
  const { metadata } = draft;
  const id = settled(integerField(update, 'spec-id'), draft.lastAddedSpecId, 'spec: no spec');
  if (id === metadata.defaultSpecId) return;
  if (!metadata.partitionSpecs.some((spec) => spec.specId === id)) {
    throw illegalArgument(`Cannot set default partition spec to unknown spec: ${id}`);
  }
  metadata.defaultSpecId = id;
  draft.changed = true;
}

export function removeSpecs(draft: Draft, update: JsonObject): void {
  const { metadata } = draft;
  const ids = integersField(update, 'spec-ids');
  if (ids.includes(metadata.defaultSpecId)) throw illegalArgument('Cannot remove the default partition spec');
  metadata.partitionSpecs = metadata.partitionSpecs.filter((spec) => !ids.includes(spec.specId));
  draft.changed = true;
}

export function addSortOrder(draft: Draft, update: JsonObject): void {
  const { metadata } = draft;
  const order = readSortOrder(update['sort-order']);
  const known = metadata.sortOrders.find((one) => sameSortOrder(one, order));
  if (known !== undefined) {
    draft.lastAddedSortOrderId = draft.addedSortOrderIds.has(known.orderId) ? known.orderId : undefined;
    return;
  }
  checkSortOrder(order, schemaInForce(draft));
  const id = order.fields.length === 0 ? 0 : Math.max(1, ...nextIds(metadata.sortOrders, 'orderId'));
  metadata.sortOrders.push({ ...order, orderId: id });
  draft.addedSortOrderIds.add(id);
  draft.lastAddedSortOrderId = id;
  draft.changed = true;
}

export function setDefaultSortOrder(draft: Draft, update: JsonObject): void {
  const { metadata } = draft;
  const id = settled(integerField(update, 'sort-order-id'), draft.lastAddedSortOrderId, 'sort order: no sort order');
  if (id === metadata.defaultSortOrderId) return;
  if (!metadata.sortOrders.some((order) => order.orderId === id)) {
    throw illegalArgument(`Cannot set default sort order to unknown order: ${id}`);
  }
  metadata.defaultSortOrderId = id;
  draft.changed = true;
}

function settled(id: number, lastAdded: number | undefined, what: string): number {
  if (id !== LAST_ADDED) return id;
  if (lastAdded === undefined) throw invalid(`Cannot set last added ${what} has been added`);
  return lastAdded;
}
