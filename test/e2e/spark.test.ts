import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Field, Int32, Schema } from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parts, startSpark } from '../../scripts/real/index.mjs';
import { connect, type FlightSqlClient } from '../../src/client/index.js';
import { localConfig } from '../../src/commands/local-config.js';
import { loadConfig } from '../../src/config/index.js';
import { type EmbeddedStack, startEmbeddedStack } from '../../src/embedded/index.js';
import { SparkEngine } from '../../src/engine/spark/index.js';
import { createLogger } from '../../src/logging.js';
import { type RunningServer, startServer } from '../../src/server/index.js';
import { rowsAsText } from './support/server.js';

const { missing } = parts.spark.find();
const START = 200_000;

let folder: string;
let spark: Awaited<ReturnType<typeof startSpark>>;
let stack: EmbeddedStack;
let server: RunningServer;
let admin: FlightSqlClient;

beforeAll(async () => {
  if (missing !== undefined) return;
  folder = mkdtempSync(join(tmpdir(), 'skua-spark-'));
  [spark, stack] = await Promise.all([
    startSpark({ logFolder: folder }),
    startEmbeddedStack({
      issuer: { lifetimeSeconds: 3600 },
      catalog: { grants: { catalog_admin: ['CATALOG_MANAGE_CONTENT'], table_reader: ['TABLE_LIST'] } },
    }),
  ]);
  const settings = `
[storage]
local_roots = [${JSON.stringify(join(stack.folder, 'warehouse'))}]
[http]
enabled = false
[engines.spark]
kind = "spark-connect"
endpoint = "${spark.endpoint}"
tls = false`;
  const config = loadConfig({ env: {}, text: localConfig(stack, settings) });
  server = await startServer(config, { logger: createLogger({ level: 'error', format: 'json' }) });
  admin = connect({ address: server.address, token: await stack.token('adminuser') });
  await admin.execute(`CREATE TABLE facts (
    k INTEGER, i INTEGER, l BIGINT, p DECIMAL(15,2), q DECIMAL(30,6), d DOUBLE, s VARCHAR, day DATE, ts TIMESTAMP, zoned TIMESTAMPTZ, b BOOLEAN)`);
  await admin.execute(`INSERT INTO facts SELECT n AS k,
    CASE WHEN n % 7 = 0 THEN NULL ELSE n - 50 END, n * 4611686018427387, CAST((n - 50) * 1.37 AS DECIMAL(15,2)), CAST(n AS DECIMAL(30,6)) / 7,
    CASE n % 9 WHEN 0 THEN NULL WHEN 1 THEN 'NaN'::DOUBLE WHEN 2 THEN -0.0 WHEN 3 THEN 'Infinity'::DOUBLE ELSE (n - 50) / 8 END,
    CASE n % 6 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN 'it''s \\ ' || n WHEN 3 THEN 'Zürich 🦆 ' || n ELSE 'a_b%' || (n % 4) END,
    DATE '1999-12-25' + n::INTEGER, TIMESTAMP '1969-12-31 22:00:00' + to_minutes(n * 37), TIMESTAMPTZ '2024-03-31 00:30:00+00' + to_minutes(n * 37), n % 3 = 0
    FROM range(100) AS r(n)`);
}, START);
afterAll(async () => {
  admin?.close();
  await server?.stop();
  await stack?.close();
  await spark?.stop();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
}, 60_000);

const PARTS = ['year', 'quarter', 'month', 'week', 'day', 'dow', 'isodow', 'doy'];

