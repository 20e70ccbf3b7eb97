/** Bodies of record batches that come compressed (Arrow columnar format, "Compression"). */
import { CompressionType } from 'apache-arrow';
import type { RecordBatch } from 'apache-arrow/ipc/metadata/message';
import { decompress as unpackZstd } from 'fzstd';
import { SkuaError } from '../errors.js';
import { unpackLz4 } from './lz4.js';

/** Of all buffers of one message, unpacked, in bytes. */
const MOST_BYTES = 2 ** 28;

type Zstd = { zstdDecompressSync?: (bytes: Uint8Array, options: { maxOutputLength: number }) => Uint8Array };

/** For the buffers of one message, each of which begins with its length, -1 for one that is not compressed. Too many bytes: RESOURCE_EXHAUSTED. */
export function decompressor({ compression }: RecordBatch): (buffer: Uint8Array) => Uint8Array {
  if (compression === null || compression === undefined) return (buffer) => buffer;
  const unpack = compression.type === CompressionType.LZ4_FRAME ? unpackLz4 : zstd();
  let left = MOST_BYTES;
  return (buffer) => {
    if (buffer.byteLength === 0) return buffer;
    if (buffer.byteLength < 8) throw malformed();
    const length = new DataView(buffer.buffer, buffer.byteOffset).getBigInt64(0, true);
    // Buffers are aligned to 8 bytes.
    if (length === -1n) return new Uint8Array(buffer.subarray(8));
    if (length < 0n) throw malformed();
    left -= Number(length);
    if (left < 0) {
      throw new SkuaError(
        'RESOURCE_EXHAUSTED',
        `a record batch is larger than ${MOST_BYTES >> 20} MiB once it is unpacked; send smaller ones`,
      );
    }
    return length === 0n ? new Uint8Array(0) : unpack(buffer.subarray(8), Number(length));
  };
}

function zstd(): (bytes: Uint8Array, length: number) => Uint8Array {
  // Not imported: what reads answers runs in browsers too. Node.js has it from 22.15 on.
  const { zstdDecompressSync } = (globalThis.process?.getBuiltinModule?.('node:zlib') ?? {}) as Zstd;
  return (bytes, length) => {
    let unpacked: Uint8Array;
    try {
      unpacked = zstdDecompressSync
        ? new Uint8Array(zstdDecompressSync(bytes, { maxOutputLength: length }))
        : unpackZstd(bytes, new Uint8Array(length));
    } catch {
      throw malformed();
    }
    if (unpacked.byteLength !== length) throw malformed();
    return unpacked;
  };
}

function malformed(): SkuaError {
  return new SkuaError('INVALID_ARGUMENT', 'a compressed buffer of the record batch is malformed');
}
