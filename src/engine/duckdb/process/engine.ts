import type { InstanceOptions, SqlParser } from '../contract.js';
import { MemoryBudget } from './budget/index.js';
import { DuckDbInstance } from './instance.js';
import type { Connection } from './native/database.js';
import { DuckDbParser } from './parsing/parser.js';
import { Planner } from './planning/planner.js';

/** SQL on DuckDB, in this process. */
export class LocalEngine {
  readonly #planner: Planner;
  readonly #parserConnection: Connection;
  readonly #memory: MemoryBudget | undefined;
  readonly #instances = new Set<DuckDbInstance>();
  readonly parser: SqlParser;

  private constructor(planner: Planner, parserConnection: Connection, memory: MemoryBudget | undefined) {
    this.#planner = planner;
    this.#parserConnection = parserConnection;
    this.#memory = memory;
    this.parser = new DuckDbParser(parserConnection, () => planner.connect());
  }

  /**
   * `memory` is what the process may use, in bytes. The instances at work share it; a statement that wants more than is there ends with
   * RESOURCE_EXHAUSTED, and the process goes on. Without it, each instance has what it was opened with.
   */
  static async open({ memory }: { memory?: number } = {}): Promise<LocalEngine> {
    const budget = memory === undefined ? undefined : new MemoryBudget(memory);
    const planner = await Planner.open(budget?.watch);
    return new LocalEngine(planner, planner.connect(), budget);
  }

  async open(options: Omit<InstanceOptions, 'principal'>): Promise<DuckDbInstance> {
    const instance = await DuckDbInstance.open(options, this.#planner, this.#memory);
    this.#instances.add(instance);
    instance.onClose(() => this.#instances.delete(instance));
    return instance;
  }

  /** Changes what the process may use, in bytes; no effect where it was opened without a limit. */
  limitMemory(bytes: number): void {
    this.#memory?.resize(bytes);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#instances].map((instance) => instance.close()));
    await this.#parserConnection.close();
    await this.#planner.close();
    this.#memory?.watch.close();
  }
}
