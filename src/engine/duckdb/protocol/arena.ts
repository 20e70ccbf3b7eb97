import type { SharedMemory } from './shared-memory.js';

/** Where a piece of memory begins and how long it is, in bytes. */
export interface Region {
  offset: number;
  length: number;
}

/** Arrow's buffers begin at multiples of this. */
const ALIGNMENT = 64;
/** How long memory that was used stays with the process once it is free, in milliseconds. */
const KEPT = 10_000;

/** Gives out pieces of shared memory. One side allocates and frees; the other only reads what it is told of. */
export class Arena {
  readonly #memory: SharedMemory;
  /** Ascending, never touching one another. */
  readonly #free: Region[];
  readonly #sizes = new Map<number, number>();
  #highest = 0;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(memory: SharedMemory) {
    this.#memory = memory;
    this.#free = [{ offset: 0, length: memory.bytes.length }];
  }

  /** Bytes that are given out. */
  get used(): number {
    let total = 0;
    for (const size of this.#sizes.values()) total += size;
    return total;
  }

  get arrayBuffer(): ArrayBufferLike {
    return this.#memory.bytes.buffer;
  }

  /** The address of an offset, in this process. */
  addressOf(offset: number): number {
    return this.#memory.address + offset;
  }

  /** A piece of at least that many bytes, aligned for Arrow; undefined where there is no room. Its contents are whatever was there. */
  allocate(bytes: number): Buffer | undefined {
    if (this.#isClosed) return undefined;
    const size = roundUp(Math.max(bytes, 1));
    for (let index = 0; index < this.#free.length; index++) {
      const range = this.#free[index] as Region;
      if (range.length < size) continue;
      const { offset } = range;
      if (range.length === size) this.#free.splice(index, 1);
      else this.#free[index] = { offset: offset + size, length: range.length - size };
      this.#sizes.set(offset, size);
      this.#highest = Math.max(this.#highest, offset + size);
      return this.#memory.bytes.subarray(offset, offset + bytes);
    }
    return undefined;
  }

  /** Gives out nothing more and leaves the memory alone, which is somebody else's from now on. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#sizes.clear();
  }

  /** Gives back what lies behind the first `bytes` of a piece. */
  shrink(offset: number, bytes: number): void {
    const size = this.#sizes.get(offset);
    const kept = roundUp(Math.max(bytes, 1));
    if (size === undefined || kept >= size) return;
    this.#sizes.set(offset, kept);
    this.#giveBack({ offset: offset + kept, length: size - kept });
  }

  /** Gives a piece back. What is no piece is left alone. */
  release(offset: number): void {
    const length = this.#sizes.get(offset);
    if (length === undefined) return;
    this.#sizes.delete(offset);
    this.#giveBack({ offset, length });
    if (this.#sizes.size > 0) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#discard(), KEPT);
    this.#timer.unref();
  }

  #giveBack({ offset, length }: Region): void {
    let index = this.#free.findIndex((range) => range.offset > offset);
    if (index < 0) index = this.#free.length;
    const before = this.#free[index - 1];
    const after = this.#free[index];
    const joinsBefore = before !== undefined && before.offset + before.length === offset;
    const joinsAfter = after !== undefined && offset + length === after.offset;
    const start = joinsBefore ? before.offset : offset;
    const end = joinsAfter ? after.offset + after.length : offset + length;
    const from = joinsBefore ? index - 1 : index;
    this.#free.splice(from, Number(joinsBefore) + Number(joinsAfter), { offset: start, length: end - start });
  }

  #discard(): void {
    if (this.#sizes.size > 0) return;
    this.#memory.discard(0, this.#highest);
    this.#highest = 0;
  }
}

function roundUp(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}
