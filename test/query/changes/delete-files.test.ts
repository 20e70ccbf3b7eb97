import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FaultyCatalog, startFaultyCatalog } from '../../e2e/support/faulty-catalog.js';
import { openDatabase } from '../../parquet/duckdb.js';
import { createTable, idsOf, nextName, orphansOf } from './tables.js';

let catalog: FaultyCatalog;
beforeAll(async () => {
  catalog = await startFaultyCatalog();
});
afterAll(() => catalog?.stop());

const table = (version: number, properties?: string) => createTable(catalog, version, properties);
const ids = (name: string) => idsOf(catalog, name);
const orphans = (name: string) => orphansOf(catalog, name);

describe('position delete files', () => {
  const deleteFiles = (name: string) =>
    catalog.rows(`SELECT record_count, partition FROM "${name}$delete_files" ORDER BY record_count, partition.part`);

  it('are one for each partition, or for each data file where the table says so', async () => {
    const name = await table(2);
    await catalog.update(`INSERT INTO ${name} SELECT range, 1, 'p' || (range % 3) FROM range(12, 24)`);
    await catalog.update(`DELETE FROM ${name} WHERE id % 6 < 2`);
    expect(await deleteFiles(name)).toEqual([
      [4n, { part: 'p0' }],
      [4n, { part: 'p1' }],
    ]);
    const each = await table(2, ", 'write.delete.granularity' = 'file'");
    await catalog.update(`INSERT INTO ${each} SELECT range, 1, 'p' || (range % 3) FROM range(12, 24)`);
    await catalog.update(`DELETE FROM ${each} WHERE id % 6 < 2`);
    expect(await deleteFiles(each)).toEqual([
      [2n, { part: 'p0' }],
      [2n, { part: 'p0' }],
      [2n, { part: 'p1' }],
      [2n, { part: 'p1' }],
    ]);
  });

  it('are sorted by file and position, in the columns that the specification numbers', async () => {
    const name = nextName();
    await catalog.update(`CREATE TABLE ${name} (id BIGINT) TBLPROPERTIES ('format-version' = '2')`);
    for (let file = 0; file < 3; file++) {
      await catalog.update(`INSERT INTO ${name} SELECT range FROM range(${file * 100000}, ${file * 100000 + 100000})`);
    }
    expect(await catalog.update(`DELETE FROM ${name} WHERE id % 2 = 0`)).toBe(150000);
    const [[location] = []] = await catalog.rows(`SELECT file_path FROM "${name}$delete_files"`);
    const path = `'${String(location).replace(/^file:(\/\/)?/, '')}'`;
    const database = await openDatabase();
    try {
      const before = '(file_path, pos) < lag((file_path, pos)) OVER (ORDER BY file_row_number)';
      const rows = `SELECT file_path, pos, ${before} AS unsorted FROM read_parquet(${path}, file_row_number = true)`;
      expect(await database.number(`SELECT count(*) FROM (${rows}) WHERE unsorted`)).toBe(0n);
      expect(await database.number(`SELECT count(*) FROM (${rows})`)).toBe(150000n);
      const fieldId = (column: string) =>
        database.number(`SELECT field_id FROM parquet_schema(${path}) WHERE name = '${column}'`);
      expect([await fieldId('file_path'), await fieldId('pos')]).toEqual([2147483546n, 2147483545n]);
    } finally {
      database.close();
    }
  });
});

describe('deletion vectors', () => {
  it('take in the position deletes of a table that was upgraded', async () => {
    const name = await table(2, ", 'write.delete.granularity' = 'file'");
    await catalog.update(`DELETE FROM ${name} WHERE id IN (0, 1)`);
    await catalog.update(`ALTER TABLE ${name} SET TBLPROPERTIES ('format-version' = '3')`);
    await catalog.update(`DELETE FROM ${name} WHERE id = 3`);
    const files = `SELECT file_format, record_count, partition.part FROM "${name}$delete_files" ORDER BY ALL`;
    expect(await catalog.rows(files)).toEqual([
      ['PARQUET', 1n, 'p1'],
      ['PUFFIN', 2n, 'p0'],
    ]);
    expect(await ids(name)).toEqual([2, 4, 5, 6, 7, 8, 9, 10, 11]);
    await catalog.update(`UPDATE ${name} SET n = 5 WHERE id IN (4, 6)`);
    expect(await catalog.rows(`SELECT id FROM ${name} WHERE n = 5 ORDER BY id`)).toEqual([[4n], [6n]]);
    expect(await catalog.update(`DELETE FROM ${name} WHERE part = 'p0'`)).toBe(2);
    expect(await ids(name)).toEqual([2, 4, 5, 7, 8, 10, 11]);
    expect(await orphans(name)).toEqual([]);
  });

  it('are in one Puffin file for each statement, and replaced one by one', async () => {
    const name = await table(3);
    await catalog.update(`DELETE FROM ${name} WHERE id < 3`);
    const files = `SELECT count(DISTINCT file_path), count(*), sum(record_count) FROM "${name}$delete_files"`;
    expect(await catalog.rows(files)).toEqual([[1n, 3n, 3n]]);
    await catalog.update(`DELETE FROM ${name} WHERE id = 3`);
    expect(await catalog.rows(files)).toEqual([[2n, 3n, 4n]]);
    expect(await ids(name)).toEqual([4, 5, 6, 7, 8, 9, 10, 11]);
    const [summary] = await catalog.rows(
      `SELECT summary['added-dvs'], summary['removed-dvs'], summary['total-delete-files'], summary['total-position-deletes'] FROM "${name}$snapshots" ORDER BY committed_at DESC LIMIT 1`,
    );
    expect(summary).toEqual(['1', '1', '3', '4']);
  });
});
