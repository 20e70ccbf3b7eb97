/** The forms in which results are written. */
import type { Schema } from 'apache-arrow';
import type { ColumnarBatch } from '../arrow/index.js';
import {
  arrowStream,
  csvText,
  jsonText,
  markdownText,
  ndjsonText,
  parquetFile,
  tableText,
  tsvText,
} from '../client/index.js';

export const OUTPUT_FORMATS = ['table', 'csv', 'tsv', 'json', 'ndjson', 'markdown', 'arrow', 'parquet'] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

/** Not to be shown on a terminal. */
export const BINARY_FORMATS: readonly OutputFormat[] = ['arrow', 'parquet'];

/** Pieces as the batches come. `width` is that of the terminal, to which tables are cut. */
export function encode(
  format: OutputFormat,
  schema: Schema,
  batches: AsyncIterable<ColumnarBatch>,
  width?: number,
): AsyncIterable<string | Uint8Array> {
  switch (format) {
    case 'table':
      return tableText(schema, batches, width === undefined ? {} : { width });
    case 'csv':
      return csvText(schema, batches);
    case 'tsv':
      return tsvText(schema, batches);
    case 'json':
      return jsonText(schema, batches);
    case 'ndjson':
      return ndjsonText(schema, batches);
    case 'markdown':
      return markdownText(schema, batches);
    case 'arrow':
      return arrowStream(schema, batches);
    case 'parquet':
      return parquetFile(schema, batches);
  }
}

/** The format that a file's name stands for. */
export function formatOf(path: string): OutputFormat | undefined {
  const ending = /\.(\w+)$/.exec(path)?.[1]?.toLowerCase();
  const byEnding: Record<string, OutputFormat> = {
    csv: 'csv',
    tsv: 'tsv',
    json: 'json',
    ndjson: 'ndjson',
    jsonl: 'ndjson',
    md: 'markdown',
    arrow: 'arrow',
    arrows: 'arrow',
    parquet: 'parquet',
  };
  return ending === undefined ? undefined : byEnding[ending];
}
