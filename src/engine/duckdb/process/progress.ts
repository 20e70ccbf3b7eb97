/** How often the progress of a query is told, in milliseconds. */
const INTERVAL = 200;

/** Tells how much of a query is done, 0 to 1, whenever that has changed. */
export class ProgressReports {
  private timer: NodeJS.Timeout | undefined;
  private last: number | undefined;

  constructor(private readonly tell: (done: number) => void) {}

  start(read: () => number | undefined): void {
    this.timer = setInterval(() => {
      const done = read();
      if (done === undefined || done === this.last) return;
      this.last = done;
      this.tell(done);
    }, INTERVAL);
  }

  close(): void {
    clearInterval(this.timer);
  }
}
