/** What a table has to be that a stream of batches makes. */
import { DataType, type Field, type Schema, TimeUnit } from 'apache-arrow';
import { type Column, type ColumnarBatch, columnsOf, isNull } from '../../arrow/index.js';

/** Rows as they come, of which some were looked at. */
export interface Peeked {
  /** The format version that the table needs; undefined where any will do. */
  formatVersion: 3 | undefined;
  batches: AsyncIterable<ColumnarBatch>;
}

/**
 * Variants exist from format version 3 on, as do times in nanoseconds: a table gets those where one of the first batch that has rows is no whole
 * microsecond.
 */
export async function peek(schema: Schema, batches: AsyncIterable<ColumnarBatch>): Promise<Peeked> {
  if (holdsVariants(schema)) return { formatVersion: 3, batches };
  if (!schema.fields.some(holdsNanoseconds)) return { formatVersion: undefined, batches };
  const iterator = batches[Symbol.asyncIterator]();
  const seen: ColumnarBatch[] = [];
  let next = await iterator.next();
  for (; !next.done; next = await iterator.next()) {
    seen.push(next.value);
    if (next.value.length > 0) break;
  }
  const isFine = seen.some((batch) => columnsOf(schema, batch).some(isFiner));
  return { formatVersion: isFine ? 3 : undefined, batches: chained(seen, iterator) };
}

async function* chained<T>(seen: readonly T[], iterator: AsyncIterator<T>): AsyncGenerator<T> {
  try {
    yield* seen;
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
  } finally {
    await iterator.return?.();
  }
}

export function holdsVariants({ fields }: Pick<Schema, 'fields'>): boolean {
  return fields.some(({ metadata, type }) => {
    if (metadata.get('ARROW:extension:name') === 'arrow.parquet.variant') return true;
    return metadata.get('ARROW:FLIGHT:SQL:TYPE_NAME') === 'VARIANT' || holdsVariants({ fields: type.children ?? [] });
  });
}

function holdsNanoseconds({ type }: Field): boolean {
  return isNanoseconds(type) || ((type.children ?? []) as Field[]).some(holdsNanoseconds);
}

function isNanoseconds(type: DataType): boolean {
  return DataType.isTimestamp(type) && type.unit === TimeUnit.NANOSECOND;
}

/** Whether a time in the column, or in what it holds, is no whole microsecond. */
function isFiner(column: Column): boolean {
  if (!isNanoseconds(column.type)) return column.children.some(isFiner);
  const bytes = column.buffers[1] ?? new Uint8Array(0);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const there = Math.min(column.length, Math.floor(bytes.byteLength / 8));
  for (let row = 0; row < there; row++) {
    if (!isNull(column, row) && view.getBigInt64(row * 8, true) % 1000n !== 0n) return true;
  }
  return false;
}
