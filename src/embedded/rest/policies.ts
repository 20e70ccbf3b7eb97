/** Rules about reading, by table and role, and what they are for a caller (Iceberg REST specification, `read-restrictions`). */
import type { KeptMetadata, SchemaJson, TypeJson } from '../metadata/model.js';
import type { JsonObject } from '../request/fields.js';
import type { Caller } from './caller.js';
import { dotted, type TableIdentifier } from './identifiers.js';

/** What those who hold a role may see of a table. Who holds several roles with policies is held to all of them. */
export interface Policy {
  /** `namespace.table` */
  table: string;
  role: string;
  /** An expression of the specification; a column may also be referred to by its name: `{ "type": "reference", "name": "region" }`. */
  rowFilter?: unknown;
  /** Actions of the specification by column; a field inside others as `address.city`, `tags.element`, `phones.value`. */
  masks?: Record<string, string>;
}

/** `read-restrictions` of a table for a caller; undefined where no policy concerns both. A policy that does not fit the table lets no row be seen. */
export function restrictionsFor(
  policies: readonly Policy[],
  caller: Caller,
  identifier: TableIdentifier,
  metadata: KeptMetadata,
): JsonObject | undefined {
  const concerned = policies.filter(({ table, role }) => table === dotted(identifier) && caller.holds(role));
  if (concerned.length === 0) return undefined;
  const schema = metadata.schemas.find((candidate) => candidate['schema-id'] === metadata.currentSchemaId);
  const ids = schema ? fieldIds(schema) : new Map<string, number>();
  const filters = concerned.flatMap(({ rowFilter }) => (rowFilter === undefined ? [] : [withIds(rowFilter, ids)]));
  const masks = masksOf(concerned, ids);
  if (masks === undefined || filters.includes(undefined)) return { 'required-row-filter': false };
  const filter = filters.length > 0 ? filters.reduce((left, right) => ({ type: 'and', left, right })) : undefined;
  return {
    ...(filter !== undefined && { 'required-row-filter': filter }),
    ...(masks.length > 0 && { 'required-column-projections': masks }),
  };
}

/** Undefined where a column is not there, or has two actions. */
function masksOf(policies: readonly Policy[], ids: ReadonlyMap<string, number>): JsonObject[] | undefined {
  const actions = new Map<number, string>();
  for (const [column, action] of policies.flatMap(({ masks = {} }) => Object.entries(masks))) {
    const id = ids.get(column);
    if (id === undefined || (actions.get(id) ?? action) !== action) return undefined;
    actions.set(id, action);
  }
  return [...actions].map(([id, action]) => ({ 'field-id': id, action }));
}

/** The expression with field ids in the place of names; undefined where a name is not there. */
function withIds(json: unknown, ids: ReadonlyMap<string, number>): unknown {
  if (Array.isArray(json)) {
    const items = json.map((item) => withIds(item, ids));
    return items.includes(undefined) ? undefined : items;
  }
  if (typeof json !== 'object' || json === null) return json;
  const { type, name } = json as JsonObject;
  if (type === 'reference' && typeof name === 'string') {
    const id = ids.get(name);
    return id === undefined ? undefined : { type, id };
  }
  const entries = Object.entries(json).map(([key, value]) => [key, withIds(value, ids)] as const);
  return entries.some(([, value]) => value === undefined) ? undefined : Object.fromEntries(entries);
}

function fieldIds({ fields }: Pick<SchemaJson, 'fields'>): Map<string, number> {
  const ids = new Map<string, number>();
  const add = (name: string, id: number, type: TypeJson): void => {
    ids.set(name, id);
    if (typeof type === 'string') return;
    if (type.type === 'struct') for (const field of type.fields) add(`${name}.${field.name}`, field.id, field.type);
    else if (type.type === 'list') add(`${name}.element`, type['element-id'], type.element);
    else {
      add(`${name}.key`, type['key-id'], type.key);
      add(`${name}.value`, type['value-id'], type.value);
    }
  };
  for (const { name, id, type } of fields) add(name, id, type);
  return ids;
}
