import type { Engine, EngineInstance, EngineProcessStatus, InstanceOptions } from '../../contract.js';
import { Placement, type PlacementOptions } from './placement.js';
import { parsedTexts, RemoteInstance } from './remote-instance.js';

/** DuckDB in processes of its own. */
export class RemoteEngine implements Engine {
  private readonly parsed = parsedTexts();

  private constructor(private readonly placement: Placement) {}

  /** Starts the first process. A system that can't: what it says. */
  static async open(options: PlacementOptions): Promise<RemoteEngine> {
    const placement = new Placement(options);
    try {
      await placement.open();
    } catch (error) {
      await placement.close();
      throw error;
    }
    return new RemoteEngine(placement);
  }

  async open(options: InstanceOptions): Promise<EngineInstance> {
    return new RemoteInstance(this.placement, this.parsed, options);
  }

  processes(): EngineProcessStatus[] {
    return this.placement.status();
  }

  close(): Promise<void> {
    return this.placement.close();
  }
}
