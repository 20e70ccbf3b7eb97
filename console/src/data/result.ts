/** The rows of one statement, as they stand in memory: buffers of Arrow, and an order over them. */
import { DataType, type Field, type Schema } from 'apache-arrow';
import { batchBytes, type ColumnarBatch, columnsOf, type ValueReader, valueReader } from '../../../src/arrow/index.js';
import { textFormat, type ValueFormat } from '../../../src/formats/index.js';
import type { Cells, Series, SortOrder } from './messages.js';
import { sortInTurns, Turns } from './turns.js';

/** Cells are shown up to this many characters; the whole text is in the cell's own view. */
const SHOWN_CHARACTERS = 300;

interface Part {
  /** Rows before it. */
  start: number;
  length: number;
  readers: ValueReader[];
}

export class Result {
  readonly batches: ColumnarBatch[] = [];
  rows = 0;
  bytes = 0;
  readonly #formats: ValueFormat[];
  readonly #parts: Part[] = [];
  /** Row numbers in the order that is shown; undefined for the order in which they came. */
  #order: Uint32Array | undefined;
  #arranging = new AbortController();

  constructor(readonly schema: Schema) {
    this.#formats = schema.fields.map(textFormat);
  }

  add(batch: ColumnarBatch): void {
    this.batches.push(batch);
    const readers = columnsOf(this.schema, batch).map(valueReader);
    this.#parts.push({ start: this.rows, length: batch.length, readers });
    this.rows += batch.length;
    this.bytes += batchBytes(batch);
  }

  /** The texts of rows that are shown, `to` not included. */
  cells(from: number, to: number): Cells[] {
    const last = Math.min(to, this.#order?.length ?? this.rows);
    const rows: Cells[] = [];
    for (let shown = from; shown < last; shown++) {
      const row = this.#order?.[shown] ?? shown;
      rows.push(this.#formats.map((_, column) => shorten(this.#text(row, column))));
    }
    return rows;
  }

  cell(shown: number, column: number): string | null {
    return this.#text(this.#order?.[shown] ?? shown, column);
  }

  /**
   * Keeps the rows that contain the text in any column, and puts them in order; how many there are. Nulls come last. What was asked for before, and is still
   * under way, ends.
   */
  async arrange(filter: string, sort: SortOrder | undefined): Promise<number> {
    this.#arranging.abort();
    this.#arranging = new AbortController();
    const turns = new Turns(this.#arranging.signal);
    if (filter === '' && sort === undefined) this.#order = undefined;
    else {
      const kept =
        filter === ''
          ? Uint32Array.from({ length: this.rows }, (_, row) => row)
          : await this.#containing(filter, turns);
      this.#order = sort === undefined ? kept : await this.#sorted(kept, sort, turns);
    }
    return this.#order?.length ?? this.rows;
  }

  /** Points of at most that many rows, evenly spread where there are more. */
  series(x: number, ys: readonly number[], points: number): Series {
    const length = this.#order?.length ?? this.rows;
    const step = Math.max(1, Math.ceil(length / points));
    const rows: number[] = [];
    for (let shown = 0; shown < length; shown += step) rows.push(this.#order?.[shown] ?? shown);
    const field = this.schema.fields[x] as Field;
    const places = rows.map((row) => this.#number(row, x));
    const isCategory = places.some((place) => place === undefined);
    return {
      x: isCategory ? rows.map((_, index) => index) : (places as (number | null)[]),
      labels:
        isCategory || !(isNumber(field) || isTemporal(field))
          ? rows.map((row) => this.#text(row, x) ?? 'NULL')
          : undefined,
      ys: ys.map((column) => rows.map((row) => this.#number(row, column) ?? null)),
      rows: length,
    };
  }

  #value(row: number, column: number): unknown {
    const part = this.#partOf(row);
    return part.readers[column]?.(row - part.start);
  }

  #text(row: number, column: number): string | null {
    const value = this.#value(row, column);
    return value === null || value === undefined ? null : (this.#formats[column]?.(value) ?? null);
  }

  /** A number to draw; undefined for a type that has none. */
  #number(row: number, column: number): number | null | undefined {
    const { type } = this.schema.fields[column] as Field;
    const value = this.#value(row, column);
    if (value === null || value === undefined) return null;
    if (DataType.isDecimal(type)) return Number(value) / 10 ** type.scale;
    if (DataType.isDate(type)) return type.unit === 0 ? Number(value) * 86_400 : Number(value) / 1000;
    if (DataType.isTimestamp(type)) return Number(value) / 1000 ** type.unit;
    if (typeof value === 'number') return Number.isFinite(value) ? value : null;
    return typeof value === 'bigint' ? Number(value) : undefined;
  }

  #partOf(row: number): Part {
    let [low, high] = [0, this.#parts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#parts[middle] as Part).start <= row) low = middle;
      else high = middle - 1;
    }
    return this.#parts[low] as Part;
  }

  async #containing(filter: string, turns: Turns): Promise<Uint32Array> {
    const wanted = filter.toLowerCase();
    const kept: number[] = [];
    for (const { start, length, readers } of this.#parts) {
      for (let row = 0; row < length; row++) {
        if (this.#contains(readers, row, wanted)) kept.push(start + row);
        if ((row & 0x3ff) === 0) await turns.next();
      }
    }
    return Uint32Array.from(kept);
  }

  #contains(readers: readonly ValueReader[], row: number, wanted: string): boolean {
    for (let column = 0; column < readers.length; column++) {
      const value = readers[column]?.(row);
      if (value === null || value === undefined) continue;
      const text = typeof value === 'string' ? value : (this.#formats[column]?.(value) ?? '');
      if (text.toLowerCase().includes(wanted)) return true;
    }
    return false;
  }

  /** By value where values have an order, else by text; equal ones stay in the order in which they came. */
  async #sorted(rows: Uint32Array, { column, descending }: SortOrder, turns: Turns): Promise<Uint32Array> {
    const field = this.schema.fields[column] as Field;
    const isByValue = isOrdered(field);
    const keys: unknown[] = new Array(this.rows);
    for (const [index, row] of rows.entries()) {
      keys[row] = isByValue ? this.#value(row, column) : this.#text(row, column);
      if ((index & 0x3ff) === 0) await turns.next();
    }
    const direction = descending ? -1 : 1;
    const compare = (a: number, b: number): number => {
      const [first, second] = [keys[a], keys[b]] as [number, number];
      if (first === null || first === undefined) return second === null || second === undefined ? a - b : 1;
      if (second === null || second === undefined) return -1;
      if (first === second) return a - b;
      return first < second ? -direction : direction;
    };
    return sortInTurns(rows, compare, turns);
  }
}

function shorten(text: string | null): string | null {
  return text !== null && text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}

export function isTemporal({ type }: Field): boolean {
  return DataType.isDate(type) || DataType.isTimestamp(type);
}

function isNumber({ type }: Field): boolean {
  return DataType.isInt(type) || DataType.isFloat(type) || DataType.isDecimal(type);
}

function isOrdered(field: Field): boolean {
  const { type } = field;
  return (
    isNumber(field) || isTemporal(field) || DataType.isTime(type) || DataType.isBool(type) || DataType.isUtf8(type)
  );
}
