import type { ColumnarBatch, FieldNode } from '../../../../arrow/index.js';
import type { Pointer } from '../native/library.js';
import { ArrayReader } from './array-reader.js';
import { type BufferAllocator, heap } from './buffer-allocator.js';
import { collectorFor } from './collectors.js';
import type { ColumnCollector } from './column-collector.js';
import type { Layout } from './result-type.js';

/** Gathers the small arrays that DuckDB exports into record batches of their own memory. */
export class BatchCollector {
  readonly #columns: ColumnCollector[];
  readonly #root = new ArrayReader();
  rows = 0;

  constructor(layouts: readonly Layout[], memory: BufferAllocator = heap) {
    this.#columns = layouts.map((layout) => collectorFor(layout, memory));
  }

  /** Bytes gathered so far. */
  get bytes(): number {
    let total = 0;
    for (const column of this.#columns) total += column.bytes;
    return total;
  }

  /** Copies a struct `ArrowArray`. */
  append(array: Pointer): void {
    this.#root.read(array, 1, this.#columns.length);
    const length = this.#root.length;
    this.rows += length;
    for (let index = 0; index < this.#columns.length; index++) {
      (this.#columns[index] as ColumnCollector).append(this.#root.child(index), length);
    }
  }

  take(): ColumnarBatch {
    const nodes: FieldNode[] = [];
    const buffers: Uint8Array[] = [];
    for (const column of this.#columns) column.take(nodes, buffers);
    const length = this.rows;
    this.rows = 0;
    return { length, nodes, buffers };
  }
}
