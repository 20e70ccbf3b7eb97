import type { ColumnarBatch } from '../../../arrow/index.js';
import type { BatchSource } from '../contract.js';
import { type BatchWriter, type Command, wireError } from '../protocol/index.js';

/** Rows that the engine process may pull, one batch at a time; the next one is got ready while it reads. */
export class OfferedRows {
  readonly #source: number;
  readonly #writer: BatchWriter;
  readonly #send: (command: Command) => void;
  readonly #iterator: AsyncIterator<ColumnarBatch> | Iterator<ColumnarBatch>;
  #next: Promise<IteratorResult<ColumnarBatch>> | undefined;
  #held: number[] = [];
  #isOver = false;

  constructor(source: number, { batches }: BatchSource, writer: BatchWriter, send: (command: Command) => void) {
    this.#source = source;
    this.#writer = writer;
    this.#send = send;
    this.#iterator = Symbol.asyncIterator in batches ? batches[Symbol.asyncIterator]() : batches[Symbol.iterator]();
  }

  /** The process has done with what it got before, and wants more. */
  async pull(): Promise<void> {
    this.#release();
    try {
      const result = await (this.#next ?? this.#advance());
      if (this.#isOver) return;
      if (result.done) {
        this.#isOver = true;
        this.#send({ kind: 'rowsEnd', source: this.#source });
        return;
      }
      const { wire, held } = this.#writer.write(result.value);
      this.#held = held;
      this.#send({ kind: 'rows', source: this.#source, batch: wire });
      this.#next = this.#advance();
      // Whoever pulls next sees its failure.
      this.#next.catch(() => undefined);
    } catch (error) {
      this.#isOver = true;
      this.#send({ kind: 'rowsEnd', source: this.#source, failure: wireError(error) });
    }
  }

  /** Nobody reads any more. */
  leave(): void {
    this.#release();
    if (this.#isOver) return;
    this.#isOver = true;
    const left = async () => this.#iterator.return?.();
    left().catch(() => undefined);
  }

  async #advance(): Promise<IteratorResult<ColumnarBatch>> {
    return this.#iterator.next();
  }

  #release(): void {
    this.#writer.free(this.#held);
    this.#held = [];
  }
}
