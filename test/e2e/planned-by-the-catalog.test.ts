/** Tables whose scans the catalog plans: since it demands to, or since that is configured. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FaultyCatalog, startFaultyCatalog } from './support/faulty-catalog.js';
import { WatchedPlans } from './support/watched-plans.js';

const TABLES = [
  'CREATE TABLE events (id BIGINT, kind VARCHAR, amount DOUBLE, ts TIMESTAMP) PARTITIONED BY (kind)',
  "INSERT INTO events VALUES (1, 'click', 1.5, TIMESTAMP '2026-01-01 10:00:00'), (2, 'buy', 20, TIMESTAMP '2026-01-02 10:00:00')",
  "INSERT INTO events VALUES (3, 'click', 'NaN', NULL), (4, 'sell', NULL, TIMESTAMP '2026-02-01 00:00:00')",
  "INSERT INTO events VALUES (5, 'click', 7, TIMESTAMP '2026-03-01 00:00:00')",
];

const plans = new WatchedPlans();

describe('where that is configured', () => {
  let catalog: FaultyCatalog;
  beforeAll(async () => {
    const planning = { pageSize: 1 };
    catalog = plans.watch(await startFaultyCatalog('', 'scan_planning = "server"', { planning }));
    for (const sql of TABLES) await catalog.update(sql);
  });
  afterAll(() => catalog?.stop());

  it.each([
    ['SELECT count(*), sum(id) FROM events', [[5n, 15n]]],
    ["SELECT id FROM events WHERE kind = 'click' AND id > 1 ORDER BY id", [[3n], [5n]]],
    ['SELECT id FROM events WHERE amount > 10 ORDER BY id', [[2n], [3n]]],
    ["SELECT id FROM events WHERE kind <> 'click' ORDER BY id", [[2n], [4n]]],
    ["SELECT id FROM events WHERE ts >= TIMESTAMP '2026-02-01' ORDER BY id", [[4n], [5n]]],
    ['SELECT max(id), min(ts) FROM events', [[5n, 1_767_261_600_000_000n]]],
    ['SELECT id FROM events ORDER BY id DESC LIMIT 1', [[5n]]],
    ['SELECT id FROM events LIMIT 0', []],
    ['SELECT a.id FROM events a JOIN events b ON a.id = b.id WHERE b.kind = $$buy$$', [[2n]]],
  ])('%s has the same answer', async (sql, rows) => {
    plans.asked = [];
    expect(await catalog.rows(sql)).toEqual(rows);
    if (rows.length > 0) expect(plans.lines).toContain('POST plan');
  });

  it('time travel, ranges of versions and changes have the same answers', async () => {
    const ids = (await catalog.rows('SELECT snapshot_id FROM "events$snapshots" ORDER BY committed_at')).flat();
    plans.asked = [];
    const count = async (sql: string) => (await catalog.rows(`SELECT count(*) FROM ${sql}`))[0]?.[0];
    expect(await count(`events FOR VERSION AS OF ${ids[0]}`)).toBe(2n);
    expect(await count(`events FOR VERSION FROM ${ids[0]} TO ${ids[2]}`)).toBe(3n);
    expect(await count(`"events$changes" FOR VERSION FROM ${ids[1]} TO ${ids[2]}`)).toBe(1n);
    expect(
      plans.asked.map(({ body }) => /"(start-snapshot-id|snapshot-id)"/.exec(body)?.[1]).filter(Boolean),
    ).toContain('start-snapshot-id');
  });

  it('the columns and what is asked of them are told, of joins no keys', async () => {
    plans.asked = [];
    await catalog.rows("SELECT id FROM events WHERE kind = 'click' AND amount < 3");
    const body = JSON.parse(
      plans.asked.find(({ line }) => line === 'POST plan')?.body.replace(/\d{17,}/g, '"$&"') ?? '{}',
    );
    expect(body).toMatchObject({
      'case-sensitive': true,
      'use-snapshot-schema': false,
      select: expect.arrayContaining(['id', 'kind', 'amount']),
      filter: {
        type: 'and',
        left: { type: 'eq', term: 'kind', value: 'click' },
        right: { type: 'lt', term: 'amount', value: 3 },
      },
    });
  });

  it('changes and transactions see the table as ever', async () => {
    expect(await catalog.update("DELETE FROM events WHERE kind = 'sell'")).toBe(1);
    expect(await catalog.update('UPDATE events SET amount = 1 WHERE id = 5')).toBe(1);
    expect(await catalog.rows('SELECT count(*), sum(amount) FROM events WHERE id <> 3')).toEqual([[3n, 22.5]]);
    const transaction = await catalog.statements.begin(catalog.call());
    await catalog.update("INSERT INTO events VALUES (6, 'click', 1, NULL)", transaction);
    const { batches } = await catalog.statements.query(catalog.call(), { sql: 'SELECT id FROM events', transaction });
    let rows = 0;
    for await (const batch of batches) rows += batch.length;
    expect(rows).toBe(5);
    await catalog.statements.rollback(catalog.call(), transaction);
  });

  it('EXPLAIN says so', async () => {
    const text = (await catalog.rows('EXPLAIN SELECT * FROM events')).flat().join('\n');
    expect(text).toContain('planned by the catalog');
  });

  it('a plan that failed fails as the catalog says', async () => {
    const watch = catalog.fault;
    catalog.fault = ({ method, path }) =>
      method === 'POST' && path.endsWith('/plan')
        ? {
            rewrite: () => ({
              status: 'failed',
              error: { message: 'too many files', type: 'SomeException', code: 400 },
            }),
          }
        : undefined;
    await expect(catalog.rows('SELECT * FROM events')).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('too many files'),
    });
    catalog.fault = watch;
  });

  it('a plan that leaves more to be checked than the statement asks is refused', async () => {
    const watch = catalog.fault;
    const residual = { type: 'not-in', term: 'kind', values: ['click'] };
    catalog.fault = ({ method, path }) =>
      method === 'POST' && path.endsWith('/plan')
        ? {
            rewrite: (answer) => ({
              ...answer,
              'plan-tasks': [],
              'file-scan-tasks': (answer['file-scan-tasks'] as object[]).map((task) => ({
                ...task,
                'residual-filter': residual,
              })),
            }),
          }
        : undefined;
    await expect(catalog.rows('SELECT * FROM events')).rejects.toMatchObject({ code: 'UNIMPLEMENTED' });
    catalog.fault = watch;
  });
});

describe('where it is configured and the catalog offers no such thing', () => {
  it('reading is refused with the setting', async () => {
    const catalog = await startFaultyCatalog('', 'scan_planning = "server"');
    try {
      catalog.fault = ({ path }) =>
        path.includes('/v1/config')
          ? { rewrite: (answer) => ({ ...answer, endpoints: ['GET /v1/{prefix}/namespaces'] }) }
          : undefined;
      await expect(catalog.rows('SELECT * FROM demo.t')).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await catalog.update('CREATE TABLE t (id INT)');
      await expect(catalog.rows('SELECT * FROM t')).rejects.toMatchObject({
        code: 'UNIMPLEMENTED',
        message: expect.stringContaining('scan_planning'),
      });
    } finally {
      await catalog.stop();
    }
  });
});

describe('where the catalog demands it', () => {
  let catalog: FaultyCatalog;
  beforeAll(async () => {
    const planning = { delay: 250, pageSize: 2, signed: true };
    catalog = plans.watch(await startFaultyCatalog('', '', { planning, demandsPlanning: true }));
    for (const sql of TABLES) await catalog.update(sql);
  });
  afterAll(() => catalog?.stop());

  it('a submitted plan is asked for until it is there, and its parts are fetched', async () => {
    plans.asked = [];
    expect(await catalog.rows('SELECT count(*), sum(amount) FROM events WHERE id <> 3')).toEqual([[4n, 28.5]]);
    expect(plans.lines.filter((line) => line === 'POST plan')).toHaveLength(1);
    expect(plans.lines.filter((line) => line === 'GET plan').length).toBeGreaterThan(1);
    expect(plans.lines).toContain('POST tasks');
  });

  it('a plan is cancelled when its statement is', async () => {
    plans.asked = [];
    const controller = new AbortController();
    const call = { ...catalog.call(), signal: controller.signal };
    const reading = catalog.statements.query(call, { sql: 'SELECT * FROM events' }).catch((error) => error);
    while (!plans.lines.includes('POST plan')) await sleep(10);
    await sleep(50);
    controller.abort(new Error('gone'));
    expect(await reading).toBeInstanceOf(Error);
    await sleep(200);
    expect(plans.lines).toContain('DELETE plan');
  });

  it('rows can be inserted, and maintenance is refused', async () => {
    expect(await catalog.update("INSERT INTO events VALUES (9, 'late', 0, NULL)")).toBe(1);
    await expect(catalog.rows("CALL system.rewrite_data_files('demo.events')")).rejects.toMatchObject({
      code: 'UNIMPLEMENTED',
      message: expect.stringContaining('demands to plan scans'),
    });
  });

  it('a change is refused as the catalog refuses it, and of a state that the catalog does not know', async () => {
    catalog.fault = ({ method, path }) =>
      method === 'POST' && path.endsWith('/tables/events')
        ? { status: 403, type: 'ForbiddenException', message: 'ada may only look' }
        : undefined;
    await expect(catalog.update('DELETE FROM events WHERE id = 1')).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
      message: expect.stringContaining('ada may only look'),
    });
    plans.watch(catalog);
    const transaction = await catalog.statements.begin(catalog.call());
    expect(await catalog.update('DELETE FROM events WHERE id = 1', transaction)).toBe(1);
    await expect(catalog.update('DELETE FROM events WHERE id = 2', transaction)).rejects.toMatchObject({
      code: 'UNIMPLEMENTED',
      message: expect.stringContaining('not committed'),
    });
    await catalog.statements.rollback(catalog.call(), transaction);
  });

  it('a join reads of the planned files as the plan says alone, also to see whether keys leave any out', async () => {
    const wide = 'SELECT range AS id, CAST(range AS VARCHAR) AS name FROM range(200000)';
    await catalog.update(`CREATE TABLE wide AS ${wide}`);
    await catalog.update(`INSERT INTO wide ${wide}`);
    await catalog.update('CREATE TABLE few AS SELECT 7 AS id');
    const read: string[] = [];
    const { openStorage } = catalog.environment;
    catalog.environment.openStorage = (access) => {
      const storage = openStorage(access);
      if (access.signed) return storage;
      const noted: typeof storage.read = (location, ...range) => {
        read.push(location);
        return storage.read(location, ...range);
      };
      return { ...storage, read: noted };
    };
    try {
      expect(await catalog.rows('SELECT count(name) FROM wide JOIN few USING (id)')).toEqual([[2n]]);
    } finally {
      catalog.environment.openStorage = openStorage;
    }
    expect(read.filter((location) => location.endsWith('.parquet'))).toEqual([]);
  });

  it('no signed address is in a hidden column, an error or the log', async () => {
    const files = (await catalog.rows('SELECT DISTINCT _file FROM events')).flat().join('\n');
    expect(files).toMatch(/^file:\/\//m);
    expect(files).not.toContain('signature');
    await catalog.update('CREATE TABLE fresh AS SELECT range AS id FROM range(10)');
    catalog.fault = ({ path }) =>
      /\/(plan|plan\/[^/]+|tasks)$/.test(path)
        ? {
            rewrite: (answer) =>
              JSON.parse(JSON.stringify(answer).replaceAll(/signature=[0-9a-f]{8}/g, 'signature=badbad00')),
          }
        : undefined;
    const failure = await catalog.rows('SELECT sum(id + 1) FROM fresh').catch((error) => error);
    plans.watch(catalog);
    expect(failure).toMatchObject({ code: 'PERMISSION_DENIED', message: expect.stringContaining('.parquet') });
    expect(String(failure) + JSON.stringify(catalog.warnings)).not.toMatch(/signature|badbad/);
  });
});

describe('signed addresses that expire', () => {
  it('are asked for again', async () => {
    const planning = { signed: true, signedFor: 1 };
    const catalog = await startFaultyCatalog('', '', { planning, demandsPlanning: true });
    try {
      await catalog.update('CREATE TABLE t AS SELECT range AS id FROM range(10)');
      let plans = 0;
      let isLate = false;
      catalog.fault = async ({ method, path }) => {
        if (method === 'POST' && path.endsWith('/plan')) plans++;
        if (path.startsWith('/files/') && !isLate) {
          isLate = true;
          await sleep(2_100);
        }
        return undefined;
      };
      expect(await catalog.rows('SELECT sum(id + 1) FROM t')).toEqual([[55n]]);
      expect(isLate).toBe(true);
      expect(plans).toBe(2);
    } finally {
      await catalog.stop();
    }
  });
});

describe('a restricted table that the catalog plans', () => {
  it('shows what its rules leave, and what is asked of masked columns is not told', async () => {
    const catalog = plans.watch(await startFaultyCatalog('', '', { demandsPlanning: true }));
    try {
      await catalog.update('CREATE TABLE people (id BIGINT, region VARCHAR, mail VARCHAR, score DOUBLE)');
      await catalog.update(
        "INSERT INTO people VALUES (1, 'EU', 'ada@example.org', 1.5), (2, 'US', 'bob@example.org', 9), (3, NULL, 'x', 'NaN')",
      );
      const restrictions = {
        'required-row-filter': { type: 'eq', left: { type: 'reference', id: 2 }, right: 'EU' },
        'required-column-projections': [{ 'field-id': 3, action: 'mask-alphanum' }],
      };
      const bodies: string[] = [];
      catalog.fault = ({ method, path, body }) => {
        if (path.endsWith('/plan')) bodies.push(body);
        return method === 'GET' && /\/tables\/people(\?|$)/.test(path)
          ? { rewrite: (answer) => ({ ...answer, 'read-restrictions': restrictions }) }
          : undefined;
      };
      expect(await catalog.rows('SELECT * FROM people')).toEqual([[1n, 'EU', 'xxx@xxxxxxx.xxx', 1.5]]);
      expect(await catalog.rows('SELECT max(score) FROM people WHERE score > 1')).toEqual([[1.5]]);
      expect(await catalog.rows("SELECT count(*) FROM people WHERE mail = 'bob@example.org' AND id < 99")).toEqual([
        [0n],
      ]);
      expect(await catalog.rows('SELECT max(mail), min(mail) FROM people')).toEqual([
        ['xxx@xxxxxxx.xxx', 'xxx@xxxxxxx.xxx'],
      ]);
      expect(bodies.length).toBeGreaterThan(2);
      for (const body of bodies) {
        expect(body).not.toMatch(/bob|"filter":.*mail|stats-fields/);
        expect(body).toContain('"EU"');
      }
      const text = (await catalog.rows('EXPLAIN ANALYZE SELECT * FROM people')).flat().join('\n');
      expect(text).not.toMatch(/EU\b|files:|planned by/);
    } finally {
      await catalog.stop();
    }
  });
});
