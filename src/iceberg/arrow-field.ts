/** Iceberg types as Arrow types, and a table's columns as the engine takes them. Field ids travel as `PARQUET:field_id`. */
import {
  Binary,
  Bool,
  DataType,
  DateDay,
  Decimal,
  Field,
  FixedSizeBinary,
  Float32,
  Float64,
  Int32,
  Int64,
  List,
  Map_,
  Null,
  Struct,
  TimeMicrosecond,
  TimestampMicrosecond,
  TimestampNanosecond,
  Utf8,
} from 'apache-arrow';
import { SkuaError } from '../errors.js';
import type { Literal, TableColumn } from '../expressions/index.js';
import type { NestedField, PrimitiveType, Schema, Type } from './types.js';
import { jsonToLiteral } from './values/json-value.js';

const FIELD_ID_KEY = 'PARQUET:field_id';
export const EXTENSION_NAME_KEY = 'ARROW:extension:name';
export const EXTENSION_METADATA_KEY = 'ARROW:extension:metadata';

/** The Arrow field of an Iceberg field: exact types, time zone `UTC`, never a view type. */
export function fieldToArrow(field: NestedField): Field {
  const metadata = new Map<string, string>([[FIELD_ID_KEY, String(field.id)], ...extensionOf(field.type)]);
  return new Field(field.name, typeToArrow(field.type), !field.required, metadata);
}

/** The Arrow field that results have for an Iceberg field: as `fieldToArrow`, with variants as JSON text. */
export function fieldToResult(field: NestedField): Field {
  return withJson(fieldToArrow(field));
}

function withJson(field: Field): Field {
  const { type, metadata } = field;
  if (metadata.get(EXTENSION_NAME_KEY) === 'arrow.parquet.variant') {
    const json = new Map([...metadata, [EXTENSION_NAME_KEY, 'arrow.json'], ['ARROW:FLIGHT:SQL:TYPE_NAME', 'VARIANT']]);
    return new Field(field.name, new Utf8(), field.nullable, json as Map<string, string>);
  }
  const children = ((type.children ?? []) as Field[]).map(withJson);
  const [child] = children;
  if (child === undefined) return field;
  if (DataType.isStruct(type)) return field.clone({ type: new Struct(children) });
  if (DataType.isMap(type)) return field.clone({ type: new Map_(child as ConstructorParameters<typeof Map_>[0]) });
  return field.clone({ type: new List(child) });
}

function typeToArrow(type: Type): DataType {
  switch (type.kind) {
    case 'primitive':
      return primitiveToArrow(type.type);
    case 'decimal':
      return new Decimal(type.scale, type.precision, 128);
    case 'fixed':
      return new FixedSizeBinary(type.length);
    case 'geometry':
    case 'geography':
      return new Binary();
    case 'struct':
      return new Struct(type.fields.map(fieldToArrow));
    case 'list':
      return new List(
        fieldToArrow({ id: type.elementId, name: 'element', required: type.elementRequired, type: type.element }),
      );
    case 'map': {
      const key = fieldToArrow({ id: type.keyId, name: 'key', required: true, type: type.key });
      const value = fieldToArrow({ id: type.valueId, name: 'value', required: type.valueRequired, type: type.value });
      return new Map_(new Field('entries', new Struct([key, value]), false) as ConstructorParameters<typeof Map_>[0]);
    }
  }
}

function primitiveToArrow(type: PrimitiveType): DataType {
  switch (type) {
    case 'boolean':
      return new Bool();
    case 'int':
      return new Int32();
    case 'long':
      return new Int64();
    case 'float':
      return new Float32();
    case 'double':
      return new Float64();
    case 'date':
      return new DateDay();
    case 'time':
      return new TimeMicrosecond();
    case 'timestamp':
      return new TimestampMicrosecond();
    case 'timestamptz':
      return new TimestampMicrosecond('UTC');
    case 'timestamp_ns':
      return new TimestampNanosecond();
    case 'timestamptz_ns':
      return new TimestampNanosecond('UTC');
    case 'string':
      return new Utf8();
    case 'variant':
      return new Struct([new Field('metadata', new Binary(), false), new Field('value', new Binary(), false)]);
    case 'uuid':
      return new FixedSizeBinary(16);
    case 'binary':
      return new Binary();
    case 'unknown':
      return new Null();
  }
}

