/** Gives the pages of a file that the engine wrote checksums, which it does not write itself (Parquet format, "Checksumming"). */
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { compactTypes } from './compact-reader.js';
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

const MAGIC = 4;
const TAIL = 8;

export interface FileSizes {
  /** In bytes. */
  fileSize: number;
  footerSize: number;
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

/** Rewrites a local file with checksums in the headers of its pages. A file with page indexes, which say where pages are, stays as it is. */
export async function addPageChecksums(path: string): Promise<FileSizes> {
  const file = await open(path, 'r');
  const next = `${path}.part`;
  try {
    const { size } = await file.stat();
    const tail = await bytesAt(file, size - TAIL, TAIL);
    const footerSize = tail.readUInt32LE(0);
    const end = size - TAIL - footerSize;
    const metadata = await bytesAt(file, end, footerSize);
    const chunks = chunksOf(metadata);
    if (!chunks) return { fileSize: size, footerSize };
    const sizes = await writeCopy(next, async (write) => {
      const moves = new Moves();
      let position = 0;
      for (const chunk of chunks) {
        await write(await bytesAt(file, position, chunk.offset - position));
        const bytes = await bytesAt(file, chunk.offset, chunk.length);
        await write(withChecksums(bytes, (at, grown) => moves.grow(chunk.offset + at, grown)));
        position = chunk.offset + chunk.length;
      }
      await write(await bytesAt(file, position, end - position));
      return movedMetadata(metadata, moves);
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
function chunksOf(metadata: Uint8Array): { offset: number; length: number }[] | undefined {
  const groups = listOf(readFields(metadata), 4).map(readFields);
  const columns = groups.flatMap((group) => listOf(group, 1).map(readFields));
  if (columns.some((chunk) => [4, 6].some((id) => integerOf(chunk, id) !== undefined))) return undefined;
  const chunks = columns.flatMap((chunk) => {
    const own = structOf(chunk, 3);
    if (!own) return [];
    const pages = [9, 10, 11].map((id) => integerOf(own, id) ?? 0).filter((offset) => offset >= MAGIC);
    return [{ offset: Math.min(...pages), length: integerOf(own, 7) ?? 0 }];
  });
  return chunks.sort((one, other) => one.offset - other.offset);
}

/** The pages of a chunk, each behind a header that has its checksum; `grew` is told where a page ended and by how much its header grew. */
function withChecksums(chunk: Uint8Array, grew: (end: number, bytes: number) => void): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < chunk.length; ) {
    const { fields, length } = readStruct(chunk.subarray(at));
    const start = at + length;
    const end = start + (integerOf(fields, 3) ?? 0);
    const page = chunk.subarray(start, end);
    const checksum: ThriftField = { id: 4, type: compactTypes.i32, value: integer(crc32(page) | 0) };
    const others = fields.filter(({ id }) => id !== 4);
    const header = writeFields([...others, checksum].sort((one, other) => one.id - other.id));
    parts.push(header, page);
    grew(end, header.length - length);
    at = end;
  }
  return Buffer.concat(parts);
}

/** FileMetaData whose offsets and sizes are those of the new file; the fields' numbers are those of `parquet.thrift`. */
function movedMetadata(metadata: Uint8Array, moves: Moves): Uint8Array {
  return changed(metadata, { 4: (groups) => elementsOf(groups, (group) => movedGroup(group, moves)) });
}

function movedGroup(group: Uint8Array, moves: Moves): Uint8Array {
  const chunks = listOf(readFields(group), 1).map((chunk) => structOf(readFields(chunk), 3) ?? []);
  const grown = chunks.reduce((sum, chunk) => sum + growth(chunk, moves), 0);
  return changed(group, {
    1: (columns) => elementsOf(columns, (chunk) => movedChunk(chunk, moves)),
    2: (size) => integer(numberIn(size) + grown),
    5: (offset) => integer(moves.moved(numberIn(offset))),
    6: (size) => integer(numberIn(size) + grown),
  });
}

function movedChunk(chunk: Uint8Array, moves: Moves): Uint8Array {
  const place = (offset: Uint8Array) => integer(moves.moved(numberIn(offset)));
  return changed(chunk, {
    2: place,
    3: (own) => {
      const grown = growth(readFields(own), moves);
      const larger = (size: Uint8Array) => integer(numberIn(size) + grown);
      return changed(own, { 6: larger, 7: larger, 9: place, 10: place, 11: place, 14: place });
    },
  });
}

/** By how many bytes a chunk became longer. */
function growth(chunk: readonly ThriftField[], moves: Moves): number {
  const pages = [9, 10, 11].map((id) => integerOf(chunk, id) ?? 0).filter((offset) => offset >= MAGIC);
  const offset = Math.min(...pages);
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
