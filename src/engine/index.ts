export type * from './contract.js';
export { type DuckDbOptions, openDuckDb } from './duckdb/index.js';
export { type Cluster, type ClusterPlace, type ClusterRule, RoutedSession } from './routing/index.js';
export { SparkEngine, type SparkOptions } from './spark/index.js';
