/** DuckDB in processes of its own, so that whatever a statement does to it is no matter of the server's. */
import type { Engine } from '../contract.js';
import type { PlacementOptions } from './client/placement.js';
import { RemoteEngine } from './client/remote-engine.js';

export type { PlacementOptions } from './client/placement.js';

/** Starts the engine. A platform without a DuckDB build, or one that starts no process: UNAVAILABLE, with what it says. */
export function openDuckDb(options: PlacementOptions): Promise<Engine> {
  return RemoteEngine.open(options);
}
