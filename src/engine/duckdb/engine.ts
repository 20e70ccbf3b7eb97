import type { Engine, EngineInstance, EngineOptions, InstanceOptions, SqlParser } from '../contract.js';
import { type MemoryBudget, openMemoryBudget } from './budget/index.js';
import { DuckDbInstance } from './instance.js';
import type { Connection } from './native/database.js';
import { DuckDbParser } from './parsing/parser.js';
import { Planner } from './planning/planner.js';

/** SQL on DuckDB, in this process. */
export class DuckDbEngine implements Engine {
  private readonly instances = new Set<DuckDbInstance>();
  readonly parser: SqlParser;

  private constructor(
    private readonly planner: Planner,
    private readonly parserConnection: Connection,
    private readonly memory: MemoryBudget | undefined,
  ) {
    this.parser = new DuckDbParser(parserConnection, () => planner.connect());
  }

  static async open({ memory }: EngineOptions): Promise<DuckDbEngine> {
    const budget = memory === undefined ? undefined : openMemoryBudget(memory);
    const planner = await Planner.open(budget?.watch);
    return new DuckDbEngine(planner, planner.connect(), budget);
  }

  async open(options: InstanceOptions): Promise<EngineInstance> {
    const instance = await DuckDbInstance.open(options, this.planner, this.memory);
    this.instances.add(instance);
    instance.onClose(() => this.instances.delete(instance));
    return instance;
  }

  async close(): Promise<void> {
    await Promise.all([...this.instances].map((instance) => instance.close()));
    await this.parserConnection.close();
    await this.planner.close();
    this.memory?.watch.close();
  }
}