const QUERIES: [what: string, sql: string][] = [
  [
    'numbers',
    `SELECT k, i + 1, i - l, l * 2, i * i, i // 7, i % 7, -i, abs(i), p + 1, p - q, p * p, p / 3, i / (k - 40), d / (k - 40), -d, abs(p), abs(d), 2.5 * q,
     round(p), round(p, 1), round(q, 2), floor(p), ceil(p), floor(q), greatest(i, 3), least(p, i), coalesce(i, 0), nullif(i, 3), CASE WHEN b THEN p ELSE i END FROM facts`,
  ],
  [
    'casts',
    `SELECT k, CAST(p AS INTEGER), CAST(q AS BIGINT), CAST(k / 4 AS INTEGER), CAST(i AS DECIMAL(12,3)), CAST(q AS DECIMAL(20,2)), CAST(p AS DOUBLE),
     CAST(l AS VARCHAR), CAST(p AS VARCHAR), CAST(b AS VARCHAR), CAST(b AS INTEGER), CAST(day AS TIMESTAMP), CAST(ts AS DATE), CAST(zoned AS DATE), CAST(zoned AS TIMESTAMP), CAST(ts AS TIMESTAMPTZ) FROM facts`,
  ],
  [
    'texts',
    `SELECT k, s, length(s), s || '|', concat(s, '|', NULL), substring(s, 2, 3), substr(s, 9), starts_with(s, 'it'), ends_with(s, '3'), contains(s, '🦆'), s LIKE 'a\\_b%', s LIKE 'a_b%%', s LIKE '%\\ %',
     s < 'b', s = 'it''s \\ 8', s IN ('', 'a_b%0'), s BETWEEN 'a' AND 'b' FROM facts`,
  ],
  [
    'dates',
    `SELECT k, ${PARTS.flatMap((part) => [`extract(${part} FROM day)`, `extract(${part} FROM ts)`]).join(', ')}, hour(ts), minute(zoned), second(ts), day + 40, day - 3, day - DATE '2000-01-01',
     day + INTERVAL 1 MONTH, day - INTERVAL '2' YEAR, ts + INTERVAL 3 HOUR, zoned - INTERVAL 1 DAY, date_trunc('month', day), date_trunc('week', ts), date_trunc('quarter', zoned), day < TIMESTAMP '2000-02-29 12:00:00', day = '2000-02-29' FROM facts`,
  ],
  [
    'conditions',
    `SELECT k FROM facts WHERE (i > 3 OR i IS NULL) AND NOT (d < 2) AND d IS DISTINCT FROM 3 OR b AND p NOT IN (1.37, 2.74)`,
  ],
  [
    'aggregates',
    `SELECT k % 3 AS g, count(*), count(i), count(DISTINCT s), sum(i), sum(l), sum(p), sum(q), avg(i), avg(p), min(s), max(s), min(d), max(d), min(day), max(zoned), bool_and(b), bool_or(b),
     stddev_samp(i), var_pop(i), sum(p) FILTER (WHERE b), avg(DISTINCT p), sum(l) + 1 FROM facts GROUP BY ALL HAVING count(*) > 1`,
  ],
  [
    'groups',
    'SELECT b, k % 2 AS odd, grouping(b, odd), sum(p), rank() OVER (PARTITION BY grouping(b) ORDER BY sum(p)) FROM facts GROUP BY CUBE (b, odd)',
  ],
  [
    'windows',
    `SELECT k, row_number() OVER (ORDER BY k), rank() OVER (PARTITION BY b ORDER BY i), dense_rank() OVER (ORDER BY s DESC), lag(k) OVER (ORDER BY k), lead(s, 3) OVER (ORDER BY k), sum(p) OVER (ORDER BY k), avg(p) OVER (PARTITION BY b),
     sum(i) OVER (ORDER BY k ROWS BETWEEN 2 PRECEDING AND 1 FOLLOWING), first_value(s) OVER (PARTITION BY b ORDER BY k), last_value(k) OVER (ORDER BY k DESC), percent_rank() OVER (ORDER BY k), cume_dist() OVER (ORDER BY i) FROM facts`,
  ],
  [
    'queries in queries',
    `WITH g AS (SELECT k % 5 AS k, sum(p) AS total FROM facts GROUP BY 1)
     SELECT f.k, (SELECT max(o.i) FROM facts AS o WHERE o.k < f.k), f.k IN (SELECT i FROM facts), EXISTS (SELECT 1 FROM facts AS o WHERE o.i = f.k AND o.b) FROM facts AS f JOIN g USING (k)
     WHERE f.p < (SELECT avg(total) FROM g) AND f.k NOT IN (SELECT k FROM facts WHERE k > 90)`,
  ],
  [
    'set operations',
    'SELECT i FROM facts INTERSECT SELECT k FROM facts UNION ALL SELECT p FROM facts WHERE k < 3 EXCEPT SELECT 7',
  ],
  [
    'joins',
    'SELECT a.k, b.k, c.s FROM facts AS a LEFT JOIN facts AS b ON a.k = b.i FULL JOIN (SELECT k + 20 AS k, s FROM facts) AS c ON c.k = a.k WHERE a.k IS NULL OR a.k % 4 = 0',
  ],
  [
    'order',
    'SELECT i, s AS name FROM facts ORDER BY i DESC NULLS FIRST, CASE WHEN name IS NULL THEN 1 ELSE 0 END, k LIMIT 20 OFFSET 5',
  ],
];

