import type { EngineInstance, EngineProcessStatus, InstanceOptions } from '../contract.js';
import { InstanceHost } from './instance-host.js';
import { Placement, type PlacementOptions } from './placement.js';
import { PlannedTexts } from './planned-texts.js';
import { parsedTexts, RemoteInstance } from './remote-instance.js';

/** DuckDB in processes of its own. */
export class RemoteEngine {
  readonly #placement: Placement;
  readonly #parsed = parsedTexts();
  readonly #planned = new PlannedTexts();

  private constructor(placement: Placement) {
    this.#placement = placement;
  }

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
    return new RemoteInstance(new InstanceHost(this.#placement, options), {
      parsed: this.#parsed,
      planned: this.#planned,
    });
  }

  processes(): EngineProcessStatus[] {
    return this.#placement.status();
  }

  close(): Promise<void> {
    return this.#placement.close();
  }
}
