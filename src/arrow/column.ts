/** A record batch as a tree of columns, for the few places that must look inside: slicing, dictionaries, rows. */
import { DataType, type Dictionary, type Schema, Type } from 'apache-arrow';
import { SkuaError } from '../errors.js';
import type { ColumnarBatch, FieldNode } from './batch.js';
import { type WireLayout, wireLayoutOf } from './wire-types.js';

export interface Column {
  type: DataType;
  length: number;
  nullCount: number;
  /** In the order of the columnar format; the validity bitmap comes first where the type has one and is empty where nothing is null. */
  buffers: Uint8Array[];
  children: Column[];
}

/** Physical layout of a type (Arrow columnar format, "Buffer Listing for Each Layout"). Widths in bytes. */
export type Layout =
  | { kind: 'null' }
  | { kind: 'bits' }
  | { kind: 'fixed'; width: number }
  | { kind: 'bytes'; offsetWidth: 4 | 8 }
  | { kind: 'list'; offsetWidth: 4 | 8 }
  | { kind: 'fixedList'; size: number }
  | { kind: 'struct' }
  | { kind: 'union'; dense: boolean }
  | { kind: 'view' };

export function layoutOf(type: DataType): Layout {
  if (DataType.isNull(type)) return { kind: 'null' };
  if (DataType.isBool(type)) return { kind: 'bits' };
  if (DataType.isInt(type)) return { kind: 'fixed', width: type.bitWidth / 8 };
  if (DataType.isFloat(type)) return { kind: 'fixed', width: 2 << type.precision };
  if (DataType.isDecimal(type)) return { kind: 'fixed', width: type.bitWidth / 8 };
  if (DataType.isDate(type)) return { kind: 'fixed', width: type.unit === 0 ? 4 : 8 };
  if (DataType.isTime(type)) return { kind: 'fixed', width: type.bitWidth / 8 };
  if (DataType.isTimestamp(type) || DataType.isDuration(type)) return { kind: 'fixed', width: 8 };
  if (DataType.isInterval(type)) return { kind: 'fixed', width: [4, 8, 16][type.unit] ?? 16 };
  if (DataType.isFixedSizeBinary(type)) return { kind: 'fixed', width: type.byteWidth };
  if (DataType.isUtf8(type) || DataType.isBinary(type)) return { kind: 'bytes', offsetWidth: 4 };
  if (DataType.isLargeUtf8(type) || DataType.isLargeBinary(type)) return { kind: 'bytes', offsetWidth: 8 };
  if (DataType.isList(type) || DataType.isMap(type)) return { kind: 'list', offsetWidth: 4 };
  if (type.typeId === Type.LargeList) return { kind: 'list', offsetWidth: 8 };
  if (DataType.isFixedSizeList(type)) return { kind: 'fixedList', size: type.listSize };
  if (DataType.isStruct(type)) return { kind: 'struct' };
  if (DataType.isUnion(type)) return { kind: 'union', dense: type.mode === 1 };
  if (DataType.isDictionary(type)) return layoutOf((type as Dictionary).indices);
  if (type.typeId === Type.Utf8View || type.typeId === Type.BinaryView) return { kind: 'view' };
  throw new SkuaError('UNIMPLEMENTED', `the Arrow type ${type} is not supported`);
}

/** Number of buffers of one column without its children; a view column has its variadic buffers besides. */
function bufferCount(layout: Layout | WireLayout): number {
  switch (layout.kind) {
    case 'null':
    case 'runs':
      return 0;
    case 'bytes':
    case 'listView':
      return 3;
    case 'fixedList':
    case 'struct':
      return 1;
    case 'union':
      return layout.dense ? 2 : 1;
    default:
      return 2;
  }
}

/** Takes nodes and buffers apart in pre-order. */
export class ColumnReader {
  readonly #nodes: readonly FieldNode[];
  readonly #buffers: readonly Uint8Array[];
  readonly #variadicBufferCounts: readonly number[];
  #node = 0;
  #buffer = 0;
  #variadic = 0;

  constructor(
    nodes: readonly FieldNode[],
    buffers: readonly Uint8Array[],
    variadicBufferCounts: readonly number[] = [],
  ) {
    this.#nodes = nodes;
    this.#buffers = buffers;
    this.#variadicBufferCounts = variadicBufferCounts;
  }

  /** The next column of that type. A batch that has too little: INVALID_ARGUMENT. */
  read(type: DataType): Column {
    const node = this.#nodes[this.#node++];
    const layout = wireLayoutOf(type) ?? layoutOf(type);
    let count = bufferCount(layout);
    if (layout.kind === 'view') count += this.#variadicBufferCounts[this.#variadic++] ?? 0;
    const buffers = this.#buffers.slice(this.#buffer, this.#buffer + count);
    this.#buffer += count;
    if (node === undefined || buffers.length < count) {
      throw new SkuaError('INVALID_ARGUMENT', 'the record batch has fewer columns than its schema');
    }
    const children = (type.children ?? []).map((child) => this.read(child.type));
    return { type, length: node.length, nullCount: node.nullCount, buffers, children };
  }
}

export function columnsOf(schema: Schema, batch: ColumnarBatch): Column[] {
  const reader = new ColumnReader(batch.nodes, batch.buffers);
  return schema.fields.map((field) => reader.read(field.type));
}

export function batchOf(columns: readonly Column[], length: number): ColumnarBatch {
  const nodes: FieldNode[] = [];
  const buffers: Uint8Array[] = [];
  const visit = (column: Column) => {
    nodes.push({ length: column.length, nullCount: column.nullCount });
    buffers.push(...column.buffers);
    for (const child of column.children) visit(child);
  };
  for (const column of columns) visit(column);
  return { length, nodes, buffers };
}

/** The offsets of a variable-size column as numbers. */
export function offsetsOf(buffer: Uint8Array, width: 4 | 8): Int32Array | Float64Array {
  if (width === 4) return int32View(buffer);
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  const offsets = new Float64Array(buffer.byteLength >> 3);
  for (let i = 0; i < offsets.length; i++) offsets[i] = Number(view.getBigInt64(i * 8, true));
  return offsets;
}

/** The buffer as 32-bit integers; copied only where it is not aligned. */
export function int32View(buffer: Uint8Array): Int32Array {
  const aligned = buffer.byteOffset % 4 === 0 ? buffer : new Uint8Array(buffer);
  return new Int32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength >> 2);
}

export function writeOffsets(offsets: ArrayLike<number>, width: 4 | 8): Uint8Array {
  if (width === 4) return bytesOf(Int32Array.from(offsets));
  return bytesOf(BigInt64Array.from(Array.from(offsets, BigInt)));
}

export function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

export function bitAt(bitmap: Uint8Array, index: number): boolean {
  return ((bitmap[index >> 3] ?? 0) & (1 << (index & 7))) !== 0;
}

export function setBit(bitmap: Uint8Array, index: number): void {
  bitmap[index >> 3] = (bitmap[index >> 3] ?? 0) | (1 << (index & 7));
}

/** Whether a row is null by the column's own validity bitmap. */
export function isNull(column: Column, index: number): boolean {
  if (column.nullCount === 0 || column.type.typeId === Type.Union) return false;
  if (column.type.typeId === Type.Null) return true;
  const validity = column.buffers[0];
  return validity !== undefined && validity.byteLength > 0 && !bitAt(validity, index);
}
