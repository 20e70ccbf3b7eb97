/** Structs that are written without some of their column's fields: those get their `write-default` (Iceberg spec, "Default values"). */
import { DataType, type Field } from 'apache-arrow';
import { writeDefault } from '../../iceberg/index.js';
import type { NestedField, Type } from '../../iceberg/types.js';
import { quoteName, quoteString } from '../../sql/index.js';

/**
 * The SQL of a value with what its structs, also those in lists and maps, lack of the column's fields. `given` is what the value is. The value itself
 * where nothing is lacking that has a default, or where it has fields that the column has not, which is for the cast to refuse.
 */
export function withFieldDefaults(type: Type, value: string, given: Field | undefined, depth = 0): string {
  const item = `d${depth}`;
  if (type.kind === 'struct' && DataType.isStruct(given?.type)) {
    const own = givenFields(type.fields, given.type.children as Field[]);
    if (!own) return value;
    const parts = type.fields.map((field, index) => partOf(field, value, own[index], depth));
    if (!parts.some(({ isCompleted }) => isCompleted)) return value;
    return `CASE WHEN ${value} IS NULL THEN NULL ELSE struct_pack(${parts.map(({ sql }) => sql).join(', ')}) END`;
  }
  if (type.kind === 'list' && given && (DataType.isList(given.type) || DataType.isFixedSizeList(given.type))) {
    const element = withFieldDefaults(type.element, item, given.type.children[0] as Field, depth + 1);
    return element === item ? value : `list_transform(${value}, lambda ${item}: ${element})`;
  }
  if (type.kind === 'map' && DataType.isMap(given?.type)) {
    const [, entry] = (given.type.children[0] as Field).type.children as [Field, Field];
    const inner = withFieldDefaults(type.value, `${item}.value`, entry, depth + 1);
    if (inner === `${item}.value`) return value;
    const pairs = `list_transform(map_entries(${value}), lambda ${item}: struct_pack("key" := ${item}.key, "value" := ${inner}))`;
    return `CASE WHEN ${value} IS NULL THEN NULL ELSE map_from_entries(${pairs}) END`;
  }
  return value;
}

/** Whether a value of the type can lack something that has a default. */
export function hasFieldDefaults(type: Type): boolean {
  if (type.kind === 'struct') return type.fields.some(hasDefault);
  if (type.kind === 'list') return hasFieldDefaults(type.element);
  return type.kind === 'map' && hasFieldDefaults(type.value);
}

/** A field of a struct that is given, and how `struct_extract` names it. */
interface GivenField {
  field: Field;
  key: string;
}

/**
 * What is given for each field of a column, if anything. Undefined where more is given than the column has, and where structs without names, those of
 * ROW (…), are of another length: both are for the cast to refuse.
 */
function givenFields(fields: readonly NestedField[], given: readonly Field[]): (GivenField | undefined)[] | undefined {
  if (!given.some(({ name }) => Boolean(name))) {
    if (given.length !== fields.length) return undefined;
    return given.map((field, index) => ({ field, key: `${index + 1}` }));
  }
  const own = new Map(given.map((field) => [field.name.toLowerCase(), { field, key: quoteString(field.name) }]));
  const found = fields.map(({ name }) => own.get(name.toLowerCase()));
  return found.filter((one) => one !== undefined).length === own.size ? found : undefined;
}

function partOf(
  field: NestedField,
  value: string,
  given: GivenField | undefined,
  depth: number,
): { sql: string; isCompleted: boolean } {
  const name = quoteName(field.name);
  // A required field without a default is null here, which the check of what is written refuses by its path.
  if (!given && !hasDefault(field)) return { sql: `${name} := NULL`, isCompleted: false };
  if (!given) return { sql: `${name} := ${writeDefault({ ...field, required: false })}`, isCompleted: true };
  const old = `struct_extract(${value}, ${given.key})`;
  const sql = withFieldDefaults(field.type, old, given.field, depth);
  return { sql: `${name} := ${sql}`, isCompleted: sql !== old };
}

function hasDefault({ type, writeDefault: own }: NestedField): boolean {
  return own != null || hasFieldDefaults(type);
}
