import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { adjustToUtc } from '../../src/parquet/index.js';
import { nanosecondColumns } from '../../src/parquet/nanosecond-clocks.js';
import { type Database, openDatabase } from './duckdb.js';

const directory = mkdtempSync(join(tmpdir(), 'skua-clocks-'));
let database: Database;
let files = 0;
beforeAll(async () => {
  database = await openDatabase();
});
afterAll(() => {
  database.close();
  rmSync(directory, { recursive: true, force: true });
});

/** A file with times in nanoseconds under the ids 2 and 4, the latter inside a list, among columns of other types. */
async function writeFile(): Promise<string> {
  const path = join(directory, `${files++}.parquet`);
  const times = "TIMESTAMP_NS '2024-01-01 00:00:00.123456789'";
  await database.run(
    `COPY (SELECT 'x' AS a, ${times} AS b, [${times}, NULL] AS c, now() AS d, {'e': 1.5} AS s FROM range(3)) TO '${path}' ` +
      "(FORMAT parquet, FIELD_IDS {a: 1, b: 2, c: {__duckdb_field_id: 3, element: 4}, d: 5}, KV_METADATA {note: 'ünï'})",
  );
  return path;
}

const metadataOf = (bytes: Buffer) => bytes.subarray(-8 - bytes.readUInt32LE(bytes.length - 8), -8);
const adjusted = (bytes: Buffer) =>
  nanosecondColumns(metadataOf(bytes)).map(({ fieldId, isAdjusted }) => [fieldId, isAdjusted]);
const type = (path: string) => database.number(`SELECT (typeof(b) = 'TIMESTAMP_NS')::BIGINT FROM '${path}' LIMIT 1`);

it('finds the times in nanoseconds of a footer, nested ones too', async () => {
  expect(adjusted(readFileSync(await writeFile()))).toEqual([
    [2, false],
    [4, false],
  ]);
});

it('marks those with the given field ids and changes nothing else', async () => {
  const path = await writeFile();
  const before = readFileSync(path);
  await adjustToUtc(path, new Set([2, 5]));
  const after = readFileSync(path);
  expect(adjusted(after)).toEqual([
    [2, true],
    [4, false],
  ]);
  expect(after.filter((byte, index) => byte !== before[index])).toHaveLength(1);
  expect(await type(path)).toBe(0n);
});

it('finds a footer that ends early to be broken', async () => {
  const metadata = metadataOf(readFileSync(await writeFile()));
  expect(() => nanosecondColumns(metadata.subarray(0, 60))).toThrow('ends early');
});
