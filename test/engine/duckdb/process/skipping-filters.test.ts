/** What EXPLAIN writes of filters, and whether the engine's reader skips row groups by it. */
import { expect, it } from 'vitest';
import { skipsRowGroups } from '../../../../src/engine/duckdb/process/scans/skipping-filters.js';
import type { Filter, Literal } from '../../../../src/expressions/index.js';

const value = (type: Literal['type'], text: string) => ({ type, text }) as Literal;
const below: Filter = { op: 'lt', column: 'a', value: value('integer', '5000') };
const from: Filter = { op: 'ge', column: 'a', value: value('integer', '-7') };
const textBelow: Filter = { op: 'lt', column: 'a', value: value('string', "it's AND so") };
const textFrom: Filter = { op: 'gt', column: 'a', value: value('string', 'b') };
const day: Filter = { op: 'le', column: 'a', value: value('date', '2020-01-01') };
const moment: Filter = { op: 'eq', column: 'a', value: value('timestamptz', '2020-01-01 01:00:00+00') };

const skips = (filter: Filter, filters: string[], byPosition = false) =>
  skipsRowGroups(filters, { comparisons: [{ column: 'a', filter }], byPosition }, (column) =>
    column === 'a' ? 'c1' : undefined,
  );

it.each<[Filter, string]>([
  [below, 'c1<5000'],
  [below, 'c1<=4000'],
  [below, 'c1=4000'],
  [below, 'c1>=-7 AND c1<5000'],
  [below, 'c1<5000 AND optional: c1>5 AND c1<7 OR c1=9'],
  [from, 'c1>=-7 AND (c1 IS NOT NULL)'],
  [textBelow, "c1<'it''s AND so'"],
  [textBelow, "c1>'a' AND c1<'it''s AND so' AND optional: c1 IN ('', 'na')"],
  [textFrom, "c1>='bc'"],
  [day, "c1<='2020-01-01'::DATE"],
  [moment, "c1='2020-01-01 01:00:00+00'::TIMESTAMP WITH TIME ZONE"],
])('it does: %j by %s', (filter, text) => {
  expect(skips(filter, ['c2=5', text])).toBe(true);
});

it.each<[Filter, string]>([
  [below, '(c1 < 5000)'],
  [below, '(c1 BETWEEN 5 AND 5000)'],
  [below, 'c1>5'],
  [below, 'c11<5000'],
  [below, 'c2<5000'],
  [below, 'optional: c1>5 AND c1<7 OR c1=9'],
  [moment, "c1<='2020-01-01 01:00:00+00'::TIMESTAMP WITH TIME ZONE"],
  [textBelow, "c1=''"],
  [textBelow, "c1<'it'"],
  [textBelow, "c2='c1<''it''''s AND so'''"],
])('it may not: %j by %s', (filter, text) => {
  expect(skips(filter, [text])).toBe(false);
});

it('rows of a part of a file are told by their positions', () => {
  expect(skips(below, ['c1<5000'], true)).toBe(false);
  expect(skips(below, ['c1<5000', '(file_row_number BETWEEN 5 AND 9)'], true)).toBe(false);
  expect(skips(below, ['c1<5000', 'file_row_number>=5 AND file_row_number<9'], true)).toBe(true);
});