/** Canonical Arrow extension types, and GeoArrow's for spatial columns. */
function extensionOf(type: Type): [string, string][] {
  if (type.kind === 'primitive' && type.type === 'uuid') {
    return [
      [EXTENSION_NAME_KEY, 'arrow.uuid'],
      [EXTENSION_METADATA_KEY, ''],
    ];
  }
  if (type.kind === 'primitive' && type.type === 'variant') {
    return [
      [EXTENSION_NAME_KEY, 'arrow.parquet.variant'],
      [EXTENSION_METADATA_KEY, ''],
    ];
  }
  if (type.kind === 'geometry' || type.kind === 'geography') {
    const edges = type.kind === 'geography' ? { edges: type.algorithm } : {};
    return [
      [EXTENSION_NAME_KEY, 'geoarrow.wkb'],
      [EXTENSION_METADATA_KEY, JSON.stringify({ crs: type.crs, crs_type: 'authority_code', ...edges })],
    ];
  }
  return [];
}

/**
 * A schema's columns as a table binding takes them, in order. Names beside each other that differ in the case of ASCII letters alone, which
 * the engine takes for one, and what it has no name or no type for: UNIMPLEMENTED.
 */
export function tableColumns(schema: Schema): readonly TableColumn[] {
  const known = columnsBySchema.get(schema);
  if (known) return known;
  refuseSameNames(schema.fields, 'columns');
  refuseNothing(schema.fields, '');
  const columns = schema.fields.map(tableColumn);
  columnsBySchema.set(schema, columns);
  return columns;
}

/** A statement asks for the same columns several times, and so does the next one over the same metadata. */
const columnsBySchema = new WeakMap<Schema, readonly TableColumn[]>();

export function tableColumn(field: NestedField): TableColumn {
  const column: TableColumn = { field: fieldToArrow(field), fieldId: field.id };
  if (hasFields(field.type)) {
    const nestedDefaults = new Map<number, Literal | 'struct'>();
    collectDefaults([field], nestedDefaults);
    return nestedDefaults.size === 0 ? column : { ...column, nestedDefaults };
  }
  const initialDefault = defaultLiteral(field.type, field.initialDefault);
  return initialDefault === undefined ? column : { ...column, initialDefault };
}

function refuseSameNames(fields: readonly NestedField[], what: string): void {
  const names = new Map<string, string>();
  for (const { name, type } of fields) {
    const folded = name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
    const other = names.get(folded);
    if (other !== undefined) {
      const message = `The ${what} "${other}" and "${name}" differ in case alone; SQL can't tell them apart, rename one`;
      throw new SkuaError('UNIMPLEMENTED', message);
    }
    names.set(folded, name);
    refuseSameNames(fieldsWithin(name, type), `fields of ${name},`);
  }
}

/** Empty names, and structs without fields. */
function refuseNothing(fields: readonly NestedField[], path: string): void {
  for (const { id, name, type } of fields) {
    if (name === '') {
      const place = path === '' ? 'A column of the table' : `A field of ${path}`;
      throw new SkuaError(
        'UNIMPLEMENTED',
        `${place} has an empty name (field id ${id}), which SQL can't write; rename it`,
      );
    }
    const own = path === '' ? name : `${path}.${name}`;
    if (type.kind === 'struct' && type.fields.length === 0) {
      throw new SkuaError('UNIMPLEMENTED', `The column ${own} is a struct without fields, which is not supported`);
    }
    if (type.kind === 'struct') refuseNothing(type.fields, own);
    else for (const inner of fieldsWithin('', type)) refuseNothing([{ ...inner, name: inner.name.slice(1) }], own);
  }
}

/** The fields of a struct; element, key and value of lists and maps. */
function fieldsWithin(name: string, type: Type): NestedField[] {
  const inner = (suffix: string, id: number, of: Type): NestedField => ({
    id,
    name: suffix,
    required: false,
    type: of,
  });
  switch (type.kind) {
    case 'struct':
      return type.fields;
    case 'list':
      return [inner(`${name}.element`, type.elementId, type.element)];
    case 'map':
      return [inner(`${name}.key`, type.keyId, type.key), inner(`${name}.value`, type.valueId, type.value)];
    default:
      return [];
  }
}

function hasFields(type: Type): boolean {
  return type.kind === 'struct' || type.kind === 'list' || type.kind === 'map';
}

function collectDefaults(fields: readonly NestedField[], defaults: Map<number, Literal | 'struct'>): void {
  for (const { id, name, type, initialDefault } of fields) {
    if (hasFields(type)) {
      if (type.kind === 'struct' && isGiven(initialDefault)) defaults.set(id, 'struct');
      collectDefaults(fieldsWithin(name, type), defaults);
    } else {
      const literal = defaultLiteral(type, initialDefault);
      if (literal !== undefined) defaults.set(id, literal);
    }
  }
}

function isGiven(json: unknown): boolean {
  return json !== undefined && json !== null;
}

/** A default value in JSON as a literal; undefined means null. */
export function defaultLiteral(type: Type, json: unknown): Literal | undefined {
  return json === undefined || json === null ? undefined : jsonToLiteral(type, json);
}
