import type { PartitionField, PartitionSpec, SortOrder } from '../../iceberg/types.js';
import { illegalArgument, invalid } from '../request/error.js';
import {
  asArray,
  asObject,
  integerField,
  integersField,
  type JsonObject,
  optionalInteger,
  stringField,
} from '../request/fields.js';
import type { SchemaJson } from './model.js';
import { fieldsById } from './schema.js';

/** Field ids of partitions start at 1000. */
export const LAST_UNPARTITIONED_ID = 999;

const TRANSFORM = /^(identity|void|year|month|day|hour|bucket\[\d+\]|truncate\[\d+\])$/;

/** A partition spec from a request; ids that it leaves open are still to be given. */
export interface UnboundSpec {
  specId: number;
  fields: (Omit<PartitionField, 'fieldId'> & { fieldId?: number | undefined })[];
}

/** Reads a partition spec (spec, Appendix C, "Partition Specs"). */
export function readPartitionSpec(value: unknown): UnboundSpec {
  const object = asObject(value, 'partition spec');
  const spec: UnboundSpec = { specId: optionalInteger(object, 'spec-id') ?? 0, fields: [] };
  const names = new Set<string>();
  for (const entry of asArray(object.fields, 'partition fields')) {
    const field = asObject(entry, 'partition field');
    const name = stringField(field, 'name');
    if (names.has(name)) throw illegalArgument(`Cannot use partition name more than once: ${name}`);
    names.add(name);
    spec.fields.push({
      fieldId: optionalInteger(field, 'field-id'),
      sourceIds: readSourceIds(field),
      name,
      transform: readTransform(field),
    });
  }
  return spec;
}

/** Reads a sort order (spec, Appendix C, "Sort Orders"). */
export function readSortOrder(value: unknown): SortOrder {
  const object = asObject(value, 'sort order');
  const fields: SortOrder['fields'] = asArray(object.fields, 'sort fields').map((entry) => {
    const field = asObject(entry, 'sort field');
    const direction = stringField(field, 'direction').toLowerCase();
    const nullOrder = stringField(field, 'null-order').toLowerCase();
    if (direction !== 'asc' && direction !== 'desc') throw illegalArgument(`Invalid sort direction: ${direction}`);
    if (nullOrder !== 'nulls-first' && nullOrder !== 'nulls-last') {
      throw illegalArgument(`Unexpected null order: ${nullOrder}`);
    }
    return { transform: readTransform(field), sourceId: readSourceIds(field)[0] ?? 0, direction, nullOrder };
  });
  const orderId = optionalInteger(object, 'order-id') ?? (fields.length === 0 ? 0 : 1);
  if (orderId === 0 && fields.length > 0) throw illegalArgument('Sort order ID 0 is reserved for unsorted order');
  return { orderId: fields.length === 0 ? 0 : orderId, fields };
}

function readSourceIds(field: JsonObject): number[] {
  return field['source-ids'] === undefined ? [integerField(field, 'source-id')] : integersField(field, 'source-ids');
}

function readTransform(field: JsonObject): string {
  const transform = stringField(field, 'transform').toLowerCase();
  if (!TRANSFORM.test(transform)) throw illegalArgument(`Unsupported transform: ${transform}`);
  return transform;
}

/** Whether two specs partition alike: same sources, transforms and names in the same order. */
export function sameSpec(one: Pick<UnboundSpec, 'fields'>, other: Pick<UnboundSpec, 'fields'>): boolean {
  const words = (spec: Pick<UnboundSpec, 'fields'>) =>
    JSON.stringify(spec.fields.map(({ sourceIds, transform, name }) => [sourceIds, transform, name]));
  return words(one) === words(other);
}

export function sameSortOrder(one: SortOrder, other: SortOrder): boolean {
  const words = (order: SortOrder) =>
    JSON.stringify(order.fields.map((field) => [field.sourceId, field.transform, field.direction, field.nullOrder]));
  return words(one) === words(other);
}

/**
 * Gives the open field ids: the one that an earlier spec of the table uses for the same source and transform (spec, "Partition Evolution"),
 * else the next unused one.
 */
export function bindSpec(
  unbound: UnboundSpec,
  specId: number,
  schema: SchemaJson,
  earlier: readonly PartitionSpec[],
  lastPartitionId: number,
): { spec: PartitionSpec; lastPartitionId: number } {
  const columns = new Map(schema.fields.map((field) => [field.name, field.id]));
  const used = new Set(unbound.fields.flatMap((field) => field.fieldId ?? []));
  let last = Math.max(lastPartitionId, ...used);
  const fields = unbound.fields.map((field): PartitionField => {
    const column = columns.get(field.name);
    if (column !== undefined && (field.transform !== 'identity' || column !== field.sourceIds[0])) {
      if (field.transform !== 'void') {
        throw illegalArgument(`Cannot create partition from name that exists in schema: ${field.name}`);
      }
    }
    if (field.fieldId !== undefined) return { ...field, fieldId: field.fieldId };
    const known = earlier
      .flatMap((spec) => spec.fields)
      .find((one) => one.transform === field.transform && String(one.sourceIds) === String(field.sourceIds));
    if (known !== undefined && !used.has(known.fieldId)) {
      used.add(known.fieldId);
      return { ...field, fieldId: known.fieldId };
    }
    last += 1;
    used.add(last);
    return { ...field, fieldId: last };
  });
  const spec = { specId, fields };
  checkSpec(spec, schema);
  return { spec, lastPartitionId: last };
}

/** Refuses a spec whose source columns the schema doesn't have. */
export function checkSpec(spec: PartitionSpec, schema: SchemaJson): void {
  const columns = fieldsById(schema);
  for (const field of spec.fields) {
    if (field.transform !== 'void' && !field.sourceIds.every((id) => columns.has(id))) {
      throw invalid(`Cannot find source column for partition field: ${field.name}`);
    }
  }
}

export function checkSortOrder(order: SortOrder, schema: SchemaJson): void {
  const columns = fieldsById(schema);
  for (const field of order.fields) {
    if (!columns.has(field.sourceId)) {
      throw invalid(`Cannot find source column for sort field: ${field.transform}(${field.sourceId})`);
    }
  }
}
