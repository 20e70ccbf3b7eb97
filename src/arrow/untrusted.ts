/**
 * Checks of what a stranger sent. Arrow's own reader trusts the lengths and offsets of a message, and so does the engine's native code, which
 * would read memory that is not the client's.
 */
import { DataType, DateUnit, type Field, Type } from 'apache-arrow';
import { DictionaryBatch as DictionaryBatchTable } from 'apache-arrow/fb/dictionary-batch';
import type { Field as FieldTable } from 'apache-arrow/fb/field';
import { Message as MessageTable } from 'apache-arrow/fb/message';
import { MessageHeader } from 'apache-arrow/fb/message-header';
import { RecordBatch as RecordBatchTable } from 'apache-arrow/fb/record-batch';
import { Schema as SchemaTable } from 'apache-arrow/fb/schema';
import { ByteBuffer } from 'flatbuffers';
import { SkuaError } from '../errors.js';
import { bitAt, type Column, isNull, layoutOf, offsetsOf } from './column.js';
import { Runs, wireLayoutOf } from './wire-types.js';

/** Node's own. Not imported, since the decoder runs in browsers too, which take nothing that is untrusted. */
const isUtf8 = globalThis.process?.getBuiltinModule?.('node:buffer').isUtf8;

/** Fields of a schema, those inside others included, and how deep they may lie. */
const MOST_FIELDS = 20_000;
const DEEPEST_FIELD = 64;

/** Checks the vectors of a message before anything is built from them. Too long for the message, or too deep: INVALID_ARGUMENT. */
export function checkHeader(header: Uint8Array): void {
  const message = MessageTable.getRootAsMessage(new ByteBuffer(header));
  const fits = (count: number, width: number) => {
    if (!(count >= 0 && count * width <= header.byteLength)) throw invalid('a vector is longer than its message');
  };
  const checkBatch = (batch: RecordBatchTable | null) => {
    if (batch === null) throw invalid('the record batch is missing');
    fits(batch.nodesLength(), 16);
    fits(batch.buffersLength(), 16);
    fits(batch.variadicBufferCountsLength(), 8);
  };
  fits(message.customMetadataLength(), 4);
  switch (message.headerType()) {
    case MessageHeader.Schema: {
      const schema = message.header(new SchemaTable()) as SchemaTable | null;
      if (schema === null) throw invalid('the schema is missing');
      fits(schema.customMetadataLength(), 4);
      let left = MOST_FIELDS;
      const check = (count: number, fieldAt: (index: number) => FieldTable | null, depth: number) => {
        fits(count, 4);
        left -= count;
        if (left < 0) throw invalid(`the schema has more than ${MOST_FIELDS} fields`);
        if (depth > DEEPEST_FIELD) throw invalid(`the schema is nested deeper than ${DEEPEST_FIELD} levels`);
        for (let index = 0; index < count; index++) {
          const field = fieldAt(index);
          if (field === null) throw invalid('a field of the schema is missing');
          fits(field.customMetadataLength(), 4);
          check(field.childrenLength(), (child) => field.children(child), depth + 1);
        }
      };
      check(schema.fieldsLength(), (index) => schema.fields(index), 1);
      return;
    }
    case MessageHeader.RecordBatch:
      checkBatch(message.header(new RecordBatchTable()) as RecordBatchTable | null);
      return;
    case MessageHeader.DictionaryBatch:
      checkBatch((message.header(new DictionaryBatchTable()) as DictionaryBatchTable | null)?.data() ?? null);
      return;
    default:
      throw invalid('it is neither schema, dictionary nor record batch');
  }
}

