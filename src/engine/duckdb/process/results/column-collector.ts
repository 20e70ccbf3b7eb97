import type { FieldNode } from '../../../../arrow/index.js';
import { SkuaError } from '../../../../errors.js';
import type { Pointer } from '../native/library.js';
import { ArrayReader, Scratch } from './array-reader.js';
import type { BufferAllocator } from './buffer-allocator.js';
import { GrowingBits } from './growing.js';

/** Gathers the arrays of one column, whatever its type: their lengths, and which values are null. */
export abstract class ColumnCollector {
  protected readonly array = new ArrayReader();
  protected readonly scratch = new Scratch();
  readonly #validity: GrowingBits;
  #nulls = 0;
  protected rows = 0;

  constructor(memory: BufferAllocator) {
    this.#validity = new GrowingBits(memory);
  }

  get bytes(): number {
    return this.#validity.byteLength + this.valueBytes;
  }

  /** `expected` is what the parent says; a shorter array means a broken export. */
  append(array: Pointer, expected: number): void {
    this.array.read(array, this.buffers, this.childCount);
    const length = this.array.length;
    if (length !== expected) throw new SkuaError('INTERNAL', 'the SQL engine exported arrays of different lengths');
    this.#appendValidity(length);
    this.appendValues(length);
    this.rows += length;
  }

  take(nodes: FieldNode[], buffers: Uint8Array[]): void {
    nodes.push({ length: this.rows, nullCount: this.#nulls });
    const validity = this.#validity.take();
    buffers.push(this.#nulls > 0 ? validity : validity.subarray(0, 0));
    this.takeValues(nodes, buffers);
    this.rows = 0;
    this.#nulls = 0;
  }

  /** Of an array of this type. */
  protected readonly buffers: number = 2;
  protected readonly childCount: number = 0;

  protected abstract readonly valueBytes: number;
  protected abstract appendValues(length: number): void;
  protected abstract takeValues(nodes: FieldNode[], buffers: Uint8Array[]): void;

  #appendValidity(length: number): void {
    const bitmap = this.array.buffer(0);
    let nulls = this.array.nullCount;
    if (nulls === 0 || bitmap === 0) {
      if (this.#nulls > 0) this.#validity.fill(true, length);
      return;
    }
    const bits = this.scratch.load(bitmap, (length + 7) >> 3);
    if (nulls < 0) nulls = countZeros(bits, length);
    if (nulls === 0) {
      if (this.#nulls > 0) this.#validity.fill(true, length);
      return;
    }
    if (this.#nulls === 0) {
      this.#validity.take();
      this.#validity.fill(true, this.rows);
    }
    this.#validity.appendBits(bits, length);
    this.#nulls += nulls;
  }
}

function countZeros(bits: Uint8Array, length: number): number {
  let zeros = 0;
  for (let index = 0; index < length; index++) if (((bits[index >> 3] ?? 0) & (1 << (index & 7))) === 0) zeros++;
  return zeros;
}
