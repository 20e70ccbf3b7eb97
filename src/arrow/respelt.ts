/** Runs and views of lists, spelt out (Arrow columnar format, "Run-End Encoded Layout" and "ListView Layout"). */
import type { Int } from 'apache-arrow';
import { SkuaError } from '../errors.js';
import { type Column, isNull, offsetsOf, writeOffsets } from './column.js';
import { MOST_ITEMS, takeColumn, tooLarge } from './take.js';

/** For each row the place of its value. Ends that do not rise to the last row: INVALID_ARGUMENT. */
export function runsOf({ children: [ends], length }: Column): Int32Array {
  if (length > MOST_ITEMS) throw tooLarge();
  const indices = new Int32Array(length);
  let row = 0;
  for (let run = 0; row < length; run++) {
    const end = ends && run < ends.length ? endAt(ends, run) : 0;
    if (end <= row) throw new SkuaError('INVALID_ARGUMENT', 'the runs of a column do not reach its last row');
    indices.fill(run, row, Math.min(end, length));
    row = end;
  }
  return indices;
}

function endAt({ type, buffers }: Column, run: number): number {
  const bytes = buffers[1] as Uint8Array;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch ((type as Int).bitWidth) {
    case 16:
      return view.getInt16(run * 2, true);
    case 32:
      return view.getInt32(run * 4, true);
    default:
      return Number(view.getBigInt64(run * 8, true));
  }
}

/** The same lists, with their items in order, each by itself. */
export function gatherLists(column: Column, width: 4 | 8): Column {
  const { length, buffers, children } = column;
  const [validity, first, second] = buffers as [Uint8Array, Uint8Array, Uint8Array];
  const [starts, sizes] = [offsetsOf(first, width), offsetsOf(second, width)];
  const offsets = new Float64Array(length + 1);
  for (let row = 0; row < length; row++) {
    offsets[row + 1] = (offsets[row] as number) + (isNull(column, row) ? 0 : (sizes[row] as number));
  }
  const count = offsets[length] as number;
  if (count > MOST_ITEMS) throw tooLarge();
  const items = new Int32Array(count);
  for (let row = 0; row < length; row++) {
    const [start, place] = [starts[row] as number, offsets[row] as number];
    for (let item = 0; place + item < (offsets[row + 1] as number); item++) items[place + item] = start + item;
  }
  return {
    ...column,
    buffers: [validity, writeOffsets(offsets, width)],
    children: [takeColumn(children[0] as Column, items)],
  };
}
