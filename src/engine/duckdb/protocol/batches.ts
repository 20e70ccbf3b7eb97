/** Record batches between processes: their buffers lie in shared memory where there is room, else in the message itself. */
import type { ColumnarBatch, FieldNode } from '../../../arrow/index.js';
import { SkuaError } from '../../../errors.js';
import type { Arena } from './arena.js';
import type { SharedMemory } from './shared-memory.js';

export interface WireBatch {
  length: number;
  /** Length and null count of each field node in turn. */
  nodes: number[];
  /** Bytes, or offset and length in the sender's shared memory. */
  buffers: (Uint8Array | [number, number])[];
}

/** A batch with what of the shared memory it holds until the other side has read it. */
export interface SentBatch {
  wire: WireBatch;
  /** Offsets of pieces of the arena. */
  held: number[];
}

/** Buffers up to this size go into the message: finding room for them costs more than copying them. */
const SMALL = 1024;

export class BatchWriter {
  readonly #arena: Arena | undefined;

  constructor(arena: Arena | undefined) {
    this.#arena = arena;
  }

  /** Buffers that lie in the arena are told by their place, others are copied there where they are large. */
  write(batch: ColumnarBatch): SentBatch {
    const held: number[] = [];
    const wire = this.#toWire(batch, (buffer) => {
      const own = buffer.byteLength > 0 && this.#arena?.arrayBuffer === buffer.buffer;
      if (own) held.push(buffer.byteOffset);
      if (own && buffer.byteLength > SMALL) return [buffer.byteOffset, buffer.byteLength];
      if (own || buffer.byteLength <= SMALL) return Buffer.from(buffer);
      const copy = this.#arena?.allocate(buffer.byteLength);
      if (!copy) return buffer;
      copy.set(buffer);
      held.push(copy.byteOffset);
      return [copy.byteOffset, copy.byteLength];
    });
    return { wire, held };
  }

  /** All buffers in the message. */
  inline(batch: ColumnarBatch): WireBatch {
    return this.#toWire(batch, (buffer) => buffer);
  }

  free(held: readonly number[]): void {
    for (const offset of held) this.#arena?.release(offset);
  }

  #toWire(batch: ColumnarBatch, place: (buffer: Uint8Array) => Uint8Array | [number, number]): WireBatch {
    const nodes: number[] = [];
    for (const { length, nullCount } of batch.nodes) nodes.push(length, nullCount);
    return { length: batch.length, nodes, buffers: batch.buffers.map(place) };
  }
}

export class BatchReader {
  readonly #memory: SharedMemory | undefined;

  /** `memory` is the other side's. */
  constructor(memory: SharedMemory | undefined) {
    this.#memory = memory;
  }

  /** The batch over the sender's memory, good until the sender is told that it has been read. Places outside of it: INTERNAL. */
  read({ length, nodes, buffers }: WireBatch): ColumnarBatch {
    const fieldNodes: FieldNode[] = [];
    for (let index = 0; index < nodes.length; index += 2) {
      fieldNodes.push({ length: nodes[index] ?? 0, nullCount: nodes[index + 1] ?? 0 });
    }
    return { length, nodes: fieldNodes, buffers: buffers.map((buffer) => this.#buffer(buffer)) };
  }

  #buffer(buffer: Uint8Array | [number, number]): Uint8Array {
    if (buffer instanceof Uint8Array) return buffer;
    const [offset, length] = buffer;
    const size = this.#memory?.bytes.length ?? 0;
    if (!this.#memory || offset + length > size) {
      throw new SkuaError('INTERNAL', 'a record batch lies outside of the memory that the engine shares');
    }
    return this.#memory.bytes.subarray(offset, offset + length);
  }
}
