/** Avro object container files (Avro specification, "Object Container Files"). */
import { crc32, inflateRawSync } from 'node:zlib';
import { SkuaError } from '../../errors.js';
import { AvroCursor } from './cursor.js';
import { decompressSnappy } from './snappy.js';
import { decompressZstd } from './zstd.js';

export const AVRO_MAGIC = Uint8Array.of(0x4f, 0x62, 0x6a, 0x01);
export const SYNC_LENGTH = 16;

export interface AvroContainer {
  /** The file's key-value metadata; `avro.schema` and `avro.codec` among it. */
  metadata: Map<string, string>;
  /** Decompressed blocks, each with the number of its records; decompressed as they are asked for. */
  blocks: Iterable<AvroBlock>;
}

export interface AvroBlock {
  count: number;
  bytes: Uint8Array;
}

/** Anything but an Avro container: DATA_LOSS. Another codec than deflate, snappy and Zstandard: UNIMPLEMENTED. */
export function readContainer(bytes: Uint8Array): AvroContainer {
  const cursor = new AvroCursor(bytes);
  if (AVRO_MAGIC.some((value, index) => bytes[index] !== value)) {
    throw new SkuaError('DATA_LOSS', 'A manifest or manifest list is not an Avro file');
  }
  cursor.skip(AVRO_MAGIC.length);
  const metadata = new Map<string, string>();
  cursor.items(() => {
    const key = cursor.string();
    metadata.set(key, cursor.string());
  });
  const sync = cursor.data(SYNC_LENGTH);
  return { metadata, blocks: blocksOf(cursor, metadata.get('avro.codec') ?? 'null', sync) };
}

function* blocksOf(cursor: AvroCursor, codec: string, sync: Uint8Array): Generator<AvroBlock> {
  let total = 0;
  while (!cursor.atEnd) {
    const count = cursor.long();
    const length = cursor.long();
    const start = cursor.position;
    cursor.skip(length);
    const compressed = cursor.bytes.subarray(start, start + length);
    if (Buffer.compare(cursor.data(SYNC_LENGTH), sync) !== 0) {
      throw new SkuaError('DATA_LOSS', 'A block of an Avro file does not end in its sync marker');
    }
    const content = decompress(codec, compressed);
    // A record takes a byte at least: a block that claims more of them would keep its reader busy for ever.
    if (count < 0 || count > content.length) {
      throw new SkuaError('DATA_LOSS', 'A block of an Avro file has more records than bytes');
    }
    total += content.length;
    if (total > LARGEST_CONTENT) {
      throw new SkuaError('RESOURCE_EXHAUSTED', `An Avro file unpacks to more than ${LARGEST_CONTENT} bytes`);
    }
    yield { count, bytes: content };
  }
}

function decompress(codec: string, bytes: Uint8Array): Uint8Array {
  switch (codec) {
    case 'null':
      return bytes;
    case 'deflate':
      return inflate(bytes);
    case 'snappy':
      return snappyBlock(bytes);
    case 'zstandard':
      return decompressZstd(bytes, LARGEST_BLOCK);
    default:
      throw new SkuaError('UNIMPLEMENTED', `Avro files compressed with ${codec} are not supported`);
  }
}

/** The last four bytes are the CRC-32 of what is unpacked. */
function snappyBlock(bytes: Uint8Array): Uint8Array {
  const content = decompressSnappy(bytes.subarray(0, -4), LARGEST_BLOCK);
  if (bytes.length < 4 || Buffer.from(bytes.subarray(-4)).readUInt32BE() !== crc32(content)) {
    throw new SkuaError('DATA_LOSS', 'The checksum of a block of an Avro file is wrong');
  }
  return content;
}

/** Blocks are some tens of kilobytes to a few megabytes long; what unpacks to more than this, in bytes, was made to do harm. */
const LARGEST_BLOCK = 256 * 2 ** 20;

/** All blocks of a file together, in bytes. */
const LARGEST_CONTENT = 1024 * 2 ** 20;

function inflate(bytes: Uint8Array): Uint8Array {
  try {
    return inflateRawSync(bytes, { maxOutputLength: LARGEST_BLOCK });
  } catch (error) {
    throw new SkuaError('DATA_LOSS', 'A block of an Avro file is corrupt or too large', { cause: error });
  }
}
