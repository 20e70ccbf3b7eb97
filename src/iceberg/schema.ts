/** Schemas and types to and from JSON (Iceberg spec, Appendix C, "Schemas"). */
import { SkuaError } from '../errors.js';
import { jsonFloat } from '../json.js';
import {
  asArray,
  asBoolean,
  asNumber,
  asObject,
  asString,
  type JsonObject,
  malformed,
  optional,
} from './json-reader.js';
import { checkSchemaSize } from './schema-size.js';
import type { NestedField, PrimitiveType, Schema, StructType, Type } from './types.js';

const primitives: ReadonlySet<string> = new Set<PrimitiveType>([
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'date',
  'time',
  'timestamp',
  'timestamptz',
  'timestamp_ns',
  'timestamptz_ns',
  'string',
  'uuid',
  'binary',
  'variant',
  'unknown',
]);

/** The coordinate system of geometries and geographies that name none (Iceberg spec, "Primitive Types"). */
export const defaultCrs = 'OGC:CRS84';
const defaultEdgeAlgorithm = 'spherical';

/** A type from its JSON form. A type that this version of the format does not know: UNIMPLEMENTED naming it. */
export function parseType(json: unknown, where = 'type'): Type {
  if (typeof json === 'string') return parsePrimitive(json);
  const object = asObject(json, where);
  switch (object.type) {
    case 'struct':
      return { kind: 'struct', fields: parseFields(object, where) };
    case 'list':
      return {
        kind: 'list',
        elementId: asNumber(object['element-id'], `${where}.element-id`),
        elementRequired: asBoolean(object['element-required'], `${where}.element-required`),
        element: parseType(object.element, `${where}.element`),
      };
    case 'map':
      return {
        kind: 'map',
        keyId: asNumber(object['key-id'], `${where}.key-id`),
        key: parseType(object.key, `${where}.key`),
        valueId: asNumber(object['value-id'], `${where}.value-id`),
        valueRequired: asBoolean(object['value-required'], `${where}.value-required`),
        value: parseType(object.value, `${where}.value`),
      };
    default:
      throw malformed(where, 'a type');
  }
}

function parsePrimitive(text: string): Type {
  const name = text.trim().toLowerCase();
  if (primitives.has(name)) return { kind: 'primitive', type: name as PrimitiveType };
  const decimal = /^decimal\(\s*(\d+)\s*,\s*(\d+)\s*\)$/.exec(name);
  if (decimal) return { kind: 'decimal', precision: Number(decimal[1]), scale: Number(decimal[2]) };
  const fixed = /^fixed\[\s*(\d+)\s*\]$/.exec(name);
  if (fixed) return { kind: 'fixed', length: Number(fixed[1]) };
  const spatial = /^(geometry|geography)\s*(?:\(\s*([^,)]*?)\s*(?:,\s*(\w+)\s*)?\))?$/i.exec(text.trim());
  if (spatial) {
    const crs = spatial[2] || defaultCrs;
    if (spatial[1]?.toLowerCase() === 'geometry') return { kind: 'geometry', crs };
    return { kind: 'geography', crs, algorithm: spatial[3]?.toLowerCase() ?? defaultEdgeAlgorithm };
  }
  throw new SkuaError('UNIMPLEMENTED', `The Iceberg type "${text}" is not supported`);
}

/** The JSON form of a type; a bare string for primitives. */
export function typeToJson(type: Type): unknown {
  switch (type.kind) {
    case 'struct':
      return { type: 'struct', fields: type.fields.map(fieldToJson) };
    case 'list':
      return {
        type: 'list',
        'element-id': type.elementId,
        element: typeToJson(type.element),
        'element-required': type.elementRequired,
      };
    case 'map':
      return {
        type: 'map',
        'key-id': type.keyId,
        key: typeToJson(type.key),
        'value-id': type.valueId,
        value: typeToJson(type.value),
        'value-required': type.valueRequired,
      };
    default:
      return primitiveName(type);
  }
}

/** The spec's name of a primitive type: `decimal(9,2)`, `fixed[4]`, `geometry(OGC:CRS84)`. */
export function primitiveName(type: Exclude<Type, StructType | { kind: 'list' } | { kind: 'map' }>): string {
  switch (type.kind) {
    case 'primitive':
      return type.type;
    case 'decimal':
      return `decimal(${type.precision}, ${type.scale})`;
    case 'fixed':
      return `fixed[${type.length}]`;
    case 'geometry':
      return type.crs === defaultCrs ? 'geometry' : `geometry(${type.crs})`;
    case 'geography':
      if (type.algorithm !== defaultEdgeAlgorithm) return `geography(${type.crs}, ${type.algorithm})`;
      return type.crs === defaultCrs ? 'geography' : `geography(${type.crs})`;
  }
}

/** A type as a reader of SQL expects it in DESCRIBE: `struct<a: int, b: list<string>>`. */
export function typeToText(type: Type): string {
  switch (type.kind) {
    case 'struct':
      return `struct<${type.fields.map((field) => `${field.name}: ${typeToText(field.type)}`).join(', ')}>`;
    case 'list':
      return `list<${typeToText(type.element)}>`;
    case 'map':
      return `map<${typeToText(type.key)}, ${typeToText(type.value)}>`;
    default:
      return primitiveName(type);
  }
}

