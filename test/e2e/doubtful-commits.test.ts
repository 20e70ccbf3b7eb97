import { Field, Int64, Schema } from 'apache-arrow';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ColumnarBatch, rowsToBatch } from '../../src/arrow/index.js';
import type { IngestTarget } from '../../src/query/contract.js';
import { type Fault, type FaultyCatalog, startFaultyCatalog } from './support/faulty-catalog.js';

let catalog: FaultyCatalog;
beforeAll(async () => {
  catalog = await startFaultyCatalog();
});
afterEach(() => {
  catalog.fault = () => undefined;
});
afterAll(() => catalog?.stop());

type Request = Parameters<FaultyCatalog['fault']>[0];
const QUICK = `'commit.retry.min-wait-ms' = '1', 'commit.status-check.min-wait-ms' = '1'`;
const isCommit = ({ method, path, body }: Request) =>
  method === 'POST' && (/add-snapshot|add-schema/.test(body) || path.endsWith('/transactions/commit'));

const schema = new Schema([new Field('id', new Int64(), true)]);
async function* batches(): AsyncGenerator<ColumnarBatch> {
  yield rowsToBatch(schema, [[100n], [101n]]);
}
const ingest = (table: string, ifExists: IngestTarget['ifExists']) =>
  catalog.statements.ingest(
    catalog.call(),
    { table, temporary: false, ifNotExists: 'create', ifExists },
    schema,
    batches(),
  );

async function inTransaction(...statements: string[]): Promise<void> {
  const transaction = await catalog.statements.begin(catalog.call());
  for (const sql of statements) await catalog.update(sql, transaction);
  await catalog.statements.commit(catalog.call(), transaction);
}

/** What is done to table `one` or `made`, and the query and rows that show it. */
const changes: Record<string, { change: () => Promise<unknown>; shown: string; rows: unknown[][] }> = {
  INSERT: {
    change: () => catalog.update('INSERT INTO one VALUES (3)'),
    shown: 'SELECT count(*), max(id) FROM one',
    rows: [[3n, 3n]],
  },
  'INSERT OVERWRITE': {
    change: () => catalog.update('INSERT OVERWRITE one VALUES (9)'),
    shown: 'SELECT id FROM one',
    rows: [[9n]],
  },
  DELETE: {
    change: () => catalog.update('DELETE FROM one WHERE id = 1'),
    shown: 'SELECT id FROM one',
    rows: [[2n]],
  },
  UPDATE: {
    change: () => catalog.update('UPDATE one SET id = 20 WHERE id = 2'),
    shown: 'SELECT id FROM one ORDER BY id',
    rows: [[1n], [20n]],
  },
  MERGE: {
    change: () =>
      catalog.update(
        'MERGE INTO one USING (VALUES (1), (5)) AS s(k) ON one.id = s.k WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (k)',
      ),
    shown: 'SELECT id FROM one ORDER BY id',
    rows: [[2n], [5n]],
  },
  'TRUNCATE TABLE': {
    change: () => catalog.update('TRUNCATE TABLE one'),
    shown: 'SELECT count(*) FROM one',
    rows: [[0n]],
  },
  'ALTER TABLE': {
    change: () => catalog.update('ALTER TABLE one ADD COLUMN s VARCHAR'),
    shown: 'SELECT s FROM one',
    rows: [[null], [null]],
  },
  'CREATE TABLE AS': {
    change: () => catalog.update('CREATE TABLE made AS SELECT 4 AS id'),
    shown: 'SELECT id FROM made',
    rows: [[4]],
  },
  'CREATE OR REPLACE TABLE AS': {
    change: () => catalog.update("CREATE OR REPLACE TABLE one AS SELECT 'new' AS s"),
    shown: 'SELECT s FROM one',
    rows: [['new']],
  },
  'ingest that appends': {
    change: () => ingest('one', 'append'),
    shown: 'SELECT count(*) FROM one',
    rows: [[4n]],
  },
  'ingest that replaces': {
    change: () => ingest('one', 'replace'),
    shown: 'SELECT id FROM one ORDER BY id',
    rows: [[100n], [101n]],
  },
  'ingest that creates': {
    change: () => ingest('made', 'fail'),
    shown: 'SELECT id FROM made ORDER BY id',
    rows: [[100n], [101n]],
  },
  'a transaction of one table': {
    change: () => inTransaction('INSERT INTO one VALUES (3)', 'DELETE FROM one WHERE id = 1'),
    shown: 'SELECT id FROM one ORDER BY id',
    rows: [[2n], [3n]],
  },
  'a transaction of two tables': {
    change: () => inTransaction('INSERT INTO one VALUES (3)', 'INSERT INTO two VALUES (3)'),
    shown: 'SELECT (SELECT count(*) FROM one), (SELECT count(*) FROM two)',
    rows: [[3n, 1n]],
  },
};

const faults: Record<string, Fault> = {
  'a lost race': { status: 409, type: 'CommitFailedException', applied: true },
  'a table that exists': { status: 409, type: 'AlreadyExistsException', applied: true },
  'a bad request': { status: 400, type: 'BadRequestException', applied: true },
  'a refused token': { status: 401, type: 'NotAuthorizedException', applied: true },
  'a refusal': { status: 403, type: 'ForbiddenException', applied: true },
  'no such table': { status: 404, type: 'NoSuchTableException', applied: true },
  'too many requests': { status: 429, type: 'TooManyRequestsException', applied: true },
  'an error of the server': { status: 500, type: 'ServerError', applied: true },
  'a service that is not there': { status: 503, type: 'ServiceUnavailableException', applied: true },
  'nothing at all': 'lost answer',
};

