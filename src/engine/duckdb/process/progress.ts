/** How often the progress of a query is told, in milliseconds. */
const INTERVAL = 200;

/** Tells how much of a query is done, 0 to 1, whenever that has changed. */
export class ProgressReports {
  readonly #tell: (done: number) => void;
  #timer: NodeJS.Timeout | undefined;
  #last: number | undefined;

  constructor(tell: (done: number) => void) {
    this.#tell = tell;
  }

  start(read: () => number | undefined): void {
    this.#timer = setInterval(() => {
      const done = read();
      if (done === undefined || done === this.#last) return;
      this.#last = done;
      this.#tell(done);
    }, INTERVAL);
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
