import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FlightSqlClient } from '../../src/client/index.js';
import { parseJson, writeJson } from '../../src/json.js';
import { type FaultyCatalog, startFaultyCatalog } from './support/faulty-catalog.js';
import { rowsAsText, startTestServer, type TestServer } from './support/server.js';

describe('a materialized view', () => {
  let server: TestServer;
  let admin: FlightSqlClient;
  let analyst: FlightSqlClient;

  beforeAll(async () => {
    server = await startTestServer({
      policies: [
        {
          table: 'demo.people',
          role: 'analyst',
          rowFilter: { type: 'eq', left: { type: 'reference', name: 'region' }, right: 'EU' },
          masks: { mail: 'replace-with-null' },
        },
      ],
    });
    admin = await server.client('adminuser');
    analyst = await server.client('analyst');
    await admin.executeUpdate('CREATE TABLE people (id BIGINT, region VARCHAR, mail VARCHAR)');
    await admin.executeUpdate("INSERT INTO people VALUES (1, 'EU', 'a@x'), (2, 'US', 'b@x'), (3, 'US', 'c@x')");
    await admin.executeUpdate(
      'CREATE MATERIALIZED VIEW everybody AS SELECT region, max(mail) AS mail FROM people GROUP BY 1',
    );
    await admin.executeUpdate('CREATE MATERIALIZED VIEW above AS SELECT count(mail) AS mails FROM everybody');
  });
  afterAll(() => server?.stop());

  const scans = async (client: FlightSqlClient, sql: string) =>
    (await rowsAsText(client, `EXPLAIN ${sql}`))
      .flat()
      .join('\n')
      .match(/demo\.\w+/g);

  it('is read from its kept rows while they are what its query gives, and else computed', async () => {
    expect(new Set(await scans(admin, 'SELECT * FROM everybody'))).toEqual(new Set(['demo.everybody__storage']));
    expect(new Set(await scans(admin, 'SELECT * FROM above'))).toEqual(new Set(['demo.above__storage']));
    await admin.executeUpdate("INSERT INTO people VALUES (4, 'APAC', 'd@x')");
    expect(new Set(await scans(admin, 'SELECT * FROM above'))).toEqual(new Set(['demo.people']));
    expect(await rowsAsText(admin, 'SELECT mails FROM above')).toEqual([['3']]);
    await admin.executeUpdate('REFRESH MATERIALIZED VIEW above');
    expect(new Set(await scans(admin, 'SELECT * FROM above'))).toEqual(new Set(['demo.above__storage']));
    expect(new Set(await scans(admin, 'SELECT * FROM everybody'))).toEqual(new Set(['demo.people']));
    await admin.executeUpdate('REFRESH MATERIALIZED VIEW everybody');
  });

  it('shows nobody more than its query would show them, however fresh its rows are', async () => {
    expect(await rowsAsText(analyst, 'SELECT * FROM everybody')).toEqual([['EU', 'NULL']]);
    expect(await rowsAsText(analyst, 'SELECT mails FROM above')).toEqual([['0']]);
    const kept = await rowsAsText(admin, 'SELECT mails FROM above');
    expect(kept).toEqual([['3']]);
  });

  it('is not refreshed by somebody who sees only a part of what it reads', async () => {
    await expect(analyst.executeUpdate('REFRESH MATERIALIZED VIEW everybody')).rejects.toMatchObject({
      code: 'FAILED_PRECONDITION',
      message: expect.stringContaining('quickstart.demo.people is restricted for you'),
    });
    expect(await rowsAsText(admin, 'SELECT count(*) FROM everybody')).toEqual([['3']]);
  });

  it('says in the snapshot of its storage table what its rows came from', async () => {
    const [[summary] = []] = await rowsAsText(
      admin,
      'SELECT summary[\'refresh-state\'] FROM "everybody__storage$snapshots" ORDER BY committed_at DESC LIMIT 1',
    );
    expect(parseJson(summary as string)).toEqual({
      'view-version-id': 1,
      'source-states': [
        {
          type: 'table',
          name: 'people',
          namespace: ['demo'],
          uuid: expect.stringMatching(/^[0-9a-f-]{36}$/),
          'snapshot-id': expect.anything(),
        },
      ],
      'refresh-start-timestamp-ms': expect.any(Number),
    });
  });

  it('goes on with what a statement was planned with, while it is refreshed', async () => {
    const prepared = await admin.prepare('SELECT count(*) FROM everybody');
    await admin.executeUpdate("INSERT INTO people VALUES (5, 'AFR', 'e@x')");
    await admin.executeUpdate('REFRESH MATERIALIZED VIEW everybody');
    const counts: unknown[] = [];
    for await (const row of (await prepared.execute()).rows()) counts.push(...Object.values(row));
    await prepared.close();
    expect(counts.map(String)).toEqual(['4']);
  });

  it('is computed beside its own storage table, where that is stale', async () => {
    await admin.executeUpdate('REFRESH MATERIALIZED VIEW everybody');
    await admin.executeUpdate("INSERT INTO people VALUES (6, 'SAM', 'f@x')");
    const sql = 'SELECT (SELECT count(*) FROM everybody), (SELECT count(*) FROM everybody__storage)';
    expect(await rowsAsText(admin, sql)).toEqual([['5', '4']]);
    await admin.executeUpdate('REFRESH MATERIALIZED VIEW everybody');
    expect(await rowsAsText(admin, sql)).toEqual([['5', '5']]);
  });

  it('of another that is fresh is fresh whichever of the two was refreshed last', async () => {
    for (const view of ['everybody', 'above', 'everybody']) {
      await admin.executeUpdate(`REFRESH MATERIALIZED VIEW ${view} FULL`);
    }
    expect(new Set(await scans(admin, 'SELECT * FROM above'))).toEqual(new Set(['demo.above__storage']));
  });

  it('is not dropped with a storage table that holds rows of somebody else', async () => {
    await admin.executeUpdate('CREATE MATERIALIZED VIEW dropped AS SELECT 1 AS one');
    await admin.executeUpdate('DROP TABLE dropped__storage');
    await admin.executeUpdate('CREATE TABLE dropped__storage AS SELECT 2 AS one');
    await expect(admin.executeUpdate('DROP MATERIALIZED VIEW dropped')).rejects.toMatchObject({
      code: 'FAILED_PRECONDITION',
      message: expect.stringContaining('dropped__storage holds other rows'),
    });
    expect(await rowsAsText(admin, 'SELECT * FROM dropped')).toEqual([['1']]);
    await admin.executeUpdate('ALTER TABLE dropped__storage RENAME TO elsewhere');
    await admin.executeUpdate('DROP MATERIALIZED VIEW dropped');
    expect(await rowsAsText(admin, 'SELECT * FROM elsewhere')).toEqual([['2']]);
  });

  it('is refreshed by many at once without a row too many', async () => {
    await admin.executeUpdate('CREATE MATERIALIZED VIEW each_one AS SELECT id FROM people');
    await admin.executeUpdate("INSERT INTO people SELECT 100 + i, 'EU', NULL FROM range(50) t(i)");
    const clients = await Promise.all(Array.from({ length: 4 }, () => server.client('adminuser')));
    const outcomes = await Promise.allSettled(
      clients.map((client) => client.executeUpdate('REFRESH MATERIALIZED VIEW each_one')),
    );
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'ABORTED' });
    }
    expect(await rowsAsText(admin, 'SELECT count(*), count(DISTINCT id) FROM each_one__storage')).toEqual([
      ['56', '56'],
    ]);
  });
});