function parseFields(struct: JsonObject, where: string): NestedField[] {
  return asArray(struct.fields, `${where}.fields`).map((entry, index) =>
    parseField(entry, `${where}.fields[${index}]`),
  );
}

function parseField(json: unknown, where: string): NestedField {
  const object = asObject(json, where);
  const field: NestedField = {
    id: asNumber(object.id, `${where}.id`),
    name: asString(object.name, `${where}.name`),
    required: asBoolean(object.required, `${where}.required`),
    type: parseType(object.type, `${where}.type`),
  };
  const doc = optional(object.doc, `${where}.doc`, asString);
  if (doc !== undefined) field.doc = doc;
  if (object['initial-default'] != null) field.initialDefault = object['initial-default'];
  if (object['write-default'] != null) field.writeDefault = object['write-default'];
  return field;
}

function fieldToJson(field: NestedField): JsonObject {
  const json: JsonObject = { id: field.id, name: field.name, required: field.required, type: typeToJson(field.type) };
  if (field.doc !== undefined) json.doc = field.doc;
  if (field.initialDefault !== undefined) json['initial-default'] = defaultToJson(field.type, field.initialDefault);
  if (field.writeDefault !== undefined) json['write-default'] = defaultToJson(field.type, field.writeDefault);
  return json;
}

/** Readers of the table format take `1` for no floating-point value, but `1.0`. */
function defaultToJson(type: Type, value: unknown): unknown {
  const isFloating = type.kind === 'primitive' && (type.type === 'float' || type.type === 'double');
  return isFloating && typeof value === 'number' ? jsonFloat(value) : value;
}

/** A schema from JSON; without `schema-id` (version 1) its id is 0. */
export function parseSchema(json: unknown, where = 'schema'): Schema {
  const object = asObject(json, where);
  checkSchemaSize(object);
  const fields = parseFields(object, where);
  refuseRepeatedIds(fields, where);
  return {
    schemaId: optional(object['schema-id'], `${where}.schema-id`, asNumber) ?? 0,
    fields,
    identifierFieldIds: (optional(object['identifier-field-ids'], `${where}.identifier-field-ids`, asArray) ?? []).map(
      (id) => asNumber(id, `${where}.identifier-field-ids`),
    ),
  };
}

/** Columns are found by id: of two with one id, neither could be. */
function refuseRepeatedIds(fields: readonly NestedField[], where: string): void {
  const seen = new Set<number>();
  visitFields(fields, ({ id, name }) => {
    if (!Number.isInteger(id) || id < 0) throw malformed(where, `sound: the field "${name}" has the id ${id}`);
    if (seen.has(id)) throw malformed(where, `sound: the id ${id} of "${name}" is another field's as well`);
    seen.add(id);
  });
}

export function schemaToJson(schema: Schema): JsonObject {
  const json: JsonObject = { type: 'struct', 'schema-id': schema.schemaId };
  if (schema.identifierFieldIds.length > 0) json['identifier-field-ids'] = schema.identifierFieldIds;
  json.fields = schema.fields.map(fieldToJson);
  return json;
}

/** Every field of a schema at any depth, by field id; list elements and map keys and values under the names `element`, `key`, `value`. */
export function fieldsById(fields: readonly NestedField[]): Map<number, NestedField> {
  const found = new Map<number, NestedField>();
  visitFields(fields, (field) => void found.set(field.id, field));
  return found;
}

function visitFields(fields: readonly NestedField[], visitor: (field: NestedField) => void): void {
  const visitType = (type: Type): void => {
    if (type.kind === 'struct') type.fields.forEach(visit);
    else if (type.kind === 'list') {
      visit({ id: type.elementId, name: 'element', required: type.elementRequired, type: type.element });
    } else if (type.kind === 'map') {
      visit({ id: type.keyId, name: 'key', required: true, type: type.key });
      visit({ id: type.valueId, name: 'value', required: type.valueRequired, type: type.value });
    }
  };
  const visit = (field: NestedField): void => {
    visitor(field);
    visitType(field.type);
  };
  fields.forEach(visit);
}

/** The highest field id in use, nested ones included; 0 for no fields. */
export function highestFieldId(fields: readonly NestedField[]): number {
  return Math.max(0, ...fieldsById(fields).keys());
}

/** The field that a dotted path of names leads to, matched exactly first and then without regard to case. */
export function findField(fields: readonly NestedField[], path: string): NestedField | undefined {
  const direct = fields.find((f) => f.name === path) ?? fields.find((f) => f.name.toLowerCase() === path.toLowerCase());
  if (direct) return direct;
  for (const field of fields) {
    if (field.type.kind !== 'struct' || !path.toLowerCase().startsWith(`${field.name.toLowerCase()}.`)) continue;
    const nested = findField(field.type.fields, path.slice(field.name.length + 1));
    if (nested) return nested;
  }
  return undefined;
}
