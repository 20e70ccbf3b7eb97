import { processMemory } from './process-memory.js';
import { MemoryShares } from './shares.js';
import { MemoryWatch, reserveOf } from './watch.js';

/** What of the process's memory DuckDB may count on; the rest is for what it doesn't count, and for JavaScript. */
const countedPart = 3 / 4;

/** The memory of the process, for all instances together. */
export class MemoryBudget {
  readonly shares: MemoryShares;
  readonly watch: MemoryWatch;

  /** Begins to keep the process within `total` bytes. */
  constructor(total: number) {
    this.watch = new MemoryWatch(total, processMemory());
    this.watch.start();
    this.shares = new MemoryShares(countedOf(total));
  }

  /** Keeps the process within another total. Where it holds more than that now, it has to give it back first. */
  resize(total: number): void {
    this.watch.resize(total);
    this.shares.resize(countedOf(total));
  }
}

function countedOf(total: number): number {
  return (total - reserveOf(total)) * countedPart;
}
