import { processMemory } from './process-memory.js';
import { MemoryShares } from './shares.js';
import { MemoryWatch, reserveOf } from './watch.js';

/** What of the process's memory DuckDB may count on; the rest is for what it doesn't count, and for JavaScript. */
const countedPart = 3 / 4;

/** The memory of the process, for all instances together. */
export class MemoryBudget {
  readonly shares: MemoryShares;
  readonly watch: MemoryWatch;
  /** What the process has at its start; the system counts it, though most of it is never touched. */
  readonly #base: number;

  /** Begins to keep what the process takes from now on within `total` bytes. */
  constructor(total: number) {
    const memory = processMemory();
    this.#base = memory.used();
    this.watch = new MemoryWatch(this.#base + total, memory);
    this.watch.start();
    this.shares = new MemoryShares(countedOf(total));
  }

  /** Keeps the process within another total. Where it holds more than that now, it has to give it back first. */
  resize(total: number): void {
    this.watch.resize(this.#base + total);
    this.shares.resize(countedOf(total));
  }
}

function countedOf(total: number): number {
  return (total - reserveOf(total)) * countedPart;
}
