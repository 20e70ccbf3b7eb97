/** Checksums of pages, which some writers leave in their headers (Parquet format, "PageHeader", "crc"). */
import { type FileHandle, open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import type { ByteRange } from '../storage/contract.js';
import { CompactReader } from './compact-reader.js';
import type { ParquetFooter } from './types.js';

/** A header is some tens of bytes long, or longer by the statistics in it. */
const HEADER_READS = [1024, 256 * 1024];

/**
 * Whether the pages of the column chunks that lie in the ranges have the checksums that their headers say. The file is a local copy in which the
 * ranges are there. A file of whose first chunk the first page has none is taken to have none at all.
 */
export async function pagesAreSound(
  path: string,
  { rowGroups }: ParquetFooter,
  ranges: readonly ByteRange[],
): Promise<boolean> {
  const chunks = rowGroups.flatMap((group) => group.chunks.map(({ range }) => range));
  const inside = chunks.filter((chunk) => ranges.some((range) => contains(range, chunk)));
  if (inside.length === 0) return true;
  const file = await open(path, 'r');
  try {
    for (const chunk of inside) {
      const state = await stateOf(file, chunk);
      if (state !== 'sound') return state === 'without checksums';
    }
    return true;
  } finally {
    await file.close();
  }
}

function contains(outer: ByteRange, inner: ByteRange): boolean {
  return inner.offset >= outer.offset && inner.offset + inner.length <= outer.offset + outer.length;
}

async function stateOf(file: FileHandle, chunk: ByteRange): Promise<'sound' | 'damaged' | 'without checksums'> {
  const end = chunk.offset + chunk.length;
  for (let offset = chunk.offset; offset < end; ) {
    const header = await pageHeader(file, { offset, length: end - offset });
    if (offset === chunk.offset && (!header || header.crc === undefined)) return 'without checksums';
    const page = header && { offset: offset + header.length, length: header.compressedSize };
    if (!page || header.crc === undefined || page.length < 0 || page.offset + page.length > end) return 'damaged';
    if (crc32(await bytesAt(file, page)) !== header.crc >>> 0) return 'damaged';
    offset = page.offset + page.length;
  }
  return 'sound';
}

interface PageHeader {
  /** Of the header itself, in bytes. */
  length: number;
  /** Of the page as it is stored, in bytes. */
  compressedSize: number;
  crc: number | undefined;
}

/** Undefined where there is none. */
async function pageHeader(file: FileHandle, { offset, length }: ByteRange): Promise<PageHeader | undefined> {
  for (const most of HEADER_READS) {
    const bytes = await bytesAt(file, { offset, length: Math.min(length, most) });
    try {
      return parseHeader(bytes);
    } catch {
      // It is longer than what was read, or none.
    }
  }
  return undefined;
}

function parseHeader(bytes: Uint8Array): PageHeader {
  const reader = new CompactReader(bytes);
  let compressedSize = -1;
  let crc: number | undefined;
  reader.fields((id, type) => {
    if (id === 3) compressedSize = reader.integer();
    else if (id === 4) crc = reader.integer();
    else reader.skip(type);
  });
  if (reader.at > bytes.length) throw new Error('the header is cut off');
  return { length: reader.at, compressedSize, crc };
}

async function bytesAt(file: FileHandle, { offset, length }: ByteRange): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafe(length);
  const { bytesRead } = await file.read(bytes, 0, length, offset);
  return bytes.subarray(0, bytesRead);
}
