/**
 * Theta sketches in the compact form of Apache DataSketches (serialization version 3), as Puffin's blob type `apache-datasketches-theta-v1` wants
 * them: of all values' hashes the smallest are kept, by which the number of distinct values is known, or estimated where it is larger.
 */
import { type Hash64, murmur3 } from './murmur3-128.js';

/** Hashes that a sketch keeps; the estimate is mostly within 3 %. */
const MOST_KEPT = 4096;
/** The usual seed of DataSketches, which the Puffin specification asks for, and the hash of it that a sketch carries. */
const SEED = 9001;
const SEED_HASH = 0x93cc;
/** The end of the range of hashes, which are of 63 bits and not 0. */
const ALL = 2n ** 63n;

/** Flags of the preamble. */
const READ_ONLY = 2;
const EMPTY = 4;
const COMPACT = 8;
const ORDERED = 16;
const SINGLE = 32;

export class ThetaSketch {
  readonly #hash: Hash64 = { high: 0, low: 0 };
  #kept = new Set<bigint>();
  /** Hashes are kept below it. */
  #theta = ALL;
  /** Its upper half, by which most values are told to be above it. */
  #thetaHigh = 2 ** 31;

  /** Takes a value in, by its bytes (Iceberg spec, "Binary single-value serialization"). One without bytes is no value to a sketch. */
  add(bytes: Uint8Array, start = 0, length = bytes.length): void {
    if (length === 0) return;
    murmur3(bytes, start, length, SEED, this.#hash);
    const { high, low } = this.#hash;
    if (high >>> 1 > this.#thetaHigh) return;
    const hash = (BigInt(high) * 4294967296n + BigInt(low)) >> 1n;
    if (hash === 0n || hash >= this.#theta) return;
    this.#kept.add(hash);
    if (this.#kept.size >= 2 * MOST_KEPT) this.#shrink();
  }

  /** Distinct values, exact where they are few. */
  get estimate(): number {
    this.#shrink();
    return this.#theta === ALL ? this.#kept.size : (this.#kept.size * Number(ALL)) / Number(this.#theta);
  }

  /** The compact ordered form. */
  toBytes(): Uint8Array {
    this.#shrink();
    const hashes = this.#sorted();
    const isExact = this.#theta === ALL;
    const isSingle = isExact && hashes.length === 1;
    const longs = !isExact ? 3 : hashes.length > 1 ? 2 : 1;
    const bytes = Buffer.alloc(8 * (longs + hashes.length));
    bytes[0] = longs;
    bytes[1] = 3;
    bytes[2] = 3;
    bytes[5] = READ_ONLY | COMPACT | ORDERED | (hashes.length === 0 && isExact ? EMPTY : 0) | (isSingle ? SINGLE : 0);
    bytes.writeUInt16LE(SEED_HASH, 6);
    if (longs > 1) {
      bytes.writeInt32LE(hashes.length, 8);
      bytes.writeFloatLE(1, 12);
    }
    if (longs > 2) bytes.writeBigInt64LE(this.#theta, 16);
    for (const [index, hash] of hashes.entries()) bytes.writeBigInt64LE(hash, 8 * (longs + index));
    return bytes;
  }

  #sorted(): bigint[] {
    return [...BigInt64Array.from(this.#kept).sort()];
  }

  #shrink(): void {
    if (this.#kept.size <= MOST_KEPT) return;
    const sorted = this.#sorted();
    this.#theta = sorted[MOST_KEPT] as bigint;
    this.#thetaHigh = Number(this.#theta >> 32n);
    this.#kept = new Set(sorted.slice(0, MOST_KEPT));
  }
}
