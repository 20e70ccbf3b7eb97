/** From apache-arrow's own batches. */
import type { RecordBatch, Table } from 'apache-arrow';
import { VectorAssembler } from 'apache-arrow/visitor/vectorassembler';
import type { ColumnarBatch } from './batch.js';
import { bytesOf } from './column.js';

/** A batch of apache-arrow, its buffers shared. Dictionary-encoded columns can't be converted; decode those with `IpcDecoder`. */
export function fromRecordBatch(batch: RecordBatch): ColumnarBatch {
  const assembled = VectorAssembler.assemble(batch);
  return {
    length: batch.numRows,
    nodes: assembled.nodes.map(({ length, nullCount }) => ({ length, nullCount })),
    buffers: assembled.buffers.map(bytesOf),
  };
}

export function fromTable(table: Table): ColumnarBatch[] {
  return table.batches.map(fromRecordBatch);
}
