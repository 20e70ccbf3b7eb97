import { messageOf, SkuaError } from '../errors.js';
import type { Storage } from '../storage/contract.js';
import { parseMetadata } from './metadata.js';
import type { ParquetFooter } from './types.js';

/** Length of the metadata and the magic bytes, behind the metadata. */
const TAIL = 8;
/** The first read takes a thousandth of the file, within these bounds in bytes: mostly the whole footer. */
const MIN_FIRST_READ = 32 * 1024;
const MAX_FIRST_READ = 512 * 1024;
/** Footers of thousands of columns and row groups have some tens of megabytes. */
const LARGEST_FOOTER = 256 * 2 ** 20;

/**
 * Reads the footer of a file of `size` bytes, in one request or two. Where that finds none, the store is asked for the file's size, which wins.
 * A file that is no Parquet file, or a broken one: DATA_LOSS; an encrypted one: UNIMPLEMENTED.
 */
export async function readFooter(
  storage: Pick<Storage, 'read' | 'size'>,
  location: string,
  size: number,
  signal?: AbortSignal,
): Promise<ParquetFooter> {
  try {
    return await readAt(storage, location, size, signal);
  } catch (error) {
    const mayBeTheSize = error instanceof SkuaError && (error.code === 'DATA_LOSS' || error.code === 'OUT_OF_RANGE');
    if (!mayBeTheSize) throw error;
    const stored = await storage.size(location);
    if (stored === size) throw error;
    return readAt(storage, location, stored, signal);
  }
}

async function readAt(
  storage: Pick<Storage, 'read'>,
  location: string,
  size: number,
  signal?: AbortSignal,
): Promise<ParquetFooter> {
  if (size < TAIL + 4) throw broken(location, 'it is too short');
  const first = Math.min(size, Math.max(MIN_FIRST_READ, Math.min(MAX_FIRST_READ, Math.ceil(size / 1000))));
  let bytes = await storage.read(location, { offset: size - first, length: first }, signal);
  const length = footerLength(bytes, location, size);
  if (length > bytes.length) bytes = await storage.read(location, { offset: size - length, length }, signal);
  return parseFooter(bytes, location, size);
}

/** Parses the last bytes of a file, which must hold the whole footer. Statistics point into `bytes`. */
export function parseFooter(bytes: Uint8Array, location: string, size: number): ParquetFooter {
  const length = footerLength(bytes, location, size);
  if (length > bytes.length) throw broken(location, 'its footer is cut off');
  try {
    // Copied, lest the statistics keep a longer read alive.
    const metadata = bytes.slice(bytes.length - length, bytes.length - TAIL);
    return { ...parseMetadata(metadata), length, fileSize: size };
  } catch (error) {
    throw broken(location, messageOf(error));
  }
}

function footerLength(bytes: Uint8Array, location: string, size: number): number {
  const tail = Buffer.from(bytes.buffer, bytes.byteOffset + bytes.length - TAIL, TAIL);
  const magic = tail.toString('latin1', 4);
  if (magic === 'PARE') {
    throw new SkuaError('UNIMPLEMENTED', `The Parquet file '${location}' is encrypted, which is not supported.`);
  }
  if (magic !== 'PAR1') throw broken(location, 'it does not end like one');
  const length = tail.readUInt32LE(0) + TAIL;
  if (length > size - 4) throw broken(location, 'its footer is longer than the file');
  if (length > LARGEST_FOOTER) throw broken(location, `its footer has more than ${LARGEST_FOOTER} bytes`);
  return length;
}

function broken(location: string, reason: string): SkuaError {
  return new SkuaError('DATA_LOSS', `'${location}' is not a sound Parquet file: ${reason}.`);
}
