/**
 * Gives a file that the engine wrote what the engine does not write itself: checksums of its pages (Parquet format, "Checksumming"), values of one
 * length without their lengths, and bloom filters.
 */
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { type BloomFilterOptions, ChunkHashes, hasBloomFilter } from './bloom-filter-writer.js';
import { compactTypes } from './compact-reader.js';
import { codecOfFixed, fixedElement, fixedPage, PHYSICAL_FIXED, widthOfElement } from './fixed-length.js';
import { parseMetadata } from './metadata.js';
import {
  integer,
  integerOf,
  readFields,
  readList,
  readStruct,
  type ThriftField,
  writeFields,
  writeList,
} from './thrift-fields.js';
import { CODECS, type ColumnChunk } from './types.js';

const MAGIC = 4;
const TAIL = 8;

export interface FileSizes {
  /** In bytes. */
  fileSize: number;
  footerSize: number;
}

/** What else is done to a file. By field id. */
export interface FileChanges {
  /** Bytes of the values of columns that are to be FIXED_LEN_BYTE_ARRAY; the engine wrote them as BYTE_ARRAY. */
  widths?: ReadonlyMap<number, number> | undefined;
  /** Columns that are to have bloom filters. */
  blooms?: ReadonlyMap<number, BloomFilterOptions> | undefined;
}

/** What becomes of one chunk. */
interface ChunkChange {
  /** As the engine wrote it. */
  chunk: ColumnChunk;
  width: number | undefined;
  hashes: ChunkHashes | undefined;
  /** By how many bytes its pages are longer, unpacked and with their headers. */
  unpacked: number;
  /** Where its new bloom filter is, and how long. */
  bloom: { offset: number; length: number } | undefined;
}

/** Where things of the old file are in the new one. */
class Moves {
  /** In the order of the file: everything from `from` on is `by` bytes further behind. */
  readonly #moves: { from: number; by: number }[] = [];
  #by = 0;

  grow(from: number, bytes: number): void {
    this.#by += bytes;
    this.#moves.push({ from, by: this.#by });
  }

  moved(offset: number): number {
    let low = 0;
    let high = this.#moves.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#moves[middle]?.from ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    return offset + (this.#moves[low - 1]?.by ?? 0);
  }
}

/**
 * Rewrites a local file with checksums in the headers of its pages, and with the other changes. A file with page indexes, which say where pages are,
 * stays as it is.
 */
export async function addPageChecksums(path: string, changes: FileChanges = {}): Promise<FileSizes> {
  const file = await open(path, 'r');
  const next = `${path}.part`;
  try {
    const { size } = await file.stat();
    const tail = await bytesAt(file, size - TAIL, TAIL);
    const footerSize = tail.readUInt32LE(0);
    const end = size - TAIL - footerSize;
    const metadata = await bytesAt(file, end, footerSize);
    const chunks = chunksOf(metadata, changes);
    if (!chunks) return { fileSize: size, footerSize };
    const sizes = await writeCopy(next, async (write) => {
      const moves = new Moves();
      let position = 0;
      for (const change of chunks) {
        const { offset, length } = change.chunk.range;
        await write(await bytesAt(file, position, offset - position));
        const bytes = await bytesAt(file, offset, length);
        await write(withChecksums(bytes, change, (at, grown) => moves.grow(offset + at, grown)));
        position = offset + length;
      }
      await write(await bytesAt(file, position, end - position));
      let filters = moves.moved(end);
      for (const change of chunks) {
        const filter = change.hashes?.finish();
        if (!filter) continue;
        await write(filter);
        change.bloom = { offset: filters, length: filter.length };
        filters += filter.length;
      }
      return movedMetadata(metadata, moves, chunks, changes);
    });
    await rename(next, path);
    return sizes;
  } finally {
    await file.close();
    await rm(next, { force: true });
  }
}

async function writeCopy(
  path: string,
  fill: (write: (bytes: Uint8Array) => Promise<void>) => Promise<Uint8Array>,
): Promise<FileSizes> {
  const file = await open(path, 'wx');
  let fileSize = 0;
  const write = async (bytes: Uint8Array) => {
    await file.writeFile(bytes);
    fileSize += bytes.length;
  };
  try {
    const metadata = await fill(write);
    const tail = Buffer.alloc(TAIL);
    tail.writeUInt32LE(metadata.length, 0);
    tail.write('PAR1', 4, 'latin1');
    await write(metadata);
    await write(tail);
    return { fileSize, footerSize: metadata.length };
  } finally {
    await file.close();
  }
}

async function bytesAt(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  for (let done = 0; done < length; ) {
    const { bytesRead } = await file.read(bytes, done, length - done, offset + done);
    if (bytesRead === 0) throw new Error('a file ended while it was read');
    done += bytesRead;
  }
  return bytes;
}

/** In the order of the file; undefined where there are page indexes. */
function chunksOf(metadata: Uint8Array, { widths, blooms }: FileChanges): ChunkChange[] | undefined {
  const groups = listOf(readFields(metadata), 4).map(readFields);
  const columns = groups.flatMap((group) => listOf(group, 1).map(readFields));
  if (columns.some((chunk) => [4, 6].some((id) => integerOf(chunk, id) !== undefined))) return undefined;
  const chunks = parseMetadata(metadata).rowGroups.flatMap((group) => group.chunks);
  const changes = chunks.map((chunk, index): ChunkChange => {
    const id = chunk.leaf.fieldId ?? -1;
    const own = structOf(columns[index] ?? [], 3) ?? [];
    const bloom = hasBloomFilter(own) ? undefined : blooms?.get(id);
    return {
      chunk,
      width: widths?.get(id),
      hashes: bloom && new ChunkHashes(chunk, bloom),
      unpacked: 0,
      bloom: undefined,
    };
  });
  return changes.sort((one, other) => one.chunk.range.offset - other.chunk.range.offset);
}