/** Before each case: tables `one` with two rows and `two` with none, and no table `made`. */
beforeEach(async () => {
  for (const table of ['one', 'two', 'made']) await catalog.update(`DROP TABLE IF EXISTS ${table}`);
  await catalog.update(`CREATE TABLE one (id BIGINT) TBLPROPERTIES (${QUICK})`);
  await catalog.update(`CREATE TABLE two (id BIGINT) TBLPROPERTIES (${QUICK})`);
  await catalog.update('INSERT INTO one VALUES (1), (2)');
});

describe.each(Object.keys(changes))('%s that took effect counts, and keeps its files', (kind) => {
  const { change, shown, rows } = changes[kind] as (typeof changes)[string];

  it.each(Object.keys(faults))('where the answer is %s', async (name) => {
    let commits = 0;
    catalog.fault = (request) => (isCommit(request) && ++commits > 0 ? faults[name] : undefined);
    await change();
    catalog.fault = () => undefined;
    expect(commits).toBe(1);
    expect(await catalog.rows(shown)).toEqual(rows);
  });

  it('where the answer is a refusal, and the table can be read only later', async () => {
    let looks = 0;
    let isCommitted = false;
    catalog.fault = (request) => {
      if (isCommit(request)) {
        isCommitted = true;
        return faults['a lost race'];
      }
      const isLook = isCommitted && request.method === 'GET' && request.path.includes('/tables/');
      return isLook && ++looks <= 4 ? { status: 503, type: 'ServiceUnavailableException' } : undefined;
    };
    await change();
    catalog.fault = () => undefined;
    expect(looks).toBeGreaterThan(4);
    expect(await catalog.rows(shown)).toEqual(rows);
  });

  it('removes nothing where the table can not be read, and says what to look for', async () => {
    const before = await catalog.files();
    let isCommitted = false;
    catalog.fault = (request) => {
      if (isCommit(request)) {
        isCommitted = true;
        return faults['a lost race'];
      }
      const isLook = isCommitted && request.method === 'GET' && request.path.includes('/tables/');
      return isLook ? { status: 403, type: 'ForbiddenException' } : undefined;
    };
    await expect(change()).rejects.toMatchObject({
      message: expect.stringMatching(
        /Whether the commit took effect is not known: look at table quickstart\.demo\.(one|made)/,
      ),
    });
    catalog.fault = () => undefined;
    expect(await catalog.rows(shown)).toEqual(rows);
    expect(await catalog.files()).toEqual(expect.arrayContaining(before));
  });
});

it('the error of a commit that nobody knows of names its snapshot', async () => {
  let sent = '';
  catalog.fault = (request) => {
    if (!isCommit(request)) return undefined;
    sent = /"snapshot":\{"snapshot-id":(\d+)/.exec(request.body)?.[1] ?? '';
    return 'lost request';
  };
  const failure = await catalog.update('INSERT INTO one VALUES (3)').catch((error: Error) => error);
  expect(failure).toMatchObject({ code: 'UNAVAILABLE' });
  expect(sent).not.toBe('');
  expect((failure as Error).message).toContain(`table quickstart.demo.one for snapshot ${sent}`);
});

it('bulk ingest into a table that may be there finds one without a column of the stream: ALREADY_EXISTS', async () => {
  const wider = new Schema([...schema.fields, new Field('more', new Int64(), true)]);
  async function* rows(): AsyncGenerator<ColumnarBatch> {
    yield rowsToBatch(wider, [[1n, 2n]]);
  }
  const target = { table: 'one', temporary: false, ifExists: 'append' } as const;
  const before = await catalog.files();
  await expect(
    catalog.statements.ingest(catalog.call(), { ...target, ifNotExists: 'create' }, wider, rows()),
  ).rejects.toMatchObject({ code: 'ALREADY_EXISTS', message: expect.stringContaining('without column "more"') });
  await expect(
    catalog.statements.ingest(catalog.call(), { ...target, ifNotExists: 'fail' }, wider, rows()),
  ).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  expect(await catalog.files()).toEqual(before);
});

describe('a commit that did not take effect is sent again', () => {
  it.each<[string, Fault]>([
    ['a request that was lost', 'lost request'],
    ['an error of the server', { status: 500, type: 'ServerError' }],
    ['too many requests', { status: 429, type: 'TooManyRequestsException', retryAfter: '0' }],
  ])('after %s', async (_, fault) => {
    let commits = 0;
    const bodies = new Set<string>();
    catalog.fault = (request) => {
      if (!isCommit(request)) return undefined;
      bodies.add(request.body);
      return ++commits === 1 ? fault : undefined;
    };
    const before = await catalog.files();
    await catalog.update('INSERT INTO one VALUES (3)');
    expect(commits).toBe(2);
    expect(bodies.size).toBe(1);
    expect(await catalog.rows('SELECT count(*) FROM one')).toEqual([[3n]]);
    expect(await catalog.files()).toHaveLength(before.length + 3);
  });

  it('and one that takes effect late, after it was sent again, takes effect once', async () => {
    let late: (() => Promise<unknown>) | undefined;
    let commits = 0;
    catalog.fault = async (request) => {
      if (!isCommit(request)) return undefined;
      if (++commits === 1) {
        late = () => catalog.send(request);
        return { status: 503, type: 'ServiceUnavailableException' };
      }
      await late?.();
      return undefined;
    };
    await catalog.update('INSERT INTO one VALUES (3)');
    expect(commits).toBe(2);
    expect(await catalog.rows('SELECT id FROM one ORDER BY id')).toEqual([[1n], [2n], [3n]]);
    expect(await catalog.rows('SELECT count(*) FROM "one$snapshots"')).toEqual([[2n]]);
  });
});