describe.skipIf(missing !== undefined)(`Spark Connect${missing === undefined ? '' : ` (${missing})`}`, () => {
  it.each(QUERIES)(
    'gives the values that the local engine gives: %s',
    async (what, sql) => {
      const [expected, rows] = [await rowsAsText(admin, sql), await rowsAsText(admin, `/*+ engine(spark) */ ${sql}`)];
      const sorted = (values: string[][]) =>
        what === 'order' ? values : values.map((row) => JSON.stringify(row)).sort();
      expect(sorted(rows)).toEqual(sorted(expected));
      expect(rows.length).toBeGreaterThan(0);
    },
    300_000,
  );

  it('reads the snapshot that was planned, also of another time', async () => {
    const [[before]] = (await rowsAsText(
      admin,
      'SELECT snapshot_id FROM "facts$snapshots" ORDER BY committed_at DESC LIMIT 1',
    )) as [[string]];
    await admin.execute('DELETE FROM facts WHERE k >= 98');
    const count = async (clause: string) =>
      rowsAsText(admin, `SELECT /*+ engine(spark) */ count(*) FROM facts ${clause}`);
    expect(await count('')).toEqual([['98']]);
    expect(await count(`AT (VERSION => ${before})`)).toEqual([['100']]);
  }, 60_000);

  it('fails as the local engine does where a value can not be', async () => {
    for (const engine of ['local', 'spark']) {
      await expect(
        rowsAsText(admin, `SELECT /*+ engine(${engine}) */ i * 2000000000 FROM facts`),
      ).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    }
  }, 60_000);

  it("is refused in the catalog's words where the caller may not read, and where the token is not taken", async () => {
    const catalogs = { quickstart: { uri: stack.catalog.uri, warehouse: 'quickstart', vendsCredentials: false } };
    const engine = new SparkEngine({
      name: 'spark',
      endpoint: spark.endpoint,
      tls: false,
      sendsToken: false,
      catalogProperties: {},
      catalogs: () => catalogs,
    });
    const [[id]] = (await rowsAsText(admin, 'SELECT snapshot_id FROM "facts$snapshots" LIMIT 1')) as [[string]];
    const schema = {
      schemaId: 0,
      fields: [{ id: 1, name: 'k', required: false, type: { kind: 'primitive', type: 'int' } }],
      identifierFieldIds: [],
    };
    const table = {
      identifier: { catalog: 'quickstart', namespace: ['demo'], name: 'facts' },
      displayName: 'facts',
      snapshotId: BigInt(id),
      schema,
      metadata: { snapshots: [{ snapshotId: BigInt(id), schemaId: 0 }] },
    };
    const tree = {
      type: 'SELECT_NODE',
      select_list: [{ class: 'COLUMN_REF', column_names: ['k'] }],
      from_table: { type: 'BASE_TABLE', table_name: 'facts' },
    };
    const run = async (token: string) => {
      const place = engine.open();
      const query = place.query(
        { sql: '', tables: [{ kind: 'iceberg', name: 'facts', table: table as never }], functions: [], salt: () => '' },
        {
          tree,
          schema: new Schema([new Field('k', new Int32(), true)]),
          batchBytes: 1 << 20,
          signal: AbortSignal.timeout(60_000),
          caller: { user: 'testuser', authorization: `Bearer ${token}` },
        },
      );
      if (typeof query === 'string') throw new Error(query);
      return query.run().finally(() => place.close());
    };
    await expect(run(await stack.token('testuser'))).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
      message: expect.stringMatching(
        /^Principal 'testuser' with activated PrincipalRoles .* is not authorized for op LOAD_TABLE/,
      ),
    });
    await expect(run('no.token.atall')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await engine.close();
  }, 300_000);

  it('stops in the cluster where the statement is cancelled', async () => {
    const abort = new AbortController();
    const slow =
      '/*+ engine(spark) */ SELECT count(*) FROM facts a, facts b, facts c, facts d, facts e WHERE a.k * b.k * c.k + d.k < e.k';
    const running = admin.execute(slow, { signal: abort.signal }).then(async ({ batches }) => {
      for await (const _ of batches);
    });
    setTimeout(() => abort.abort(), 1500);
    await expect(running).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(await rowsAsText(admin, 'SELECT /*+ engine(spark) */ count(*) FROM facts')).toEqual([['98']]);
  }, 60_000);
});
