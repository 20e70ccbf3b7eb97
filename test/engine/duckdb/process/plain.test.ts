import {
  Binary,
  Bool,
  type DataType,
  DateDay,
  Decimal,
  Float32,
  Float64,
  Int32,
  Int64,
  TimestampMicrosecond,
  TimestampNanosecond,
  Utf8,
} from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { isPlain } from '../../../../src/engine/duckdb/process/scans/plain.js';
import type { StoredType } from '../../../../src/expressions/index.js';
import { column, physical, scan, source } from './support.js';

const decimal = (precision: number): StoredType => ({ kind: 'decimal', precision, scale: 2 });

/** Whether a file of one column is read by that column as it is. */
function reads(type: DataType, stored: StoredType | undefined, more = {}): boolean {
  const file = source('f.parquet', [{ ...physical('a', 1), ...(stored && { stored }) }], more);
  return isPlain(scan('t', [column('a', type, 1)], [file]), file);
}

describe('a file is read by its own columns', () => {
  it.each<[string, DataType, StoredType]>([
    ['INTEGER', new Int32(), { kind: 'int' }],
    ['BIGINT', new Int64(), { kind: 'long' }],
    ['FLOAT', new Float32(), { kind: 'float' }],
    ['DOUBLE', new Float64(), { kind: 'double' }],
    ['BOOLEAN', new Bool(), { kind: 'boolean' }],
    ['VARCHAR', new Utf8(), { kind: 'string' }],
    ['DATE', new DateDay(), { kind: 'date' }],
    ['TIMESTAMP', new TimestampMicrosecond(), { kind: 'timestamp' }],
    ['TIMESTAMPTZ', new TimestampMicrosecond('UTC'), { kind: 'timestamptz' }],
    ['DECIMAL(9, 2)', new Decimal(2, 9), decimal(9)],
  ])('where it holds %s as the table does', (_, type, stored) => {
    expect(reads(type, stored)).toBe(true);
  });
});

describe('a file is read by the columns of the table', () => {
  it.each<[string, DataType, StoredType | undefined]>([
    ['numbers of fewer bits', new Int64(), { kind: 'int' }],
    ['floating-point numbers of fewer bits', new Float64(), { kind: 'float' }],
    ['decimals of fewer digits', new Decimal(2, 18), decimal(9)],
    ['dates in a column of timestamps', new TimestampMicrosecond(), { kind: 'date' }],
    ['clock times in a column of instants', new TimestampMicrosecond('UTC'), { kind: 'timestamp' }],
    ['text in a column of numbers', new Int64(), { kind: 'string' }],
    ['nanoseconds', new TimestampNanosecond(), undefined],
    ['bytes', new Binary(), undefined],
    ['what has no certain type', new Int64(), undefined],
  ])('where it holds %s', (_, type, stored) => {
    expect(reads(type, stored)).toBe(false);
  });

  it('where some of its rows are deleted', () => {
    expect(reads(new Int32(), { kind: 'int' }, { deletedPositions: [{ path: 'd', from: 0, to: 1 }] })).toBe(false);
  });
});
