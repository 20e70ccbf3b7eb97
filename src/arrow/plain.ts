/** Dictionary-encoded and view columns as the plain columns that they stand for; halves as floats, decimals as those of SQL. */
import { Binary, DataType, Decimal, type Dictionary, Field, Float32, Precision, Type, Utf8 } from 'apache-arrow';
import { SkuaError } from '../errors.js';
import { bytesOf, type Column, isNull, layoutOf, writeOffsets } from './column.js';
import { gatherLists, runsOf } from './respelt.js';
import { takeColumn } from './take.js';
import { halfToNumber, readSigned } from './values.js';
import { Runs, wireLayoutOf, withChildren } from './wire-types.js';

/** The field with plain types at every depth; name, nullability and metadata stay. */
export function plainField(field: Field): Field {
  const type = plainType(field.type);
  return type === field.type ? field : new Field(field.name, type, field.nullable, field.metadata);
}

function plainType(type: DataType): DataType {
  if (type.typeId === Type.Dictionary) return plainType((type as Dictionary).dictionary);
  if (type.typeId === Type.Utf8View) return new Utf8();
  if (type.typeId === Type.BinaryView) return new Binary();
  if (isHalf(type)) return new Float32();
  if (DataType.isDecimal(type)) return plainDecimal(type);
  const children: Field[] = type.children ?? [];
  const plain = children.map(plainField);
  if (type instanceof Runs) return (plain[1] as Field).type;
  if (wireLayoutOf(type) === undefined && plain.every((field, index) => field === children[index])) return type;
  return withChildren(type, plain);
}

/** The column with every dictionary looked up and every view spelt out. A missing dictionary: INVALID_ARGUMENT. */
export function plainColumn(column: Column, dictionaries: ReadonlyMap<number, Column>): Column {
  const { typeId } = column.type;
  if (typeId === Type.Dictionary) return lookUp(column, dictionaries);
  if (typeId === Type.Utf8View || typeId === Type.BinaryView) return spellOut(column);
  if (isHalf(column.type)) return floats(column);
  if (DataType.isDecimal(column.type)) {
    const type = plainDecimal(column.type);
    return type === column.type ? column : respelt(column, column.type, type);
  }
  if (column.children.length === 0) return column;
  const children = column.children.map((child) => plainColumn(child, dictionaries));
  const layout = wireLayoutOf(column.type);
  if (layout?.kind === 'runs') return takeColumn(children[1] as Column, runsOf(column));
  if (layout?.kind === 'listView') {
    return gatherLists({ ...column, type: plainType(column.type), children }, layout.width);
  }
  return { ...column, type: plainType(column.type), children };
}

function lookUp(column: Column, dictionaries: ReadonlyMap<number, Column>): Column {
  const type = column.type as Dictionary;
  const values = dictionaries.get(type.id);
  const indices = new Int32Array(column.length).fill(-1);
  const layout = layoutOf(type.indices);
  const width = layout.kind === 'fixed' ? layout.width : 4;
  const bytes = column.buffers[1] ?? new Uint8Array(0);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let row = 0; row < column.length; row++) {
    if (isNull(column, row)) continue;
    const index = readIndex(view, row, width);
    if (values === undefined || index < 0 || index >= values.length) {
      throw new SkuaError('INVALID_ARGUMENT', `the dictionary ${type.id} has no value ${index}`);
    }
    indices[row] = index;
  }
  if (values !== undefined) return takeColumn(values, indices);
  // A column of nulls may come without its dictionary.
  return takeColumn(emptyColumn(plainType(type.dictionary)), indices);
}

function readIndex(view: DataView, row: number, width: number): number {
  if (width === 1) return view.getUint8(row);
  if (width === 2) return view.getUint16(row * 2, true);
  if (width === 4) return view.getInt32(row * 4, true);
  return Number(view.getBigInt64(row * 8, true));
}

function emptyColumn(type: DataType): Column {
  const layout = layoutOf(type);
  const buffers = layout.kind === 'null' ? [] : [new Uint8Array(0), new Uint8Array(0), new Uint8Array(0)];
  const children = (type.children ?? []).map((child: Field) => emptyColumn(child.type));
  return { type, length: 0, nullCount: 0, buffers, children };
}

