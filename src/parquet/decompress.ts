import { brotliDecompressSync, unzipSync } from 'node:zlib';
import { decompress as decompressZstd } from 'fzstd';
import { snappyUncompress } from 'hyparquet/src/snappy.js';
import { SkuaError } from '../errors.js';
import type { Codec } from './types.js';

/** A page's bytes, `length` of them once unpacked. Other codecs than Snappy, gzip, Brotli and Zstandard: UNIMPLEMENTED. */
export function decompress(bytes: Uint8Array, codec: Codec, length: number): Uint8Array {
  if (length === 0) return new Uint8Array(0);
  switch (codec) {
    case 'UNCOMPRESSED':
      return bytes;
    case 'SNAPPY': {
      const output = new Uint8Array(length);
      snappyUncompress(bytes, output);
      return output;
    }
    case 'GZIP':
      return unzipSync(bytes, { maxOutputLength: length });
    case 'BROTLI':
      return brotliDecompressSync(bytes, { maxOutputLength: length });
    case 'ZSTD':
      return decompressZstd(bytes, new Uint8Array(length));
    default:
      throw new SkuaError('UNIMPLEMENTED', `BYTE_STREAM_SPLIT pages compressed with ${codec} are not supported`);
  }
}
