/** The values of an Arrow column as bytes of the table format, gathered in a sketch (Iceberg spec, "Binary single-value serialization"). */
import { DataType } from 'apache-arrow';
import { type Column, layoutOf } from '../../arrow/index.js';
import type { Type } from '../types.js';
import { minimalBigEndian } from '../values/single-value.js';
import type { ThetaSketch } from './theta-sketch.js';

/** Whether values of the type can be told apart by their bytes alone. */
export function sketchable(type: Type): boolean {
  if (type.kind === 'decimal' || type.kind === 'fixed') return true;
  return type.kind === 'primitive' && !['variant', 'geometry', 'geography', 'unknown'].includes(type.type);
}

/** Adds the values of a column that are not null; as the engine sends it, numbers in the order of their bytes that the table format has too. */
export function columnSketch(sketch: ThetaSketch, column: Column): void {
  const layout = layoutOf(column.type);
  const [validity, first, second] = column.buffers;
  const isNull = (index: number) =>
    column.nullCount > 0 && validity !== undefined && ((validity[index >> 3] as number) & (1 << (index & 7))) === 0;
  for (let index = 0; index < column.length; index++) {
    if (isNull(index)) continue;
    if (layout.kind === 'bits') {
      sketch.add(Uint8Array.of(((first as Uint8Array)[index >> 3] as number) & (1 << (index & 7)) ? 1 : 0));
    } else if (layout.kind === 'bytes') {
      const [from, to] = offsetsAt(first as Uint8Array, index, layout.offsetWidth);
      sketch.add(second as Uint8Array, from, to - from);
    } else if (layout.kind === 'fixed') {
      const { width } = layout;
      if (DataType.isDecimal(column.type)) sketch.add(unscaled(first as Uint8Array, index * width));
      else sketch.add(first as Uint8Array, index * width, width);
    }
  }
}

function offsetsAt(offsets: Uint8Array, index: number, width: 4 | 8): [number, number] {
  const view = new DataView(offsets.buffer, offsets.byteOffset, offsets.byteLength);
  if (width === 4) return [view.getInt32(4 * index, true), view.getInt32(4 * index + 4, true)];
  return [Number(view.getBigInt64(8 * index, true)), Number(view.getBigInt64(8 * index + 8, true))];
}

function unscaled(bytes: Uint8Array, at: number): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return minimalBigEndian((view.getBigInt64(at + 8, true) << 64n) | view.getBigUint64(at, true));
}
