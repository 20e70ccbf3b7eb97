import { SkuaError } from '../../../../errors.js';
import { copyMemory, type Pointer } from '../native/library.js';
import { addressOf, allocate } from '../native/memory.js';

/** Reads the fields of an `ArrowArray` (Arrow C data interface) through one reused piece of memory. */
export class ArrayReader {
  readonly #memory = allocate(80);
  readonly #words = new Uint32Array(this.#memory.buffer, this.#memory.byteOffset, 20);
  readonly #address = addressOf(this.#memory);
  #pointers = allocate(256);
  #pointersAddress = addressOf(this.#pointers);
  length = 0;
  nullCount = 0;

  /** `buffers` and `children` are how many an array of the announced type has. */
  read(array: Pointer, buffers: number, children: number): void {
    copyMemory(this.#address, array, 80);
    this.length = this.#word(0);
    const nulls = this.#word(1);
    this.nullCount = nulls > this.length ? -1 : nulls;
    if (this.#word(2) !== 0) throw new SkuaError('INTERNAL', 'the SQL engine exported an array with an offset');
    if (this.#word(3) !== buffers || this.#word(4) !== children || this.#word(7) !== 0) {
      throw new SkuaError('INTERNAL', 'the SQL engine exported an array of another type than announced');
    }
    if (children * 8 + 32 > this.#pointers.length) {
      this.#pointers = allocate(children * 8 + 32);
      this.#pointersAddress = addressOf(this.#pointers);
    }
    if (buffers > 0) copyMemory(this.#pointersAddress, this.#word(5), buffers * 8);
    if (children > 0) copyMemory(this.#pointersAddress + 32, this.#word(6), children * 8);
  }

  buffer(index: number): Pointer {
    return this.#pointerAt(index * 8);
  }

  child(index: number): Pointer {
    return this.#pointerAt(32 + index * 8);
  }

  #word(index: number): number {
    return (this.#words[index * 2] as number) + (this.#words[index * 2 + 1] as number) * 0x1_0000_0000;
  }

  #pointerAt(offset: number): Pointer {
    return this.#pointers.readUInt32LE(offset) + this.#pointers.readUInt32LE(offset + 4) * 0x1_0000_0000;
  }
}

/** A reused place for bytes that have to be looked at before they are kept. */
export class Scratch {
  #memory = allocate(2048);
  #address = addressOf(this.#memory);

  load(source: Pointer, bytes: number): Buffer {
    if (bytes > this.#memory.length) {
      this.#memory = allocate(bytes * 2);
      this.#address = addressOf(this.#memory);
    }
    if (bytes > 0) copyMemory(this.#address, source, bytes);
    return this.#memory;
  }
}
