import type { Writable } from 'node:stream';
import { batchBytes, type ColumnarBatch } from '../arrow/index.js';

const SHOWN_AFTER = 1000;
const SHOWN_EVERY = 200;
const BAR = 24;

/** A line on a terminal that counts the rows, bytes and seconds of a long statement, and goes away when it ends. */
export class Progress {
  readonly #terminal: Writable | undefined;
  readonly #started = Date.now();
  #shownAt = 0;
  #isShown = false;
  #done: number | undefined;
  rows = 0;
  bytes = 0;

  /** Without a terminal nothing is written. */
  constructor(terminal: Writable | undefined) {
    this.#terminal = terminal;
  }

  async *watch(batches: AsyncIterable<ColumnarBatch>): AsyncGenerator<ColumnarBatch> {
    try {
      for await (const batch of batches) {
        this.at({ rows: this.rows + batch.length, bytes: this.bytes + batchBytes(batch) });
        yield batch;
      }
    } finally {
      this.clear();
    }
  }

  at({ rows, bytes }: { rows: number; bytes: number }): void {
    this.rows = rows;
    this.bytes = bytes;
    this.#show();
  }

  /** How much of the statement's work is done before its first row comes, 0 to 1. */
  done(fraction: number | undefined): void {
    this.#done = fraction;
    this.#show();
  }

  clear(): void {
    if (this.#isShown) this.#terminal?.write('\r\u001b[K');
    this.#isShown = false;
  }

  #show(): void {
    const now = Date.now();
    if (now - this.#started < SHOWN_AFTER || now - this.#shownAt < SHOWN_EVERY) return;
    this.#shownAt = now;
    this.#isShown = true;
    const seconds = ((now - this.#started) / 1000).toFixed(1);
    const figures = `${this.rows.toLocaleString('en-US')} rows, ${(this.bytes / 1e6).toFixed(1)} MB, ${seconds} s`;
    this.#terminal?.write(`\r\u001b[K${this.rows === 0 ? this.#bar() : ''}${figures}`);
  }

  #bar(): string {
    if (this.#done === undefined) return '';
    const filled = Math.round(Math.min(1, Math.max(0, this.#done)) * BAR);
    return `[${'#'.repeat(filled)}${'.'.repeat(BAR - filled)}] ${Math.floor(this.#done * 100)} %  `;
  }
}
