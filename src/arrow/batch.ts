/**
 * A record batch as the Arrow IPC format lays it out: field nodes and buffers in pre-order (Arrow columnar format, "RecordBatch message").
 * Values are never turned into JavaScript values on the way from the engine to the socket.
 */
export interface ColumnarBatch {
  /** Number of rows. */
  readonly length: number;
  /** One node for each field, nested fields included, depth first. */
  readonly nodes: readonly FieldNode[];
  /** The buffers of all fields in the order of the schema; an absent validity bitmap is an empty array. */
  readonly buffers: readonly Uint8Array[];
}

export interface FieldNode {
  readonly length: number;
  readonly nullCount: number;
}

/** Size of all buffers in bytes, without padding. */
export function batchBytes(batch: ColumnarBatch): number {
  let total = 0;
  for (const buffer of batch.buffers) total += buffer.byteLength;
  return total;
}

/** A batch in memory of its own. */
export function ownedBatch(batch: ColumnarBatch): ColumnarBatch {
  return { ...batch, buffers: batch.buffers.map((buffer) => Uint8Array.prototype.slice.call(buffer)) };
}
