import { isJsonFloat } from '../../json.js';
import { illegalArgument, illegalState, unreadable } from '../request/error.js';
import {
  asArray,
  asObject,
  integerField,
  integersField,
  type JsonObject,
  optionalInteger,
  optionalString,
  stringField,
} from '../request/fields.js';
import type { FieldJson, SchemaJson, StructJson, TypeJson } from './model.js';

/** The format version in which a type first appears (spec, "Primitive Types"). */
const FIRST_VERSION: Record<string, number> = {
  boolean: 1,
  int: 1,
  long: 1,
  float: 1,
  double: 1,
  date: 1,
  time: 1,
  timestamp: 1,
  timestamptz: 1,
  string: 1,
  uuid: 1,
  binary: 1,
  timestamp_ns: 3,
  timestamptz_ns: 3,
  variant: 3,
  unknown: 3,
};
const PARAMETRIZED =
  /^(?:fixed\s*\[\s*\d+\s*\]|decimal\s*\(\s*(\d+)\s*,\s*(\d+)\s*\)|(geometry|geography)(?:\s*\(.*\))?)$/;

/** Reads a schema (spec, Appendix C, "Schemas") and checks that names and ids are unique. */
export function readSchema(value: unknown): SchemaJson {
  const object = asObject(value, 'schema');
  const identifiers = object['identifier-field-ids'] == null ? [] : integersField(object, 'identifier-field-ids');
  const schema: SchemaJson = {
    type: 'struct',
    'schema-id': optionalInteger(object, 'schema-id') ?? 0,
    ...(identifiers.length > 0 ? { 'identifier-field-ids': identifiers } : {}),
    fields: readFields(object),
  };
  const ids = new Set<number>();
  for (const id of allIds(schema)) {
    if (ids.has(id)) throw illegalArgument(`Invalid schema: multiple fields for id ${id}`);
    ids.add(id);
  }
  const byId = fieldsById(schema);
  for (const id of identifiers) {
    const field = byId.get(id);
    if (field === undefined) {
      throw illegalArgument(`Cannot add fieldId ${id} as an identifier field: field does not exist`);
    }
    if (!field.required) {
      throw illegalArgument(`Cannot add field ${field.name} as an identifier field: not a required field`);
    }
  }
  return schema;
}

function readFields(object: JsonObject): FieldJson[] {
  const names = new Set<string>();
  return asArray(object.fields, 'struct fields').map((entry) => {
    const field = asObject(entry, 'field');
    const name = stringField(field, 'name');
    if (names.has(name)) throw illegalArgument(`Invalid schema: multiple fields for name ${name}`);
    names.add(name);
    const doc = optionalString(field, 'doc');
    const type = readType(field.type);
    for (const key of ['initial-default', 'write-default']) checkDefault(type, field[key]);
    return {
      id: integerField(field, 'id'),
      name,
      required: field.required === true,
      type,
      ...(doc === undefined ? {} : { doc }),
      ...(field['initial-default'] == null ? {} : { 'initial-default': field['initial-default'] }),
      ...(field['write-default'] == null ? {} : { 'write-default': field['write-default'] }),
    };
  });
}

/** A default value in the JSON form of its type (spec, Appendix D). */
function checkDefault(type: TypeJson, value: unknown): void {
  if (value === undefined || value === null || typeof type !== 'string') return;
  const isInteger = typeof value === 'bigint' || Number.isInteger(value);
  switch (type) {
    case 'boolean':
      if (typeof value !== 'boolean') throw unreadable();
      return;
    case 'int':
    case 'long':
      if (!isInteger) throw unreadable();
      return;
    case 'float':
    case 'double':
      if (!isJsonFloat(value)) throw unreadable();
      return;
    default:
      if (typeof value !== 'string') throw unreadable();
  }
}

function readType(value: unknown): TypeJson {
  if (typeof value === 'string') {
    if (FIRST_VERSION[value] === undefined && !PARAMETRIZED.test(value)) {
      throw unreadable();
    }
    return value;
  }
  const object = asObject(value, 'type');
  switch (object.type) {
    case 'struct':
      return { type: 'struct', fields: readFields(object) };
    case 'list':
      return {
        type: 'list',
        'element-id': integerField(object, 'element-id'),
        element: readType(object.element),
        'element-required': object['element-required'] === true,
      };
    case 'map':
      return {
        type: 'map',
        'key-id': integerField(object, 'key-id'),
        key: readType(object.key),
        'value-id': integerField(object, 'value-id'),
        value: readType(object.value),
        'value-required': object['value-required'] === true,
      };
    default:
      throw unreadable();
  }
}

