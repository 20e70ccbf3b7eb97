/** One stream as several, one after another. */
import { batchBytes, type ColumnarBatch } from '../../arrow/index.js';

/** Cuts a stream into streams of about `bytes`; each has to be read to its end before the next is asked for. There is one at least. */
export async function* portionsOf(
  batches: AsyncIterable<ColumnarBatch>,
  bytes: number,
): AsyncGenerator<AsyncIterable<ColumnarBatch>> {
  const iterator = batches[Symbol.asyncIterator]();
  let next = await iterator.next();
  async function* portion() {
    for (let taken = 0; !next.done && taken < bytes; next = await iterator.next()) {
      taken += batchBytes(next.value);
      yield next.value;
    }
  }
  try {
    do yield portion();
    while (!next.done);
  } finally {
    await iterator.return?.();
  }
}
