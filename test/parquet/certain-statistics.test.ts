/** Which statistics of a footer are believed, by type, writer and form. */
import { describe, expect, it } from 'vitest';
import { certainStatistics, type StatedStatistics } from '../../src/parquet/certain-statistics.js';
import type { Annotation, PhysicalType } from '../../src/parquet/types.js';

const plain: Annotation = { kind: 'none' };
const text: Annotation = { kind: 'string' };
const decimal: Annotation = { kind: 'decimal', precision: 9, scale: 2 };
const bytes = (...values: number[]) => Uint8Array.from(values);
const int = (value: number) => new Uint8Array(Int32Array.of(value).buffer);
const double = (value: number) => new Uint8Array(Float64Array.of(value).buffer);

function stated(physicalType: PhysicalType, annotation: Annotation, more: Partial<StatedStatistics>): StatedStatistics {
  const absent = { min: undefined, max: undefined, deprecatedMin: undefined, deprecatedMax: undefined };
  const known = { valueCount: 10, isTypeOrdered: true, createdBy: 'writer', nullCount: undefined };
  return { physicalType, annotation, ...absent, ...known, ...more };
}

describe('bounds', () => {
  it.each<[string, StatedStatistics]>([
    ['of whole numbers', stated('INT32', plain, { min: int(-1), max: int(3) })],
    [
      'of whole numbers, in the deprecated fields',
      stated('INT32', plain, { deprecatedMin: int(-1), deprecatedMax: int(3) }),
    ],
    ['of unsigned numbers', stated('INT32', { kind: 'unsigned' }, { min: int(3), max: int(-1) })],
    ['of text', stated('BYTE_ARRAY', text, { min: bytes(0x61), max: bytes(0xc3, 0xa9) })],
    [
      'of text, beside deprecated ones',
      stated('BYTE_ARRAY', text, { min: bytes(1), max: bytes(2), deprecatedMin: bytes(2), deprecatedMax: bytes(1) }),
    ],
    ['of decimals in bytes', stated('FIXED_LEN_BYTE_ARRAY', decimal, { min: bytes(0xff, 0), max: bytes(0, 1) })],
    ['of zeros of either sign', stated('DOUBLE', plain, { min: double(0), max: double(-0) })],
    [
      'of infinities',
      stated('DOUBLE', plain, { min: double(Number.NEGATIVE_INFINITY), max: double(Number.POSITIVE_INFINITY) }),
    ],
    [
      'of decimals, by Arrow from 4.0 on',
      stated('BYTE_ARRAY', decimal, { min: bytes(1), max: bytes(2), createdBy: 'parquet-cpp-arrow version 14.0.2' }),
    ],
  ])('%s are believed', (_, statistics) => {
    const { min, max, doubts } = certainStatistics(statistics);
    expect(min ?? max).toBeDefined();
    expect(doubts).toEqual({ bounds: false, nulls: false });
  });

  it.each<[string, StatedStatistics]>([
    [
      'of text in the deprecated fields, in signed order',
      stated('BYTE_ARRAY', text, { deprecatedMin: bytes(0xc3, 0xa9), deprecatedMax: bytes(0x61) }),
    ],
    [
      'of text, one of which is a deprecated one',
      stated('BYTE_ARRAY', text, { min: bytes(0x61), deprecatedMax: bytes(0x61) }),
    ],
    [
      'of unsigned numbers in the deprecated fields',
      stated('INT32', { kind: 'unsigned' }, { deprecatedMin: int(-1), deprecatedMax: int(3) }),
    ],
    [
      'of bytes in the deprecated fields',
      stated('FIXED_LEN_BYTE_ARRAY', { kind: 'uuid' }, { deprecatedMin: bytes(1), deprecatedMax: bytes(2) }),
    ],
    [
      'of times in 96 bits, which have no order',
      stated('INT96', plain, { min: new Uint8Array(12), max: new Uint8Array(12) }),
    ],
    [
      'of an order that is not the type\u2019s',
      stated('INT32', plain, { min: int(1), max: int(2), isTypeOrdered: false }),
    ],
    ['of types that are not known here', stated('BYTE_ARRAY', { kind: 'other' }, { min: bytes(1), max: bytes(2) })],
    ['of another width', stated('INT64', plain, { min: int(1), max: int(2) })],
    ['of no width', stated('BYTE_ARRAY', decimal, { min: bytes(), max: bytes() })],
    ['that contradict each other', stated('INT32', plain, { min: int(2), max: int(1) })],
    ['of text that contradict each other', stated('BYTE_ARRAY', text, { min: bytes(0x62), max: bytes(0x61) })],
    ['of decimals that contradict each other', stated('BYTE_ARRAY', decimal, { min: bytes(1), max: bytes(0xff) })],
    ['of text, cut inside a character', stated('BYTE_ARRAY', text, { min: bytes(0x61), max: bytes(0xe2) })],
    ['that are NaN', stated('DOUBLE', plain, { min: double(1), max: double(Number.NaN) })],
    [
      'of decimals in bytes, by Arrow before 4.0',
      stated('BYTE_ARRAY', decimal, { min: bytes(1), max: bytes(2), createdBy: 'parquet-cpp-arrow version 3.0.0' }),
    ],
  ])('%s are not', (_, statistics) => {
    const { min, max, doubts } = certainStatistics(statistics);
    expect([min, max]).toEqual([undefined, undefined]);
    expect(doubts.bounds).toBe(true);
  });
});

it.each([
  [0, 0],
  [10, 10],
  [-1, undefined],
  [11, undefined],
])('%s nulls of ten values are %s', (nullCount, expected) => {
  const statistics = certainStatistics(stated('INT32', plain, { nullCount }));
  expect(statistics.nullCount).toBe(expected);
  expect(statistics.doubts.nulls).toBe(expected === undefined);
});
