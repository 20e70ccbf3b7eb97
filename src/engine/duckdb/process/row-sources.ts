import type { ColumnarBatch } from '../../../arrow/index.js';
import type { SkuaError } from '../../../errors.js';
import { type BatchReader, errorFrom, type Report, type WireBatch, type WireError } from '../protocol/index.js';

/** The next rows of a source; none where it has ended. */
interface Waiting {
  resolve: (batch: ColumnarBatch | undefined) => void;
  reject: (error: SkuaError) => void;
}

/** Rows that the server holds, or gets from its client: asked for one batch at a time. */
export class RowSources {
  readonly #reader: BatchReader;
  readonly #send: (report: Report) => void;
  readonly #waiting = new Map<number, Waiting>();

  constructor(reader: BatchReader, send: (report: Report) => void) {
    this.#reader = reader;
    this.#send = send;
  }

  async *read(source: number): AsyncGenerator<ColumnarBatch> {
    let ended = false;
    try {
      for (;;) {
        const batch = await this.#next(source);
        ended = batch === undefined;
        if (batch === undefined) return;
        yield batch;
      }
    } finally {
      this.#waiting.delete(source);
      if (!ended) this.#send({ kind: 'leave', source });
    }
  }

  /** Rows are good until the next are asked for, which the engine does when it has copied them. */
  rows(source: number, batch: WireBatch): void {
    this.#settle(source)?.resolve(this.#reader.read(batch));
  }

  end(source: number, failure: WireError | undefined): void {
    const waiting = this.#settle(source);
    if (failure) waiting?.reject(errorFrom(failure));
    else waiting?.resolve(undefined);
  }

  #next(source: number): Promise<ColumnarBatch | undefined> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(source, { resolve, reject });
      this.#send({ kind: 'pull', source });
    });
  }

  #settle(source: number): Waiting | undefined {
    const waiting = this.#waiting.get(source);
    this.#waiting.delete(source);
    return waiting;
  }
}
