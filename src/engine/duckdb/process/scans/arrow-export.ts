import { DataType, type Field, Precision, type Schema, TimeUnit, Type } from 'apache-arrow';
import type { ColumnarBatch } from '../../../../arrow/index.js';
import { type Column, columnsOf } from '../../../../arrow/index.js';
import { SkuaError } from '../../../../errors.js';
import { noOperation } from '../native/library.js';
import { addressOf, allocate } from '../native/memory.js';

/** Structs of the Arrow C data interface over memory that JavaScript owns; valid while this object is referenced. */
export interface Exported {
  readonly memory: Buffer;
  readonly references: unknown[];
}

/** An `ArrowSchema` for the columns of a schema. */
export function exportSchema(schema: Schema): Exported {
  const references: unknown[] = [];
  return { memory: schemaStruct('+s', '', 0, undefined, schema.fields, references), references };
}

/** A struct `ArrowArray` over the buffers of a batch; nothing is copied but what is not aligned. */
export function exportBatch(schema: Schema, batch: ColumnarBatch): Exported {
  const references: unknown[] = [];
  const root = { length: batch.length, nullCount: 0, buffers: [new Uint8Array(0)], children: columnsOf(schema, batch) };
  return { memory: arrayStruct(root, references), references };
}

const nullable = 2;

function schemaStruct(
  format: string,
  name: string,
  flags: number,
  metadata: Map<string, string> | undefined,
  children: readonly Field[],
  references: unknown[],
): Buffer {
  const memory = allocate(72);
  const text = (value: string) => keep(Buffer.from(`${value}\0`), references);
  memory.writeBigUInt64LE(text(format), 0);
  memory.writeBigUInt64LE(text(name), 8);
  if (metadata?.has('ARROW:extension:name')) memory.writeBigUInt64LE(keep(encodeMetadata(metadata), references), 16);
  memory.writeBigInt64LE(BigInt(flags), 24);
  const pointers = children.map((child) => {
    const struct = schemaStruct(
      formatOf(child.type),
      child.name,
      child.nullable ? nullable : 0,
      child.metadata,
      (child.type.children ?? []) as Field[],
      references,
    );
    return keep(struct, references);
  });
  memory.writeBigInt64LE(BigInt(children.length), 32);
  memory.writeBigUInt64LE(keepPointers(pointers, references), 40);
  memory.writeBigUInt64LE(BigInt(noOperation()), 56);
  return memory;
}

function arrayStruct(column: Omit<Column, 'type'> & { type?: DataType }, references: unknown[]): Buffer {
  const memory = allocate(80);
  memory.writeBigInt64LE(BigInt(column.length), 0);
  memory.writeBigInt64LE(BigInt(column.nullCount), 8);
  const buffers = column.buffers.map((buffer, index) => {
    // An empty validity bitmap is an absent one; other buffers must be there even where they are empty.
    if (buffer.byteLength === 0 && index === 0) return 0n;
    return keep(aligned(buffer), references);
  });
  const children = column.children.map((child) => keep(arrayStruct(child, references), references));
  memory.writeBigInt64LE(BigInt(buffers.length), 24);
  memory.writeBigInt64LE(BigInt(children.length), 32);
  memory.writeBigUInt64LE(keepPointers(buffers, references), 40);
  memory.writeBigUInt64LE(keepPointers(children, references), 48);
  memory.writeBigUInt64LE(BigInt(noOperation()), 64);
  return memory;
}

function aligned(buffer: Uint8Array): Uint8Array {
  if (buffer.byteLength >= 64 && buffer.byteOffset % 8 === 0) return buffer;
  const copy = allocate(buffer.byteLength + 8);
  copy.set(buffer);
  return copy;
}

function keep(memory: Uint8Array, references: unknown[]): bigint {
  references.push(memory);
  return BigInt(addressOf(memory));
}

function keepPointers(pointers: readonly bigint[], references: unknown[]): bigint {
  const memory = allocate(pointers.length * 8);
  for (const [index, pointer] of pointers.entries()) memory.writeBigUInt64LE(pointer, index * 8);
  return keep(memory, references);
}

function encodeMetadata(metadata: Map<string, string>): Buffer {
  const parts = [int32(metadata.size)];
  for (const entry of metadata) {
    for (const text of entry) parts.push(int32(Buffer.byteLength(text)), Buffer.from(text));
  }
  return Buffer.concat([...parts, Buffer.alloc(8)]);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

const units = {
  [TimeUnit.SECOND]: 's',
  [TimeUnit.MILLISECOND]: 'm',
  [TimeUnit.MICROSECOND]: 'u',
  [TimeUnit.NANOSECOND]: 'n',
};

/** Format strings of the Arrow C data interface, "Data type description -- format strings". */
function formatOf(type: DataType): string {
  if (DataType.isNull(type)) return 'n';
  if (DataType.isBool(type)) return 'b';
  if (DataType.isInt(type)) {
    const letter = { 8: 'c', 16: 's', 32: 'i', 64: 'l' }[type.bitWidth as 8 | 16 | 32 | 64];
    return type.isSigned ? letter : letter.toUpperCase();
  }
  if (DataType.isFloat(type))
    return { [Precision.HALF]: 'e', [Precision.SINGLE]: 'f', [Precision.DOUBLE]: 'g' }[type.precision];
  if (DataType.isDecimal(type) && type.bitWidth <= 128) {
    return `d:${type.precision},${type.scale}${type.bitWidth === 128 ? '' : `,${type.bitWidth}`}`;
  }
  if (DataType.isUtf8(type)) return 'u';
  if (DataType.isLargeUtf8(type)) return 'U';
  if (DataType.isBinary(type)) return 'z';
  if (DataType.isLargeBinary(type)) return 'Z';
  if (DataType.isFixedSizeBinary(type)) return `w:${type.byteWidth}`;
  if (DataType.isDate(type)) return type.unit === 0 ? 'tdD' : 'tdm';
  if (DataType.isTime(type)) return `tt${units[type.unit]}`;
  if (DataType.isTimestamp(type)) return `ts${units[type.unit]}:${type.timezone ?? ''}`;
  if (DataType.isDuration(type)) return `tD${units[type.unit]}`;
  if (DataType.isInterval(type)) return ['tiM', 'tiD', 'tin'][type.unit] ?? 'tin';
  if (DataType.isStruct(type)) return '+s';
  if (DataType.isMap(type)) return '+m';
  if (DataType.isList(type)) return '+l';
  if (type.typeId === Type.LargeList) return '+L';
  if (DataType.isFixedSizeList(type)) return `+w:${type.listSize}`;
  throw new SkuaError('UNIMPLEMENTED', `values of the Arrow type ${type} cannot be taken in`);
}
