import { type ColumnarBatch, ownedBatch } from '../../../arrow/index.js';
import type { Arena } from '../protocol/index.js';
import { addressOf } from './native/memory.js';
import { heap, type ResultMemory } from './results/buffer-allocator.js';

/** Buffers of one result in memory that the server maps too; on the heap while there is no room. */
export class ArenaMemory implements ResultMemory {
  readonly #arena: Arena;
  /** Offsets of pieces that no batch holds yet. */
  readonly #loose = new Set<number>();

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  allocate(bytes: number): Buffer {
    const buffer = this.#arena.allocate(bytes);
    if (!buffer) return heap.allocate(bytes);
    this.#loose.add(buffer.byteOffset);
    return buffer;
  }

  addressOf(buffer: Buffer): number {
    return this.#isShared(buffer) ? this.#arena.addressOf(buffer.byteOffset) : addressOf(buffer);
  }

  shrink(buffer: Buffer, bytes: number): void {
    if (this.#isShared(buffer)) this.#arena.shrink(buffer.byteOffset, bytes);
  }

  release(buffer: Buffer): void {
    if (!this.#isShared(buffer)) return;
    this.#loose.delete(buffer.byteOffset);
    this.#arena.release(buffer.byteOffset);
  }

  settle(batch: ColumnarBatch): void {
    for (const buffer of batch.buffers) {
      if (buffer.byteLength > 0 && this.#isShared(buffer)) this.#loose.delete(buffer.byteOffset);
    }
    this.discard();
  }

  detach(batch: ColumnarBatch): ColumnarBatch {
    const owned = ownedBatch(batch);
    for (const buffer of batch.buffers) if (this.#isShared(buffer)) this.#arena.release(buffer.byteOffset);
    return owned;
  }

  discard(): void {
    for (const offset of this.#loose) this.#arena.release(offset);
    this.#loose.clear();
  }

  #isShared(buffer: Uint8Array): boolean {
    return buffer.buffer === this.#arena.arrayBuffer;
  }
}
