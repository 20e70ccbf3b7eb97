/**
 * Vectors of texts in the engine's memory: 16 bytes for each, the first four of which are its length; up to 12 bytes of text follow at once, longer
 * ones as their first four bytes and their address. What is read is copied to buffers that are used again: memory that JavaScript looks at in
 * place counts as its own, and is looked through for garbage.
 */
import { copyMemory, duckdb, type Pointer } from './library.js';
import { addressOf, allocate } from './memory.js';
import type { TextBytes } from './text-masks.js';

const ENTRY = 16;
const INLINE = 12;
const TWO_32 = 0x1_0000_0000;
/**
 * Texts that lie no further apart are copied at once, in bytes: far less than a page, so that what lies between them is on one page with a text,
 * and is there.
 */
const GAP = 256;
/** Texts are copied and written together, in bytes; a longer one by itself. */
const TOGETHER = 4 * 2 ** 20;

/** Writes a changed text to `target` from `at` on, where it has the room that the text took, and gives its end. */
export type TextChange = (text: TextBytes, target: Uint8Array, at: number) => number;

/** Gives each row of `output`, a vector of texts, the changed text of `input`, where that is not NULL. */
export function changeTexts(input: Pointer, output: Pointer, rows: number, change: TextChange): void {
  if (rows === 0) return;
  const valid = copyNulls(input, output, rows);
  const entries = new Entries(roomFor('entries', rows * ENTRY), rows);
  entries.read(duckdb().duckdb_vector_get_data(input));
  if (valid) entries.clear((row) => ((valid[row >> 3] as number) & (1 << (row & 7))) === 0);
  const changed = new Entries(roomFor('changed', rows * ENTRY).fill(0), rows);
  for (let row = 0; row < rows; ) row = changeTogether({ entries, row, change }, changed, output);
  changed.write(duckdb().duckdb_vector_get_data(output));
}

/** Takes over which rows are NULL; gives a bit for each row that is not, undefined where none is. */
function copyNulls(input: Pointer, output: Pointer, rows: number): Uint8Array | undefined {
  const library = duckdb();
  const validity = library.duckdb_vector_get_validity(input);
  if (validity === 0) return undefined;
  const valid = allocate(Math.ceil(rows / 64) * 8);
  const bytes = Math.ceil(rows / 64) * 8;
  copyMemory(addressOf(valid), validity, bytes);
  library.duckdb_vector_ensure_validity_writable(output);
  copyMemory(library.duckdb_vector_get_validity(output), validity, bytes);
  return valid;
}

/** The entries of a vector, copied. */
class Entries {
  readonly #words: Uint32Array;

  constructor(
    readonly bytes: Buffer,
    readonly rows: number,
  ) {
    this.#words = new Uint32Array(bytes.buffer, bytes.byteOffset, rows * (ENTRY / 4));
  }

  read(data: Pointer): void {
    copyMemory(addressOf(this.bytes), data, this.rows * ENTRY);
  }

  write(data: Pointer): void {
    copyMemory(data, addressOf(this.bytes), this.rows * ENTRY);
  }

  /** Takes the text of rows that have none for an empty one. */
  clear(isNull: (row: number) => boolean): void {
    for (let row = 0; row < this.rows; row++) if (isNull(row)) this.#words[row * 4] = 0;
  }

  length(row: number): number {
    return this.#words[row * 4] as number;
  }

