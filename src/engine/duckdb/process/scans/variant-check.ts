import { DataType, type Field, type Schema } from 'apache-arrow';
import { type Column, type ColumnarBatch, columnsOf, layoutOf } from '../../../../arrow/index.js';
import { SkuaError } from '../../../../errors.js';
import { variantProblem } from '../../../../parquet/index.js';
import { holds } from '../types/nested.js';
import { isVariant } from '../types/sql-type.js';

/** The batches, each of them checked: DuckDB's own decoder trusts the bytes of variants. What is none: INVALID_ARGUMENT naming the column. */
export async function* checkedVariants(
  schema: Schema,
  batches: Iterable<ColumnarBatch> | AsyncIterable<ColumnarBatch>,
): AsyncGenerator<ColumnarBatch> {
  for await (const batch of batches) {
    for (const [index, column] of columnsOf(schema, batch).entries()) check(schema.fields[index] as Field, column);
    yield batch;
  }
}

function check(field: Field, column: Column): void {
  if (!holds(field, isVariant)) return;
  if (!isVariant(field)) {
    for (const [index, child] of column.children.entries())
      check((field.type.children as Field[])[index] as Field, child);
    return;
  }
  const [validity] = column.buffers;
  const parts = new Map(column.children.map((child, index) => [(field.type.children as Field[])[index]?.name, child]));
  const [metadata, value] = [parts.get('metadata'), parts.get('value')].map(bytesReader);
  for (let row = 0; row < column.length; row++) {
    if (!isSet(validity, row)) continue;
    const problem = variantProblem(metadata?.(row) ?? new Uint8Array(0), value?.(row) ?? new Uint8Array(0));
    if (problem === undefined) continue;
    throw new SkuaError('INVALID_ARGUMENT', `the column ${field.name} has bytes that are no variant: ${problem}`);
  }
}

function bytesReader(column: Column | undefined): (row: number) => Uint8Array {
  const layout = column && layoutOf(column.type);
  if (
    !column ||
    layout?.kind !== 'bytes' ||
    (!DataType.isBinary(column.type) && !DataType.isLargeBinary(column.type))
  ) {
    throw new SkuaError('INVALID_ARGUMENT', 'metadata and value of a variant are binary');
  }
  const [validity, offsets, data] = column.buffers as [Uint8Array, Uint8Array, Uint8Array];
  const view = new DataView(offsets.buffer, offsets.byteOffset, offsets.byteLength);
  const offsetAt = (index: number) =>
    layout.offsetWidth === 4 ? view.getInt32(index * 4, true) : Number(view.getBigInt64(index * 8, true));
  return (row) => (isSet(validity, row) ? data.subarray(offsetAt(row), offsetAt(row + 1)) : new Uint8Array(0));
}

function isSet(validity: Uint8Array | undefined, row: number): boolean {
  return !validity?.byteLength || ((validity[row >> 3] as number) & (1 << (row & 7))) !== 0;
}
