import type { Engine, EngineOptions } from './contract.js';
import { DuckDbEngine } from './duckdb/engine.js';

export type * from './contract.js';
export { endProcess } from './duckdb/native/library.js';

/** Opens the engine of this process. A platform without a DuckDB build: UNIMPLEMENTED. */
export function openDuckDbEngine(options: EngineOptions = {}): Promise<Engine> {
  return DuckDbEngine.open(options);
}