/** A type whose parameters are impossible: INVALID_ARGUMENT. */
export function checkField({ type }: Field): void {
  const children: Field[] = type.children ?? [];
  const ok = (condition: boolean) => {
    if (!condition) throw invalid('a type of the schema is impossible');
  };
  if (DataType.isInt(type)) ok([8, 16, 32, 64].includes(type.bitWidth));
  else if (DataType.isFloat(type)) ok([0, 1, 2].includes(type.precision));
  else if (DataType.isDecimal(type)) ok([32, 64, 128, 256].includes(type.bitWidth) && type.precision > 0);
  else if (DataType.isTime(type)) ok(type.bitWidth === 32 || type.bitWidth === 64);
  else if (DataType.isFixedSizeBinary(type)) ok(type.byteWidth >= 0);
  else if (type instanceof Runs) {
    const [ends] = children;
    ok(children.length === 2 && DataType.isInt(ends?.type) && ends.type.isSigned && ends.type.bitWidth > 8);
  } else if (DataType.isFixedSizeList(type)) ok(type.listSize >= 0 && children.length === 1);
  else if (DataType.isList(type) || type.typeId === Type.LargeList) ok(children.length === 1);
  else if (DataType.isMap(type)) ok(children.length === 1 && children[0]?.type.children?.length === 2);
  else if (DataType.isDictionary(type)) {
    ok(DataType.isInt(type.indices));
    checkField({ type: type.dictionary } as Field);
    return;
  }
  for (const child of children) {
    ok(child instanceof Object);
    checkField(child);
  }
}

/**
 * A column whose buffers are too short for its length, whose offsets lie outside, or whose text is no UTF-8, times that are none of a day, and
 * dates of more days than 32 bits count: INVALID_ARGUMENT. `path` is what the column goes by.
 */
export function checkColumn(column: Column, path: string): void {
  const { type, length, nullCount, buffers, children } = column;
  if (!Number.isSafeInteger(length) || length < 0 || length > 2 ** 31 || nullCount < 0 || nullCount > length) {
    throw invalid('a column has an impossible length');
  }
  const layout = wireLayoutOf(type) ?? layoutOf(type);
  const needs = (index: number, bytes: number) => {
    if ((buffers[index]?.byteLength ?? 0) < bytes) throw invalid('a buffer is too short for the rows of its column');
  };
  const bits = Math.ceil(length / 8);
  const hasValidity = !['null', 'union', 'runs'].includes(layout.kind);
  if (hasValidity && (nullCount > 0 || (buffers[0]?.byteLength ?? 0) > 0)) needs(0, bits);
  switch (layout.kind) {
    case 'bits':
      needs(1, bits);
      break;
    case 'fixed':
      needs(1, length * layout.width);
      checkTemporal(column, path);
      break;
    case 'bytes': {
      const data = buffers[2] as Uint8Array;
      const offsets = checkedOffsets(column, layout.offsetWidth, data.byteLength);
      if (DataType.isUtf8(type) || DataType.isLargeUtf8(type)) checkText(column, offsets, data);
      break;
    }
    case 'list':
      checkedOffsets(column, layout.offsetWidth, children[0]?.length ?? 0);
      break;
    case 'listView':
      checkViews(column, layout.width, children[0]?.length ?? 0);
      break;
    case 'runs':
      // Read with their values, of which each end has one.
      if ((children[1]?.length ?? 0) < (children[0]?.length ?? 0)) throw invalid('a run of a column has no value');
      break;
    case 'fixedList':
      if ((children[0]?.length ?? 0) < length * layout.size) throw invalid('a list column has too few items');
      break;
    case 'struct':
      if (children.some((child) => child.length < length)) throw invalid('a struct column has too few values');
      break;
    case 'union':
      checkUnion(column, layout.dense);
      break;
    case 'view':
      needs(1, length * 16);
  }
  for (const [index, child] of children.entries()) checkColumn(child, pathOf(type, index, path));
}

/** Of what is inside: fields of structs by their names, and what lists and maps hold as Iceberg calls it. */
function pathOf(type: DataType, index: number, path: string): string {
  if (DataType.isMap(type)) return path;
  const isList = DataType.isList(type) || DataType.isFixedSizeList(type) || type.typeId === Type.LargeList;
  return `${path}.${isList ? 'element' : (type.children?.[index] as Field | undefined)?.name}`;
}

const DAY_IN_UNITS = [86_400n, 86_400_000n, 86_400_000_000n, 86_400_000_000_000n];

