import { describe, expect, test } from 'vitest';
import { murmur3 } from '../../src/iceberg/transforms/murmur3.js';
import { applyTransform, bucketHash, parseTransform } from '../../src/iceberg/transforms/transform.js';
import type { PrimitiveType, Type } from '../../src/iceberg/types.js';
import { jsonToLiteral } from '../../src/iceberg/values/json-value.js';
import { compareValues, decodeValue, encodeValue, type Value } from '../../src/iceberg/values/single-value.js';
import { formatValue, parseValue, parseValueDown } from '../../src/iceberg/values/text-value.js';

const primitive = (type: PrimitiveType): Type => ({ kind: 'primitive', type });
const decimal = (precision: number, scale: number): Type => ({ kind: 'decimal', precision, scale });
const value = (type: Type, text: string): Value => {
  const parsed = parseValue(type, text);
  if (parsed === undefined) throw new Error(`${text} is no value`);
  return parsed;
};

describe('bucket hashes are those of the specification, Appendix B', () => {
  test.each<[Type, string, number]>([
    [primitive('int'), '34', 2017239379],
    [primitive('long'), '34', 2017239379],
    [decimal(9, 2), '14.20', -500754589],
    [primitive('date'), '2017-11-16', -653330422],
    [primitive('time'), '22:31:08', -662762989],
    [primitive('timestamp'), '2017-11-16T22:31:08', -2047944441],
    [primitive('timestamp'), '2017-11-16T22:31:08.000001', -1207196810],
    [primitive('timestamptz'), '2017-11-16T14:31:08-08:00', -2047944441],
    [primitive('timestamptz'), '2017-11-16T14:31:08.000001-08:00', -1207196810],
    [primitive('timestamp_ns'), '2017-11-16T22:31:08', -2047944441],
    [primitive('timestamp_ns'), '2017-11-16T22:31:08.000001001', -1207196810],
    [primitive('timestamptz_ns'), '2017-11-16T14:31:08.000001001-08:00', -1207196810],
    [primitive('string'), 'iceberg', 1210000089],
    [primitive('uuid'), 'f79c3e09-677c-4bbd-a479-3f349cb785e7', 1488055340],
    [{ kind: 'fixed', length: 4 }, '00010203', -188683207],
    [primitive('binary'), '00010203', -188683207],
  ])('%o %s', (type, text, hash) => {
    expect(bucketHash(type, value(type, text))).toBe(hash);
  });

  test('bytes beyond 127 in the tail are unsigned', () => {
    expect(murmur3(Uint8Array.of(0xff))).toBe(murmur3(Uint8Array.of(255)));
    expect(murmur3(new Uint8Array(0))).toBe(0);
  });
});

describe('transforms', () => {
  test.each<[string, Type, string, unknown]>([
    ['truncate[10]', primitive('int'), '-1', -10],
    ['truncate[10]', primitive('int'), '19', 10],
    ['truncate[10]', primitive('long'), '-11', -20n],
    ['truncate[10]', primitive('int'), '-2147483648', 2147483646],
    ['truncate[10]', primitive('long'), '-9223372036854775808', 9223372036854775806n],
    ['truncate[50]', decimal(9, 2), '10.65', 1050n],
    ['truncate[3]', primitive('string'), 'iceberg', 'ice'],
    ['truncate[2]', primitive('string'), '😀😁😂', '😀😁'],
    ['truncate[3]', primitive('binary'), '0001020304', Buffer.from('000102', 'hex')],
    ['year', primitive('date'), '1969-12-31', -1],
    ['month', primitive('date'), '1969-12-31', -1],
    ['month', primitive('date'), '2017-11-16', 574],
    ['day', primitive('timestamp'), '1969-12-31T23:59:59.999999', -1],
    ['day', primitive('timestamp_ns'), '2017-12-01T10:30:55.038194001', 17501],
    ['hour', primitive('timestamptz'), '1970-01-01T01:00:00+02:00', -1],
    ['hour', primitive('timestamp'), '2017-12-01T10:30:55', 420034],
    ['year', primitive('date'), '12017-01-01', 10047],
    ['void', primitive('int'), '4', null],
    ['identity', primitive('boolean'), 'true', true],
    ['zorder', primitive('int'), '4', undefined],
    ['hour', primitive('date'), '2017-11-16', undefined],
  ])('%s of %o %s', (transform, type, text, expected) => {
    expect(applyTransform(parseTransform(transform), type, value(type, text))).toEqual(expected);
  });

  test('a bucket is never negative', () => {
    for (let id = -500; id < 500; id++) {
      const bucket = applyTransform(parseTransform('bucket[16]'), primitive('int'), id) as number;
      expect(bucket).toBeGreaterThanOrEqual(0);
      expect(bucket).toBeLessThan(16);
    }
  });
});

