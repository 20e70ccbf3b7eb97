/** What crosses between the server and an engine process. */
export { Arena } from './arena.js';
export { batchReport } from './batch-report.js';
export { BatchReader, BatchWriter, type SentBatch, type WireBatch } from './batches.js';
export { Channel } from './channel.js';
export { errorFrom, wireError } from './errors.js';
export {
  answers,
  type Command,
  type Report,
  type RequestCommand,
  type RequestName,
  type Requests,
  report,
  type WireError,
  type WireRun,
} from './messages.js';
export { createSharedFile, mapSharedFile, type SharedFile, type SharedMemory } from './shared-memory.js';
export {
  describeOptionsFrom,
  parametersFrom,
  scanFrom,
  schemaFrom,
  tableFrom,
  type WireParameters,
  type WireScan,
  type WireTable,
  wireDescribeOptions,
  wireParameters,
  wireScan,
  wireSchema,
  wireTable,
  wireWriteOptions,
  writeOptionsFrom,
} from './values.js';
