/** A result as a file. */
import type { Schema } from 'apache-arrow';
import type { ColumnarBatch } from '../../../src/arrow/index.js';
import { arrowStream, csvText, jsonText, parquetFile } from '../../../src/formats/index.js';
import type { FileFormat } from './messages.js';

const TYPES: Record<FileFormat, string> = {
  csv: 'text/csv',
  json: 'application/json',
  arrow: 'application/vnd.apache.arrow.stream',
  parquet: 'application/vnd.apache.parquet',
};

export async function fileOf(schema: Schema, batches: readonly ColumnarBatch[], format: FileFormat): Promise<Blob> {
  const parts: BlobPart[] = [];
  for await (const piece of piecesOf(schema, batches, format)) parts.push(piece as BlobPart);
  return new Blob(parts, { type: TYPES[format] });
}

function piecesOf(schema: Schema, batches: readonly ColumnarBatch[], format: FileFormat) {
  const source = each(batches);
  switch (format) {
    case 'csv':
      return csvText(schema, source);
    case 'json':
      return jsonText(schema, source);
    case 'arrow':
      return arrowStream(schema, source);
    case 'parquet':
      return parquetFile(schema, source);
  }
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}