describe('binary single-value serialization', () => {
  test.each<[Type, string, string]>([
    [primitive('boolean'), 'true', '01'],
    [primitive('int'), '34', '22000000'],
    [primitive('long'), '-1', 'ffffffffffffffff'],
    [primitive('float'), '1.5', '0000c03f'],
    [primitive('double'), '-0.0', '0000000000000080'],
    [primitive('date'), '1970-01-02', '01000000'],
    [primitive('time'), '00:00:00.000001', '0100000000000000'],
    [primitive('timestamptz'), '1970-01-01T00:00:01+00:00', '40420f0000000000'],
    [primitive('timestamp_ns'), '1970-01-01T00:00:00.000000001', '0100000000000000'],
    [primitive('string'), 'né', '6ec3a9'],
    [primitive('uuid'), 'f79c3e09-677c-4bbd-a479-3f349cb785e7', 'f79c3e09677c4bbda4793f349cb785e7'],
    [decimal(9, 2), '14.20', '058c'],
    [decimal(9, 2), '-0.01', 'ff'],
    [decimal(38, 0), '128', '0080'],
    [primitive('binary'), '00ff', '00ff'],
  ])('%o %s', (type, text, hex) => {
    const bytes = encodeValue(type, value(type, text));
    expect(Buffer.from(bytes).toString('hex')).toBe(hex);
    expect(compareValues(decodeValue(type, bytes) as Value, value(type, text))).toBe(0);
  });

  test('bounds written before an int, a float or a column was widened are still read', () => {
    expect(decodeValue(primitive('long'), Uint8Array.of(0x22, 0, 0, 0))).toBe(34n);
    expect(decodeValue(primitive('double'), Uint8Array.of(0, 0, 0xc0, 0x3f))).toBe(1.5);
    expect(decodeValue(primitive('timestamp'), Uint8Array.of(1, 0, 0, 0))).toBe(86_400_000_000n);
    expect(decodeValue(primitive('timestamp_ns'), Uint8Array.of(0xff, 0xff, 0xff, 0xff))).toBe(-86_400_000_000_000n);
    expect(decodeValue(primitive('timestamptz'), Uint8Array.of(1, 0, 0, 0))).toBeUndefined();
  });
});

describe('text of values', () => {
  test.each<[Type, string]>([
    [primitive('date'), '-0044-03-15'],
    [primitive('date'), '+12017-01-01'],
    [primitive('timestamp'), '1969-12-31T23:59:59.999999'],
    [primitive('timestamptz_ns'), '2017-11-16T22:31:08.123456789+00:00'],
    [primitive('time'), '23:59:59.999999'],
    [decimal(38, 10), '-0.0000000001'],
    [primitive('uuid'), 'f79c3e09-677c-4bbd-a479-3f349cb785e7'],
    [primitive('long'), '-9223372036854775808'],
  ])('%o %s comes back as it was', (type, text) => {
    expect(formatValue(type, value(type, text))).toBe(text);
  });

  test('what does not fit a type exactly is rounded down and said to be inexact', () => {
    expect(parseValueDown(primitive('int'), '-3.5')).toEqual({ value: -4, isExact: false });
    expect(parseValueDown(decimal(9, 2), '1.005')).toEqual({ value: 100n, isExact: false });
    expect(parseValueDown(primitive('date'), '1969-12-31 12:00:00')).toEqual({ value: -1, isExact: false });
    expect(parseValueDown(primitive('timestamp'), 'soon')).toBeUndefined();
    expect(parseValue(primitive('date'), '2023-02-29')).toBeUndefined();
  });

  test('defaults in JSON become literals', () => {
    expect(jsonToLiteral(decimal(9, 2), '2E+1')).toEqual({ type: 'decimal', text: '20.00' });
    expect(jsonToLiteral(primitive('long'), 9223372036854775807n)).toEqual({
      type: 'integer',
      text: '9223372036854775807',
    });
    expect(jsonToLiteral(primitive('binary'), '00FF')).toEqual({ type: 'binary', text: '00ff' });
  });

  test('text is ordered by code point, NaN comes last', () => {
    expect(compareValues('\u{ff5e}', '\u{1f600}')).toBeLessThan(0);
    expect(compareValues(Number.NaN, Number.POSITIVE_INFINITY)).toBeGreaterThan(0);
  });
});
