/** What the people who run a catalog see of a server: what it asks, as whom, and what it reports. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { FlightSqlClient } from '../../src/client/index.js';
import { flightSql } from '../../src/flight/protocol.js';
import { TestClient, ticketOf } from '../flight/client.js';
import { rowsAsText, startTestServer, type TestServer } from './support/server.js';

let server: TestServer;
let admin: FlightSqlClient;
let analyst: FlightSqlClient;

beforeAll(async () => {
  server = await startTestServer({
    policies: [
      {
        table: 'demo.people',
        role: 'analyst',
        rowFilter: { type: 'eq', left: { type: 'reference', name: 'region' }, right: 'policy-literal' },
        masks: { mail: 'mask-alphanum' },
      },
    ],
  });
  admin = await server.client('adminuser');
  analyst = await server.client('analyst');
  for (const sql of [
    'CREATE TABLE events (id BIGINT, kind VARCHAR, at DATE) PARTITIONED BY (kind)',
    "INSERT INTO events VALUES (1, 'click', DATE '2026-01-01'), (2, 'buy', DATE '2026-02-01')",
    "INSERT INTO events VALUES (3, 'click', DATE '2026-03-01')",
    'CREATE VIEW inner_view AS SELECT * FROM events',
    'CREATE VIEW outer_view AS SELECT id FROM inner_view',
    'CREATE TABLE people (id BIGINT, region VARCHAR, mail VARCHAR)',
    "INSERT INTO people VALUES (1, 'policy-literal', 'ada@example.org'), (2, 'other', 'bob@example.org')",
  ]) {
    await admin.execute(sql);
  }
});
afterAll(() => server?.stop());
beforeEach(async () => {
  await settled();
  server.stack.catalog.requests.clear();
  server.stack.catalog.reports.clear();
});

const THROUGH_BOTH = 'snapshots=refs&referenced-by=demo\u001fouter_view,demo\u001finner_view';

/** Once no more reports come in. */
async function settled(): Promise<void> {
  for (let last = -1; last !== server.stack.catalog.requests.count; await sleep(50)) {
    last = server.stack.catalog.requests.count;
  }
}
const reports = async () => {
  await settled();
  return server.stack.catalog.reports.entries;
};
const loads = (name: string) =>
  server.stack.catalog.requests.entries
    .filter(({ method, path }) => method === 'GET' && new RegExp(`/tables/${name}(\\?|$)`).test(path))
    .map(({ path }) => decodeURIComponent(path.split('?')[1] ?? ''));

describe('a scan', () => {
  it('is reported with its table, columns, files and the filter without its values', async () => {
    await rowsAsText(admin, "SELECT id FROM events WHERE kind = 'click' AND id > 12345");
    const [report, ...others] = await reports();
    expect(others).toEqual([]);
    expect(report).toMatchObject({
      table: 'demo.events',
      caller: 'adminuser',
      report: {
        'report-type': 'scan-report',
        'table-name': 'quickstart.demo.events',
        'snapshot-id': expect.anything(),
        'schema-id': 0,
        'projected-field-names': expect.arrayContaining(['id', 'kind']),
        metrics: {
          'result-data-files': { unit: 'count', value: 0 },
          'skipped-data-files': { unit: 'count', value: 3 },
          'total-planning-duration': { count: 1, 'time-unit': 'nanoseconds' },
        },
        metadata: { 'engine-name': 'skua' },
      },
    });
    const text = JSON.stringify(report?.report.filter);
    expect(text).toContain('(5-digit-int)');
    expect(text).toMatch(/\(hash-[0-9a-f]{8}\)/);
    expect(text).not.toMatch(/click|12345/);
  });

  it('of a restricted table is reported without anything of its rules', async () => {
    expect(await rowsAsText(analyst, "SELECT id FROM people WHERE mail LIKE 'xxx%' AND id < 99")).toEqual([['1']]);
    const [report] = await reports();
    expect(report).toMatchObject({ caller: 'analyst', table: 'demo.people' });
    const text = JSON.stringify(report?.report.filter);
    expect(text).not.toMatch(/region|policy-literal/);
    expect(text).toContain('(2-digit-int)');
  });

  it('is reported once for each table of a statement', async () => {
    await rowsAsText(admin, 'SELECT count(*) FROM events a JOIN people b ON a.id = b.id');
    expect((await reports()).map(({ table }) => table).sort()).toEqual(['demo.events', 'demo.people']);
  });
});

