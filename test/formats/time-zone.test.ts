import { Field, TimestampMicrosecond, TimestampNanosecond } from 'apache-arrow';
import { expect, it } from 'vitest';
import { jsonFormat, textFormat } from '../../src/formats/index.js';

const moment = (zone?: string) => textFormat(new Field('t', new TimestampMicrosecond(zone), true));
const at = (text: string) => BigInt(Date.parse(text)) * 1000n;

it.each([
  ['2024-03-31T00:59:59.000Z', '2024-03-31 01:59:59+01:00'],
  ['2024-03-31T01:00:00.000Z', '2024-03-31 03:00:00+02:00'],
  ['2024-10-27T00:59:59.500Z', '2024-10-27 02:59:59.500+02:00'],
  ['2024-10-27T01:00:00.000Z', '2024-10-27 02:00:00+01:00'],
  ['1969-12-31T23:00:00.000Z', '1970-01-01 00:00:00+01:00'],
])('shows the moment %s as the clocks of Berlin have it', (iso, shown) => {
  expect(moment('Europe/Berlin')(at(iso))).toBe(shown);
});

it('shows moments to the last digit in zones of whole and of half hours, of fixed ones, and in UTC', () => {
  const value = at('2024-07-01T20:00:00.000Z') + 1n;
  expect(moment('Asia/Kolkata')(value)).toBe('2024-07-02 01:30:00.000001+05:30');
  expect(moment('Etc/GMT+5')(value)).toBe('2024-07-01 15:00:00.000001-05:00');
  expect(moment('UTC')(value)).toBe('2024-07-01 20:00:00.000001Z');
  expect(moment()(value)).toBe('2024-07-01 20:00:00.000001');
  const nanoseconds = new Field('t', new TimestampNanosecond('America/New_York'), true);
  expect(jsonFormat(nanoseconds)(-1n)).toBe('"1969-12-31T18:59:59.999999999-05:00"');
});

it('shows moments beyond the calendar of the runtime, and of zones that it does not know, in UTC', () => {
  expect(moment('Mars/Olympus')(0n)).toBe('1970-01-01 00:00:00Z');
  expect(moment('Europe/Berlin')(9_000_000_000_000_000_000n)).toMatch(/\+00:00$/);
});
