/** Bodies of record batches that a client asked to have compressed. */
import { randomBytes } from 'node:crypto';
import * as zlib from 'node:zlib';
import { CompressionType } from 'apache-arrow';
import { Message, type RecordBatch } from 'apache-arrow/ipc/metadata/message';
import { decompressFrameSync } from 'lz4-napi';
import { describe, expect, it } from 'vitest';
import { batchEncoder, compressionFrom } from '../../src/flight/compression.js';

const nothing = new Uint8Array(0);
const repeated = new Uint8Array(4096).fill(7);
const random = new Uint8Array(randomBytes(4096));
const short = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const batch = {
  length: 512,
  nodes: [{ length: 512, nullCount: 0 }],
  buffers: [nothing, repeated, random, short],
};

type Decompress = (bytes: Buffer) => Uint8Array;
const lz4: Decompress = (bytes) => decompressFrameSync(bytes);

async function roundTrip(compression: 'lz4' | 'zstd', decompress: Decompress) {
  const { header, body, bodyLength } = await batchEncoder(compression)(batch);
  const message = Message.decode(new Uint8Array(header)).header() as RecordBatch;
  const decoded = body.map((buffer) => {
    const bytes = Buffer.from(buffer);
    if (bytes.byteLength === 0) return bytes;
    const length = bytes.readBigInt64LE();
    const rest = bytes.subarray(8);
    if (length === -1n) return rest;
    const plain = Buffer.from(decompress(rest));
    expect(plain.byteLength).toBe(Number(length));
    return plain;
  });
  return { message, decoded, body, bodyLength };
}

describe('a batch with compressed buffers', () => {
  it('says its codec, and has each buffer behind its length', async () => {
    const { message, decoded, body, bodyLength } = await roundTrip('lz4', lz4);
    expect(message.compression?.type).toBe(CompressionType.LZ4_FRAME);
    expect(message.buffers.map(({ length }) => length)).toEqual(body.map(({ byteLength }) => byteLength));
    expect(bodyLength).toBe(body.reduce((sum, { byteLength }) => sum + Math.ceil(byteLength / 8) * 8, 0));
    expect(decoded.map((bytes) => bytes.toString('hex'))).toEqual(
      batch.buffers.map((bytes) => Buffer.from(bytes).toString('hex')),
    );
  });

  it('has as they are those that would not become smaller, and nothing for one without bytes', async () => {
    const { body } = await roundTrip('lz4', lz4);
    expect(body.map(({ byteLength }) => byteLength)).toEqual([0, expect.any(Number), 8 + 4096, 8 + 8]);
    expect(body[1]?.byteLength).toBeLessThan(200);
  });

  it('may be of zstd where the Node.js has it, and else is refused', async () => {
    const { zstdDecompressSync } = zlib as { zstdDecompressSync?: Decompress };
    if (!zstdDecompressSync) {
      expect(() => batchEncoder('zstd')).toThrow(/zstd-compressed results need Node\.js 22\.15/);
      return;
    }
    const { message, decoded } = await roundTrip('zstd', zstdDecompressSync);
    expect(message.compression?.type).toBe(CompressionType.ZSTD);
    expect(decoded[1]).toEqual(Buffer.from(repeated));
  });
});

it('a batch of a client that asks for none says no codec', async () => {
  const { header, body } = await batchEncoder('none')(batch);
  expect((Message.decode(new Uint8Array(header)).header() as RecordBatch).compression).toBeNull();
  expect(body).toBe(batch.buffers);
});

it('what is asked for is one of the codecs, in upper case too', () => {
  expect(compressionFrom('LZ4')).toBe('lz4');
  expect(() => compressionFrom('gzip')).toThrow('skua-compression is "gzip"; it may be one of none, lz4, zstd');
});
