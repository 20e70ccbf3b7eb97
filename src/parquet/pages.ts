/** Pages of a column chunk, unpacked (Parquet format, "Data Pages", "Encodings"). */
import { SkuaError } from '../errors.js';
import { compactTypes } from './compact-reader.js';
import { decompress } from './decompress.js';
import { integerOf, readFields, type ThriftField } from './thrift-fields.js';
import type { ColumnChunk, LeafColumn } from './types.js';

export const encodings = { plain: 0, plainDictionary: 2, rle: 3, dictionary: 8, split: 9 };

export interface UnpackedPage {
  /** The header of a data page of version 1, or of version 2; neither in a dictionary's. */
  first: ThriftField | undefined;
  second: ThriftField | undefined;
  /** The fields of the one that there is. */
  own: ThriftField[];
  content: Uint8Array;
  /** Bytes of the content before the values. */
  levels: number;
  /** Of the values; undefined in a dictionary. */
  encoding: number | undefined;
  /** Its field in `own`. */
  encodingId: number;
}

/** `header` is a PageHeader: its fields 2 and 3 are sizes, 5 and 8 the headers of data pages. */
export function unpackedPage(
  header: readonly ThriftField[],
  body: Uint8Array,
  { leaf, codec }: Pick<ColumnChunk, 'leaf' | 'codec'>,
): UnpackedPage {
  const first = header.find(({ id }) => id === 5);
  const second = header.find(({ id }) => id === 8);
  const size = integerOf(header, 2) ?? 0;
  const own = readFields((first ?? second)?.value ?? Uint8Array.of(0));
  const content = second ? unpackSecond(own, body, codec, size) : decompress(body, codec, size);
  const levels = second
    ? (integerOf(own, 5) ?? 0) + (integerOf(own, 6) ?? 0)
    : first
      ? levelBytes(own, content, leaf)
      : 0;
  const encodingId = second ? 4 : 2;
  const encoding = (first ?? second) ? integerOf(own, encodingId) : undefined;
  return { first, second, own, content, levels, encoding, encodingId };
}

/** Data pages of version 2 have their levels before what is compressed. */
function unpackSecond(
  own: readonly ThriftField[],
  body: Uint8Array,
  codec: ColumnChunk['codec'],
  size: number,
): Uint8Array {
  const isCompressed = own.find(({ id }) => id === 7)?.type !== compactTypes.false;
  if (!isCompressed) return body;
  const levels = (integerOf(own, 5) ?? 0) + (integerOf(own, 6) ?? 0);
  return Buffer.concat([body.subarray(0, levels), decompress(body.subarray(levels), codec, size - levels)]);
}

/** How many bytes of a page of version 1 are repetition and definition levels, each behind its length. */
function levelBytes(own: readonly ThriftField[], content: Uint8Array, { flat, required, path }: LeafColumn): number {
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  let length = 0;
  for (const [id, isThere] of [
    [4, !flat],
    [3, !required],
  ] as const) {
    if (!isThere) continue;
    if (integerOf(own, id) !== encodings.rle) {
      throw new SkuaError(
        'UNIMPLEMENTED',
        `The levels of the column ${path.join('.')} are not in RLE, which is not supported`,
      );
    }
    length += 4 + view.getUint32(length, true);
  }
  return length;
}
