/** Replacing a table by a new definition under the same uuid: earlier schemas, specs and snapshots stay as history. */
import { knownFormatVersion } from '../format-version.js';
import { currentSchema, defaultPartitionSpec } from '../snapshots.js';
import type { NestedField, PartitionField, PartitionSpec, Schema, SortOrder, TableMetadata, Type } from '../types.js';
import { highestColumnId, highestPartitionId } from './assigned-ids.js';
import {
  type DefinitionCommit,
  nextSchemaId,
  nextSpecId,
  sameFields,
  sameSchema,
  schemaCommit,
  specCommit,
} from './commit.js';
import { refusePartitionNames } from './partition-spec.js';
import { promotionProblem } from './promotion.js';
import { nextOrderId, sortOrderCommit } from './sort-order.js';
import { idsWithin, partsOf } from './tree.js';

/** As for a new table: with field ids of its own. */
export interface TableDefinition {
  schema: Schema;
  spec: PartitionSpec;
  /** Default: none. */
  sortOrder?: SortOrder['fields'];
  properties: Record<string, string>;
}

export interface TableReplacement {
  /** The table as it is once the commit has taken effect: without current snapshot and main branch. */
  metadata: TableMetadata;
  commit: DefinitionCommit;
}

/**
 * What replaces a table. Columns keep the id of the column of the same name whose values they could hold, others get new ones; the same
 * goes for partition fields. Properties are added to those that there are, but for `comment`, which goes with the old definition. A column
 * that has the name of an earlier partition field of another column: INVALID_ARGUMENT.
 */