describe('of a catalog that keeps the storage table in the version of the view', () => {
  let catalog: FaultyCatalog;
  beforeAll(async () => {
    catalog = await startFaultyCatalog();
  });
  afterAll(() => catalog?.stop());

  it('a materialized view is known by that', async () => {
    await catalog.update('CREATE TABLE t (id BIGINT)');
    await catalog.update('INSERT INTO t VALUES (1)');
    await catalog.update('CREATE MATERIALIZED VIEW v AS SELECT count(*) AS n FROM t');
    catalog.fault = ({ method, path }) =>
      method === 'GET' && path.endsWith('/views/v')
        ? { rewrite: (answer) => withField(answer as unknown as LoadedViewJson) }
        : undefined;
    await catalog.update('INSERT INTO t VALUES (2)');
    await catalog.update('REFRESH MATERIALIZED VIEW v');
    expect(await catalog.rows('SELECT n FROM v__storage')).toEqual([[2n]]);
    await expect(catalog.update('DROP VIEW v')).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
  });

  it('one whose storage table is gone is computed', async () => {
    catalog.fault = () => undefined;
    await catalog.update('DROP TABLE v__storage');
    expect(await catalog.rows('SELECT n FROM v')).toEqual([[2n]]);
    await catalog.update('DROP MATERIALIZED VIEW v');
  });
});

interface LoadedViewJson {
  metadata: { versions: Record<string, unknown>[]; properties?: Record<string, string> };
}

/** The answer as the draft of the view specification has it, without the property. */
function withField({ metadata, ...rest }: LoadedViewJson): unknown {
  const { 'storage-table': identifier = writeJson(null), ...properties } = metadata.properties ?? {};
  const versions = metadata.versions.map((version) => ({ ...version, 'storage-table': parseJson(identifier) }));
  return { ...rest, metadata: { ...metadata, versions, properties } };
}
