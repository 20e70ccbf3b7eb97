import { SkuaError } from '../../../../errors.js';
import type { Database } from '../native/database.js';
import type { MemoryBudget } from './memory-budget.js';
import type { Shareholder } from './shares.js';
import type { WatchedStatement } from './watch.js';

/** The part of the process's memory that one instance has while statements run in it. */
export class InstanceBudget implements Shareholder {
  readonly #database: Database;
  readonly #budget: MemoryBudget | undefined;
  #statements = 0;
  #limit: number;
  #joined: Promise<void> = Promise.resolve();

  /** `most` bytes are what the database was opened with. */
  constructor(
    database: Database,
    readonly most: number,
    budget: MemoryBudget | undefined,
  ) {
    this.#database = database;
    this.#budget = budget;
    this.#limit = most;
  }

  /** Counts a statement in until the returned function is called. No memory left for it: RESOURCE_EXHAUSTED. */
  async enter(statement: WatchedStatement): Promise<() => Promise<void>> {
    const budget = this.#budget;
    if (!budget) return async () => undefined;
    if (this.#statements++ === 0) this.#joined = budget.shares.join(this);
    try {
      await this.#joined;
    } catch (error) {
      this.#statements--;
      throw error;
    }
    const unwatch = budget.watch.add(statement);
    return async () => {
      unwatch();
      if (--this.#statements === 0) await budget.shares.leave(this);
    };
  }

  async setLimit(bytes: number): Promise<boolean> {
    if (bytes === this.#limit) return true;
    const connection = this.#database.connect();
    try {
      await connection.execute(`SET GLOBAL memory_limit = '${Math.floor(bytes)}B'`);
      this.#limit = bytes;
      return true;
    } catch (error) {
      if (error instanceof SkuaError && error.code === 'RESOURCE_EXHAUSTED') return false;
      throw error;
    } finally {
      await connection.close();
    }
  }
}
