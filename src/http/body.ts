import type { IncomingMessage } from 'node:http';
import { SkuaError } from '../errors.js';

/** The whole body of a request. Larger than `most` bytes: INVALID_ARGUMENT, before it is read where its length is announced. */
export async function readBody(incoming: IncomingMessage, most: number): Promise<Buffer> {
  const refusal = () =>
    new SkuaError('INVALID_ARGUMENT', `the request has more than ${most} bytes, which is the limit`);
  if (Number(incoming.headers['content-length'] ?? 0) > most) throw refusal();
  const pieces: Buffer[] = [];
  let bytes = 0;
  // By default the iterator would destroy the request, and the answer's connection with it.
  for await (const piece of incoming.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += piece.byteLength;
    if (bytes > most) throw refusal();
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
