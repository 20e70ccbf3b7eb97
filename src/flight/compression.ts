/** Record batches with compressed bodies, for clients that ask for them (Arrow columnar format, "Compression"). */
import * as zlib from 'node:zlib';
import { CompressionType } from 'apache-arrow';
import { compressFrame } from 'lz4-napi';
import { type ColumnarBatch, encodeBatch } from '../arrow/index.js';
import { SkuaError } from '../errors.js';
import type { OutgoingFlightData } from './flight-data.js';
import { batchMessage } from './flight-data.js';

const BODY_COMPRESSIONS = ['none', 'lz4', 'zstd'] as const;
export type BodyCompression = (typeof BODY_COMPRESSIONS)[number];

/** Names the compression of the results of one call. */
export const COMPRESSION_HEADER = 'skua-compression';

const UNCOMPRESSED = -1n;
/** Shorter buffers hardly become smaller. */
const SHORTEST = 128;

type Compress = (bytes: Buffer) => Promise<Buffer>;

/** What a client asks for. Neither of ours: INVALID_ARGUMENT. */
export function compressionFrom(asked: string): BodyCompression {
  const found = BODY_COMPRESSIONS.find((name) => name === asked.toLowerCase());
  if (found) return found;
  const names = BODY_COMPRESSIONS.join(', ');
  throw new SkuaError('INVALID_ARGUMENT', `the header ${COMPRESSION_HEADER} is "${asked}"; it may be one of ${names}`);
}

/** Encodes batches; a codec that this Node.js does not have: UNIMPLEMENTED. */
export function batchEncoder(compression: BodyCompression): (batch: ColumnarBatch) => Promise<OutgoingFlightData> {
  if (compression === 'none') return async (batch) => batchMessage(encodeBatch(batch));
  const compress = compression === 'lz4' ? lz4 : zstd();
  const codec = compression === 'lz4' ? CompressionType.LZ4_FRAME : CompressionType.ZSTD;
  return async (batch) => {
    const buffers = await Promise.all(batch.buffers.map((buffer) => compressed(buffer, compress)));
    return batchMessage(encodeBatch({ ...batch, buffers }, codec));
  };
}

const lz4: Compress = (bytes) => compressFrame(bytes);

function zstd(): Compress {
  const { zstdCompress } = zlib as { zstdCompress?: Zstd };
  if (!zstdCompress) {
    throw new SkuaError(
      'UNIMPLEMENTED',
      'zstd-compressed results need Node.js 22.15 or later on the server; lz4 does not',
    );
  }
  return (bytes) =>
    new Promise((resolve, reject) => {
      zstdCompress(bytes, (error, result) => (error ? reject(error) : resolve(result)));
    });
}

type Zstd = (bytes: Uint8Array, done: (error: Error | null, result: Buffer) => void) => void;

/** A buffer behind its length; as it is, behind -1, where it would not become smaller. Nothing stands for one without bytes. */
async function compressed(buffer: Uint8Array, compress: Compress): Promise<Uint8Array> {
  if (buffer.byteLength === 0) return buffer;
  const bytes = Buffer.from(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  if (bytes.byteLength < SHORTEST) return prefixed(UNCOMPRESSED, bytes);
  const smaller = await compress(bytes);
  return smaller.byteLength < bytes.byteLength
    ? prefixed(BigInt(bytes.byteLength), smaller)
    : prefixed(UNCOMPRESSED, bytes);
}

function prefixed(length: bigint, bytes: Buffer): Uint8Array {
  const result = Buffer.allocUnsafe(8 + bytes.byteLength);
  result.writeBigInt64LE(length);
  bytes.copy(result, 8);
  return result;
}
