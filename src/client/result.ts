import { type RecordBatch, type Schema, Table } from 'apache-arrow';
import type { ColumnarBatch } from '../arrow/index.js';
import { toRecordBatch } from './record-batch.js';
import { type Row, rowReader } from './rows.js';

/**
 * The rows of a query, pulled from the server as they are consumed. Read them in one of four forms, once: as apache-arrow's record batches (`for await
 * (const batch of result)`), as objects (`rows()`), all at once (`table()`), or as buffers (`batches`). Leaving a loop early stops the query.
 */
export class QueryResult implements AsyncIterable<RecordBatch> {
  readonly kind = 'query';

  constructor(
    readonly schema: Schema,
    /** The batches as they came, without a value being looked at. */
    readonly batches: AsyncGenerator<ColumnarBatch>,
    /** Asks the server to stop. Whoever reads the rows gets CANCELLED. */
    readonly cancel: () => Promise<void>,
  ) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<RecordBatch> {
    for await (const batch of this.batches) yield toRecordBatch(this.schema, batch);
  }

  /** One object a row, by column name; the second of two columns named `a` is `a_2`. Which values: `Value`. */
  async *rows(): AsyncGenerator<Row> {
    const read = rowReader(this.schema);
    for await (const batch of this.batches) yield* read(batch);
  }

  /** All rows; they have to fit into memory. */
  async table(): Promise<Table> {
    const batches: RecordBatch[] = [];
    for await (const batch of this) batches.push(batch);
    return new Table(this.schema, batches);
  }
}
