/** What a result is answered as, by the request's `accept` header (RFC 9110, section 12.5.1). */
import type { IncomingMessage } from 'node:http';
import type { Field, Schema } from 'apache-arrow';
import Negotiator from 'negotiator';
import { align, batchToRows, type ColumnarBatch, encapsulate, encodeBatch, encodeSchema } from '../../arrow/index.js';
import { SkuaError } from '../../errors.js';
import { csvText, jsonFormat, ndjsonText, sqlTypeName } from '../../formats/index.js';
import type { StatementStream } from '../../query/contract.js';
import { parquetInThread } from './parquet-thread.js';

export interface ResultFormat {
  type: string;
  /** Pieces that are good only until the next ones are asked for. */
  encode(result: StatementStream): AsyncIterable<readonly Uint8Array[]>;
  /** What follows where a result fails half way, so that no reader of the format takes it for whole; absent where the format has no such thing. */
  broken?: Uint8Array;
}

const ARROW: ResultFormat = {
  type: 'application/vnd.apache.arrow.stream',
  encode: arrowPieces,
  // A message of 16 bytes, the last of which never come.
  broken: Uint8Array.of(0xff, 0xff, 0xff, 0xff, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
};
const JSON_OBJECT: ResultFormat = {
  type: 'application/json',
  encode: ({ schema, batches }) => utf8(jsonResult(schema, batches)),
  // The object stays open.
  broken: new Uint8Array(0),
};
const NDJSON: ResultFormat = {
  type: 'application/x-ndjson',
  encode: ({ schema, batches }) => utf8(ndjsonText(schema, batches)),
};
const CSV: ResultFormat = {
  type: 'text/csv',
  encode: ({ schema, batches }) => utf8(csvText(schema, batches)),
};

const PARQUET: ResultFormat = {
  type: 'application/vnd.apache.parquet',
  encode: (result) => single(parquetInThread(result)),
  // Without its footer it is no file.
  broken: new Uint8Array(0),
};

/** The first is what those get who accept anything. */
const FORMATS = [JSON_OBJECT, ARROW, NDJSON, CSV, PARQUET];

/** None that is accepted: INVALID_ARGUMENT that names those there are. */
export function acceptedFormat(incoming: IncomingMessage): ResultFormat {
  const types = FORMATS.map(({ type }) => type);
  const chosen = new Negotiator(incoming).mediaType(types);
  const format = FORMATS.find(({ type }) => type === chosen);
  if (format === undefined) {
    throw new SkuaError('INVALID_ARGUMENT', `none of the types in accept can be had; there are ${types.join(', ')}`);
  }
  return format;
}

const END_OF_STREAM = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0);
const PADDING = Array.from({ length: 8 }, (_, length) => new Uint8Array(length));

async function* arrowPieces({ schema, batches }: StatementStream): AsyncGenerator<readonly Uint8Array[]> {
  const head = encodeSchema(schema);
  let isFirst = true;
  for await (const batch of batches) {
    yield isFirst ? [head, ...arrowMessage(batch)] : [...arrowMessage(batch)];
    isFirst = false;
  }
  yield isFirst ? [head, END_OF_STREAM] : [END_OF_STREAM];
}

/** The message of one batch, its buffers as they are. */
function* arrowMessage(batch: ColumnarBatch): Generator<Uint8Array> {
  const { header, buffers } = encodeBatch(batch);
  yield encapsulate(header);
  for (const buffer of buffers) {
    if (buffer.byteLength > 0) yield buffer;
    const padding = align(buffer.byteLength) - buffer.byteLength;
    if (padding > 0) yield PADDING[padding] as Uint8Array;
  }
}

/** `{"columns": [{"name", "type"}], "rows": [[…], …], "row_count": n}`; the row count, at the end, says that all rows are there. */
async function* jsonResult(schema: Schema, batches: AsyncIterable<ColumnarBatch>): AsyncGenerator<string> {
  const formats = schema.fields.map(jsonFormat);
  let text = `{"columns": ${JSON.stringify(schema.fields.map(columnOf))}, "rows": [`;
  let count = 0;
  for await (const batch of batches) {
    const rows = batchToRows(schema, batch).map(
      (row) => `[${row.map((value, index) => formats[index]?.(value)).join(', ')}]`,
    );
    if (rows.length === 0) continue;
    yield `${text}${count > 0 ? ',' : ''}\n${rows.join(',\n')}`;
    text = '';
    count += rows.length;
  }
  yield `${text}\n], "row_count": ${count}}\n`;
}

function columnOf(field: Field) {
  return { name: field.name, type: sqlTypeName(field), nullable: field.nullable };
}

async function* utf8(texts: AsyncIterable<string>): AsyncGenerator<readonly Uint8Array[]> {
  for await (const text of texts) yield [Buffer.from(text, 'utf8')];
}

async function* single(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<readonly Uint8Array[]> {
  for await (const piece of pieces) yield [piece];
}
