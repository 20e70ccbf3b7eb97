/** Reads Avro's binary encoding (Avro specification, "Binary Encoding"). */
import { SkuaError } from '../../errors.js';

export class AvroCursor {
  position = 0;
  readonly bytes: Uint8Array;
  readonly #buffer: Buffer;

  constructor(bytes: Uint8Array) {
    // Never a Buffer, whose `slice` does not copy.
    this.bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get atEnd(): boolean {
    return this.position >= this.bytes.length;
  }

  /** All records of a block were read: anything that is left is DATA_LOSS. */
  finish(): void {
    if (!this.atEnd) throw new SkuaError('DATA_LOSS', 'A block of an Avro file is longer than its records');
  }

  /** An int or long; exact up to 2^53. */
  long(): number {
    const start = this.position;
    let value = 0;
    let scale = 1;
    for (let index = 0; index < 7; index++) {
      const byte = this.#byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
      scale *= 128;
    }
    this.position = start;
    return Number(this.bigLong());
  }

  bigLong(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n));
    }
    throw truncated();
  }

  skipLong(): void {
    while (this.#byte() >= 0x80);
  }

  boolean(): boolean {
    return this.#byte() !== 0;
  }

  float(): number {
    return this.#buffer.readFloatLE(this.#advance(4));
  }

  double(): number {
    return this.#buffer.readDoubleLE(this.#advance(8));
  }

  /** A copy, so that a few bytes don't keep a whole block alive. */
  data(length = this.long()): Uint8Array {
    const start = this.#advance(length);
    return this.bytes.slice(start, start + length);
  }

  string(): string {
    const length = this.long();
    const start = this.#advance(length);
    return this.#buffer.toString('utf8', start, start + length);
  }

  skip(length: number): void {
    this.#advance(length);
  }

  /** Calls `item` for every item of an array or map. */
  items(item: () => void): void {
    for (let count = this.long(); count !== 0; count = this.long()) {
      if (count < 0) {
        count = -count;
        this.skipLong();
      }
      this.#check(count);
      for (let index = 0; index < count; index++) item();
    }
  }

  /** Skips an array or map, by its byte sizes where the writer gave them. */
  skipItems(item: () => void): void {
    for (let count = this.long(); count !== 0; count = this.long()) {
      if (count < 0) {
        this.skip(this.long());
        continue;
      }
      this.#check(count);
      for (let index = 0; index < count; index++) item();
    }
  }

  /** Items of table metadata take a byte at least. A file that claims more of them would keep its reader busy for ever. */
  #check(count: number): void {
    if (count > this.bytes.length - this.position) throw truncated();
  }

  #byte(): number {
    const byte = this.bytes[this.position++];
    if (byte === undefined) throw truncated();
    return byte;
  }

  #advance(length: number): number {
    const start = this.position;
    if (length < 0 || start + length > this.bytes.length) throw truncated();
    this.position = start + length;
    return start;
  }
}

function truncated(): SkuaError {
  return new SkuaError('DATA_LOSS', 'An Avro file of the table metadata ends in the middle of a value');
}
