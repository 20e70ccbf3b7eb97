import { SkuaError } from '../../../../errors.js';
import type { ProcessMemory } from './process-memory.js';

/** A statement that the watch may stop. */
export interface WatchedStatement {
  stop(reason: SkuaError): void;
}

interface Watched {
  statement: WatchedStatement;
  /** How much the process grew while it ran, in bytes; shared with the statements that ran at the same time. */
  grown: number;
}

/** How often the memory is looked at, and how long a stopped statement has to give its memory back, in milliseconds. */
const interval = 100;
const patience = 500;

/**
 * Keeps the process within its memory. DuckDB counts neither lists nor long texts, so a limit of the operating system holds below the whole,
 * which fails the allocations of a statement that wants too much. JavaScript must not meet that limit, since it ends the process then:
 * while little is left, the limit rises into a reserve, and the statement that let the process grow most is stopped.
 */
export class MemoryWatch {
  #total: number;
  readonly #memory: ProcessMemory;
  readonly #watched = new Set<Watched>();
  #reserve: number;
  #timer: NodeJS.Timeout | undefined;
  #before = 0;
  #current = 0;
  #stopped = Number.NEGATIVE_INFINITY;

  /** `total` bytes for the whole process. */
  constructor(total: number, memory: ProcessMemory) {
    this.#total = total;
    this.#memory = memory;
    this.#reserve = reserveOf(total);
  }

  start(): void {
    this.#before = this.#memory.used();
    this.#setLimit(this.#usual);
    this.#timer = setInterval(() => this.#look(), interval);
    this.#timer.unref();
  }

  /** Another total holds from the next look on. */
  resize(total: number): void {
    this.#total = total;
    this.#reserve = reserveOf(total);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#memory.limit(undefined);
  }

  /** Watches a statement until the returned function is called. */
  add(statement: WatchedStatement): () => void {
    const watched = { statement, grown: 0 };
    this.#watched.add(watched);
    return () => this.#watched.delete(watched);
  }

  /** What all may take while nothing is wrong. */
  get #usual(): number {
    return this.#total - this.#reserve;
  }

  #look(): void {
    const used = this.#memory.used();
    const growth = used - this.#before;
    this.#before = used;
    if (growth > 0) for (const watched of this.#watched) watched.grown += growth / this.#watched.size;
    const scarce = used > this.#usual - this.#reserve / 2;
    this.#setLimit(scarce ? Math.min(this.#total, Math.max(this.#usual, used + this.#reserve / 2)) : this.#usual);
    if (scarce && performance.now() - this.#stopped > patience) this.#stopLargest();
  }

  #stopLargest(): void {
    let largest: Watched | undefined;
    for (const watched of this.#watched) if (!largest || watched.grown > largest.grown) largest = watched;
    if (!largest) return;
    this.#watched.delete(largest);
    this.#stopped = performance.now();
    largest.statement.stop(
      new SkuaError('RESOURCE_EXHAUSTED', "the query was stopped, since the server's memory was running out"),
    );
  }

  #setLimit(bytes: number): void {
    if (bytes === this.#current) return;
    this.#current = bytes;
    this.#memory.limit(bytes);
  }
}

/** Kept free for JavaScript: an eighth, but neither little nor lavish. */
export function reserveOf(total: number): number {
  return Math.min(Math.max(total / 8, 128 * 2 ** 20), 2 ** 30);
}
