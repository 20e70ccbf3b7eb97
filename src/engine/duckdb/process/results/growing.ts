import { copyMemory, type Pointer } from '../native/library.js';
import type { BufferAllocator } from './buffer-allocator.js';

const empty = new Uint8Array(0);

/** Bytes that are appended until they are taken away as one buffer. */
export class GrowingBytes {
  readonly #allocator: BufferAllocator;
  #memory: Buffer = Buffer.alloc(0);
  #address: Pointer = 0;
  #expected = 0;
  length = 0;

  constructor(allocator: BufferAllocator) {
    this.#allocator = allocator;
  }

  /** Makes room for `bytes` more and gives the offset where they go. */
  extend(bytes: number): number {
    const offset = this.length;
    this.length = offset + bytes;
    if (this.length > this.#memory.length) this.#grow(this.length);
    return offset;
  }

  append(source: Pointer, bytes: number): number {
    const offset = this.extend(bytes);
    if (bytes > 0) copyMemory(this.#address + offset, source, bytes);
    return offset;
  }

  /** The memory so far; no longer valid once more has been appended. */
  get bytes(): Buffer {
    return this.#memory;
  }

  /** Hands the bytes over and starts anew. The next buffer is as large as this one was. */
  take(): Uint8Array {
    if (this.length === 0) return empty;
    this.#allocator.shrink(this.#memory, this.length);
    const taken = this.#memory.subarray(0, this.length);
    this.#expected = this.length + (this.length >> 3) + 64;
    this.#memory = Buffer.alloc(0);
    this.#address = 0;
    this.length = 0;
    return taken;
  }

  #grow(needed: number): void {
    const size = Math.ceil(Math.max(needed, this.#memory.length * 2, this.#expected, 256) / 64) * 64;
    const larger = this.#allocator.allocate(size);
    this.#memory.copy(larger);
    if (this.#memory.length > 0) this.#allocator.release(this.#memory);
    this.#memory = larger;
    this.#address = this.#allocator.addressOf(larger);
  }
}

/** Bits that are appended, least significant first; the bits after the last one are zero. */
export class GrowingBits {
  readonly #store: GrowingBytes;
  length = 0;

  constructor(allocator: BufferAllocator) {
    this.#store = new GrowingBytes(allocator);
  }

  /** Appends `count` bits of one value. */
  fill(value: boolean, count: number): void {
    const from = this.length;
    this.#reserve(count);
    if (!value || count === 0) return;
    const bytes = this.#store.bytes;
    const to = this.length;
    const firstWhole = (from + 7) >> 3;
    const lastWhole = to >> 3;
    if (firstWhole > lastWhole) {
      bytes[from >> 3] = (bytes[from >> 3] ?? 0) | (((1 << (to & 7)) - 1) & ~((1 << (from & 7)) - 1));
      return;
    }
    if (from & 7) bytes[from >> 3] = (bytes[from >> 3] ?? 0) | (0xff & ~((1 << (from & 7)) - 1));
    bytes.fill(0xff, firstWhole, lastWhole);
    if (to & 7) bytes[lastWhole] = (bytes[lastWhole] ?? 0) | ((1 << (to & 7)) - 1);
  }

  /** Appends the first `count` bits of a bitmap. */
  appendBits(source: Uint8Array, count: number): void {
    if (count === 0) return;
    const from = this.length;
    this.#reserve(count);
    const bytes = this.#store.bytes;
    const whole = (count + 7) >> 3;
    const tailMask = count & 7 ? (1 << (count & 7)) - 1 : 0xff;
    const start = from >> 3;
    const shift = from & 7;
    if (shift === 0) {
      bytes.set(source.subarray(0, whole), start);
      bytes[start + whole - 1] = (bytes[start + whole - 1] ?? 0) & tailMask;
      return;
    }
    let carry = bytes[start] ?? 0;
    const end = this.#store.length;
    for (let index = 0; index < whole; index++) {
      let byte = source[index] ?? 0;
      if (index === whole - 1) byte &= tailMask;
      bytes[start + index] = carry | ((byte << shift) & 0xff);
      carry = byte >> (8 - shift);
    }
    if (start + whole < end) bytes[start + whole] = carry;
  }

  /** Appends one bit for each byte: whether it is not zero. */
  appendBytes(source: Uint8Array, count: number): void {
    const from = this.length;
    this.#reserve(count);
    const bytes = this.#store.bytes;
    let index = 0;
    let bit = from;
    for (; index < count && bit & 7; index++, bit++) {
      if (source[index]) bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (1 << (bit & 7));
    }
    for (let at = bit >> 3; index + 8 <= count; index += 8, at++) {
      let packed = 0;
      for (let place = 0; place < 8; place++) packed |= source[index + place] ? 1 << place : 0;
      bytes[at] = packed;
      bit += 8;
    }
    for (; index < count; index++, bit++) {
      if (source[index]) bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (1 << (bit & 7));
    }
  }

  take(): Uint8Array {
    this.length = 0;
    return this.#store.take();
  }

  get byteLength(): number {
    return this.#store.length;
  }

  #reserve(count: number): void {
    this.length += count;
    const before = this.#store.length;
    const after = (this.length + 7) >> 3;
    this.#store.extend(after - before);
    this.#store.bytes.fill(0, before, after);
  }
}
