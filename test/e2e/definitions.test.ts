/** What definitions leave in the catalog, as another engine reads it. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parts } from '../../scripts/real/index.mjs';
import type { FlightSqlClient } from '../../src/client/index.js';
import { rowsAsText, startTestServer, type TestServer } from './support/server.js';

const { path: python = '', missing } = parts.python.find();
const program = fileURLToPath(new URL('support/pyiceberg_definitions.py', import.meta.url));

let server: TestServer;
let client: FlightSqlClient;
beforeAll(async () => {
  server = await startTestServer();
  client = await server.client('adminuser');
});
afterAll(() => server?.stop());

const STATEMENTS = [
  'CREATE TABLE altered (id INT NOT NULL, name VARCHAR, place STRUCT(city VARCHAR, zip INT), sizes FLOAT[], price DECIMAL(5, 2), at TIMESTAMP)',
  "INSERT INTO altered VALUES (1, 'a', {'city': 'x', 'zip': 7}, [1.5], 1.25, TIMESTAMP '2026-01-01 00:00:00')",
  'ALTER TABLE altered ADD PARTITION FIELD truncate(2, name)',
  "INSERT INTO altered VALUES (2, 'b', {'city': 'y', 'zip': 8}, [2.5], 2.25, TIMESTAMP '2026-01-02 00:00:00')",
  "ALTER TABLE altered ADD COLUMN extra VARCHAR COMMENT 'one more', ADD COLUMN place.country VARCHAR",
  'ALTER TABLE altered RENAME COLUMN name TO label, RENAME COLUMN place.zip TO zip_code',
  'ALTER TABLE altered ALTER COLUMN id TYPE BIGINT, ALTER COLUMN sizes.element TYPE DOUBLE, ALTER COLUMN price TYPE DECIMAL(9, 2)',
  "ALTER TABLE altered SET TBLPROPERTIES ('owner' = 'us')",
  "COMMENT ON TABLE altered IS 'altered'",
  'ALTER TABLE altered REPLACE PARTITION FIELD truncate(2, label) WITH day(at)',
  "INSERT INTO altered VALUES (3, 'c', {'city': 'z', 'zip_code': 9, 'country': 'q'}, [3.5], 1234567.25, TIMESTAMP '2026-01-03 00:00:00', 'e')",

  "CREATE TABLE replaced COMMENT 'first' TBLPROPERTIES ('owner' = 'us') AS SELECT i AS id, 'x' || i AS name, 1.5::DOUBLE AS gone FROM range(3) AS r(i)",
  "CREATE OR REPLACE TABLE replaced PARTITIONED BY (kind) AS SELECT id, 'k' AS kind, CAST(chr(CAST(96 + id AS INT)) AS VARCHAR) AS name FROM replaced WHERE id > 0",

  'CREATE TABLE overwritten (part VARCHAR, n INT) PARTITIONED BY (part)',
  "INSERT INTO overwritten VALUES ('a', 1), ('b', 2)",
  "INSERT OVERWRITE overwritten VALUES ('a', 10)",

  "CREATE TABLE defaulted TBLPROPERTIES ('format-version' = '3') AS SELECT 1 AS id",
  "ALTER TABLE defaulted ADD COLUMN n BIGINT NOT NULL DEFAULT 5, ADD COLUMN word VARCHAR DEFAULT 'x', ADD COLUMN day DATE DEFAULT '2026-01-02', ADD COLUMN tz TIMESTAMPTZ DEFAULT '2026-01-02 03:04:05+02', ADD COLUMN d DECIMAL(9, 2) DEFAULT 1.5, ADD COLUMN b BINARY DEFAULT 'ab'",

  'CREATE VIEW seen AS SELECT 1 AS one',
  "CREATE OR REPLACE VIEW seen (customer, how_many COMMENT 'of them') AS SELECT id, COUNT(*) FROM altered GROUP BY id",
];

describe.skipIf(missing !== undefined)('PyIceberg', () => {
  it('reads what ALTER, OR REPLACE, OVERWRITE and CREATE VIEW made, and goes on from there', async () => {
    for (const sql of STATEMENTS) await client.executeUpdate(sql);
    const { uri, name } = server.stack.catalog;
    const { stdout } = await promisify(execFile)(python, [program, uri, name, await server.token('adminuser')]);
    expect(stdout.trim().split('\n')).toEqual(['altered', 'replaced', 'overwritten', 'defaulted', 'viewed']);

    expect(await rowsAsText(client, 'SELECT id, tag, later FROM altered ORDER BY id')).toEqual([
      ['1', 'a', 'NULL'],
      ['2', 'b', 'NULL'],
      ['3', 'c', 'NULL'],
    ]);
    await client.executeUpdate('ALTER TABLE altered DROP COLUMN later, DROP PARTITION FIELD shard');
    expect(await rowsAsText(client, 'SELECT id, tag, price, extra FROM altered WHERE id = 1')).toEqual([
      ['1', 'a', '1.25', 'NULL'],
    ]);
  }, 120_000);
});
