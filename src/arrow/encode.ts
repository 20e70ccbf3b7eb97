/** Arrow IPC messages, written (Arrow columnar format, "Serialization and Interprocess Communication"). */
import type { CompressionType, Schema } from 'apache-arrow';
import { BodyCompression, BufferRegion, FieldNode, Message, RecordBatch } from 'apache-arrow/ipc/metadata/message';
import type { ColumnarBatch } from './batch.js';

/** The Schema message as a flatbuffer: what `FlightData.data_header` carries. */
export function encodeSchemaMessage(schema: Schema): Uint8Array {
  return Message.encode(Message.from(schema));
}

/**
 * The Schema message in its encapsulated form: continuation marker, length, flatbuffer, padding. `FlightInfo.schema`, `SchemaResult.schema`,
 * `dataset_schema`, `parameter_schema` and `table_schema` carry it.
 */
export function encodeSchema(schema: Schema): Uint8Array {
  return encapsulate(encodeSchemaMessage(schema));
}

/** Puts the stream prefix before a message: 0xFFFFFFFF and the 32-bit length of the message padded to 8 bytes. */
export function encapsulate(message: Uint8Array): Uint8Array {
  const padded = align(message.byteLength);
  const result = new Uint8Array(8 + padded);
  const view = new DataView(result.buffer);
  view.setUint32(0, 0xffffffff, true);
  view.setInt32(4, padded, true);
  result.set(message, 8);
  return result;
}

export interface EncodedBatch {
  /** The RecordBatch message as a flatbuffer. */
  header: Uint8Array;
  /** The body in pieces, to be written one after the other, each followed by zeros up to a multiple of 8 bytes. Not copied. */
  buffers: readonly Uint8Array[];
  /** Bytes of the body, padding included. */
  bodyLength: number;
}

/** `codec`: what the buffers are compressed with. */
export function encodeBatch(batch: ColumnarBatch, codec?: CompressionType): EncodedBatch {
  let offset = 0;
  const regions = batch.buffers.map((buffer) => {
    const region = new BufferRegion(offset, buffer.byteLength);
    offset += align(buffer.byteLength);
    return region;
  });
  const nodes = batch.nodes.map((node) => new FieldNode(node.length, node.nullCount));
  const compression = codec === undefined ? null : new BodyCompression(codec);
  const header = Message.encode(Message.from(new RecordBatch(batch.length, nodes, regions, compression), offset));
  return { header, buffers: batch.buffers, bodyLength: offset };
}

/** The body of an encoded batch as one array. */
export function bodyOf(encoded: EncodedBatch): Uint8Array {
  const body = new Uint8Array(encoded.bodyLength);
  let offset = 0;
  for (const buffer of encoded.buffers) {
    body.set(buffer, offset);
    offset += align(buffer.byteLength);
  }
  return body;
}

/** The next multiple of 8. */
export function align(length: number): number {
  return Math.ceil(length / 8) * 8;
}
