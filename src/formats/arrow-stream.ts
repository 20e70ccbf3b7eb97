import type { Schema } from 'apache-arrow';
import { bodyOf, type ColumnarBatch, encapsulate, encodeBatch, encodeSchema } from '../arrow/index.js';

const END_OF_STREAM = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0);

/** The result as an Arrow IPC stream (Arrow columnar format, "IPC Streaming Format"). */
export async function* arrowStream(schema: Schema, batches: AsyncIterable<ColumnarBatch>): AsyncGenerator<Uint8Array> {
  yield encodeSchema(schema);
  for await (const batch of batches) {
    const encoded = encodeBatch(batch);
    yield encapsulate(encoded.header);
    yield bodyOf(encoded);
  }
  yield END_OF_STREAM;
}
