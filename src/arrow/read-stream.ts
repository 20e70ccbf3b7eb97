/** The IPC streaming format, read as its bytes arrive (Arrow columnar format, "IPC Streaming Format"). */
import type { Schema } from 'apache-arrow';
import { Message } from 'apache-arrow/ipc/metadata/message';
import { SkuaError } from '../errors.js';
import type { ColumnarBatch } from './batch.js';
import { IpcDecoder } from './decode.js';

/** Gives the schema once it is there, then the batches. A stream without its end: DATA_LOSS, for rows may be missing. */
export async function* readStream(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Schema | ColumnarBatch> {
  const source = new Pieces(pieces[Symbol.asyncIterator]());
  const decoder = new IpcDecoder();
  try {
    for (;;) {
      const prefix = await source.take(8);
      const view = new DataView(prefix.buffer, prefix.byteOffset, 8);
      if (view.getUint32(0, true) !== 0xffffffff) throw new SkuaError('DATA_LOSS', 'The answer is no Arrow stream.');
      const length = view.getInt32(4, true);
      if (length === 0) return;
      const header = await source.take(length);
      const body = await source.take(Message.decode(new Uint8Array(header)).bodyLength);
      const batch = decoder.decode(header, body);
      if (batch !== undefined) yield batch;
      else if (decoder.schema !== undefined) yield decoder.schema;
    }
  } finally {
    await source.close();
  }
}

/** Bytes in pieces of any size, taken in pieces of another. */
class Pieces {
  readonly #source: AsyncIterator<Uint8Array>;
  #rest = new Uint8Array(0);

  constructor(source: AsyncIterator<Uint8Array>) {
    this.#source = source;
  }

  /** So many bytes, in memory of their own. */
  async take(length: number): Promise<Uint8Array> {
    const taken = new Uint8Array(length);
    for (let filled = 0; filled < length; ) {
      if (this.#rest.byteLength === 0) {
        const next = await this.#source.next();
        if (next.done === true) throw new SkuaError('DATA_LOSS', 'The answer was cut short: rows are missing.');
        this.#rest = new Uint8Array(next.value.buffer as ArrayBuffer, next.value.byteOffset, next.value.byteLength);
      }
      const part = this.#rest.subarray(0, length - filled);
      taken.set(part, filled);
      filled += part.byteLength;
      this.#rest = this.#rest.subarray(part.byteLength);
    }
    return taken;
  }

  async close(): Promise<void> {
    await this.#source.return?.();
  }
}
