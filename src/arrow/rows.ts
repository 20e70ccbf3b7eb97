/** Batches from JavaScript values, for results that Skua computes itself: metadata, SHOW, counts. */
import { DataType, type Decimal, type DenseUnion, type Field, type Schema, Type, type Union } from 'apache-arrow';
import { SkuaError } from '../errors.js';
import type { ColumnarBatch } from './batch.js';
import { batchOf, bytesOf, type Column, layoutOf, setBit, writeOffsets } from './column.js';

/** A value of a dense union: which child, by type id, and the child's value. */
export interface UnionValue {
  typeId: number;
  value: unknown;
}

const NOTHING = new Uint8Array(0);

/**
 * One row an array, one value a column; null and undefined are null. Integers, dates, times, timestamps and durations are numbers or bigints
 * in the type's own unit, decimals unscaled bigints, strings strings, binaries `Uint8Array`s, lists arrays, structs objects by field name or
 * arrays by position, maps `Map`s, objects or arrays of pairs, dense unions `UnionValue`s, month-day-nano intervals
 * `[months, days, nanoseconds]`. A null where the schema allows none: INTERNAL.
 */
export function rowsToBatch(schema: Schema, rows: readonly (readonly unknown[])[]): ColumnarBatch {
  const columns = schema.fields.map((field, index) =>
    buildColumn(
      field,
      rows.map((row) => row[index]),
    ),
  );
  return batchOf(columns, rows.length);
}

function buildColumn(field: Field, values: readonly unknown[]): Column {
  const column = build(field.type, values);
  if (!field.nullable && column.nullCount > 0) {
    throw new SkuaError(
      'INTERNAL',
      `the column ${field.name} of a result of Skua's own has a null that its schema forbids`,
    );
  }
  return column;
}

function build(type: DataType, values: readonly unknown[]): Column {
  const layout = layoutOf(type);
  const length = values.length;
  const column = (buffers: Uint8Array[], children: Column[] = []): Column => {
    const { bitmap, nullCount } = validityOf(values);
    return { type, length, nullCount, buffers: [bitmap, ...buffers], children };
  };
  switch (layout.kind) {
    case 'null':
      return { type, length, nullCount: length, buffers: [], children: [] };
    case 'bits': {
      const bits = new Uint8Array((length + 7) >> 3);
      values.forEach((value, row) => {
        if (value === true) setBit(bits, row);
      });
      return column([bits]);
    }
    case 'fixed': {
      const bytes = new Uint8Array(length * layout.width);
      const write = fixedWriter(type, new DataView(bytes.buffer), layout.width);
      values.forEach((value, row) => {
        if (value !== null && value !== undefined) write(row * layout.width, value);
      });
      return column([bytes]);
    }
    case 'bytes': {
      const pieces = values.map((value) => (value === null || value === undefined ? NOTHING : binary(value)));
      const offsets = offsetsFrom(pieces.map((piece) => piece.byteLength));
      return column([writeOffsets(offsets, layout.offsetWidth), bytesOf(Buffer.concat(pieces))]);
    }
    case 'list': {
      const lists = values.map((value) => (value === null || value === undefined ? [] : elements(type, value)));
      const offsets = offsetsFrom(lists.map((list) => list.length));
      return column([writeOffsets(offsets, layout.offsetWidth)], [buildColumn(childOf(type, 0), lists.flat(1))]);
    }
    case 'fixedList': {
      const lists = values.map((value) => (value as unknown[] | null) ?? new Array(layout.size).fill(null));
      return column([], [build(childOf(type, 0).type, lists.flat(1))]);
    }
    case 'struct':
      return column(
        [],
        (type.children as Field[]).map((child, index) =>
          build(
            child.type,
            values.map((value) => member(value, child.name, index)),
          ),
        ),
      );
    case 'union':
      if (!layout.dense) break;
      return buildUnion(type as DenseUnion, values as readonly UnionValue[]);
  }
  throw new SkuaError('INTERNAL', `rows can't be written as the Arrow type ${type}`);
}

function buildUnion(type: DenseUnion, values: readonly UnionValue[]): Column {
  const children = type.children as Field[];
  const typeIds = Int8Array.from(values, (value) => value.typeId);
  const counts = new Map<number, number>();
  const offsets = Int32Array.from(values, ({ typeId }) => {
    const next = counts.get(typeId) ?? 0;
    counts.set(typeId, next + 1);
    return next;
  });
  const columns = children.map((child, index) => {
    const typeId = (type as Union).typeIds[index];
    return buildColumn(
      child,
      values.filter((value) => value.typeId === typeId).map((value) => value.value),
    );
  });
  return {
    type,
    length: values.length,
    nullCount: 0,
    buffers: [bytesOf(typeIds), bytesOf(offsets)],
    children: columns,
  };
}

function validityOf(values: readonly unknown[]): { bitmap: Uint8Array; nullCount: number } {
  const bitmap = new Uint8Array((values.length + 7) >> 3);
  let nullCount = 0;
  values.forEach((value, row) => {
    if (value === null || value === undefined) nullCount++;
    else setBit(bitmap, row);
  });
  return { bitmap: nullCount === 0 ? NOTHING : bitmap, nullCount };
}

function fixedWriter(type: DataType, view: DataView, width: number): (offset: number, value: unknown) => void {
  if (DataType.isFloat(type)) {
    if (width === 8) return (offset, value) => view.setFloat64(offset, Number(value), true);
    if (width === 4) return (offset, value) => view.setFloat32(offset, Number(value), true);
    throw new SkuaError('INTERNAL', "rows can't be written as half floats");
  }
  if (DataType.isFixedSizeBinary(type)) {
    return (offset, value) => new Uint8Array(view.buffer, offset, width).set(binary(value).subarray(0, width));
  }
  if (DataType.isDecimal(type)) return (offset, value) => writeDecimal(view, offset, type, value as bigint);
  if (type.typeId === Type.Interval && width === 16) {
    return (offset, value) => {
      const [months, days, nanoseconds] = value as [number, number, bigint | number];
      view.setInt32(offset, months, true);
      view.setInt32(offset + 4, days, true);
      view.setBigInt64(offset + 8, BigInt(nanoseconds), true);
    };
  }
  if (width === 8) return (offset, value) => view.setBigInt64(offset, BigInt(value as bigint | number), true);
  if (width === 4) return (offset, value) => view.setInt32(offset, Number(value), true);
  if (width === 2) return (offset, value) => view.setInt16(offset, Number(value), true);
  return (offset, value) => view.setInt8(offset, Number(value));
}

function writeDecimal(view: DataView, offset: number, type: Decimal, unscaled: bigint): void {
  let rest = unscaled;
  for (let word = 0; word < type.bitWidth / 64; word++) {
    view.setBigUint64(offset + word * 8, BigInt.asUintN(64, rest), true);
    rest >>= 64n;
  }
}

function binary(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? value : Buffer.from(String(value), 'utf8');
}

function elements(type: DataType, value: unknown): unknown[] {
  if (!DataType.isMap(type)) return [...(value as Iterable<unknown>)];
  if (value instanceof Map || Array.isArray(value)) return [...value];
  return Object.entries(value as object);
}

function member(value: unknown, name: string, index: number): unknown {
  if (value === null || value === undefined) return null;
  return Array.isArray(value) ? value[index] : (value as Record<string, unknown>)[name];
}

function childOf(type: DataType, index: number): Field {
  return (type.children as Field[])[index] as Field;
}

function offsetsFrom(lengths: readonly number[]): number[] {
  const offsets = [0];
  for (const length of lengths) offsets.push((offsets.at(-1) as number) + length);
  return offsets;
}
