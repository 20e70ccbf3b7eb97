/** Slows down addresses that bring many tokens which are refused; good tokens from there are never held up. */
export class RefusalBrake {
  /** Refusals of one address in a minute that are answered at once. */
  readonly #free: number;
  readonly #now: () => number;
  /** Refusals by address in the minute that runs. */
  #counts = new Map<string, number>();
  #minute = 0;

  constructor(free: number, now: () => number = Date.now) {
    this.#free = free;
    this.#now = now;
  }

  /** Counts a refusal; how long its answer is held back, in milliseconds. */
  refused(address: string): number {
    const minute = Math.floor(this.#now() / 60_000);
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#counts.clear();
    }
    const count = (this.#counts.get(address) ?? 0) + 1;
    // Whoever has more addresses than this is not stopped by counting them.
    if (count > 1 || this.#counts.size < MOST_ADDRESSES) this.#counts.set(address, count);
    return count > this.#free ? DELAY : 0;
  }
}

const MOST_ADDRESSES = 100_000;
const DELAY = 1000;
