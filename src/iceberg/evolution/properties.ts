/** Table properties that name columns, and what becomes of them when columns get other names or go. */
import { parseJson, writeJson } from '../../json.js';
import { asArray, asObject, type JsonObject } from '../json-reader.js';
import { currentSchema } from '../snapshots.js';
import type { NestedField, Schema, TableMetadata } from '../types.js';
import { fieldPath, partsOf, placeOf } from './tree.js';

const NAME_MAPPING = 'schema.name-mapping.default';
/** What follows is the name of a column, with dots between the names of nested ones. */
const COLUMN_PREFIXES = [
  'write.metadata.metrics.column.',
  'write.parquet.bloom-filter-enabled.column.',
  'write.parquet.bloom-filter-fpp.column.',
  'write.parquet.bloom-filter-ndv.column.',
  'write.parquet.dict-encoding-enabled.column.',
  'write.parquet.stats-enabled.column.',
];

export interface PropertyChanges {
  updates: Record<string, string>;
  removals: string[];
}

/** The properties as they have to become for the table to get that schema, as the reference implementation changes them. */
export function propertyChanges(metadata: TableMetadata, after: Schema): PropertyChanges {
  const changes: PropertyChanges = { updates: {}, removals: [] };
  const before = currentSchema(metadata);
  for (const [key, value] of Object.entries(metadata.properties)) {
    const prefix = COLUMN_PREFIXES.find((one) => key.startsWith(one));
    const column = prefix && placeOf(before.fields, key.slice(prefix.length).split('.'))?.field;
    if (!prefix || !column) continue;
    const path = fieldPath(after.fields, column.id);
    const renamed = path && `${prefix}${path.join('.')}`;
    if (renamed === key) continue;
    changes.removals.push(key);
    if (renamed) changes.updates[renamed] = value;
  }
  const mapping = metadata.properties[NAME_MAPPING];
  const mapped = mapping === undefined ? undefined : renamedMapping(mapping, before, after);
  if (mapped !== undefined) changes.updates[NAME_MAPPING] = mapped;
  return { ...changes, removals: changes.removals.filter((key) => !Object.hasOwn(changes.updates, key)) };
}

/**
 * The name mapping in which every new name of a field is one more name of it, and a new field has an entry (spec, "Name Mapping
 * Serialization"). A name goes to the field that has it now. Undefined where nothing changes.
 */
function renamedMapping(text: string, before: Schema, after: Schema): string | undefined {
  const mapping = asArray(parseJson(text), NAME_MAPPING).map((entry) => asObject(entry, NAME_MAPPING));
  const result = withNames(mapping, before.fields, after.fields);
  const changed = writeJson(result);
  return changed === writeJson(mapping) ? undefined : changed;
}

function withNames(
  entries: readonly JsonObject[],
  before: readonly NestedField[],
  after: readonly NestedField[],
): JsonObject[] {
  const old = new Map(before.map((field) => [field.id, field]));
  const news = after.filter(({ id, name }) => old.get(id)?.name !== name);
  const taken = new Set(news.map(({ name }) => name));
  const kept = entries.map((entry): JsonObject => {
    const id = entry['field-id'];
    const field = after.find((one) => one.id === id);
    const names = namesOf(entry).filter((name) => !taken.has(name) || field?.name === name);
    if (field && news.includes(field) && !names.includes(field.name)) names.push(field.name);
    const was = field && old.get(field.id);
    const children = was ? withNames(childrenOf(entry), partsOf(was.type), partsOf(field.type)) : childrenOf(entry);
    return { ...entry, names, ...(children.length > 0 && { fields: children }) };
  });
  const known = new Set(entries.map((entry) => entry['field-id']));
  return [...kept, ...news.filter(({ id }) => !known.has(id) && !old.has(id)).map(entryOf)];
}

function entryOf(field: NestedField): JsonObject {
  const fields = partsOf(field.type).map(entryOf);
  return { 'field-id': field.id, names: [field.name], ...(fields.length > 0 && { fields }) };
}

function namesOf(entry: JsonObject): string[] {
  return asArray(entry.names ?? [], NAME_MAPPING).map(String);
}

function childrenOf(entry: JsonObject): JsonObject[] {
  return asArray(entry.fields ?? [], NAME_MAPPING).map((one) => asObject(one, NAME_MAPPING));
}