export function replacementOf(base: TableMetadata, definition: TableDefinition): TableReplacement {
  const ids = new FieldIds(base);
  const schema: Schema = {
    schemaId: base.currentSchemaId,
    fields: ids.assign(definition.schema.fields, currentSchema(base).fields),
    identifierFieldIds: definition.schema.identifierFieldIds.map((id) => ids.of(id)),
  };
  refusePartitionNames(base, schema.fields, schema.fields.flatMap(idsWithin));
  const wanted = definition.spec.fields.map((field) => ({
    ...field,
    sourceIds: field.sourceIds.map((id) => ids.of(id)),
  }));
  const fields = assignPartitionIds(base, wanted);
  const { 'format-version': version, ...properties } = definition.properties;
  const formatVersion = version === undefined ? base.formatVersion : knownFormatVersion(version);
  const ofSchema = schemaCommit(base, schema, ids.last);
  const ofSpec = specCommit(base, fields);
  const order = (definition.sortOrder ?? []).map((field) => ({ ...field, sourceId: ids.of(field.sourceId) }));
  const ofOrder = sortOrderCommit(base, order);
  const sorted = ofOrder.updates.find((update) => update.action === 'set-default-sort-order');
  const orderId = sorted ? Number(sorted['sort-order-id']) : base.defaultSortOrderId;
  const newOrder = orderId < 0 ? [{ orderId: nextOrderId(base, order), fields: order }] : [];
  const knownSchema = ids.last === base.lastColumnId ? base.schemas.find((one) => sameSchema(one, schema)) : undefined;
  const knownSpec = base.partitionSpecs.find((spec) => sameFields(spec.fields, fields));
  const newSchema = { ...schema, schemaId: knownSchema?.schemaId ?? nextSchemaId(base) };
  const newSpec = knownSpec ?? { specId: nextSpecId(base), fields };
  const { main: _, ...refs } = base.refs;
  const { currentSnapshotId: __, ...rest } = base;
  return {
    metadata: {
      ...rest,
      formatVersion,
      refs,
      lastColumnId: ids.last,
      schemas: knownSchema ? base.schemas : [...base.schemas, newSchema],
      currentSchemaId: newSchema.schemaId,
      partitionSpecs: knownSpec ? base.partitionSpecs : [...base.partitionSpecs, newSpec],
      defaultSpecId: newSpec.specId,
      lastPartitionId: Math.max(highestPartitionId(base), ...fields.map(({ fieldId }) => fieldId)),
      sortOrders: [...base.sortOrders, ...newOrder],
      defaultSortOrderId: newOrder[0]?.orderId ?? orderId,
      properties: { ...base.properties, ...properties },
    },
    commit: {
      requirements: [
        { type: 'assert-table-uuid', uuid: base.tableUuid },
        { type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': base.refs.main?.snapshotId ?? null },
        { type: 'assert-current-schema-id', 'current-schema-id': base.currentSchemaId },
        { type: 'assert-last-assigned-field-id', 'last-assigned-field-id': base.lastColumnId },
        { type: 'assert-default-spec-id', 'default-spec-id': base.defaultSpecId },
        { type: 'assert-last-assigned-partition-id', 'last-assigned-partition-id': base.lastPartitionId },
      ],
      updates: [
        ...(formatVersion === base.formatVersion
          ? []
          : [{ action: 'upgrade-format-version' as const, 'format-version': formatVersion }]),
        ...(base.refs.main ? [{ action: 'remove-snapshot-ref' as const, 'ref-name': 'main' }] : []),
        ...ofSchema.updates,
        ...ofSpec.updates,
        ...ofOrder.updates,
        ...(Object.keys(properties).length > 0 ? [{ action: 'set-properties' as const, updates: properties }] : []),
        ...(base.properties.comment !== undefined && properties.comment === undefined
          ? [{ action: 'remove-properties' as const, removals: ['comment'] }]
          : []),
      ],
    },
  };
}

class FieldIds {
  readonly #given = new Map<number, number>();
  #last: number;

  constructor(base: TableMetadata) {
    this.#last = highestColumnId(base);
  }

  get last(): number {
    return this.#last;
  }

  /** The id that a field of the definition got. */
  of(id: number): number {
    return this.#given.get(id) ?? id;
  }

  /** All fields of a struct before what is inside them, as the reference implementation numbers them. */
  assign(fields: readonly NestedField[], before: readonly NestedField[]): NestedField[] {
    const numbered = fields.map((field) => {
      const known = before.find(({ name, type }) => name === field.name && holds(type, field.type));
      const id = known?.id ?? ++this.#last;
      this.#given.set(field.id, id);
      return { field: { ...field, id }, known };
    });
    return numbered.map(({ field, known }) => ({
      ...field,
      type: this.#assignType(field.type, known ? partsOf(known.type) : []),
    }));
  }

  #assignType(type: Type, before: readonly NestedField[]): Type {
    const parts = this.assign(partsOf(type), before) as [NestedField, NestedField];
    switch (type.kind) {
      case 'struct':
        return { kind: 'struct', fields: parts };
      case 'list':
        return { ...type, elementId: parts[0].id, element: parts[0].type };
      case 'map':
        return { ...type, keyId: parts[0].id, key: parts[0].type, valueId: parts[1].id, value: parts[1].type };
      default:
        return type;
    }
  }
}

/** Whether the values of the one type can be read as the other; what is inside nested types is looked at one by one. */
function holds(from: Type, to: Type): boolean {
  if (partsOf(from).length > 0 || partsOf(to).length > 0) return from.kind === to.kind;
  return promotionProblem(from, to, 1) === undefined;
}

/** Version 1 keeps every field of the spec in its place, those that are no longer wanted as void. */
function assignPartitionIds(base: TableMetadata, wanted: readonly PartitionField[]): PartitionField[] {
  let last = highestPartitionId(base);
  const isSame = (one: PartitionField, other: PartitionField) =>
    one.transform === other.transform && String(one.sourceIds) === String(other.sourceIds);
  const earlier = base.partitionSpecs.flatMap((spec) => spec.fields);
  if (base.formatVersion > 1) {
    return wanted.map((field) => {
      const fieldId = earlier.find((one) => isSame(one, field))?.fieldId ?? ++last;
      return { ...field, fieldId };
    });
  }
  const kept = defaultPartitionSpec(base).fields.map((field) => {
    const same = wanted.find((one) => isSame(one, field));
    if (same) return { ...same, fieldId: field.fieldId };
    const isTaken = wanted.some(({ name }) => name === field.name);
    return { ...field, transform: 'void', name: isTaken ? `${field.name}_${field.fieldId}` : field.name };
  });
  const added = wanted.filter((field) => !kept.some((one) => isSame(one, field)));
  return [...kept, ...added.map((field) => ({ ...field, fieldId: ++last }))];
}
