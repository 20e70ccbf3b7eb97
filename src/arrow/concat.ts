/** Columns of one type, one behind the other: how a dictionary grows. */
import { SkuaError } from '../errors.js';
import { bitAt, type Column, layoutOf, offsetsOf, setBit, writeOffsets } from './column.js';

/** Both, in order. Types with children: UNIMPLEMENTED. */
export function concatColumns(first: Column, second: Column): Column {
  const { type } = first;
  const layout = layoutOf(type);
  const length = first.length + second.length;
  const nullCount = first.nullCount + second.nullCount;
  const joined = (buffers: Uint8Array[], children: Column[] = []): Column => {
    const validity = nullCount === 0 ? new Uint8Array(0) : bits(first, second, 0, true);
    return { type, length, nullCount, buffers: [validity, ...buffers], children };
  };
  switch (layout.kind) {
    case 'null':
      return { ...first, length, nullCount: length };
    case 'bits':
      return joined([bits(first, second, 1, false)]);
    case 'fixed':
      return joined([bytes(values(first, layout.width), values(second, layout.width))]);
    case 'bytes': {
      const [ours, theirs] = [rangeOf(first, layout.offsetWidth), rangeOf(second, layout.offsetWidth)];
      const data = [first, second].map(({ buffers }, index) => {
        const { start, end } = index === 0 ? ours : theirs;
        return (buffers[2] as Uint8Array).subarray(start, end);
      }) as [Uint8Array, Uint8Array];
      return joined([offsets(ours, theirs, layout.offsetWidth), bytes(...data)]);
    }
    default:
      throw new SkuaError('UNIMPLEMENTED', `a dictionary of ${type} that grows is not supported`);
  }
}

function bits(first: Column, second: Column, buffer: number, whereAbsent: boolean): Uint8Array {
  const bitmap = new Uint8Array((first.length + second.length + 7) >> 3);
  let place = 0;
  for (const { length, buffers } of [first, second]) {
    const from = buffers[buffer] as Uint8Array;
    for (let row = 0; row < length; row++, place++) {
      if (from.byteLength === 0 ? whereAbsent : bitAt(from, row)) setBit(bitmap, place);
    }
  }
  return bitmap;
}

function values({ buffers, length }: Column, width: number): Uint8Array {
  return (buffers[1] as Uint8Array).subarray(0, length * width);
}

interface Range {
  offsets: ArrayLike<number>;
  start: number;
  end: number;
  length: number;
}

function rangeOf({ buffers, length }: Column, width: 4 | 8): Range {
  const own = offsetsOf(buffers[1] as Uint8Array, width);
  return { offsets: own, start: own[0] ?? 0, end: own[length] ?? 0, length };
}

function offsets(ours: Range, theirs: Range, width: 4 | 8): Uint8Array {
  const all = new Float64Array(ours.length + theirs.length + 1);
  for (let row = 0; row <= ours.length; row++) all[row] = (ours.offsets[row] ?? 0) - ours.start;
  const before = ours.end - ours.start;
  for (let row = 1; row <= theirs.length; row++)
    all[ours.length + row] = before + (theirs.offsets[row] as number) - theirs.start;
  return writeOffsets(all, width);
}

function bytes(first: Uint8Array, second: Uint8Array): Uint8Array {
  const all = new Uint8Array(first.byteLength + second.byteLength);
  all.set(first);
  all.set(second, first.byteLength);
  return all;
}
