/** Bloom filters of column chunks that the engine gave none: it gives one only where there is a dictionary (Parquet format, "Bloom Filter"). */
import { xxhash64 } from 'hyparquet/src/xxhash.js';
import { ByteWriter } from 'hyparquet-writer';
import { optimalNumBytes, sbbfInsert, writeBloomFilter } from 'hyparquet-writer/src/bloom.js';
import { encodings, unpackedPage } from './pages.js';
import { integerOf, type ThriftField } from './thrift-fields.js';
import type { ColumnChunk, PhysicalType } from './types.js';

export interface BloomFilterOptions {
  /** How often, of lookups of values that are not there, the filter says that they may be. */
  falsePositives: number;
  largestBytes: number;
}

/** Bytes of one block, the smallest filter. */
const BLOCK = 32;

const widths: Partial<Record<PhysicalType, number>> = { INT32: 4, INT64: 8, FLOAT: 4, DOUBLE: 8 };

/** Gathers the hashes of a chunk's values, page by page. */
export class ChunkHashes {
  readonly #chunk: Pick<ColumnChunk, 'leaf' | 'codec'>;
  readonly #options: BloomFilterOptions;
  readonly #hashes = new Set<bigint>();
  #isWhole = true;

  constructor(chunk: Pick<ColumnChunk, 'leaf' | 'codec'>, options: BloomFilterOptions) {
    this.#chunk = chunk;
    this.#options = options;
  }

  addPage(header: readonly ThriftField[], body: Uint8Array): void {
    if (!this.#isWhole) return;
    const { content, levels, encoding } = unpackedPage(header, body, this.#chunk);
    // The values that numbers into a dictionary stand for are those of the dictionary's page.
    if (encoding === encodings.dictionary || encoding === encodings.plainDictionary) return;
    const isKnown = encoding === undefined || encoding === encodings.plain;
    if (!isKnown || !this.#addValues(content.subarray(levels))) this.#isWhole = false;
  }

  #addValues(values: Uint8Array): boolean {
    const { physicalType, length } = this.#chunk.leaf;
    if (physicalType === 'BYTE_ARRAY') {
      const view = new DataView(values.buffer, values.byteOffset, values.byteLength);
      for (let at = 0; at < values.length; ) {
        const size = view.getUint32(at, true);
        this.#hashes.add(xxhash64(values.subarray(at + 4, at + 4 + size)));
        at += 4 + size;
      }
      return true;
    }
    const width = physicalType === 'FIXED_LEN_BYTE_ARRAY' ? length : widths[physicalType];
    if (width === undefined || width <= 0) return false;
    for (let at = 0; at < values.length; at += width) this.#hashes.add(xxhash64(values.subarray(at, at + width)));
    return true;
  }

  /** The filter with its header; undefined where the values are not all known, or there are none. */
  finish(): Uint8Array | undefined {
    if (!this.#isWhole || this.#hashes.size === 0) return undefined;
    const { falsePositives, largestBytes } = this.#options;
    let bytes = optimalNumBytes(this.#hashes.size, falsePositives);
    while (bytes > largestBytes && bytes > BLOCK) bytes /= 2;
    const blocks = new Uint32Array(bytes / 4);
    for (const hash of this.#hashes) sbbfInsert(blocks, hash);
    const writer = new ByteWriter();
    writeBloomFilter(writer, blocks);
    return writer.getBytes();
  }
}

/** Whether the chunk's metadata names a bloom filter already. */
export function hasBloomFilter(own: readonly ThriftField[]): boolean {
  return integerOf(own, 14) !== undefined;
}
