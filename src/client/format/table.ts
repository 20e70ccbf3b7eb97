import type { Schema } from 'apache-arrow';
import { batchToRows, type ColumnarBatch } from '../../arrow/index.js';
import { isNumeric, textFormat } from '../../formats/index.js';
import { displayWidth, printable, truncate } from './width.js';

export interface TableOptions {
  /** Columns of the terminal; wider tables are cut to it. Without it, nothing is cut. */
  width?: number;
  /** Rows that are looked at before the first line is written. Default: 1,000. */
  sample?: number;
}

/** A box around rows in the conventions of `batchToRows`, with a line that counts them. A value of several lines takes as many. */
export function formatTable(schema: Schema, rows: readonly (readonly unknown[])[], options: TableOptions = {}): string {
  const cells = cellFormatter(schema);
  const table = new TableLayout(schema, rows.map(cells), options.width);
  return [...table.head(), ...rows.map((row) => table.row(cells(row))), ...table.foot(rows.length)].join('');
}

/** The same as text in pieces, for results of any length: the widths come from the first rows. */
export async function* tableText(
  schema: Schema,
  batches: AsyncIterable<ColumnarBatch>,
  options: TableOptions = {},
): AsyncGenerator<string> {
  const cells = cellFormatter(schema);
  const sampleSize = options.sample ?? 1000;
  let sample: string[][] | undefined = [];
  let table: TableLayout | undefined;
  let count = 0;
  for await (const batch of batches) {
    const rows = batchToRows(schema, batch).map(cells);
    count += rows.length;
    if (sample !== undefined) {
      sample = sample.concat(rows);
      if (sample.length < sampleSize) continue;
    }
    const ready: string[][] = sample ?? rows;
    const pieces: string[] = [];
    if (table === undefined) {
      table = new TableLayout(schema, ready.slice(0, sampleSize), options.width);
      pieces.push(...table.head());
    }
    for (const row of ready) pieces.push(table.row(row));
    sample = undefined;
    yield pieces.join('');
  }
  table ??= new TableLayout(schema, sample ?? [], options.width);
  if (sample !== undefined) yield [...table.head(), ...sample.map((row) => (table as TableLayout).row(row))].join('');
  yield [...table.foot(count)].join('');
}

/** `1 row`, `4 rows`. */
export function rowCount(count: number): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? 'row' : 'rows'}`;
}

function cellFormatter(schema: Schema): (row: readonly unknown[]) => string[] {
  const formats = schema.fields.map(textFormat);
  return (row) =>
    formats.map((format, index) => {
      const value = row[index];
      return value === null || value === undefined ? 'NULL' : linesOf(format(value)).map(printable).join('\n');
    });
}

function linesOf(cell: string): string[] {
  return cell.includes('\n') ? cell.split('\n') : [cell];
}

const MINIMUM_WIDTH = 4;

class TableLayout {
  readonly #names: string[];
  readonly #numeric: boolean[];
  readonly #widths: number[];
  readonly #cut: boolean;
  /** Columns that are shown; the others did not fit. */
  readonly #shown: number;

  constructor(schema: Schema, sample: readonly string[][], width: number | undefined) {
    this.#names = schema.fields.map((field) => printable(field.name));
    this.#numeric = schema.fields.map((field) => isNumeric(field.type));
    this.#widths = this.#names.map((name, index) =>
      sample.reduce(
        (widest, row) => linesOf(row[index] ?? '').reduce((most, line) => Math.max(most, displayWidth(line)), widest),
        Math.max(1, displayWidth(name)),
      ),
    );
    this.#cut = width !== undefined;
    this.#shown = width === undefined ? this.#widths.length : this.#fit(width);
  }

  /** Takes width from the widest columns until the table fits; says how many columns do. */
  #fit(width: number): number {
    const widths = this.#widths;
    let excess = widths.reduce((sum, column) => sum + column + 3, 1) - width;
    while (excess > 0) {
      const widest = Math.max(...widths);
      if (widest <= MINIMUM_WIDTH) break;
      const next = Math.max(MINIMUM_WIDTH, ...widths.filter((column) => column < widest));
      const equals = widths.filter((column) => column === widest).length;
      const share = Math.min(Math.ceil(excess / equals), widest - next);
      for (let index = 0; index < widths.length && excess > 0; index++) {
        if (widths[index] !== widest) continue;
        const taken = Math.min(excess, share);
        widths[index] = widest - taken;
        excess -= taken;
      }
    }
    let used = 1;
    const first = widths.findIndex((column) => {
      used += column + 3;
      return used > width;
    });
    return first === -1 ? widths.length : Math.max(1, first);
  }

  *head(): Generator<string> {
    yield this.#rule('┌', '┬', '┐');
    yield this.row(this.#names);
    yield this.#rule('├', '┼', '┤');
  }

  row(cells: readonly string[]): string {
    if (!cells.some((cell) => cell.includes('\n'))) return this.#line(cells);
    const columns = cells.map(linesOf);
    const height = columns.reduce((most, { length }) => Math.max(most, length), 1);
    return Array.from({ length: height }, (_, at) => this.#line(columns.map((lines) => lines[at] ?? ''))).join('');
  }

  #line(cells: readonly string[]): string {
    const padded = this.#widths.slice(0, this.#shown).map((width, index) => {
      const cell = this.#cut ? truncate(cells[index] ?? '', width) : (cells[index] ?? '');
      const padding = ' '.repeat(Math.max(0, width - displayWidth(cell)));
      return this.#numeric[index] === true ? padding + cell : cell + padding;
    });
    return `│ ${padded.join(' │ ')} │\n`;
  }

  *foot(count: number): Generator<string> {
    yield this.#rule('└', '┴', '┘');
    const total = this.#widths.length;
    const columns = this.#shown < total ? ` (${this.#shown} of ${total} columns shown)` : '';
    yield `${rowCount(count)}${columns}\n`;
  }

  #rule(left: string, middle: string, right: string): string {
    const segments = this.#widths.slice(0, this.#shown).map((width) => '─'.repeat(width + 2));
    return `${left}${segments.join(middle)}${right}\n`;
  }
}
