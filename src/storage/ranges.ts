import type { ByteRange } from './contract.js';

/** Ranges in order, without overlaps; neighbours that are at most `gap` bytes apart become one. Empty ranges vanish. */
export function mergeRanges(ranges: readonly ByteRange[], gap = 0): ByteRange[] {
  const sorted = ranges.filter((range) => range.length > 0).sort((a, b) => a.offset - b.offset);
  const merged: ByteRange[] = [];
  for (const { offset, length } of sorted) {
    const last = merged.at(-1);
    if (last && offset <= last.offset + last.length + gap) {
      last.length = Math.max(last.length, offset + length - last.offset);
    } else {
      merged.push({ offset, length });
    }
  }
  return merged;
}

/** What of `wanted` is not in `present`. Both are merged, that is, in order and without overlaps. */
export function subtractRanges(wanted: readonly ByteRange[], present: readonly ByteRange[]): ByteRange[] {
  const missing: ByteRange[] = [];
  let index = firstEndingAfter(present, wanted[0]?.offset ?? 0);
  for (const range of wanted) {
    const end = range.offset + range.length;
    let position = range.offset;
    while (index < present.length && endOf(present[index] as ByteRange) <= position) index++;
    for (let scan = index; position < end; scan++) {
      const next = present[scan];
      if (!next || next.offset >= end) {
        missing.push({ offset: position, length: end - position });
        break;
      }
      if (next.offset > position) missing.push({ offset: position, length: next.offset - position });
      position = endOf(next);
    }
  }
  return missing;
}

/** Cuts ranges so that none is longer than `limit` bytes. */
export function splitRanges(ranges: readonly ByteRange[], limit: number): ByteRange[] {
  return ranges.flatMap(({ offset, length }) =>
    Array.from({ length: Math.ceil(length / limit) }, (_, index) => ({
      offset: offset + index * limit,
      length: Math.min(limit, length - index * limit),
    })),
  );
}

export function totalBytes(ranges: readonly ByteRange[]): number {
  return ranges.reduce((sum, range) => sum + range.length, 0);
}

export function overlaps(a: ByteRange, b: ByteRange): boolean {
  return a.offset < endOf(b) && b.offset < endOf(a);
}

function endOf(range: ByteRange): number {
  return range.offset + range.length;
}

function firstEndingAfter(ranges: readonly ByteRange[], position: number): number {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (endOf(ranges[middle] as ByteRange) <= position) low = middle + 1;
    else high = middle;
  }
  return low;
}
