export type * from './contract.js';
export { openDuckDb, type PlacementOptions } from './duckdb/index.js';
