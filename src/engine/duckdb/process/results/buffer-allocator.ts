import type { ColumnarBatch } from '../../../../arrow/index.js';
import { SkuaError } from '../../../../errors.js';
import type { Pointer } from '../native/library.js';
import { addressOf } from '../native/memory.js';

/** Where the buffers of results come from. */
export interface BufferAllocator {
  /** Memory whose contents are whatever was there. None left: RESOURCE_EXHAUSTED. */
  allocate(bytes: number): Buffer;
  /** Where an allocated buffer lies. */
  addressOf(buffer: Buffer): Pointer;
  /** Gives back what lies behind the first `bytes` of an allocated buffer. */
  shrink(buffer: Buffer, bytes: number): void;
  /** Gives an allocated buffer back. */
  release(buffer: Buffer): void;
}

/** Where one result's buffers come from. */
export interface ResultMemory extends BufferAllocator {
  /** Says that a batch has been made: what it doesn't hold of what was allocated is given back, the rest is now the batch's. */
  settle(batch: ColumnarBatch): void;
  /** A batch in other memory, so that pieces of it can be given away one by one. */
  detach(batch: ColumnarBatch): ColumnarBatch;
  /** Gives back what no batch holds. */
  discard(): void;
}

/** Of the JavaScript heap's own, which is collected. */
export const heap: ResultMemory = {
  allocate(bytes) {
    try {
      return Buffer.allocUnsafeSlow(bytes);
    } catch (error) {
      throw new SkuaError('RESOURCE_EXHAUSTED', 'the rows of the result need more memory than there is', {
        cause: error,
      });
    }
  },
  addressOf,
  shrink: () => undefined,
  release: () => undefined,
  settle: () => undefined,
  detach: (batch) => batch,
  discard: () => undefined,
};
