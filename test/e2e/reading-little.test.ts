import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FlightSqlClient } from '../../src/client/index.js';
import { rowsAsText, startTestServer, type TestServer } from './support/server.js';

let server: TestServer;
let client: FlightSqlClient;

beforeAll(async () => {
  server = await startTestServer();
  client = await server.client('adminuser');
  await client.executeUpdate(
    'CREATE TABLE numbers AS SELECT range AS id, hash(range)::VARCHAR AS text FROM range(400000) ORDER BY id',
  );
});
afterAll(() => server?.stop());

async function explained(sql: string): Promise<string> {
  return (await rowsAsText(client, `EXPLAIN ANALYZE ${sql}`)).map(([line]) => line).join('\n');
}

function bytesRead(plan: string): number {
  const [, fetched, cached] = /fetched: (\d+) bytes from the store, (\d+) from the cache/.exec(plan) ?? [];
  return Number(fetched) + Number(cached);
}

describe('reading little', () => {
  it('answers COUNT(*), and MIN and MAX of whole numbers, without reading a file', async () => {
    expect(await explained('SELECT COUNT(*) FROM numbers')).toContain('answered from metadata');
    expect(await explained('SELECT MIN(id), MAX(id) FROM numbers')).toContain('answered from metadata');
    expect(await rowsAsText(client, 'SELECT MIN(id), MAX(id) FROM numbers')).toEqual([['0', '399999']]);
  });

  it('answers more from metadata: counts of values, filters that whole files pass, groups of partition values', async () => {
    await client.executeUpdate(
      'CREATE TABLE grouped (id BIGINT, part VARCHAR, price DECIMAL(9,2)) PARTITIONED BY (part)',
    );
    await client.executeUpdate(
      "INSERT INTO grouped SELECT range, 'p' || range // 1000, CASE WHEN range % 2 = 0 THEN range / 4 END FROM range(4000)",
    );
    for (const [sql, rows] of [
      [
        'SELECT COUNT(*), COUNT(price), MIN(price), MAX(price), MAX(part) FROM grouped',
        [['4000', '2000', '0.00', '999.50', 'p3']],
      ],
      ["SELECT COUNT(*) FROM grouped WHERE part IN ('p1', 'p3')", [['2000']]],
      ['SELECT COUNT(*) FROM grouped WHERE id < 2000', [['2000']]],
      [
        'SELECT part, COUNT(*) FROM grouped GROUP BY part ORDER BY part LIMIT 2',
        [
          ['p0', '1000'],
          ['p1', '1000'],
        ],
      ],
      ["SELECT DISTINCT part FROM grouped WHERE part > 'p2'", [['p3']]],
    ] as const) {
      expect(await explained(sql), sql).toContain('answered from metadata: no file is read');
      expect(await rowsAsText(client, sql), sql).toEqual(rows);
    }
    expect(await explained('SELECT COUNT(*) FROM grouped WHERE id < 2500')).toContain('2 files are not read');
    expect(await rowsAsText(client, 'SELECT COUNT(*) FROM grouped WHERE id < 2500')).toEqual([['2500']]);
    await client.executeUpdate('DELETE FROM grouped WHERE id = 7');
    expect(await explained('SELECT COUNT(*), MAX(id) FROM grouped')).toContain('3 files are not read');
    expect(await rowsAsText(client, "SELECT COUNT(*), MIN(id) FROM grouped WHERE part = 'p0'")).toEqual([['999', '0']]);
    expect(await rowsAsText(client, 'SELECT COUNT(*), MAX(id) FROM grouped')).toEqual([['3999', '3999']]);
  });

  it('reads only the columns that a query names', async () => {
    const one = bytesRead(await explained('SELECT SUM(id) FROM numbers'));
    const all = bytesRead(await explained('SELECT SUM(id), MAX(text) FROM numbers'));
    expect(one).toBeGreaterThan(0);
    expect(one).toBeLessThan(all / 2);
  });

  it('skips row groups whose statistics rule out a filter', async () => {
    const some = bytesRead(await explained('SELECT MAX(text) FROM numbers WHERE id < 1000'));
    const all = bytesRead(await explained('SELECT MAX(text) FROM numbers WHERE id >= 0'));
    expect(some).toBeLessThan(all / 2);
    expect(await rowsAsText(client, 'SELECT COUNT(text) FROM numbers WHERE id BETWEEN 150000 AND 150009')).toEqual([
      ['10'],
    ]);
    expect(await rowsAsText(client, 'SELECT COUNT(*) FROM numbers WHERE id = 399999 AND random() >= 0')).toEqual([
      ['1'],
    ]);
  });

  it.each([
    ['deletion vectors', 3],
    ['position deletes', 2],
  ])('skips row groups beside %s, and counts positions as if it had not', async (_, version) => {
    const name = `deleted_${version}`;
    const mode = `'format-version' = '${version}', 'write.delete.mode' = 'merge-on-read'`;
    await client.executeUpdate(`CREATE TABLE ${name} (id BIGINT, text VARCHAR) TBLPROPERTIES (${mode})`);
    await client.executeUpdate(`INSERT INTO ${name} SELECT * FROM numbers ORDER BY id`);
    await client.executeUpdate(`DELETE FROM ${name} WHERE id % 1000 = 7`);
    const filter = 'id BETWEEN 300000 AND 309999';
    const some = await explained(`SELECT MAX(text) FROM ${name} WHERE ${filter}`);
    expect(some).toContain('delete files: 1');
    expect(bytesRead(some)).toBeLessThan(bytesRead(await explained(`SELECT MAX(text) FROM ${name} WHERE id >= 0`)) / 2);
    const positions = `SELECT COUNT(text), MIN(_pos), MAX(_pos), SUM(_pos * id), SUM((id % 1000 = 7)::INT) FROM ${name}`;
    const [found] = await rowsAsText(client, `${positions} WHERE ${filter}`);
    expect(found).toMatchObject({ 0: '9990', 4: '0' });
    expect([found]).toEqual(await rowsAsText(client, `${positions} WHERE CASE WHEN ${filter} THEN random() >= 0 END`));
  });

  it('stops at the row groups that hold the rows of a LIMIT', async () => {
    await client.executeUpdate('CREATE TABLE long AS SELECT * FROM numbers');
    expect(await rowsAsText(client, 'SELECT text FROM long LIMIT 10 OFFSET 5')).toHaveLength(10);
    const few = await explained('SELECT text FROM long LIMIT 10 OFFSET 5');
    expect(few).toMatch(/row groups: 1 of [2-9]/);
    expect(bytesRead(few)).toBeLessThan(bytesRead(await explained('SELECT MAX(text) FROM long')) / 2);
    expect(await rowsAsText(client, 'SELECT COUNT(*) FROM (SELECT text FROM long LIMIT 150000)')).toEqual([['150000']]);
  });

  it('reads the files that may hold the first rows of ORDER BY and LIMIT', async () => {
    await client.executeUpdate('CREATE TABLE ordered (id BIGINT, text VARCHAR)');
    for (const range of ['0, 100', '50, 150', '200, 300', '300, 400']) {
      await client.executeUpdate(`INSERT INTO ordered SELECT range, 'x' || range FROM range(${range})`);
    }
    await client.executeUpdate("INSERT INTO ordered VALUES (NULL, 'none')");
    for (const [order, planned] of [
      ['id LIMIT 3', 2],
      ['id, text DESC LIMIT 150 OFFSET 40', 2],
      ['id DESC LIMIT 3', 1],
      ['id DESC NULLS LAST LIMIT 3', 1],
      ['id NULLS FIRST LIMIT 3', 3],
      ['id LIMIT 401', 5],
      ['id + 1 LIMIT 3', 5],
    ] as const) {
      const sql = `SELECT id, text FROM ordered ORDER BY ${order}`;
      expect(await explained(sql), order).toContain(`files: ${planned} planned of 5`);
      const read = `SELECT id, text FROM (SELECT * FROM ordered WHERE random() >= 0) ORDER BY ${order}`;
      const ids = async (text: string) => (await rowsAsText(client, text)).map(([id]) => id);
      expect(await ids(sql), order).toEqual(await ids(read));
    }
  });

  it('leaves out files that appends added and a filter rules out', async () => {
    await client.executeUpdate('CREATE TABLE appended (id BIGINT)');
    const snapshot = async () =>
      (
        await rowsAsText(client, 'SELECT snapshot_id FROM "appended$snapshots" ORDER BY committed_at DESC LIMIT 1')
      )[0]?.[0];
    await client.executeUpdate('INSERT INTO appended VALUES (1)');
    const first = await snapshot();
    for (let id = 2; id < 6; id++) await client.executeUpdate(`INSERT INTO appended VALUES (${id})`);
    const added = `SELECT id FROM appended FOR VERSION FROM ${first} TO 'main'`;
    expect(await explained(`${added} WHERE id IN (1, 3)`)).toContain('files: 1 planned of 4');
    expect(await rowsAsText(client, `${added} WHERE id IN (1, 3)`)).toEqual([['3']]);
    expect((await rowsAsText(client, added)).sort()).toEqual([['2'], ['3'], ['4'], ['5']]);
  });
});
