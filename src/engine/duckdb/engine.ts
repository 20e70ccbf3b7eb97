import type { Engine, EngineInstance, InstanceOptions, SqlParser } from '../contract.js';
import type { Connection } from './database.js';
import { DuckDbInstance } from './instance.js';
import { DuckDbParser } from './parser.js';
import { Planner } from './planner.js';

/** SQL on DuckDB, in this process. */
export class DuckDbEngine implements Engine {
  private readonly instances = new Set<DuckDbInstance>();
  readonly parser: SqlParser;

  private constructor(
    private readonly planner: Planner,
    private readonly parserConnection: Connection,
  ) {
    this.parser = new DuckDbParser(parserConnection, () => planner.connect());
  }

  static async open(): Promise<DuckDbEngine> {
    const planner = await Planner.open();
    return new DuckDbEngine(planner, planner.connect());
  }

  async open(options: InstanceOptions): Promise<EngineInstance> {
    const instance = await DuckDbInstance.open(options, this.planner);
    this.instances.add(instance);
    instance.onClose(() => this.instances.delete(instance));
    return instance;
  }

  async close(): Promise<void> {
    await Promise.all([...this.instances].map((instance) => instance.close()));
    await this.parserConnection.close();
    await this.planner.close();
  }
}
