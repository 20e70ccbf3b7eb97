import { describe, expect, it } from 'vitest';
import { mergeRanges, subtractRanges, totalBytes } from '../../src/storage/index.js';
import { splitRanges } from '../../src/storage/ranges.js';

const range = (offset: number, length: number) => ({ offset, length });

describe('byte ranges', () => {
  it('merge when they overlap, touch, or are close enough', () => {
    expect(mergeRanges([range(10, 5), range(0, 5), range(12, 10), range(5, 1), range(40, 0)])).toEqual([
      range(0, 6),
      range(10, 12),
    ]);
    expect(mergeRanges([range(0, 5), range(8, 2)], 2)).toEqual([range(0, 5), range(8, 2)]);
    expect(mergeRanges([range(0, 5), range(8, 2)], 3)).toEqual([range(0, 10)]);
  });

  it('lose what is present already', () => {
    expect(subtractRanges([range(0, 100)], [range(10, 10), range(90, 50)])).toEqual([range(0, 10), range(20, 70)]);
    expect(subtractRanges([range(0, 5), range(12, 3)], [range(0, 20)])).toEqual([]);
    expect(subtractRanges([range(5, 5)], [])).toEqual([range(5, 5)]);
  });

  it('agree with byte-by-byte arithmetic', () => {
    let seed = 7;
    const random = (limit: number) => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % limit;
    };
    const several = () => mergeRanges(Array.from({ length: random(6) }, () => range(random(60), random(12))));
    const bytesOf = (ranges: { offset: number; length: number }[]) =>
      new Set(ranges.flatMap(({ offset, length }) => Array.from({ length }, (_, index) => offset + index)));
    for (let round = 0; round < 500; round++) {
      const wanted = several();
      const present = several();
      const missing = bytesOf(subtractRanges(wanted, present));
      const held = bytesOf(present);
      expect(missing).toEqual(new Set([...bytesOf(wanted)].filter((byte) => !held.has(byte))));
    }
  });

  it('split into pieces that cover the same bytes', () => {
    const pieces = splitRanges([range(3, 10), range(20, 4)], 4);
    expect(pieces).toEqual([range(3, 4), range(7, 4), range(11, 2), range(20, 4)]);
    expect(totalBytes(pieces)).toBe(14);
  });
});
