/** Deletion vectors in Puffin files (Puffin specification, blob type `deletion-vector-v1`). */
import { SkuaError } from '../../errors.js';
import type { Storage } from '../../storage/contract.js';
import { LARGEST_WHOLE_READ } from '../../storage/index.js';
import type { DeleteFile } from '../types.js';
import { readRoaring64 } from './roaring.js';
import { writeRoaring64 } from './roaring-writer.js';

/** Deleted rows of one data file; eight bytes each, once unpacked. */
const LARGEST_VECTOR = 2 ** 27;

const magic = Uint8Array.of(0xd1, 0xd3, 0x39, 0x64);
const lengthBytes = 4;
const checksumBytes = 4;

/** The deleted row positions of one data file, ascending. A vector that does not hold what its metadata says: DATA_LOSS. */
export async function readDeletionVector(
  file: DeleteFile,
  storage: Storage,
  signal?: AbortSignal,
): Promise<BigInt64Array> {
  if (file.contentOffset === undefined || file.contentSize === undefined) {
    throw new SkuaError('DATA_LOSS', `The deletion vector in ${file.location} has no offset and size`);
  }
  const range = { offset: file.contentOffset, length: file.contentSize };
  const most = Math.min(file.recordCount, LARGEST_VECTOR);
  if (range.length > LARGEST_WHOLE_READ || file.recordCount > most) {
    throw new SkuaError('RESOURCE_EXHAUSTED', `The deletion vector in ${file.location} is too large`);
  }
  const read = async () => positionsIn(file, await storage.read(file.location, range, signal), most);
  // What is damaged is read once more: mostly that was done on the way.
  return read().catch((error) => {
    if (!(error instanceof SkuaError) || error.code !== 'DATA_LOSS') throw error;
    return read();
  });
}

function positionsIn({ location, recordCount }: DeleteFile, blob: Uint8Array, most: number): BigInt64Array {
  const positions = decodeDeletionVector(blob, location, most);
  if (positions.length !== recordCount) {
    throw new SkuaError(
      'DATA_LOSS',
      `The deletion vector in ${location} has ${positions.length} positions instead of ${recordCount}`,
    );
  }
  return positions;
}

/** A blob: length of magic and bitmap (big-endian), magic, bitmap, CRC-32 of magic and bitmap (big-endian). */
export function decodeDeletionVector(blob: Uint8Array, location: string, most?: number): BigInt64Array {
  const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
  const overhead = lengthBytes + magic.length + checksumBytes;
  const length = blob.length < overhead ? -1 : view.getUint32(0);
  const content = blob.subarray(lengthBytes, lengthBytes + length);
  if (length + lengthBytes + checksumBytes !== blob.length || magic.some((byte, index) => content[index] !== byte)) {
    throw new SkuaError('DATA_LOSS', `${location} holds no deletion vector where its metadata says`);
  }
  if (crc32(content) !== view.getUint32(lengthBytes + length)) {
    throw new SkuaError('DATA_LOSS', `The checksum of a deletion vector in ${location} is wrong`);
  }
  return readRoaring64(content.subarray(magic.length), most);
}

/** The blob of ascending, distinct positions. */
export function encodeDeletionVector(positions: BigInt64Array): Uint8Array {
  const content = Buffer.concat([magic, writeRoaring64(positions)]);
  const blob = Buffer.alloc(lengthBytes + content.length + checksumBytes);
  blob.writeUInt32BE(content.length, 0);
  blob.set(content, lengthBytes);
  blob.writeUInt32BE(crc32(content), lengthBytes + content.length);
  return blob;
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crcTable[(crc ^ byte) & 0xff] as number) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
