/** What a catalog is asked for to change a table's definition (Iceberg REST specification, `TableRequirement` and `TableUpdate`). */
import { writeJson } from '../../json.js';
import { partitionFieldsToJson } from '../metadata.js';
import type { TableRequirement, TableUpdate } from '../rest/updates.js';
import { schemaToJson } from '../schema.js';
import { currentSchema, defaultPartitionSpec } from '../snapshots.js';
import type { PartitionField, Schema, TableMetadata } from '../types.js';

export type DefinitionRequirement = Exclude<TableRequirement, { type: 'assert-create' }>;

export type DefinitionUpdate = Exclude<TableUpdate, { action: 'assign-uuid' | 'set-location' | 'add-snapshot' }>;

export interface DefinitionCommit {
  requirements: DefinitionRequirement[];
  updates: DefinitionUpdate[];
}

/** The id that stands for what the commit itself added last. */
export const LAST_ADDED = -1;

/** Makes a schema the current one. An equal one that the table has, or had, is not added again. Nothing where it is current already. */
export function schemaCommit(metadata: TableMetadata, schema: Schema, lastColumnId: number): DefinitionCommit {
  if (sameSchema(currentSchema(metadata), schema) && lastColumnId === metadata.lastColumnId) return nothing();
  const known = metadata.schemas.find((candidate) => sameSchema(candidate, schema));
  const requirements: DefinitionRequirement[] = [
    { type: 'assert-current-schema-id', 'current-schema-id': metadata.currentSchemaId },
    { type: 'assert-last-assigned-field-id', 'last-assigned-field-id': metadata.lastColumnId },
  ];
  if (known && lastColumnId === metadata.lastColumnId) {
    return { requirements, updates: [{ action: 'set-current-schema', 'schema-id': known.schemaId }] };
  }
  const added = schemaToJson({ ...schema, schemaId: nextSchemaId(metadata) });
  return {
    requirements,
    updates: [
      { action: 'add-schema', schema: added, 'last-column-id': lastColumnId },
      { action: 'set-current-schema', 'schema-id': LAST_ADDED },
    ],
  };
}

/** Makes these fields the default partition spec, in the same way. */
export function specCommit(metadata: TableMetadata, fields: readonly PartitionField[]): DefinitionCommit {
  if (sameFields(defaultPartitionSpec(metadata).fields, fields)) return nothing();
  const known = metadata.partitionSpecs.find((spec) => sameFields(spec.fields, fields));
  const requirements: DefinitionRequirement[] = [
    { type: 'assert-default-spec-id', 'default-spec-id': metadata.defaultSpecId },
    { type: 'assert-last-assigned-partition-id', 'last-assigned-partition-id': metadata.lastPartitionId },
  ];
  if (known) return { requirements, updates: [{ action: 'set-default-spec', 'spec-id': known.specId }] };
  const spec = { 'spec-id': nextSpecId(metadata), fields: partitionFieldsToJson(fields) };
  return {
    requirements,
    updates: [
      { action: 'add-spec', spec },
      { action: 'set-default-spec', 'spec-id': LAST_ADDED },
    ],
  };
}

/** The id that a catalog gives to the next schema. */
export function nextSchemaId({ schemas }: TableMetadata): number {
  return Math.max(...schemas.map(({ schemaId }) => schemaId)) + 1;
}

export function nextSpecId({ partitionSpecs }: TableMetadata): number {
  return Math.max(...partitionSpecs.map(({ specId }) => specId)) + 1;
}

export function sameSchema(one: Schema, other: Schema): boolean {
  const text = (schema: Schema) => writeJson(schemaToJson({ ...schema, schemaId: 0 }));
  return text(one) === text(other);
}

/** As catalogs compare specs: field ids don't count. */
export function sameFields(one: readonly PartitionField[], other: readonly PartitionField[]): boolean {
  const text = (fields: readonly PartitionField[]) =>
    JSON.stringify(fields.map(({ sourceIds, transform, name }) => [sourceIds, transform, name]));
  return text(one) === text(other);
}

function nothing(): DefinitionCommit {
  return { requirements: [], updates: [] };
}
