import type { Engine } from './contract.js';
import { DuckDbEngine } from './duckdb/engine.js';

export type * from './contract.js';

/** Opens the engine of this process. A platform without a DuckDB build: UNIMPLEMENTED. */
export function openDuckDbEngine(): Promise<Engine> {
  return DuckDbEngine.open();
}