describe('a commit', () => {
  it('is reported with its snapshot and what it added', async () => {
    await admin.execute("INSERT INTO people VALUES (3, 'other', 'cyd@example.org'), (4, 'other', NULL)");
    const commits = (await reports()).filter(({ report }) => report['report-type'] === 'commit-report');
    const [[id]] = (await rowsAsText(admin, 'SELECT max_by(snapshot_id, committed_at) FROM "people$snapshots"')) as [
      [string],
    ];
    expect(commits).toHaveLength(1);
    expect(String(commits[0]?.report['snapshot-id'])).toBe(id);
    expect(commits[0]).toMatchObject({
      table: 'demo.people',
      caller: 'adminuser',
      report: {
        operation: 'append',
        'sequence-number': 2,
        metrics: {
          attempts: { value: 1 },
          'added-records': { unit: 'count', value: 2 },
          'total-records': { value: 4 },
          'added-data-files': { value: 1 },
          'added-files-size-bytes': { unit: 'bytes', value: expect.any(Number) },
        },
      },
    });
  });
});

describe('the load of a table', () => {
  it('asks for the snapshots of branches and tags alone', async () => {
    await rowsAsText(admin, 'SELECT * FROM events');
    await rowsAsText(admin, 'DESCRIBE events');
    expect(new Set(loads('events'))).toEqual(new Set(['snapshots=refs']));
  });

  it('asks for all where an older one is wanted, and reads both in one state', async () => {
    const [first] = await rowsAsText(admin, 'SELECT min_by(snapshot_id, committed_at) FROM "events$snapshots"');
    server.stack.catalog.requests.clear();
    const sql = `SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM events FOR VERSION AS OF ${first?.[0]})`;
    expect(await rowsAsText(admin, sql)).toEqual([['3', '2']]);
    expect(loads('events')).toContain('');
    server.stack.catalog.requests.clear();
    expect(await rowsAsText(admin, 'SELECT count(*) FROM "events$history"')).toEqual([['2']]);
    expect(new Set(loads('events'))).toEqual(new Set(['']));
  });

  it('finds the snapshot of a ticket that is no longer the current one', async () => {
    const client = new TestClient(server.server.port, await server.token('adminuser'));
    try {
      const ticket = ticketOf(
        await client.info(flightSql.CommandStatementQuery, { query: 'SELECT count(*) FROM events' }),
      );
      await admin.execute("INSERT INTO events VALUES (9, 'late', NULL)");
      expect((await client.fetch(ticket)).rows).toEqual([[3n]]);
      await admin.execute('DELETE FROM events WHERE id = 9');
    } finally {
      client.close();
    }
  });

  it('names the views that lead to it, the outermost first', async () => {
    expect(await rowsAsText(admin, 'SELECT count(*) FROM outer_view')).toEqual([['3']]);
    expect(new Set(loads('events'))).toEqual(new Set([THROUGH_BOTH]));
  });

  it('through a view and without one is of one state', async () => {
    expect(await rowsAsText(admin, 'SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM outer_view)')).toEqual([
      ['3', '3'],
    ]);
    expect(new Set(loads('events'))).toEqual(new Set(['snapshots=refs', THROUGH_BOTH]));
  });

  it('names them also for metadata tables in views', async () => {
    await admin.execute('CREATE VIEW history_view AS SELECT * FROM "events$history"');
    server.stack.catalog.requests.clear();
    await rowsAsText(admin, 'SELECT * FROM history_view');
    expect(loads('events').every((query) => query === 'referenced-by=demo\u001fhistory_view')).toBe(true);
  });
});
