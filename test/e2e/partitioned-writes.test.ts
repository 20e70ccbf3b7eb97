/** What writes leave in tables that are partitioned, sorted or much appended to, as another engine reads it. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parts } from '../../scripts/real/index.mjs';
import type { FlightSqlClient } from '../../src/client/index.js';
import { rowsAsText, startTestServer, type TestServer } from './support/server.js';

const { path: python = '', missing } = parts.python.find();
const program = fileURLToPath(new URL('support/pyiceberg_writes.py', import.meta.url));

let server: TestServer;
let client: FlightSqlClient;
beforeAll(async () => {
  server = await startTestServer();
  client = await server.client('adminuser');
});
afterAll(() => server?.stop());

async function pyiceberg(what: 'make' | 'check'): Promise<string[]> {
  const { uri, name } = server.stack.catalog;
  const { stdout } = await promisify(execFile)(python, [program, what, uri, name, await server.token('adminuser')]);
  return stdout.trim().split('\n');
}

/** A column's type, and its value in row `i`. */
const buckets: Record<string, [type: string, value: string]> = {
  int: ['INT', 'i * 7919 - 100000'],
  long: ['BIGINT', 'i * 1234567890123 - 20000000000000'],
  decimal: ['DECIMAL(9, 2)', '(i - 20) * 1234.56'],
  long_decimal: ['DECIMAL(38, 10)', '(i - 20) * 98765432109876543210.0123456789::DECIMAL(38, 10)'],
  date: ['DATE', "DATE '1969-12-01' + CAST(i * 37 - 300 AS INT)"],
  time: ['TIME', "TIME '00:00:00.000001' + to_seconds(i * 1777)"],
  timestamp: ['TIMESTAMP', "TIMESTAMP '1969-12-31 23:00:00.123456' + to_seconds((i - 10) * 100003)"],
  timestamptz: ['TIMESTAMPTZ', "TIMESTAMPTZ '1969-12-31 23:00:00.123456+00' + to_seconds((i - 10) * 100003)"],
  string: ['VARCHAR', "repeat('é😀x', CAST(i % 5 AS INT)) || i"],
  uuid: ['UUID', 'CAST(md5(i::VARCHAR) AS UUID)'],
  binary: ['BLOB', 'unhex(left(md5(i::VARCHAR), CAST(i % 17 * 2 AS INT)))'],
};

const texts = ["'/'", "'..'", "'a=b'", "'%2F'", "''", "'__HIVE_DEFAULT_PARTITION__'", "'null'", "'a/b%20c'", "'😀'"];

describe.skipIf(missing !== undefined)('PyIceberg', () => {
  it('makes tables whose columns differ in case alone, which are refused, but for letters beyond ASCII', async () => {
    await pyiceberg('make');
    for (const sql of ['SELECT a FROM cased', 'INSERT INTO cased VALUES (1, 2)', 'DELETE FROM cased']) {
      const refusal = { code: 'UNIMPLEMENTED', message: expect.stringContaining('"a" and "A" differ in case alone') };
      await expect(
        client.run(sql).then((outcome) => (outcome.kind === 'query' ? undefined : outcome)),
      ).rejects.toMatchObject(refusal);
    }
    await client.executeUpdate('INSERT INTO accents VALUES (1, 2)');
    expect(await rowsAsText(client, 'SELECT "É", "é" FROM accents')).toEqual([['2', '1']]);
    await client.executeUpdate('ALTER TABLE cased RENAME COLUMN "A" TO b');
    await client.executeUpdate('INSERT INTO cased VALUES (1, 2)');
    expect(await rowsAsText(client, 'SELECT a, b FROM cased')).toEqual([['1', '2']]);
  }, 60_000);

  it('finds every row where its own transforms put it', async () => {
    for (const [name, [type, value]] of Object.entries(buckets)) {
      await client.executeUpdate(`CREATE TABLE by_${name} (id BIGINT, v ${type}) PARTITIONED BY (bucket(7, v))`);
      await client.executeUpdate(
        `INSERT INTO by_${name} SELECT i, ${value} FROM range(40) AS r(i) UNION ALL SELECT 99, NULL`,
      );
      for (const id of [0, 17, 39]) {
        const filtered = `SELECT id FROM by_${name} WHERE v = (SELECT v FROM by_${name} WHERE id = ${id})`;
        expect((await rowsAsText(client, filtered)).flat()).toContain(String(id));
      }
    }
    await client.executeUpdate(
      `CREATE TABLE by_nested (id BIGINT, place STRUCT(zip INT, "inner" STRUCT("the name" VARCHAR)))
       PARTITIONED BY (bucket(4, place.zip), truncate(2, place."inner"."the name"), place.zip)`,
    );
    await client.executeUpdate(
      `INSERT INTO by_nested SELECT i, CASE WHEN i = 3 THEN NULL ELSE {'zip': i % 3, 'inner': CASE WHEN i = 4 THEN NULL
       ELSE {'the name': 'name ' || i} END} END FROM range(12) AS r(i)`,
    );
    await client.executeUpdate('CREATE TABLE texts (part VARCHAR) PARTITIONED BY (part)');
    await client.executeUpdate(
      `INSERT INTO texts VALUES (NULL), (repeat('é', 5000)), ('a' || chr(0) || 'b'), ${texts.map((text) => `(${text})`).join(', ')}`,
    );
    await client.executeUpdate(
      "INSERT INTO ordered SELECT i * 7919 % 1000, CASE WHEN i % 9 = 0 THEN NULL ELSE 'n' || i % 7 END FROM range(1000) AS r(i)",
    );
    await client.executeUpdate("INSERT INTO ordered VALUES (1, 'x')");
    await client.executeUpdate('CREATE TABLE appended (id BIGINT)');
    for (let id = 0; id < 120; id++) await client.executeUpdate(`INSERT INTO appended VALUES (${id})`);
    expect(await pyiceberg('check')).toEqual([
      ...[...Object.keys(buckets), 'nested'].map((name) => `by_${name}`).sort(),
      'buckets',
      'texts',
      'ordered',
      'appended',
    ]);
  }, 180_000);
});
