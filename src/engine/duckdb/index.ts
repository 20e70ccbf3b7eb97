/** DuckDB in processes of its own, so that whatever a statement does to it is no matter of the server's. */
import type { Engine } from '../contract.js';
import { DuckDbEngine, type DuckDbOptions } from './engine.js';

export type { DuckDbOptions } from './engine.js';

/** Starts the engine. A platform without a DuckDB build, or one that starts no process: UNAVAILABLE, with what it says. */
export function openDuckDb(options: DuckDbOptions): Promise<Engine> {
  return DuckDbEngine.open(options);
}
