/** Record batches as the messages of a DoPut. */
import { DataType, type Field, type RecordBatch, RecordBatchStreamWriter, type Schema, Table } from 'apache-arrow';
import {
  batchBytes,
  type ColumnarBatch,
  decodeStream,
  encodeBatch,
  encodeSchemaMessage,
  fromRecordBatch,
  splitBatch,
} from '../../arrow/index.js';
import { SkuaError } from '../../errors.js';
import { batchMessage, type FlightDescriptor, headerOnly, type OutgoingFlightData } from '../../flight/protocol.js';
import type { ArrowData, ColumnarData, IngestOptions } from '../contract.js';

/** Servers bound the size of a message, many at 16 MiB. */
const MESSAGE_BYTES = 4 * 2 ** 20;

/** The schema with the descriptor, then the batches, in pieces that every server takes. */
export async function* upload(
  descriptor: FlightDescriptor,
  { schema, batches }: ColumnarData,
  onProgress?: IngestOptions['onProgress'],
): AsyncGenerator<OutgoingFlightData> {
  yield headerOnly(encodeSchemaMessage(schema), descriptor);
  let [rows, bytes] = [0, 0];
  for await (const batch of batches) {
    for (const piece of splitBatch(schema, batch, MESSAGE_BYTES)) {
      yield batchMessage(encodeBatch(piece));
      rows += piece.length;
      bytes += batchBytes(piece);
      onProgress?.({ rows, bytes });
    }
  }
}

/**
 * The data as plain batches of one schema, of which the first one is awaited.
 * @throws SkuaError INVALID_ARGUMENT: an iterable without a batch has no schema
 */
export async function columnarData(data: ArrowData): Promise<ColumnarData> {
  if (data instanceof Table) return asColumnar(data.schema, data.batches);
  if ('schema' in data && 'batches' in data) return data;
  const source = Symbol.asyncIterator in data ? data[Symbol.asyncIterator]() : data[Symbol.iterator]();
  const first = await source.next();
  if (first.done === true) {
    throw new SkuaError(
      'INVALID_ARGUMENT',
      'There is no batch to ingest, so no schema either: give { schema, batches }.',
    );
  }
  const { schema } = first.value;
  return asColumnar(schema, following(first.value, source));
}

async function* following(
  first: RecordBatch,
  rest: Iterator<RecordBatch> | AsyncIterator<RecordBatch>,
): AsyncGenerator<RecordBatch> {
  try {
    yield first;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

function asColumnar(schema: Schema, batches: Iterable<RecordBatch> | AsyncIterable<RecordBatch>): ColumnarData {
  if (!hasDictionary(schema.fields)) return { schema, batches: mapped(batches, fromRecordBatch) };
  return { schema: withoutDictionaries(schema).schema, batches: mapped(batches, (batch) => plain(schema, batch)) };
}

async function* mapped(
  batches: Iterable<RecordBatch> | AsyncIterable<RecordBatch>,
  convert: (batch: RecordBatch) => ColumnarBatch,
): AsyncGenerator<ColumnarBatch> {
  for await (const batch of batches) yield convert(batch);
}

/** By way of the IPC format, which says each dictionary once and is read without them. */
function plain(schema: Schema, batch: RecordBatch): ColumnarBatch {
  const bytes = RecordBatchStreamWriter.writeAll(new Table(schema, [batch])).toUint8Array(true);
  return decodeStream(bytes).batches[0] as ColumnarBatch;
}

function withoutDictionaries(schema: Schema): { schema: Schema } {
  return decodeStream(RecordBatchStreamWriter.writeAll(new Table(schema, [])).toUint8Array(true));
}

function hasDictionary(fields: readonly Field[]): boolean {
  return fields.some(({ type }) => DataType.isDictionary(type) || hasDictionary(type.children ?? []));
}