/** The engine's code takes for granted that times are of a day, 24:00:00 included, and counts days in 32 bits. */
function checkTemporal(column: Column, path: string): void {
  const { type } = column;
  if (DataType.isTime(type)) {
    const day = DAY_IN_UNITS[type.unit] as bigint;
    const message = `the column ${path} holds times of a day, which are before 24:00:00`;
    checkValues(column, type.bitWidth === 64, (value) => value >= 0n && value <= day, message);
  }
  if (DataType.isDate(type) && type.unit === DateUnit.MILLISECOND) {
    const limit = 86_400_000n << 31n;
    const message = `the column ${path} holds dates, and one of them is out of range`;
    checkValues(column, true, (value) => value >= -limit && value < limit, message);
  }
}

function checkValues(column: Column, isLong: boolean, is: (value: bigint) => boolean, message: string): void {
  const bytes = column.buffers[1] as Uint8Array;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let row = 0; row < column.length; row++) {
    if (isNull(column, row)) continue;
    const value = isLong ? view.getBigInt64(row * 8, true) : BigInt(view.getInt32(row * 4, true));
    if (!is(value)) throw new SkuaError('INVALID_ARGUMENT', message);
  }
}

function checkedOffsets(column: Column, width: 4 | 8, end: number): ArrayLike<number> {
  const { length, buffers } = column;
  const bytes = buffers[1] as Uint8Array;
  // A column without rows may come without its one offset.
  if (length === 0 && bytes.byteLength === 0) return [0];
  if (bytes.byteLength < (length + 1) * width) throw invalid('a buffer is too short for the rows of its column');
  const offsets = offsetsOf(bytes, width);
  let before = 0;
  for (let row = 0; row <= length; row++) {
    const offset = offsets[row] as number;
    if (offset < before || offset > end) throw invalid('an offset lies outside of what it refers to');
    before = offset;
  }
  return offsets;
}

function checkViews(column: Column, width: 4 | 8, end: number): void {
  const [starts, sizes] = column.buffers.slice(1).map((bytes) => offsetsOf(bytes, width)) as [Int32Array, Int32Array];
  if (Math.min(starts.length, sizes.length) < column.length)
    throw invalid('a buffer is too short for the rows of its column');
  for (let row = 0; row < column.length; row++) {
    if (isNull(column, row)) continue;
    const [start, size] = [starts[row] as number, sizes[row] as number];
    if (!(start >= 0 && size >= 0 && start + size <= end)) throw invalid('a list lies outside of what it refers to');
  }
}

/** Bytes behind null rows may be anything. */
function checkText(column: Column, offsets: ArrayLike<number>, data: Uint8Array): void {
  const { length, buffers } = column;
  const start = offsets[0] ?? 0;
  const end = offsets[length] ?? start;
  let whole = isUtf8(data.subarray(start, end));
  // Well-formed together and cut between characters is well-formed each.
  for (let row = 1; whole && row < length; row++) {
    const offset = offsets[row] as number;
    if (offset < end && ((data[offset] as number) & 0xc0) === 0x80) whole = false;
  }
  if (whole) return;
  const validity = buffers[0] as Uint8Array;
  for (let row = 0; row < length; row++) {
    if (validity.byteLength > 0 && !bitAt(validity, row)) continue;
    if (!isUtf8(data.subarray(offsets[row], offsets[row + 1]))) throw invalid('a text is not UTF-8');
  }
}

function checkUnion({ type, length, buffers, children }: Column, dense: boolean): void {
  const typeIds = DataType.isUnion(type) ? [...type.typeIds] : [];
  const ids = buffers[0] as Uint8Array;
  if (ids.byteLength < length || (dense && (buffers[1] as Uint8Array).byteLength < length * 4)) {
    throw invalid('a buffer is too short for the rows of its column');
  }
  const offsets = dense ? offsetsOf(buffers[1] as Uint8Array, 4) : undefined;
  for (let row = 0; row < length; row++) {
    const child = children[typeIds.indexOf(ids[row] as number)];
    const at = offsets === undefined ? row : (offsets[row] as number);
    if (child === undefined || at < 0 || at >= child.length)
      throw invalid('a union refers to a value that is not there');
  }
}

function invalid(reason: string): SkuaError {
  return new SkuaError('INVALID_ARGUMENT', `the Arrow IPC message is malformed: ${reason}`);
}
