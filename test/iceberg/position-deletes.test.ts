import { describe, expect, it } from 'vitest';
import { onlyDataFile, positionDeleteColumns, positionDeleteFile } from '../../src/iceberg/index.js';
import type { DataFile } from '../../src/iceberg/types.js';
import type { WrittenFile } from '../../src/parquet/index.js';

const written: WrittenFile = {
  path: '/local',
  rowCount: 3,
  fileSize: 500,
  footerSize: 100,
  rowGroupOffsets: [4],
  partition: [],
  columns: [
    { path: ['file_path'], valueCount: 3, nullCount: 0, columnSize: 60, min: 's3://b/', max: 's3://b/' },
    { path: ['pos'], valueCount: 3, nullCount: 0, columnSize: 40, min: '2', max: '9' },
  ],
};
const file = (location: string) => ({ location, specId: 1, partition: [7] }) as unknown as DataFile;
const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString();
const PATH = 2147483546;
const POSITION = 2147483545;

describe('a file of position deletes', () => {
  it('has the columns of the specification, neither of them null', () => {
    expect(
      positionDeleteColumns.map(({ field, fieldId }) => [field.name, String(field.type), field.nullable, fieldId]),
    ).toEqual([
      ['file_path', 'Utf8', false, PATH],
      ['pos', 'Int64', false, POSITION],
    ]);
  });

  it('of several data files has their partition, and the whole of their paths as bounds', () => {
    const deletes = positionDeleteFile(written, 's3://b/d', [
      file('s3://b/long/é'),
      file('s3://b/long/a'),
      file('s3://b/long/z'),
    ]);
    expect(deletes).toMatchObject({
      content: 'position-deletes',
      specId: 1,
      partition: [7],
      recordCount: 3,
      fileSize: 500,
    });
    expect(text(deletes.lowerBounds?.get(PATH))).toBe('s3://b/long/a');
    expect(text(deletes.upperBounds?.get(PATH))).toBe('s3://b/long/é');
    expect(Buffer.from(deletes.lowerBounds?.get(POSITION) ?? []).readBigInt64LE()).toBe(2n);
    expect(Buffer.from(deletes.upperBounds?.get(POSITION) ?? []).readBigInt64LE()).toBe(9n);
    expect(deletes.nullCounts?.get(PATH)).toBe(0);
    expect(deletes.columnSizes?.get(POSITION)).toBe(40);
    expect(onlyDataFile(deletes)).toBeUndefined();
  });

  it('of one data file names it', () => {
    const deletes = positionDeleteFile(written, 's3://b/d', [file('s3://b/one')]);
    expect(deletes.referencedDataFile).toBe('s3://b/one');
    expect(onlyDataFile(deletes)).toBe('s3://b/one');
    const { referencedDataFile: _, ...bounded } = positionDeleteFile(written, 's3://b/d', [
      file('s3://bucket/one.parquet'),
    ]);
    expect(onlyDataFile(bounded)).toBe('s3://bucket/one.parquet');
  });

  it('is of no one file where its path bounds may have been cut', () => {
    const { referencedDataFile: _, ...bounded } = positionDeleteFile(written, 's3://b/d', [file('s3://bucket/one.')]);
    expect(onlyDataFile(bounded)).toBeUndefined();
  });
});