/**
 * The pages of a chunk, each behind a header that has its checksum; `grew` is told where a page ended and by how much it grew together with its
 * header.
 */
function withChecksums(bytes: Uint8Array, change: ChunkChange, grew: (end: number, bytes: number) => void): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const { fields, length } = readStruct(bytes.subarray(at));
    const start = at + length;
    const end = start + (integerOf(fields, 3) ?? 0);
    const stored = bytes.subarray(start, end);
    change.hashes?.addPage(fields, stored);
    const page =
      change.width === undefined
        ? { header: fields, body: stored }
        : fixedPage(fields, stored, change.chunk, change.width);
    const checksum: ThriftField = { id: 4, type: compactTypes.i32, value: integer(crc32(page.body) | 0) };
    const others = page.header.filter(({ id }) => id !== 4);
    const header = writeFields([...others, checksum].sort((one, other) => one.id - other.id));
    parts.push(header, page.body);
    grew(end, header.length - length + page.body.length - stored.length);
    change.unpacked += header.length - length + (integerOf(page.header, 2) ?? 0) - (integerOf(fields, 2) ?? 0);
    at = end;
  }
  return Buffer.concat(parts);
}

/** FileMetaData whose offsets and sizes are those of the new file; the fields' numbers are those of `parquet.thrift`. */
function movedMetadata(
  metadata: Uint8Array,
  moves: Moves,
  chunks: readonly ChunkChange[],
  { widths = new Map() }: FileChanges,
): Uint8Array {
  const byOffset = new Map(chunks.map((change) => [change.chunk.range.offset, change]));
  return changed(metadata, {
    2: (elements) =>
      elementsOf(elements, (element) => {
        const fields = readFields(element);
        const width = widthOfElement(fields, widths);
        return width === undefined ? element : fixedElement(fields, width);
      }),
    4: (groups) => elementsOf(groups, (group) => movedGroup(group, moves, byOffset)),
  });
}

type Changes = ReadonlyMap<number, ChunkChange>;

function movedGroup(group: Uint8Array, moves: Moves, changes: Changes): Uint8Array {
  const chunks = listOf(readFields(group), 1).map((chunk) => structOf(readFields(chunk), 3) ?? []);
  const grown = chunks.reduce((sum, chunk) => sum + growth(chunk, moves), 0);
  const unpacked = chunks.reduce((sum, chunk) => sum + (changes.get(offsetOf(chunk))?.unpacked ?? 0), 0);
  return changed(group, {
    1: (columns) => elementsOf(columns, (chunk) => movedChunk(chunk, moves, changes)),
    2: (size) => integer(numberIn(size) + unpacked),
    5: (offset) => integer(moves.moved(numberIn(offset))),
    6: (size) => integer(numberIn(size) + grown),
  });
}

function movedChunk(chunk: Uint8Array, moves: Moves, changes: Changes): Uint8Array {
  const place = (offset: Uint8Array) => integer(moves.moved(numberIn(offset)));
  return changed(chunk, {
    2: place,
    3: (own) => {
      const before = readFields(own);
      const change = changes.get(offsetOf(before));
      const isFixed = change?.width !== undefined;
      const grown = growth(before, moves);
      const moved = changed(own, {
        1: (type) => (isFixed ? integer(PHYSICAL_FIXED) : type),
        4: (codec) => (isFixed ? integer(CODECS.indexOf(codecOfFixed(change.chunk.codec))) : codec),
        6: (size) => integer(numberIn(size) + (change?.unpacked ?? 0)),
        7: (size) => integer(numberIn(size) + grown),
        9: place,
        10: place,
        11: place,
        14: place,
      });
      return change?.bloom ? withBloomFilter(moved, change.bloom) : moved;
    },
  });
}

function withBloomFilter(own: Uint8Array, { offset, length }: { offset: number; length: number }): Uint8Array {
  const fields = [
    ...readFields(own).filter(({ id }) => id !== 14 && id !== 15),
    { id: 14, type: compactTypes.i64, value: integer(offset) },
    { id: 15, type: compactTypes.i32, value: integer(length) },
  ];
  return writeFields(fields.sort((one, other) => one.id - other.id));
}

/** Where the first page of a chunk is. */
function offsetOf(chunk: readonly ThriftField[]): number {
  return Math.min(...[9, 10, 11].map((id) => integerOf(chunk, id) ?? 0).filter((offset) => offset >= MAGIC));
}

/** By how many bytes a chunk became longer. */
function growth(chunk: readonly ThriftField[], moves: Moves): number {
  const offset = offsetOf(chunk);
  const length = integerOf(chunk, 7) ?? 0;
  return moves.moved(offset + length) - moves.moved(offset) - length;
}

function changed(struct: Uint8Array, changes: Record<number, (value: Uint8Array) => Uint8Array>): Uint8Array {
  return writeFields(
    readFields(struct).map((field) => ({ ...field, value: changes[field.id]?.(field.value) ?? field.value })),
  );
}

function elementsOf(list: Uint8Array, change: (element: Uint8Array) => Uint8Array): Uint8Array {
  const { type, elements } = readList(list);
  return writeList({ type, elements: elements.map(change) });
}

function listOf(fields: readonly ThriftField[], id: number): Uint8Array[] {
  const field = fields.find((candidate) => candidate.id === id);
  return field ? readList(field.value).elements : [];
}

function structOf(fields: readonly ThriftField[], id: number): ThriftField[] | undefined {
  const field = fields.find((candidate) => candidate.id === id);
  return field && readFields(field.value);
}

function numberIn(value: Uint8Array): number {
  return integerOf([{ id: 0, type: compactTypes.i64, value }], 0) ?? 0;
}
