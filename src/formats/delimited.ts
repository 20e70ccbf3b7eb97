import type { Schema } from 'apache-arrow';
import { batchToRows, type ColumnarBatch } from '../arrow/index.js';
import { distinctNames } from './names.js';
import { jsonFormat, textFormat } from './value.js';

/** CSV (RFC 4180) with a header line. Null is an empty field, an empty string a quoted one. */
export async function* csvText(schema: Schema, batches: AsyncIterable<ColumnarBatch>): AsyncGenerator<string> {
  yield `${schema.fields.map((field) => csvField(field.name)).join(',')}\r\n`;
  const formats = schema.fields.map(textFormat);
  for await (const batch of batches) {
    const lines = batchToRows(schema, batch).map((row) => {
      const fields = row.map((value, index) => (value === null ? '' : csvField(formats[index]?.(value) ?? '')));
      return `${fields.join(',')}\r\n`;
    });
    yield lines.join('');
  }
}

function csvField(text: string): string {
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** One array of objects, one object a row. */
export async function* jsonText(schema: Schema, batches: AsyncIterable<ColumnarBatch>): AsyncGenerator<string> {
  let separator = '[\n';
  for await (const objects of jsonObjects(schema, batches)) {
    yield separator + objects.map((object) => `  ${object}`).join(',\n');
    separator = ',\n';
  }
  yield separator === '[\n' ? '[]\n' : '\n]\n';
}

/** One object a line. */
export async function* ndjsonText(schema: Schema, batches: AsyncIterable<ColumnarBatch>): AsyncGenerator<string> {
  for await (const objects of jsonObjects(schema, batches)) yield `${objects.join('\n')}\n`;
}

async function* jsonObjects(schema: Schema, batches: AsyncIterable<ColumnarBatch>): AsyncGenerator<string[]> {
  const names = distinctNames(schema.fields.map((field) => field.name)).map((name) => JSON.stringify(name));
  const formats = schema.fields.map(jsonFormat);
  for await (const batch of batches) {
    if (batch.length === 0) continue;
    yield batchToRows(schema, batch).map(
      (row) => `{${row.map((value, index) => `${names[index]}: ${formats[index]?.(value)}`).join(', ')}}`,
    );
  }
}