  /** Of a text that does not lie in its entry. */
  address(row: number): Pointer {
    return (this.#words[row * 4 + 2] as number) + (this.#words[row * 4 + 3] as number) * TWO_32;
  }

  /** Sets a text, which lies at an address where it is too long for its entry. */
  set(row: number, { bytes, from, to }: TextBytes, address: Pointer): void {
    const length = to - from;
    const at = row * ENTRY + 4;
    this.#words[row * 4] = length;
    if (length > INLINE) {
      this.#words[row * 4 + 2] = address % TWO_32;
      this.#words[row * 4 + 3] = Math.floor(address / TWO_32);
    }
    const shown = length > INLINE ? 4 : length;
    for (let index = 0; index < shown; index++) this.bytes[at + index] = bytes[from + index] as number;
  }
}

/** Changes the texts from a row on that fit together; gives the first row after them. */
function changeTogether(
  { entries, row: first, change }: { entries: Entries; row: number; change: TextChange },
  changed: Entries,
  output: Pointer,
): number {
  const texts = new LongTexts(entries, first);
  const target = roomFor('written', texts.mostBytes);
  const ends = new Uint32Array(texts.end - first);
  let end = 0;
  for (let row = first; row < texts.end; row++) {
    const length = entries.length(row);
    const isInline = length <= INLINE;
    const from = isInline ? row * ENTRY + 4 : texts.offset(row);
    if (length > 0)
      end = change({ bytes: isInline ? entries.bytes : texts.bytes, from, to: from + length }, target, end);
    ends[row - first] = end;
  }
  // The vector keeps the bytes of all as those of one text, from which each of them is then cut.
  duckdb().duckdb_unsafe_vector_assign_string_element_len(output, first, target, end);
  const kept = new Entries(roomFor('kept', ENTRY), 1);
  kept.read(duckdb().duckdb_vector_get_data(output) + first * ENTRY);
  const address = end > INLINE ? kept.address(0) : 0;
  for (let row = first, from = 0; row < texts.end; row++) {
    const to = ends[row - first] as number;
    changed.set(row, { bytes: target, from, to }, address + from);
    from = to;
  }
  return texts.end;
}

/** Copies of texts that do not lie in their entries, of as many rows as fit together. */
class LongTexts {
  readonly bytes: Buffer;
  /** The first row after them. */
  readonly end: number;
  /** What the texts of all the rows take, short ones included. */
  readonly mostBytes: number;
  readonly #first: number;
  readonly #offsets: Uint32Array;

  constructor(entries: Entries, first: number) {
    this.#first = first;
    let [end, bytes] = [first, 0];
    while (end < entries.rows && (end === first || bytes + entries.length(end) <= TOGETHER))
      bytes += entries.length(end++);
    this.end = end;
    this.mostBytes = bytes;
    this.#offsets = new Uint32Array(end - first);
    this.bytes = roomFor('read', bytes + GAP * (end - first));
    this.#copy(entries);
  }

  offset(row: number): number {
    return this.#offsets[row - this.#first] as number;
  }

  #copy(entries: Entries): void {
    const target = addressOf(this.bytes);
    let [used, start, stop] = [0, 0, 0];
    for (let row = this.#first; row < this.end; row++) {
      const length = entries.length(row);
      if (length <= INLINE) continue;
      const address = entries.address(row);
      const isNext = address >= stop && address - stop <= GAP;
      if (stop === 0 || !isNext) {
        if (stop > start) copyMemory(target + used, start, stop - start);
        used += stop - start;
        start = address;
      }
      stop = address + length;
      this.#offsets[row - this.#first] = used + address - start;
    }
    if (stop > start) copyMemory(target + used, start, stop - start);
  }
}

type Purpose = keyof typeof USUAL;

/** Rows of a vector. */
const ROWS = 2048;

/** In bytes. */
const USUAL = {
  entries: ROWS * ENTRY,
  changed: ROWS * ENTRY,
  kept: ENTRY,
  read: TOGETHER + GAP * ROWS,
  written: TOGETHER,
};

const rooms: Partial<Record<Purpose, Buffer>> = {};

/** A buffer that is used again, but for more than is usual. */
function roomFor(purpose: Purpose, bytes: number): Buffer {
  if (bytes > USUAL[purpose]) return allocate(bytes);
  rooms[purpose] ??= allocate(USUAL[purpose]);
  return rooms[purpose];
}