/** Views of 16 bytes: length, then the bytes themselves up to 12, else prefix, buffer index and offset. */
function spellOut(column: Column): Column {
  const [validity, views, ...data] = column.buffers as [Uint8Array, Uint8Array, ...Uint8Array[]];
  const view = new DataView(views.buffer, views.byteOffset, views.byteLength);
  const offsets = new Float64Array(column.length + 1);
  const pieces: Uint8Array[] = [];
  for (let row = 0; row < column.length; row++) {
    const length = isNull(column, row) ? 0 : view.getInt32(row * 16, true);
    const buffer = length <= 12 ? views : data[view.getInt32(row * 16 + 8, true)];
    const start = length <= 12 ? row * 16 + 4 : view.getInt32(row * 16 + 12, true);
    if (buffer === undefined || length < 0 || start < 0 || start + length > buffer.byteLength) {
      throw new SkuaError('INVALID_ARGUMENT', 'a string view of the record batch lies outside its buffers');
    }
    pieces.push(buffer.subarray(start, start + length));
    offsets[row + 1] = (offsets[row] as number) + length;
  }
  const values = new Uint8Array(Buffer.concat(pieces));
  const buffers = [validity, writeOffsets(offsets, 4), values];
  return { ...column, type: plainType(column.type), buffers, children: [] };
}

function isHalf(type: DataType): boolean {
  return DataType.isFloat(type) && type.precision === Precision.HALF;
}

/** Most digits of a decimal in 128 bits. */
const MOST_DIGITS = 38;

/**
 * The decimal in 128 bits whose scale is among its digits, as in SQL: with zeros in front of the point for a negative scale, and behind it for one
 * beyond the precision. The type itself where it is so already, or would take more digits than there are.
 */
function plainDecimal(type: Decimal): Decimal {
  const { precision, scale, bitWidth } = type;
  const digits = Math.max(precision - Math.min(scale, 0), scale);
  const isPlain = bitWidth <= 128 && scale >= 0 && scale <= precision;
  return isPlain || precision > MOST_DIGITS || digits > MOST_DIGITS
    ? type
    : new Decimal(Math.max(scale, 0), digits, 128);
}

function floats(column: Column): Column {
  const { view, length } = valuesOf(column, 2);
  const values = Float32Array.from({ length }, (_, row) => halfToNumber(view.getUint16(row * 2, true)));
  return { ...column, type: new Float32(), buffers: [column.buffers[0] as Uint8Array, bytesOf(values)] };
}

function respelt(column: Column, from: Decimal, type: Decimal): Column {
  const width = from.bitWidth / 8;
  const { bytes, view, length } = valuesOf(column, width);
  const values = new Uint8Array(length * 16);
  const written = new DataView(values.buffer);
  const factor = 10n ** BigInt(Math.max(-from.scale, 0));
  const limit = 10n ** BigInt(from.precision) * factor;
  for (let row = 0; row < length; row++) {
    if (width === 32 && factor === 1n) {
      // The upper half is but the sign.
      values.set(bytes.subarray(row * 32, row * 32 + 16), row * 16);
      continue;
    }
    if (isNull(column, row)) continue;
    const unscaled = readSigned(view, row * width, width) * factor;
    if (unscaled >= limit || unscaled <= -limit) {
      throw new SkuaError('INVALID_ARGUMENT', `a decimal of the record batch has more than ${from.precision} digits`);
    }
    written.setBigUint64(row * 16, BigInt.asUintN(64, unscaled), true);
    written.setBigInt64(row * 16 + 8, BigInt.asIntN(64, unscaled >> 64n), true);
  }
  return { ...column, type, buffers: [column.buffers[0] as Uint8Array, values] };
}

/** The values that are there; a batch with fewer than its length: INVALID_ARGUMENT. */
function valuesOf({ buffers, length }: Column, width: number) {
  const bytes = buffers[1] ?? new Uint8Array(0);
  if (bytes.byteLength < length * width) {
    throw new SkuaError('INVALID_ARGUMENT', 'a column of the record batch has fewer values than rows');
  }
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), length };
}
