/** Arrow record batches and their IPC form. */
export * from './batch.js';
export { batchOf, type Column, columnsOf, isNull, type Layout, layoutOf } from './column.js';
export { fromRecordBatch, fromTable } from './convert.js';
export { decodeSchema, decodeSchemaMessage, IpcDecoder } from './decode.js';
export {
  align,
  bodyOf,
  type EncodedBatch,
  encapsulate,
  encodeBatch,
  encodeSchema,
  encodeSchemaMessage,
} from './encode.js';
export { readStream } from './read-stream.js';
export { rowsToBatch, type UnionValue } from './rows.js';
export { shapeOf } from './shape.js';
export { sliceBatch, splitBatch } from './slice.js';
export { decodeStream, encodeStream } from './stream.js';
export { takeColumn } from './take.js';
export { withoutUnions } from './union.js';
export { batchToRows, type ValueReader, valueReader } from './values.js';
