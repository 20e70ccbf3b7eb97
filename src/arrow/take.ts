/** Gathering rows of a column by index: how dictionaries become plain columns. */
import { SkuaError } from '../errors.js';
import { bitAt, type Column, layoutOf, offsetsOf, setBit, writeOffsets } from './column.js';

const NOTHING = new Uint8Array(0);
/** What 32-bit offsets reach, and half a GiB of items to look up. */
const MOST_BYTES = 2 ** 31 - 1;
export const MOST_ITEMS = 2 ** 27;

/** The rows at these indices, in this order; an index of -1 gives a null. */
export function takeColumn(column: Column, indices: Int32Array): Column {
  const layout = layoutOf(column.type);
  const length = indices.length;
  const [first, second, third] = column.buffers as [Uint8Array, Uint8Array, Uint8Array];
  const validity = layout.kind === 'union' || layout.kind === 'null' ? undefined : takeValidity(column, indices);
  const taken = (buffers: Uint8Array[], children: Column[] = []): Column => ({
    type: column.type,
    length,
    nullCount: validity?.nullCount ?? 0,
    buffers: [validity?.bitmap ?? NOTHING, ...buffers],
    children,
  });
  switch (layout.kind) {
    case 'null':
      return { ...column, length, nullCount: length };
    case 'bits': {
      const bits = new Uint8Array((length + 7) >> 3);
      indices.forEach((index, row) => {
        if (index >= 0 && bitAt(second, index)) setBit(bits, row);
      });
      return taken([bits]);
    }
    case 'fixed':
      return taken([takeFixed(second, layout.width, indices)]);
    case 'view':
      return taken([takeFixed(second, 16, indices), ...column.buffers.slice(2)]);
    case 'bytes': {
      const { offsets, ranges } = takeRanges(second, layout.offsetWidth, indices);
      if ((offsets[length] ?? 0) > MOST_BYTES) throw tooLarge();
      const values = new Uint8Array(offsets[length] ?? 0);
      ranges.forEach(([start, end], row) => {
        values.set(third.subarray(start, end), offsets[row]);
      });
      return taken([writeOffsets(offsets, layout.offsetWidth), values]);
    }
    case 'list': {
      const { offsets, ranges } = takeRanges(second, layout.offsetWidth, indices);
      return taken(
        [writeOffsets(offsets, layout.offsetWidth)],
        column.children.map((child) => takeColumn(child, expand(ranges))),
      );
    }
    case 'fixedList': {
      const ranges = Array.from(indices, (index) => [index * layout.size, (index + 1) * layout.size] as const);
      return taken(
        [],
        column.children.map((child) => takeColumn(child, expand(ranges))),
      );
    }
    case 'struct':
      return taken(
        [],
        column.children.map((child) => takeColumn(child, indices)),
      );
    case 'union': {
      const typeIds = takeFixed(first, 1, indices);
      if (layout.dense) return { ...column, length, buffers: [typeIds, takeFixed(second, 4, indices)] };
      const children = column.children.map((child) => takeColumn(child, indices));
      return { ...column, length, buffers: [typeIds], children };
    }
  }
}

function takeValidity(column: Column, indices: Int32Array): { bitmap: Uint8Array; nullCount: number } {
  const source = column.nullCount === 0 ? NOTHING : (column.buffers[0] ?? NOTHING);
  const bitmap = new Uint8Array((indices.length + 7) >> 3);
  let nullCount = 0;
  indices.forEach((index, row) => {
    if (index >= 0 && (source.byteLength === 0 || bitAt(source, index))) setBit(bitmap, row);
    else nullCount++;
  });
  return { bitmap: nullCount === 0 ? NOTHING : bitmap, nullCount };
}

function takeFixed(values: Uint8Array, width: number, indices: Int32Array): Uint8Array {
  const result = new Uint8Array(indices.length * width);
  indices.forEach((index, row) => {
    if (index >= 0) result.set(values.subarray(index * width, (index + 1) * width), row * width);
  });
  return result;
}

function takeRanges(buffer: Uint8Array, width: 4 | 8, indices: Int32Array) {
  const source = offsetsOf(buffer, width);
  const offsets = new Float64Array(indices.length + 1);
  const ranges: (readonly [number, number])[] = [];
  indices.forEach((index, row) => {
    const start = index < 0 ? 0 : (source[index] ?? 0);
    const end = index < 0 ? 0 : (source[index + 1] ?? start);
    ranges.push([start, end]);
    offsets[row + 1] = (offsets[row] as number) + end - start;
  });
  return { offsets, ranges };
}

function expand(ranges: readonly (readonly [number, number])[]): Int32Array {
  const length = ranges.reduce((sum, [start, end]) => sum + end - start, 0);
  if (length > MOST_ITEMS) throw tooLarge();
  const indices = new Int32Array(length);
  let place = 0;
  for (const [start, end] of ranges) for (let i = start; i < end; i++) indices[place++] = i < 0 ? -1 : i;
  return indices;
}

export function tooLarge(): SkuaError {
  return new SkuaError(
    'RESOURCE_EXHAUSTED',
    'a record batch is too large once its dictionaries, views and runs are spelt out; send smaller ones',
  );
}
