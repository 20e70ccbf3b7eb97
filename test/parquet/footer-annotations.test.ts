import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { annotateFields } from '../../src/parquet/index.js';
import { type Database, openDatabase } from './duckdb.js';

const directory = mkdtempSync(join(tmpdir(), 'skua-annotations-'));
let database: Database;
beforeAll(async () => {
  database = await openDatabase();
});
afterAll(() => {
  database.close();
  rmSync(directory, { recursive: true, force: true });
});

const ids = 'FIELD_IDS {n: 1, t: 2, l: {__duckdb_field_id: 3, element: 4}}';

/** The size of a file of a number, and of a time in nanoseconds by itself and in a list. */
async function write(path: string, time: string): Promise<number> {
  await database.run(`COPY (SELECT 5 AS n, ${time} AS t, [${time}] AS l) TO '${path}' (FORMAT parquet, ${ids})`);
  return statSync(path).size;
}

const footerOf = (path: string) => {
  const bytes = readFileSync(path);
  return bytes.subarray(-8 - bytes.readUInt32LE(bytes.length - 8), -8);
};

it('makes times in nanoseconds of whole numbers, as if they had been written as such', async () => {
  const [times, numbers] = [join(directory, 'times.parquet'), join(directory, 'numbers.parquet')];
  await write(times, 'make_timestamp_ns(1700000000123456789)');
  const size = await write(numbers, '1700000000123456789');
  const { footerSize, fileSize } = await annotateFields(
    {
      path: numbers,
      rowCount: 1,
      fileSize: size,
      footerSize: footerOf(numbers).length,
      rowGroupOffsets: [],
      partition: [],
      columns: [],
    },
    new Map([2, 4].map((id) => [id, { kind: 'nanoseconds' } as const])),
  );
  expect([footerSize, fileSize]).toEqual([footerOf(numbers).length, statSync(numbers).size]);
  expect(footerOf(numbers).equals(footerOf(times))).toBe(true);
  const same = `SELECT count(*) FROM (FROM '${numbers}' INTERSECT FROM '${times}')`;
  expect(await database.number(same)).toBe(1n);
});
