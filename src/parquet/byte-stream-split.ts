/**
 * Column chunks with pages in BYTE_STREAM_SPLIT, which the engine reads of floating-point numbers alone, as chunks in PLAIN (Parquet format,
 * "Encodings", "Data Pages").
 */
import { setImmediate } from 'node:timers/promises';
import { messageOf, SkuaError } from '../errors.js';
import { compactTypes } from './compact-reader.js';
import { encodings, unpackedPage } from './pages.js';
import { integer, integerOf, readStruct, type ThriftField, writeFields } from './thrift-fields.js';
import type { ColumnChunk, LeafColumn, PhysicalType } from './types.js';

/** Chunks are unpacked in memory, in bytes. */
const LARGEST_CHUNK = 2 ** 30;

/** Page headers grow by a few bytes, and none is shorter than some twenty. */
const HEADER_GROWTH = 1.25;

export function needsPlain({ isSplit, leaf: { physicalType } }: ColumnChunk): boolean {
  return isSplit && physicalType !== 'FLOAT' && physicalType !== 'DOUBLE';
}

/** Bytes that surely hold the chunk in PLAIN and uncompressed. */
export function plainSize({ uncompressedSize }: ColumnChunk): number {
  return Math.ceil(Math.max(0, uncompressedSize) * HEADER_GROWTH) + 64;
}

/**
 * The pages of a chunk in PLAIN, uncompressed, and zeros behind them up to `plainSize`. Pages that are not what their headers say: DATA_LOSS; of
 * an unknown codec, or chunks of more than 1 GiB: UNIMPLEMENTED, RESOURCE_EXHAUSTED.
 */
export async function plainChunk(bytes: Uint8Array, chunk: ColumnChunk, location: string): Promise<Uint8Array> {
  const size = plainSize(chunk);
  if (size > LARGEST_CHUNK) {
    const name = chunk.leaf.path.join('.');
    throw new SkuaError('RESOURCE_EXHAUSTED', `A chunk of the column ${name} in '${location}' is too large to unpack`);
  }
  const output = new Uint8Array(size);
  let at = 0;
  try {
    for (let offset = 0; offset < bytes.length; ) {
      const { fields, length } = readStruct(bytes.subarray(offset));
      const start = offset + length;
      offset = start + (integerOf(fields, 3) ?? 0);
      for (const part of plainPage(fields, bytes.subarray(start, offset), chunk)) {
        output.set(part, at);
        at += part.length;
      }
      await setImmediate();
    }
  } catch (error) {
    if (error instanceof SkuaError) throw error;
    throw new SkuaError('DATA_LOSS', `'${location}' is not a sound Parquet file: ${messageOf(error)}.`, {
      cause: error,
    });
  }
  return output;
}

/** Header and body; fields of PageHeader: 2 and 3 its sizes, 4 a checksum, 5 and 8 the headers of data pages. */
function plainPage(header: readonly ThriftField[], body: Uint8Array, { leaf, codec }: ColumnChunk): Uint8Array[] {
  const { first, second, own, content, levels, encoding, encodingId } = unpackedPage(header, body, { leaf, codec });
  const isSplit = encoding === encodings.split;
  const plain = isSplit ? [content.subarray(0, levels), joined(content.subarray(levels), widthOf(leaf))] : [content];
  const changed = header.flatMap((field): ThriftField[] => {
    if (field.id === 3) return [{ ...field, value: integer(content.length) }];
    if (field.id === 2) return [{ ...field, value: integer(content.length) }];
    if (field.id === 4) return [];
    if (field !== first && field !== second) return [field];
    return [
      { ...field, value: writeFields(own.map((part) => plainHeader(part, encodingId, isSplit, second !== undefined))) },
    ];
  });
  return [writeFields(changed), ...plain];
}

function plainHeader(part: ThriftField, encodingId: number, isSplit: boolean, isSecond: boolean): ThriftField {
  if (isSplit && part.id === encodingId) return { ...part, value: integer(encodings.plain) };
  return isSecond && part.id === 7 ? { ...part, type: compactTypes.false } : part;
}

const widths: Partial<Record<PhysicalType, number>> = { INT32: 4, INT64: 8, FLOAT: 4, DOUBLE: 8 };

function widthOf({ physicalType, length, path }: LeafColumn): number {
  const width = physicalType === 'FIXED_LEN_BYTE_ARRAY' ? length : widths[physicalType];
  if (width === undefined || width <= 0) throw new Error(`the values of ${path.join('.')} have no width`);
  return width;
}

/** The values one after the other, of which the streams have the first bytes, the second ones and so on. */
function joined(streams: Uint8Array, width: number): Uint8Array {
  const count = streams.length / width;
  if (!Number.isInteger(count)) throw new Error('a page has a part of a value');
  const values = new Uint8Array(streams.length);
  for (let byte = 0; byte < width; byte++) {
    const stream = byte * count;
    for (let index = 0; index < count; index++) values[index * width + byte] = streams[stream + index] as number;
  }
  return values;
}
