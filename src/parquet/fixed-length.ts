/** Values of one length, which the engine writes with the length before each, as FIXED_LEN_BYTE_ARRAY (Parquet format, "Plain"). */
import * as zlib from 'node:zlib';
import { encodings, unpackedPage } from './pages.js';
import { integer, integerOf, type ThriftField, writeFields } from './thrift-fields.js';
import type { Codec, ColumnChunk } from './types.js';

/** Node has it from 22.15 on. */
const zstd = (zlib as { zstdCompressSync?: (bytes: Uint8Array) => Uint8Array }).zstdCompressSync;

/** What pages of such columns are compressed with, where the rest of the file is with `codec`: what Node has. */
export function codecOfFixed(codec: Codec): Codec {
  return codec === 'UNCOMPRESSED' || codec === 'GZIP' || (codec === 'ZSTD' && zstd) ? codec : 'GZIP';
}

function compress(bytes: Uint8Array, codec: Codec): Uint8Array {
  if (codec === 'UNCOMPRESSED') return bytes;
  return codec === 'ZSTD' && zstd ? zstd(bytes) : zlib.gzipSync(bytes);
}

/** A page of such a column anew: its header's fields and its body. */
export function fixedPage(
  header: readonly ThriftField[],
  body: Uint8Array,
  chunk: Pick<ColumnChunk, 'leaf' | 'codec'>,
  width: number,
): { header: ThriftField[]; body: Uint8Array } {
  const { second, own, content, levels, encoding } = unpackedPage(header, body, chunk);
  const isPlain = encoding === undefined || encoding === encodings.plain;
  const values = content.subarray(levels);
  const bare = isPlain ? withoutLengths(values, width) : values;
  const codec = codecOfFixed(chunk.codec);
  const head = content.subarray(0, levels);
  const packed = second
    ? Buffer.concat([head, isCompressed(own) ? compress(bare, codec) : bare])
    : compress(Buffer.concat([head, bare]), codec);
  const changed = header.map((field): ThriftField => {
    if (field.id === 2) return { ...field, value: integer(levels + bare.length) };
    return field.id === 3 ? { ...field, value: integer(packed.length) } : field;
  });
  return { header: changed, body: packed };
}

function isCompressed(own: readonly ThriftField[]): boolean {
  return own.find(({ id }) => id === 7)?.type !== 2;
}

function withoutLengths(values: Uint8Array, width: number): Uint8Array {
  const view = new DataView(values.buffer, values.byteOffset, values.byteLength);
  const count = values.length / (width + 4);
  if (!Number.isInteger(count)) throw new Error(`a value has not ${width} bytes`);
  const bare = new Uint8Array(count * width);
  for (let index = 0; index < count; index++) {
    const at = index * (width + 4);
    if (view.getUint32(at, true) !== width) throw new Error(`a value has not ${width} bytes`);
    bare.set(values.subarray(at + 4, at + 4 + width), index * width);
  }
  return bare;
}

/** SchemaElement: 1 is its type, 2 the length. */
export function fixedElement(fields: readonly ThriftField[], width: number): Uint8Array {
  const [type] = fields.filter(({ id }) => id === 1);
  const others = fields.filter(({ id }) => id !== 1 && id !== 2);
  const own = type
    ? [
        { ...type, value: integer(PHYSICAL_FIXED) },
        { ...type, id: 2, value: integer(width) },
      ]
    : [];
  return writeFields([...own, ...others].sort((one, other) => one.id - other.id));
}

/** Of Type. */
export const PHYSICAL_FIXED = 7;

export function widthOfElement(
  fields: readonly ThriftField[],
  widths: ReadonlyMap<number, number>,
): number | undefined {
  const fieldId = integerOf(fields, 9);
  return fieldId === undefined ? undefined : widths.get(fieldId);
}
