/** Results as lines of fields between tabs, and as tables of Markdown. */
import type { Schema } from 'apache-arrow';
import { batchToRows, type ColumnarBatch } from '../arrow/index.js';
import { isNumeric, textFormat } from './value.js';

const ESCAPES: Record<string, string> = { '\t': '\\t', '\n': '\\n', '\r': '\\r', '\\': '\\\\' };

/** Tab-separated values (the IANA type, with the escapes of PostgreSQL's COPY): null is `\N`, tabs, line breaks and backslashes are escaped. */
export async function* tsvText(schema: Schema, batches: AsyncIterable<ColumnarBatch>): AsyncGenerator<string> {
  const escaped = (text: string) => text.replace(/[\t\n\r\\]/g, (character) => ESCAPES[character] as string);
  yield `${schema.fields.map(({ name }) => escaped(name)).join('\t')}\n`;
  yield* lines(schema, batches, (cells) => cells.map((cell) => (cell === null ? '\\N' : escaped(cell))).join('\t'));
}

/** A table of GitHub's Markdown; numbers stand at the right edge, null is `NULL`. */
export async function* markdownText(schema: Schema, batches: AsyncIterable<ColumnarBatch>): AsyncGenerator<string> {
  const escaped = (text: string) => text.replace(/[\\|]/g, '\\$&').replace(/\r?\n|\r/g, '<br>');
  const row = (cells: string[]) => `| ${cells.join(' | ')} |`;
  yield `${row(schema.fields.map(({ name }) => escaped(name)))}\n`;
  yield `${row(schema.fields.map(({ type }) => (isNumeric(type) ? '---:' : '---')))}\n`;
  yield* lines(schema, batches, (cells) => row(cells.map((cell) => (cell === null ? 'NULL' : escaped(cell)))));
}

async function* lines(
  schema: Schema,
  batches: AsyncIterable<ColumnarBatch>,
  line: (cells: (string | null)[]) => string,
): AsyncGenerator<string> {
  const formats = schema.fields.map(textFormat);
  for await (const batch of batches) {
    const rows = batchToRows(schema, batch).map((values) =>
      line(values.map((value, index) => (value === null ? null : (formats[index]?.(value) ?? '')))),
    );
    if (rows.length > 0) yield `${rows.join('\n')}\n`;
  }
}
