/** A client of Spark Connect: sessions, executions, errors. */
export { Connection, type ConnectionOptions } from './connection.js';
export type { ArrowBatch, ExecuteResponse } from './protocol.js';
export { SparkSession, type SparkSessionOptions } from './session.js';
