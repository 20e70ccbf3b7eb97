/** Rows [offset, offset + length) of a batch. Values are shared with the source; only bitmaps and offsets are written anew. */
import type { Schema } from 'apache-arrow';
import { batchBytes, type ColumnarBatch } from './batch.js';
import { batchOf, bitAt, type Column, columnsOf, layoutOf, offsetsOf, writeOffsets } from './column.js';

export function sliceBatch(schema: Schema, batch: ColumnarBatch, offset: number, length: number): ColumnarBatch {
  if (offset === 0 && length === batch.length) return batch;
  return batchOf(
    columnsOf(schema, batch).map((column) => sliceColumn(column, offset, length)),
    length,
  );
}

/**
 * A batch in pieces of at most about `maximumBytes` each, as rows of average size go; one row is never split. A batch that is small enough
 * passes untouched.
 */
export function* splitBatch(schema: Schema, batch: ColumnarBatch, maximumBytes: number): Generator<ColumnarBatch> {
  const bytes = batchBytes(batch);
  if (bytes <= maximumBytes || batch.length <= 1) {
    yield batch;
    return;
  }
  const rows = Math.max(1, Math.ceil(batch.length / Math.ceil(bytes / maximumBytes)));
  for (let offset = 0; offset < batch.length; offset += rows) {
    const piece = sliceBatch(schema, batch, offset, Math.min(rows, batch.length - offset));
    if (batchBytes(piece) > maximumBytes * 1.5 && piece.length > 1) yield* splitBatch(schema, piece, maximumBytes);
    else yield piece;
  }
}

function sliceColumn(column: Column, offset: number, length: number): Column {
  if (offset === 0 && length === column.length) return column;
  const layout = layoutOf(column.type);
  const [first, second, third] = column.buffers as [Uint8Array, Uint8Array, Uint8Array];
  const sliced = (buffers: Uint8Array[], children: Column[] = []): Column => {
    const nullCount = column.nullCount === 0 ? 0 : countNulls(first, offset, length);
    return {
      type: column.type,
      length,
      nullCount,
      buffers: [nullCount === 0 ? NOTHING : sliceBits(first, offset, length), ...buffers],
      children,
    };
  };
  switch (layout.kind) {
    case 'null':
      return { ...column, length, nullCount: length };
    case 'bits':
      return sliced([sliceBits(second, offset, length)]);
    case 'fixed':
      return sliced([second.subarray(offset * layout.width, (offset + length) * layout.width)]);
    case 'bytes': {
      const { offsets, start, end } = sliceOffsets(second, layout.offsetWidth, offset, length);
      return sliced([offsets, third.subarray(start, end)]);
    }
    case 'list': {
      const { offsets, start, end } = sliceOffsets(second, layout.offsetWidth, offset, length);
      return sliced(
        [offsets],
        column.children.map((child) => sliceColumn(child, start, end - start)),
      );
    }
    case 'fixedList':
      return sliced(
        [],
        column.children.map((child) => sliceColumn(child, offset * layout.size, length * layout.size)),
      );
    case 'struct':
      return sliced(
        [],
        column.children.map((child) => sliceColumn(child, offset, length)),
      );
    case 'view':
      return sliced([second.subarray(offset * 16, (offset + length) * 16), ...column.buffers.slice(2)]);
    case 'union': {
      const typeIds = first.subarray(offset, offset + length);
      if (layout.dense) {
        return { ...column, length, buffers: [typeIds, second.subarray(offset * 4, (offset + length) * 4)] };
      }
      const children = column.children.map((child) => sliceColumn(child, offset, length));
      return { ...column, length, buffers: [typeIds], children };
    }
  }
}

const NOTHING = new Uint8Array(0);

function sliceOffsets(buffer: Uint8Array, width: 4 | 8, offset: number, length: number) {
  const all = offsetsOf(buffer, width);
  const start = all[offset] ?? 0;
  const end = all[offset + length] ?? start;
  if (start === 0) {
    return { offsets: buffer.subarray(offset * width, (offset + length + 1) * width), start, end };
  }
  const rebased = all.slice(offset, offset + length + 1);
  for (let i = 0; i < rebased.length; i++) rebased[i] = (rebased[i] as number) - start;
  return { offsets: writeOffsets(rebased, width), start, end };
}

function sliceBits(bitmap: Uint8Array, offset: number, length: number): Uint8Array {
  if (bitmap.byteLength === 0) return bitmap;
  const first = offset >> 3;
  const bytes = (length + 7) >> 3;
  const shift = offset & 7;
  if (shift === 0) return bitmap.subarray(first, first + bytes);
  const result = new Uint8Array(bytes);
  for (let i = 0; i < bytes; i++) {
    result[i] = ((bitmap[first + i] ?? 0) >> shift) | ((bitmap[first + i + 1] ?? 0) << (8 - shift));
  }
  return result;
}

function countNulls(bitmap: Uint8Array, offset: number, length: number): number {
  if (bitmap.byteLength === 0) return 0;
  let nulls = 0;
  for (let i = 0; i < length; i++) if (!bitAt(bitmap, offset + i)) nulls++;
  return nulls;
}
