/** Rows as JavaScript objects, without losing a digit. */
import { DataType, type Field, type Schema } from 'apache-arrow';
import { batchToRows, type ColumnarBatch } from '../arrow/index.js';
import { distinctNames, isoText } from './format/index.js';

/**
 * A value of a row. Integers of up to 32 bits and floats are numbers, integers of 64 bits bigints; decimals are strings with all their digits; dates,
 * times and timestamps ISO 8601 strings with all theirs (`new Date(text)` reads those that it can hold); UUIDs and intervals strings; binaries
 * `Uint8Array`s; lists arrays, structs objects, maps `Map`s.
 */
export type Value = null | boolean | number | bigint | string | Uint8Array | Value[] | Map<Value, Value> | Row;

export interface Row {
  [column: string]: Value;
}

/** Reads the rows of batches of that schema. */
export function rowReader(schema: Schema): (batch: ColumnarBatch) => Generator<Row> {
  const names = distinctNames(schema.fields.map(({ name }) => name));
  const readers = schema.fields.map(toValue);
  return function* (batch) {
    for (const values of batchToRows(schema, batch)) {
      const row: Row = {};
      for (const [index, value] of values.entries()) row[names[index] as string] = readers[index]?.(value) as Value;
      yield row;
    }
  };
}

/** From the conventions of `batchToRows`. */
function toValue(field: Field): (value: unknown) => Value {
  const read = toPresentValue(field);
  return (value) => (value === null || value === undefined ? null : read(value));
}

function toPresentValue(field: Field): (value: unknown) => Value {
  const { type } = field;
  const children = (type.children ?? []) as Field[];
  if (DataType.isMap(type)) {
    const [key, item] = ((children[0]?.type.children ?? []) as Field[]).map(toValue);
    return (value) => new Map((value as [unknown, unknown][]).map(([k, v]) => [key?.(k) ?? null, item?.(v) ?? null]));
  }
  if (DataType.isStruct(type)) {
    const members = children.map((child) => [child.name, toValue(child)] as const);
    return (value) =>
      Object.fromEntries(members.map(([name, read]) => [name, read((value as Record<string, unknown>)[name])]));
  }
  if (children[0] !== undefined && !DataType.isUnion(type)) {
    const read = toValue(children[0]);
    return (value) => (value as unknown[]).map(read);
  }
  const text = isoText(field);
  const isPlain = text === undefined || DataType.isInt(type) || DataType.isFloat(type) || isBytes(field);
  return isPlain ? (value) => value as Value : text;
}

function isBytes({ type, metadata }: Field): boolean {
  if (DataType.isFixedSizeBinary(type)) return metadata.get('ARROW:extension:name') !== 'arrow.uuid';
  return DataType.isBinary(type) || DataType.isLargeBinary(type);
}
