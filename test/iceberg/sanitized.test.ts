import { expect, it } from 'vitest';
import type { Filter, Literal } from '../../src/expressions/index.js';
import { sanitizedFilter } from '../../src/iceberg/rest/sanitized.js';

const NOW = Date.parse('2026-11-30T12:00:00Z');
const equals = (type: Literal['type'], text: string): Filter => ({ op: 'eq', column: 'c', value: { type, text } });

it.each([
  ['integer', '0', '(1-digit-int)'],
  ['integer', '-1234', '(4-digit-int)'],
  ['float', '12.5', '(2-digit-float)'],
  ['float', '0.001', '(1-digit-float)'],
  ['date', '2026-11-30', '(date-today)'],
  ['date', '2026-11-23', '(date-7-days-ago)'],
  ['date', '2026-12-07', '(date-7-days-from-now)'],
  ['date', '1999-01-01', '(date)'],
  ['time', '12:00:00', '(time)'],
  ['timestamp', '2026-11-30T12:01:00', '(timestamp-about-now)'],
  ['timestamptz', '2026-11-30T09:00:00+00:00', '(timestamp-3-hours-ago)'],
  ['timestamp', '2026-12-10T12:00:00', '(timestamp-10-days-from-now)'],
  ['timestamp', '2001-01-01T00:00:00', '(timestamp)'],
  ['string', '2026-11-23', '(date-7-days-ago)'],
  ['string', '10:00', '(time)'],
  ['string', '2026-20-29', /^\(hash-[0-9a-f]{8}\)$/],
  ['string', 'iceberg', `(hash-${(1210000089).toString(16)})`],
  ['decimal', '12.50', /^\(hash-[0-9a-f]{8}\)$/],
  ['boolean', 'true', /^\(hash-[0-9a-f]{8}\)$/],
  ['binary', '010203', /^\(hash-[0-9a-f]{8}\)$/],
  ['uuid', 'f79c3e09-677c-4bbd-a479-3f349cb785e7', /^\(hash-[0-9a-f]{8}\)$/],
] as const)('a report tells of the %s %s no more than %s', (type, text, shown) => {
  const { value } = sanitizedFilter(equals(type, text), NOW) as { value: string };
  if (typeof shown === 'string') expect(value).toBe(shown);
  else expect(value).toMatch(shown);
});

it('a report tells which columns are asked about, and how', () => {
  const filter: Filter = {
    op: 'and',
    operands: [
      { op: 'in', column: 'a', values: [{ type: 'integer', text: '1' }] },
      { op: 'not', operand: { op: 'startsWith', column: 'b', prefix: 'secret' } },
      {
        op: 'or',
        operands: [
          { op: 'isNull', column: 'c' },
          { op: 'notNull', column: 'd' },
        ],
      },
    ],
  };
  const text = JSON.stringify(sanitizedFilter(filter, NOW));
  expect(JSON.parse(text)).toEqual({
    type: 'and',
    left: {
      type: 'and',
      left: { type: 'in', term: 'a', values: ['(1-digit-int)'] },
      right: { type: 'not', child: { type: 'starts-with', term: 'b', value: expect.stringMatching(/^\(hash-/) } },
    },
    right: { type: 'or', left: { type: 'is-null', term: 'c' }, right: { type: 'not-null', term: 'd' } },
  });
  expect(text).not.toContain('secret');
  expect(sanitizedFilter(undefined)).toBe(true);
});
