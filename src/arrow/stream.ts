/** The IPC streaming format as one byte array: for batches that are kept or travel inside something else. */
import type { Schema } from 'apache-arrow';
import { Message } from 'apache-arrow/ipc/metadata/message';
import { SkuaError } from '../errors.js';
import type { ColumnarBatch } from './batch.js';
import { IpcDecoder } from './decode.js';
import { bodyOf, encapsulate, encodeBatch, encodeSchema } from './encode.js';

export function encodeStream(schema: Schema, batches: readonly ColumnarBatch[]): Buffer {
  const parts: Uint8Array[] = [encodeSchema(schema)];
  for (const batch of batches) {
    const encoded = encodeBatch(batch);
    parts.push(encapsulate(encoded.header), bodyOf(encoded));
  }
  return Buffer.concat(parts);
}

/** Cut short or malformed: INVALID_ARGUMENT. */
export function decodeStream(bytes: Uint8Array): { schema: Schema; batches: ColumnarBatch[] } {
  // An aligned copy, to which the batches then refer.
  const stream = new Uint8Array(bytes);
  const view = new DataView(stream.buffer);
  const decoder = new IpcDecoder();
  const batches: ColumnarBatch[] = [];
  for (let offset = 0; offset + 8 <= stream.byteLength; ) {
    const length = view.getInt32(offset + 4, true);
    const header = stream.subarray(offset + 8, offset + 8 + length);
    if (length < 0 || header.byteLength < length) break;
    const body = offset + 8 + length;
    offset = body + (length === 0 ? 0 : Message.decode(header).bodyLength);
    if (length === 0) break;
    const batch = decoder.decode(header, stream.subarray(body, offset));
    if (batch !== undefined) batches.push(batch);
  }
  if (decoder.schema === undefined) throw new SkuaError('INVALID_ARGUMENT', 'the Arrow IPC stream has no schema');
  return { schema: decoder.schema, batches };
}
