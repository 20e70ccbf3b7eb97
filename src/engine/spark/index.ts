/** Clusters that speak Spark Connect: Apache Spark 4, and what is compatible with it. */
export { SparkEngine, type SparkOptions } from './engine.js';
