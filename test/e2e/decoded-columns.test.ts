/** Columns that are read again and again are kept decoded on the server's disk. Nothing but the time changes by that. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parts } from '../../scripts/real/index.mjs';
import type { FlightSqlClient } from '../../src/client/index.js';
import { type S3TestServer, startS3TestServer } from './support/s3-server.js';
import { rowsAsText } from './support/server.js';

const { missing } = parts.rustfs.find();

/** More than a MiB as Parquet, with values of many types. */
const model = `SELECT i AS id, (i % 1000)::INT AS small, list_transform(range(24), lambda x: md5(concat(i, x)))::VARCHAR AS text, i / 3 AS half,
    CASE WHEN i % 10 = 0 THEN 'NaN'::FLOAT ELSE (i % 7)::FLOAT END AS odd, (i / 100)::DECIMAL(38, 2) AS wide, (i / 8)::DECIMAL(9, 3) AS price,
    i % 3 = 0 AS flag, DATE '1960-01-01' + (i % 40000)::INT AS day, TIME '00:00:01.5' + to_seconds(i % 80000) AS clock,
    TIMESTAMP '1969-01-01' + to_microseconds(i * 7919777) AS at, (TIMESTAMP '1969-01-01' + to_microseconds(i * 7919777))::TIMESTAMPTZ AS moment,
    ('00000000-0000-4000-8000-' || lpad(i::VARCHAR, 12, '0'))::UUID AS key, ('b' || i)::BLOB AS bytes,
    CASE WHEN i % 5 > 0 THEN {'a': i, 'b': {'c': 'x' || i}} END AS nested, [i, NULL, i + 1] AS list, MAP {'k' || coalesce(i % 9, 0): i} AS map
  FROM (SELECT CASE WHEN range % 11 = 4 THEN NULL ELSE range END AS i FROM range(4000))`;

describe.skipIf(missing !== undefined)('decoded columns of files on S3 (RustFS)', () => {
  let server: S3TestServer;
  let admin: FlightSqlClient;
  let analyst: FlightSqlClient;
  /** Rows with their places in the file, as the file has them. */
  let placed: string[][];

  beforeAll(async () => {
    server = await startS3TestServer({
      policies: [
        {
          table: 'demo.everything',
          role: 'analyst',
          rowFilter: { type: 'lt', left: { type: 'reference', name: 'small' }, right: 10 },
          masks: { text: 'replace-with-null' },
        },
      ],
    });
    admin = await server.client('adminuser');
    analyst = await server.client('analyst');
    await admin.executeUpdate(
      `CREATE TABLE everything TBLPROPERTIES ('write.delete.mode' = 'merge-on-read') AS ${model}`,
    );
    placed = await rowsAsText(
      admin,
      'SELECT id, text, small, _pos FROM everything WHERE small % 2 IS DISTINCT FROM 1 ORDER BY _pos',
    );
  });
  afterAll(() => server?.stop());

  /** Until the text reads decoded columns: it has to be read twice for that. */
  async function decoded(sql: string, client = admin): Promise<void> {
    await vi.waitFor(
      async () => {
        const plan = (await rowsAsText(client, `EXPLAIN ANALYZE ${sql}`)).flat().join('\n');
        expect(plan).toMatch(/decoded columns: of 1 of 1 files/);
        expect(plan).toMatch(/TABLE_SCAN quickstart\.demo\.\w+ .*\n.*Reads: decoded columns/);
        expect(plan).not.toMatch(/\bd[0-9a-f]{12}\b/);
      },
      { timeout: 25_000, interval: 250 },
    );
  }

  const all = 'SELECT * FROM everything ORDER BY id, text';

  it('hold the same values of all types, below filters too', async () => {
    const before = await rowsAsText(admin, all);
    await decoded('SELECT * FROM everything');
    expect(await rowsAsText(admin, all)).toEqual(before);
    expect(before).toEqual(await rowsAsText(admin, `${model} ORDER BY id, text`));
    for (const condition of [
      "odd = 'NaN'::FLOAT",
      'odd > 5',
      'half < 7 AND id IS NULL OR half < 7',
      "moment >= '1969-01-01 00:10:00+01' AND id < 100",
      "key < '00000000-0000-4000-8000-000000000017'",
      "bytes BETWEEN 'b1'::BLOB AND 'b10'::BLOB",
      "nested.b.c = 'x77'",
      'price = 1.125 OR wide = 100',
    ]) {
      const rows = (from: string) => rowsAsText(admin, `SELECT * FROM ${from} WHERE ${condition} ORDER BY id, text`);
      expect(await rows('everything'), condition).toEqual(await rows(`(${model})`));
    }
    expect(await rowsAsText(admin, 'SELECT count(*), max(_pos) FROM everything')).toEqual([['4000', '3999']]);
  }, 120_000);

  it('are behind the restrictions of whoever asks', async () => {
    const sql = 'SELECT count(*), count(text), max(small) FROM everything';
    expect(await rowsAsText(analyst, sql)).toEqual(
      await rowsAsText(admin, `SELECT count(*), 0, 9 FROM (${model}) WHERE small < 10`),
    );
  });

  it('can be named by no text', async () => {
    for (const text of [
      'SELECT database_name FROM duckdb_databases()',
      'SELECT * FROM duckdb_tables()',
      "SELECT * FROM query_table('d0.main.t')",
      'SHOW DATABASES',
    ]) {
      const shown = await rowsAsText(analyst, text).catch((error: Error) => [[error.message]]);
      expect(JSON.stringify(shown), text).not.toMatch(/\bd[0-9a-f]{12}\b/);
    }
  });

  it('leave out rows that are deleted by position, and follow the schema', async () => {
    await admin.executeUpdate('DELETE FROM everything WHERE small % 2 = 1');
    await admin.executeUpdate('ALTER TABLE everything RENAME COLUMN text TO words');
    await admin.executeUpdate('ALTER TABLE everything ALTER COLUMN small TYPE BIGINT');
    await admin.executeUpdate('ALTER TABLE everything DROP COLUMN half');
    await admin.executeUpdate('ALTER TABLE everything ADD COLUMN half VARCHAR');
    const sql = 'SELECT id, words, small, _pos FROM everything WHERE half IS NULL';
    expect(await rowsAsText(admin, `${sql} ORDER BY _pos`)).toEqual(placed);
    await decoded(sql);
    expect(await rowsAsText(admin, `${sql} ORDER BY _pos`)).toEqual(placed);
  }, 120_000);

  it('are none of files whose zeros have signs, which the engine would not keep', async () => {
    const zero = "CASE WHEN i % 2 = 0 THEN 0.0::DOUBLE ELSE '-0.0'::DOUBLE END";
    await admin.executeUpdate(`CREATE TABLE signed AS SELECT i, ${zero} AS d, [${zero}] AS l FROM range(20000) t(i)`);
    const sql = 'SELECT count_if(signbit(d)), count_if(signbit(l[1])) FROM signed';
    for (let time = 0; time < 5; time++) {
      expect(await rowsAsText(admin, sql)).toEqual([['10000', '10000']]);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }, 120_000);
});
