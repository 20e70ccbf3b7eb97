import { processMemory } from './process-memory.js';
import { MemoryShares } from './shares.js';
import { MemoryWatch, reserveOf } from './watch.js';

/** The memory of the process, for all instances together. */
export interface MemoryBudget {
  readonly shares: MemoryShares;
  readonly watch: MemoryWatch;
}

/** What of the process's memory DuckDB may count on; the rest is for what it doesn't count, and for JavaScript. */
const countedPart = 3 / 4;

/** Begins to keep the process within `total` bytes. */
export function openMemoryBudget(total: number): MemoryBudget {
  const watch = new MemoryWatch(total, processMemory());
  watch.start();
  return { shares: new MemoryShares((total - reserveOf(total)) * countedPart), watch };
}
