import { describe, expect, it } from 'vitest';
import { overlap, type Span } from '../../src/iceberg/index.js';

const compare = (left: number, right: number) => left - right;

describe('how much spans of values overlap', () => {
  it.each<[string, Span<number>[], number]>([
    [
      'nothing where they follow one another',
      [
        [0, 9],
        [10, 19],
        [20, 29],
        [30, 39],
      ],
      0,
    ],
    [
      'with all others where each is everything',
      [
        [0, 99],
        [1, 98],
        [0, 97],
      ],
      1,
    ],
    [
      'with the neighbour that begins where one ends',
      [
        [0, 10],
        [10, 20],
        [20, 30],
      ],
      4 / 6,
    ],
    [
      'with all others where it is one and the same value',
      [
        [5, 5],
        [5, 5],
      ],
      1,
    ],
    ['as far as anybody knows, with all that one has no other for', [[0, 1]], 1],
  ])('%s', (_, spans, share) => {
    expect(overlap(spans, compare)).toBeCloseTo(share);
    expect(overlap([...spans].reverse(), compare)).toBeCloseTo(share);
  });
});
