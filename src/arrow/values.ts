/** JavaScript values from batches, exact for every type: what the client prints and what tests compare. */
import { DataType, type Field, type Schema, Type, type Union } from 'apache-arrow';
import { SkuaError } from '../errors.js';
import type { ColumnarBatch } from './batch.js';
import { bitAt, type Column, columnsOf, int32View, isNull, layoutOf, offsetsOf } from './column.js';

/**
 * The rows of a batch, one array a row, in the conventions of `rowsToBatch`: integers up to 32 bits as numbers and wider ones as bigints,
 * as are times, timestamps and durations of 64 bits, in the type's unit; dates as numbers; decimals as unscaled bigints; binaries as
 * `Uint8Array`s; lists as arrays; structs as objects by field name; maps as arrays of pairs; a union's value as its child's value.
 */
export function batchToRows(schema: Schema, batch: ColumnarBatch): unknown[][] {
  const readers = columnsOf(schema, batch).map(valueReader);
  return Array.from({ length: batch.length }, (_, row) => readers.map((read) => read(row)));
}

export type ValueReader = (row: number) => unknown;

/** Reads single values of one column. */
export function valueReader(column: Column): ValueReader {
  const read = presentReader(column);
  return column.nullCount === 0 ? read : (row) => (isNull(column, row) ? null : read(row));
}

function presentReader(column: Column): ValueReader {
  const { type } = column;
  const layout = layoutOf(type);
  const [first, second, third] = column.buffers as [Uint8Array, Uint8Array, Uint8Array];
  switch (layout.kind) {
    case 'null':
      return () => null;
    case 'bits':
      return (row) => bitAt(second, row);
    case 'fixed':
      return fixedReader(type, second, layout.width);
    case 'bytes': {
      const offsets = offsetsOf(second, layout.offsetWidth);
      const text = DataType.isUtf8(type) || DataType.isLargeUtf8(type);
      const read = textReader(third);
      if (text) return (row) => read(offsets[row] as number, offsets[row + 1] as number);
      return (row) => third.slice(offsets[row], offsets[row + 1]);
    }
    case 'list': {
      const offsets = offsetsOf(second, layout.offsetWidth);
      const entries = elementReader(column);
      return (row) => range(offsets[row] as number, offsets[row + 1] as number, entries);
    }
    case 'fixedList': {
      const read = elementReader(column);
      return (row) => range(row * layout.size, (row + 1) * layout.size, read);
    }
    case 'struct': {
      const names = (type.children as Field[]).map((child) => child.name);
      const readers = column.children.map(valueReader);
      return (row) => Object.fromEntries(readers.map((read, index) => [names[index], read(row)]));
    }
    case 'union': {
      const readers = column.children.map(valueReader);
      const { typeIds } = type as Union;
      const offsets = layout.dense ? int32View(second) : undefined;
      const ids = new Int8Array(first.buffer, first.byteOffset, first.byteLength);
      return (row) => readers[Array.from(typeIds).indexOf(ids[row] as number)]?.(offsets?.[row] ?? row);
    }
    case 'view':
      throw new SkuaError('INTERNAL', 'view columns are made plain before they are read');
  }
}

/** Node's Buffer reads short texts many times faster than TextDecoder, which browsers have. */
function textReader(bytes: Uint8Array): (start: number, end: number) => string {
  if (typeof Buffer === 'function') {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return (start, end) => buffer.toString('utf8', start, end);
  }
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  return (start, end) => decoder.decode(bytes.subarray(start, end));
}

function elementReader(column: Column): ValueReader {
  const [child] = column.children as [Column];
  if (!DataType.isMap(column.type)) return valueReader(child);
  const [key, value] = child.children.map(valueReader) as [ValueReader, ValueReader];
  return (row) => [key(row), value(row)];
}

function range(start: number, end: number, read: ValueReader): unknown[] {
  return Array.from({ length: end - start }, (_, index) => read(start + index));
}

function fixedReader(type: DataType, bytes: Uint8Array, width: number): ValueReader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (DataType.isFloat(type)) {
    if (width === 8) return (row) => view.getFloat64(row * 8, true);
    if (width === 4) return (row) => view.getFloat32(row * 4, true);
    return (row) => halfToNumber(view.getUint16(row * 2, true));
  }
  if (DataType.isFixedSizeBinary(type)) return (row) => bytes.slice(row * width, (row + 1) * width);
  if (DataType.isDecimal(type)) return (row) => readSigned(view, row * width, width);
  if (DataType.isDate(type) && width === 8) return (row) => Number(view.getBigInt64(row * 8, true));
  if (type.typeId === Type.Interval && width > 4) {
    return (row) => {
      const parts = [view.getInt32(row * width, true), view.getInt32(row * width + 4, true)];
      return width === 8 ? parts : [...parts, view.getBigInt64(row * width + 8, true)];
    };
  }
  const signed = !DataType.isInt(type) || type.isSigned;
  if (width === 8) return (row) => (signed ? view.getBigInt64(row * 8, true) : view.getBigUint64(row * 8, true));
  if (width === 4) return (row) => (signed ? view.getInt32(row * 4, true) : view.getUint32(row * 4, true));
  if (width === 2) return (row) => (signed ? view.getInt16(row * 2, true) : view.getUint16(row * 2, true));
  return (row) => (signed ? view.getInt8(row) : view.getUint8(row));
}

/** A two's complement integer of `width` bytes, little endian. */
export function readSigned(view: DataView, offset: number, width: number): bigint {
  if (width === 4) return BigInt(view.getInt32(offset, true));
  let result = view.getBigInt64(offset + width - 8, true);
  for (let word = width / 8 - 2; word >= 0; word--)
    result = (result << 64n) | view.getBigUint64(offset + word * 8, true);
  return result;
}

/** IEEE 754 binary16. */
export function halfToNumber(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