/** Every id of a schema: fields, list elements, map keys and values. */
function* allIds(struct: { fields: FieldJson[] }): Iterable<number> {
  for (const field of struct.fields) {
    yield field.id;
    yield* idsOfType(field.type);
  }
}

function* idsOfType(type: TypeJson): Iterable<number> {
  if (typeof type === 'string') return;
  if (type.type === 'struct') yield* allIds(type);
  else if (type.type === 'list') {
    yield type['element-id'];
    yield* idsOfType(type.element);
  } else {
    yield type['key-id'];
    yield type['value-id'];
    yield* idsOfType(type.key);
    yield* idsOfType(type.value);
  }
}

export function highestId(schema: SchemaJson): number {
  return Math.max(0, ...allIds(schema));
}

/** Fields by id, those inside structs, lists and maps too. */
export function fieldsById(
  struct: { fields: FieldJson[] },
  into = new Map<number, FieldJson>(),
): Map<number, FieldJson> {
  const walk = (type: TypeJson): void => {
    if (typeof type === 'string') return;
    if (type.type === 'struct') fieldsById(type, into);
    else if (type.type === 'list') walk(type.element);
    else {
      walk(type.key);
      walk(type.value);
    }
  };
  for (const field of struct.fields) {
    into.set(field.id, field);
    walk(field.type);
  }
  return into;
}

/** Whether two schemas are the same apart from their own ids. */
export function sameSchema(one: SchemaJson, other: SchemaJson): boolean {
  const identifiers = (schema: SchemaJson) => [...(schema['identifier-field-ids'] ?? [])].sort((a, b) => a - b);
  return (
    canonical(one.fields) === canonical(other.fields) && canonical(identifiers(one)) === canonical(identifiers(other))
  );
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, entry: unknown) => {
    if (typeof entry === 'bigint') return `${entry}n`;
    if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return entry;
    return Object.fromEntries(Object.entries(entry).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/**
 * The schema of a new table: ids from 1, all fields of a struct before what is inside them. Gives also the new id of each old one.
 */
export function withFreshIds(schema: SchemaJson): { schema: SchemaJson; lastId: number; newIds: Map<number, number> } {
  let lastId = 0;
  const newIds = new Map<number, number>();
  const fresh = (old: number): number => {
    lastId += 1;
    newIds.set(old, lastId);
    return lastId;
  };
  const freshFields = (fields: FieldJson[]): FieldJson[] => {
    const numbered = fields.map((field) => ({ ...field, id: fresh(field.id) }));
    return numbered.map((field) => ({ ...field, type: freshType(field.type) }));
  };
  const freshType = (type: TypeJson): TypeJson => {
    if (typeof type === 'string') return type;
    if (type.type === 'struct') return { type: 'struct', fields: freshFields(type.fields) };
    if (type.type === 'list') {
      const elementId = fresh(type['element-id']);
      return { ...type, 'element-id': elementId, element: freshType(type.element) };
    }
    const keyId = fresh(type['key-id']);
    const valueId = fresh(type['value-id']);
    return { ...type, 'key-id': keyId, 'value-id': valueId, key: freshType(type.key), value: freshType(type.value) };
  };
  const fields = freshFields(schema.fields);
  const identifiers = schema['identifier-field-ids']?.map((id) => newIds.get(id) ?? id);
  return {
    schema: {
      type: 'struct',
      'schema-id': 0,
      ...(identifiers === undefined ? {} : { 'identifier-field-ids': identifiers }),
      fields,
    },
    lastId,
    newIds,
  };
}

/** Refuses types and defaults that a format version doesn't have. */
export function checkSchemaVersion(schema: SchemaJson, formatVersion: number): void {
  const problems: string[] = [];
  const check = (name: string, type: TypeJson): void => {
    if (typeof type === 'string') {
      const first = FIRST_VERSION[type] ?? (/^geo/.test(type) ? 3 : 1);
      if (first > formatVersion) {
        problems.push(`Invalid type for ${name}: ${type} is not supported until v${first}`);
      }
    } else if (type.type === 'struct') checkStruct(type, `${name}.`);
    else if (type.type === 'list') check(`${name}.element`, type.element);
    else {
      check(`${name}.key`, type.key);
      check(`${name}.value`, type.value);
    }
  };
  const checkStruct = (struct: StructJson | SchemaJson, prefix: string): void => {
    for (const field of struct.fields) {
      const name = `${prefix}${field.name}`;
      check(name, field.type);
      if (field['initial-default'] !== undefined && formatVersion < 3) {
        problems.push(`Invalid initial default for ${name}: non-null default is not supported until v3`);
      }
    }
  };
  checkStruct(schema, '');
  if (problems.length > 0) {
    throw illegalState(`Invalid schema for v${formatVersion}:\n- ${problems.join('\n- ')}`);
  }
}
