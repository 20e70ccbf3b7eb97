import { SkuaError } from '../../../../errors.js';
import type { Pointer } from '../native/library.js';
import type { BufferAllocator } from './buffer-allocator.js';
import { GrowingBytes } from './growing.js';

/** Offsets of lists and of variable-length values: each chunk counts from its own start. */
export class Offsets {
  readonly #store: GrowingBytes;
  #end = 0;

  constructor(memory: BufferAllocator) {
    this.#store = new GrowingBytes(memory);
  }

  get byteLength(): number {
    return this.#store.length;
  }

  /** Appends the offsets of `length` values and gives the first and the last of them as the chunk has them. */
  append(source: Pointer, length: number): { first: number; last: number } {
    if (length === 0 || source === 0) return { first: 0, last: 0 };
    if (this.#store.length === 0) this.#start();
    // The first offset goes over the last one of the previous chunk, which it equals once it is rebased.
    const at = this.#store.length - 4;
    this.#store.length = at;
    this.#store.append(source, (length + 1) * 4);
    const bytes = this.#store.bytes;
    const offsets = new Int32Array(bytes.buffer, bytes.byteOffset + at, length + 1);
    const first = offsets[0] as number;
    const last = offsets[length] as number;
    const shift = this.#end - first;
    if (this.#end + last - first > 0x7fff_ffff) {
      throw new SkuaError('RESOURCE_EXHAUSTED', 'the values of one batch take more than 2 GiB');
    }
    if (shift !== 0) for (let index = 0; index <= length; index++) offsets[index] = (offsets[index] as number) + shift;
    this.#end += last - first;
    return { first, last };
  }

  take(): Uint8Array {
    if (this.#store.length === 0) this.#start();
    this.#end = 0;
    return this.#store.take();
  }

  #start(): void {
    const at = this.#store.extend(4);
    this.#store.bytes.writeInt32LE(0, at);
  }
}
