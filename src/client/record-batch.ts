/** Between batches as buffers and apache-arrow's record batches. */
import { type Data, makeData, RecordBatch, type Schema, Struct, type Vector } from 'apache-arrow';
import { BufferRegion, FieldNode } from 'apache-arrow/ipc/metadata/message';
import { VectorLoader } from 'apache-arrow/visitor/vectorloader';
import type { ColumnarBatch } from '../arrow/index.js';

/** The buffers are shared, not copied. */
export function toRecordBatch(schema: Schema, batch: ColumnarBatch): RecordBatch {
  const nodes = batch.nodes.map(({ length, nullCount }) => new FieldNode(length, nullCount));
  const children = new BufferLoader(nodes, batch.buffers).visitMany(schema.fields) as Data[];
  const data = makeData({ type: new Struct(schema.fields), length: batch.length, children });
  return new RecordBatch(schema, data);
}

/** Takes each buffer from a list instead of out of one message body: a region's offset is the place in the list. */
class BufferLoader extends VectorLoader {
  readonly #list: readonly Uint8Array[];

  constructor(nodes: FieldNode[], list: readonly Uint8Array[]) {
    const regions = list.map((buffer, index) => new BufferRegion(index, buffer.byteLength));
    super(new Uint8Array(0), nodes, regions, new Map<number, Vector>());
    this.#list = list;
  }

  protected override readData(_type: unknown, { offset } = this.nextBufferRange()): Uint8Array {
    return this.#list[offset] ?? new Uint8Array(0);
  }
}
