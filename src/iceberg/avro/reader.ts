/**
 * Readers of Avro values, put together once for a schema and then run for each record. Record fields are found by Iceberg field id (by name
 * where a file has no ids); what is not asked for is skipped.
 */
import { SkuaError } from '../../errors.js';
import type { AvroCursor } from './cursor.js';
import { type AvroComplex, type AvroSchema, complexOf } from './schema.js';

export type Reader<T> = (cursor: AvroCursor) => T;
/** Makes the reader of a value for the schema that a file has for it. */
export type ReaderOf<T> = (schema: AvroSchema, names: NamedSchemas) => Reader<T>;
/** Named types by name, which later parts of a schema refer to. */
export type NamedSchemas = Map<string, AvroSchema>;

export interface FieldReader {
  /** Property of the record's object. */
  name: string;
  reader: ReaderOf<unknown>;
}

/** Plain objects with the asked-for properties; a null is left out. */
export function recordReader<T>(
  fields: ReadonlyMap<number, FieldReader>,
  avroNames: ReadonlyMap<string, number>,
): ReaderOf<T> {
  return (given, names) => {
    const schema = resolve(given, names);
    const steps = (schema.fields ?? []).map((field) => {
      const wanted = fields.get(field['field-id'] ?? avroNames.get(field.name) ?? Number.NaN);
      if (!wanted) return { name: undefined, read: skipper(field.type, names) as Reader<unknown> };
      const read = nullable(wanted.reader)(field.type, names);
      return { name: wanted.name, read };
    });
    return (cursor) => {
      const record: Record<string, unknown> = {};
      for (const { name, read } of steps) {
        const value = read(cursor);
        if (name !== undefined && value !== undefined) record[name] = value;
      }
      return record as T;
    };
  };
}

/** Undefined for null, where the schema is a union with null. */
export function nullable<T>(of: ReaderOf<T>): ReaderOf<T | undefined> {
  return (schema, names) => {
    if (!Array.isArray(schema)) return of(schema, names);
    const branches = schema.map((branch) => (isNull(branch) ? () => undefined : of(branch, names)));
    return (cursor) => branchOf(branches, cursor)(cursor);
  };
}

function branchOf<T>(branches: readonly T[], cursor: AvroCursor): T {
  const branch = branches[cursor.long()];
  if (branch === undefined) throw new SkuaError('DATA_LOSS', 'An Avro file has a union branch that its schema lacks');
  return branch;
}

function isNull(schema: AvroSchema): boolean {
  return complexOf(schema).type === 'null';
}

export const numberReader: ReaderOf<number> = () => (cursor) => cursor.long();
export const bigintReader: ReaderOf<bigint> = () => (cursor) => cursor.bigLong();
export const stringReader: ReaderOf<string> = () => (cursor) => cursor.string();
export const bytesReader: ReaderOf<Uint8Array> = () => (cursor) => cursor.data();
export const booleanReader: ReaderOf<boolean> = () => (cursor) => cursor.boolean();

export function listReader<T>(element: ReaderOf<T>): ReaderOf<T[]> {
  return (given, names) => {
    const read = element(resolve(given, names).items ?? 'null', names);
    return (cursor) => {
      const list: T[] = [];
      cursor.items(() => list.push(read(cursor)));
      return list;
    };
  };
}

/** Iceberg writes a map with int keys as an array of key-value records. Entries of other keys than `wanted` are skipped. */
export function intMapReader<T>(
  value: ReaderOf<T>,
  wanted?: ReadonlySet<number>,
): ReaderOf<Map<number, T> | undefined> {
  return (given, names) => {
    const schema = resolve(given, names);
    const skip = skipper(given, names);
    if (wanted?.size === 0) {
      return (cursor) => {
        skip(cursor);
        return undefined;
      };
    }
    const valueSchema = resolve(schema.items ?? 'null', names).fields?.[1]?.type ?? 'null';
    const read = value(valueSchema, names);
    const skipValue = skipper(valueSchema, names);
    return (cursor) => {
      const map = new Map<number, T>();
      cursor.items(() => {
        const key = cursor.long();
        if (wanted === undefined || wanted.has(key)) map.set(key, read(cursor));
        else skipValue(cursor);
      });
      return map;
    };
  };
}

/** Skips one value of any schema. */
export function skipper(given: AvroSchema, names: NamedSchemas): Reader<void> {
  if (Array.isArray(given)) {
    const branches = given.map((branch) => skipper(branch, names));
    return (cursor) => branchOf(branches, cursor)(cursor);
  }
  const schema = resolve(given, names);
  switch (schema.type) {
    case 'null':
      return () => undefined;
    case 'boolean':
      return (cursor) => cursor.skip(1);
    case 'int':
    case 'long':
    case 'enum':
      return (cursor) => cursor.skipLong();
    case 'float':
      return (cursor) => cursor.skip(4);
    case 'double':
      return (cursor) => cursor.skip(8);
    case 'string':
    case 'bytes':
      return (cursor) => cursor.skip(cursor.long());
    case 'fixed':
      return (cursor) => cursor.skip(schema.size ?? 0);
    case 'record': {
      const skips = (schema.fields ?? []).map((field) => skipper(field.type, names));
      return (cursor) => {
        for (const skip of skips) skip(cursor);
      };
    }
    case 'array': {
      const skip = skipper(schema.items ?? 'null', names);
      return (cursor) => cursor.skipItems(() => skip(cursor));
    }
    case 'map': {
      const skip = skipper(schema.values ?? 'null', names);
      return (cursor) =>
        cursor.skipItems(() => {
          cursor.skip(cursor.long());
          skip(cursor);
        });
    }
    default:
      throw new SkuaError('DATA_LOSS', `An Avro file has the unknown type ${JSON.stringify(schema.type)}`);
  }
}

const primitiveNames = new Set(['null', 'boolean', 'int', 'long', 'float', 'double', 'string', 'bytes']);

/** Follows references to named types, and remembers the names that a schema defines. */
export function resolve(given: AvroSchema, names: NamedSchemas): AvroComplex {
  const schema = complexOf(given);
  if (typeof schema.type === 'string' && schema.fields === undefined && names.has(schema.type)) {
    if (!primitiveNames.has(schema.type)) return complexOf(names.get(schema.type) as AvroSchema);
  }
  if (schema.name !== undefined) {
    names.set(schema.name, schema);
    if (schema.namespace) names.set(`${schema.namespace}.${schema.name}`, schema);
  }
  return schema;
}
