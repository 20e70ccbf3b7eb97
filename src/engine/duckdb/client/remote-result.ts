import { type ColumnarBatch, ownedBatch } from '../../../arrow/index.js';
import type { SkuaError } from '../../../errors.js';
import type { BatchReader, WireBatch } from '../protocol/index.js';

/** How a result speaks with the process that makes it. */
export interface ResultControl {
  /** One batch has been read, and its memory is free. */
  credit(): void;
  /** Nothing of the result is wanted any more. Settles when the process has stopped. */
  cancel(): Promise<void>;
  /** Keeps the memory that batches lie in as it is, also when the process has ended, until what this gives is called. */
  hold(): () => void;
}

/** The batches of a query that runs in an engine process. */
export class RemoteResult {
  readonly #reader: BatchReader;
  readonly #control: ResultControl;
  readonly #queue: WireBatch[] = [];
  readonly #letGo: () => void;
  #isBeingRead = false;
  #ending: { failure?: SkuaError } | undefined;
  #wake: (() => void) | undefined;

  constructor(reader: BatchReader, control: ResultControl) {
    this.#reader = reader;
    this.#control = control;
    this.#letGo = control.hold();
  }

  push(batch: WireBatch): void {
    // What was on its way when the result was lost is never read.
    if (this.#ending) return;
    this.#queue.push(batch);
    this.#wake?.();
  }

  /** No more will come. */
  end(failure?: SkuaError): void {
    this.#ending ??= failure ? { failure } : {};
    this.#wake?.();
  }

  /** What has not been read is gone with the process. */
  lose(failure: SkuaError): void {
    this.#queue.length = 0;
    this.#ending = { failure };
    if (!this.#isBeingRead) this.#letGo();
    this.#wake?.();
  }

  /** Ends it before it has been read. */
  async abandon(failure: SkuaError): Promise<void> {
    this.lose(failure);
    await this.#control.cancel();
  }

  /**
   * The batches in order. Each is memory of its own; or, where `lend` is set, memory that is good until the next one is asked for. Leaving
   * early stops the query.
   */
  async *batches(lend: boolean): AsyncGenerator<ColumnarBatch, void, undefined> {
    let isWhole = false;
    this.#isBeingRead = true;
    try {
      for (;;) {
        const wire = await this.#next();
        if (!wire) break;
        const batch = this.#reader.read(wire);
        if (lend) {
          yield batch;
          this.#control.credit();
        } else {
          const owned = ownedBatch(batch);
          this.#control.credit();
          yield owned;
        }
      }
      isWhole = true;
    } finally {
      this.#letGo();
      if (!isWhole) await this.#control.cancel();
    }
  }

  async #next(): Promise<WireBatch | undefined> {
    for (;;) {
      const batch = this.#queue.shift();
      if (batch) return batch;
      if (this.#ending?.failure) throw this.#ending.failure;
      if (this.#ending) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }
}
