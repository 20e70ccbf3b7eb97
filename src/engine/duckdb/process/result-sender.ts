import type { ColumnarBatch } from '../../../arrow/index.js';
import type { BatchWriter, Report } from '../protocol/index.js';

/** What a sender says, and whether whoever hears it keeps up. */
export interface Outlet {
  send(report: Report): boolean;
  /** Settles when the other side has caught up. */
  drained(): Promise<void>;
}

/** Sends the batches of one result, as many ahead of the reader as it gave credit for, and keeps their memory until they have been read. */
export class ResultSender {
  readonly #id: number;
  #credit: number;
  readonly #writer: BatchWriter;
  readonly #outlet: Outlet;
  /** What each batch on its way holds of the shared memory, oldest first. */
  readonly #held: number[][] = [];
  #waiting: (() => void) | undefined;
  #isOver = false;

  constructor(id: number, credit: number, writer: BatchWriter, outlet: Outlet) {
    this.#id = id;
    this.#credit = credit;
    this.#writer = writer;
    this.#outlet = outlet;
  }

  /** Comes back when all has been sent, or when the reader wants no more. */
  async send(batches: AsyncIterable<ColumnarBatch>): Promise<void> {
    for await (const batch of batches) {
      await this.#until(() => this.#credit > 0);
      if (this.#isOver) {
        this.#writer.free(this.#writer.write(batch).held);
        return;
      }
      this.#credit--;
      const { wire, held } = this.#writer.write(batch);
      this.#held.push(held);
      if (!this.#outlet.send({ kind: 'batch', id: this.#id, batch: wire })) await this.#outlet.drained();
    }
    if (!this.#isOver) this.#outlet.send({ kind: 'end', id: this.#id });
  }

  /** Comes back when nothing that was sent is still to be read. */
  async settled(): Promise<void> {
    await this.#until(() => this.#held.length === 0);
  }

  /** The oldest batch has been read. */
  read(): void {
    this.#writer.free(this.#held.shift() ?? []);
    this.#credit++;
    this.#wake();
  }

  /** The reader wants no more, and has let go of what it had. */
  end(): void {
    this.#isOver = true;
    for (const held of this.#held.splice(0)) this.#writer.free(held);
    this.#wake();
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!this.#isOver && !condition()) {
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    }
  }

  #wake(): void {
    this.#waiting?.();
    this.#waiting = undefined;
  }
}
