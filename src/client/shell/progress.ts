import type { Writable } from 'node:stream';
import { batchBytes, type ColumnarBatch } from '../../arrow/index.js';

const SHOWN_AFTER = 1000;
const SHOWN_EVERY = 200;

/** A line on a terminal that counts the rows, bytes and seconds of a long result, and goes away when it ends. */
export class Progress {
  readonly #started = Date.now();
  #shownAt = 0;
  #rows = 0;
  #bytes = 0;

  /** Without a terminal nothing is written. */
  constructor(private readonly terminal: Writable | undefined) {}

  async *watch(batches: AsyncIterable<ColumnarBatch>): AsyncGenerator<ColumnarBatch> {
    try {
      for await (const batch of batches) {
        this.#rows += batch.length;
        this.#bytes += batchBytes(batch);
        this.#show();
        yield batch;
      }
    } finally {
      this.clear();
    }
  }

  clear(): void {
    if (this.#shownAt > 0) this.terminal?.write('\r\u001b[K');
    this.#shownAt = 0;
  }

  #show(): void {
    const now = Date.now();
    if (now - this.#started < SHOWN_AFTER || now - this.#shownAt < SHOWN_EVERY) return;
    this.#shownAt = now;
    const seconds = ((now - this.#started) / 1000).toFixed(1);
    this.terminal?.write(
      `\r\u001b[K${this.#rows.toLocaleString('en-US')} rows, ${(this.#bytes / 1e6).toFixed(1)} MB, ${seconds} s`,
    );
  }
}
