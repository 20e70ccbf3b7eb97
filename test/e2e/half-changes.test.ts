import { writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type FaultyCatalog, startFaultyCatalog } from './support/faulty-catalog.js';

let catalog: FaultyCatalog;
beforeAll(async () => {
  catalog = await startFaultyCatalog();
  await catalog.update('CREATE TABLE plain (id BIGINT, s VARCHAR)');
  await catalog.update('CREATE TABLE parts (id BIGINT, s VARCHAR) PARTITIONED BY (s)');
  await catalog.update("INSERT INTO plain VALUES (1, 'a')");
  // Of its own, since what is left of it goes when somebody comes to it again.
  await catalog.update('CREATE TABLE doubtful (id BIGINT, s VARCHAR)');
});
afterEach(() => {
  catalog.fault = () => undefined;
});
afterAll(() => catalog?.stop());

const isCommit = ({ method, body }: { method: string; body: string }) =>
  method === 'POST' && body.includes('add-snapshot');
const exists = async (table: string) =>
  (await catalog.rows(`SELECT count(*) FROM information_schema.tables WHERE table_name = '${table}'`))[0]?.[0] === 1n;

describe('a commit that the catalog refuses', () => {
  it.each([
    [403, 'ForbiddenException', 'PERMISSION_DENIED'],
    [409, 'CommitFailedException', 'ABORTED'],
    [404, 'NoSuchTableException', 'NOT_FOUND'],
    [400, 'BadRequestException', 'INVALID_ARGUMENT'],
  ])('with %i leaves no file', async (status, type, code) => {
    const before = await catalog.files();
    catalog.fault = (request) => (isCommit(request) ? { status, type } : undefined);
    await expect(catalog.update('INSERT INTO plain SELECT range, NULL FROM range(10)')).rejects.toMatchObject({ code });
    expect(await catalog.files()).toEqual(before);
  });

  it('once, because another one was faster, is tried again', async () => {
    let first = true;
    catalog.fault = (request) => {
      if (!isCommit(request) || !first) return undefined;
      first = false;
      return { status: 409, type: 'CommitFailedException' };
    };
    const before = await catalog.files();
    expect(await catalog.update("INSERT INTO plain VALUES (2, 'b')")).toBe(1);
    expect(await catalog.files()).toHaveLength(before.length + 3);
  });
});

describe('a commit whose outcome is not known', () => {
  it.each([['lost request'], [{ status: 500, type: 'ServerError' }]] as const)('keeps its files: %j', async (fault) => {
    const before = await catalog.files();
    catalog.fault = (request) => (isCommit(request) ? fault : undefined);
    await expect(catalog.update("INSERT INTO doubtful VALUES (3, 'c')")).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('Whether the commit took effect is not known'),
    });
    expect(await catalog.files()).toHaveLength(before.length + 3);
  });

  it('succeeds where the table shows that it took effect', async () => {
    catalog.fault = (request) => (isCommit(request) ? 'lost answer' : undefined);
    expect(await catalog.update("INSERT INTO plain VALUES (4, 'd')")).toBe(1);
    expect(await catalog.rows("SELECT id FROM plain WHERE s = 'd'")).toEqual([[4n]]);
  });
});

describe('CREATE TABLE AS that fails on the way', () => {
  it.each([
    [
      'in the query',
      "SELECT CASE WHEN range = 9999 THEN error('no') ELSE range END AS id FROM range(10000)",
      undefined,
    ],
    ['at the commit', 'SELECT range AS id FROM range(10)', 'commit'],
    ['when it is staged', 'SELECT range AS id FROM range(10)', 'stage'],
  ])('%s leaves no table and no file, and nobody sees one meanwhile', async (_, query, where) => {
    const before = await catalog.files();
    const seen: boolean[] = [];
    catalog.fault = async (request) => {
      const isStaging = request.body.includes('stage-create');
      if (request.method === 'POST') seen.push(await exists('half'));
      const fails = where === 'commit' ? isCommit(request) : where === 'stage' && isStaging;
      return fails ? { status: 403, type: 'ForbiddenException' } : undefined;
    };
    await expect(catalog.update(`CREATE TABLE half AS ${query}`)).rejects.toMatchObject({
      code: where === undefined ? 'INVALID_ARGUMENT' : 'PERMISSION_DENIED',
    });
    catalog.fault = () => undefined;
    expect(seen).not.toContain(true);
    expect(await exists('half')).toBe(false);
    expect(await catalog.files()).toEqual(before);
  });

  it('leaves a table that somebody else made meanwhile as it is, with its rows', async () => {
    const before = await catalog.files();
    let made: Promise<unknown> | undefined;
    catalog.fault = async (request) => {
      if (isCommit(request)) made ??= catalog.rival('CREATE TABLE theirs AS SELECT 7 AS id');
      await made;
      return undefined;
    };
    await expect(catalog.update('CREATE TABLE theirs AS SELECT 1 AS id')).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
    });
    expect(await catalog.rows('SELECT id FROM theirs')).toEqual([[7]]);
    expect(await catalog.files()).toHaveLength(before.length + 3);
    expect(await catalog.update('CREATE TABLE IF NOT EXISTS theirs AS SELECT 1 AS id')).toBe(0);
  });

  it.each([
    ['that refuses to stage', { status: 400, type: 'BadRequestException' }],
    ['that knows no staging', { status: 501, type: 'UnsupportedOperationException' }],
  ])('in a catalog %s makes the table first, and drops it again', async (_, fault) => {
    const before = await catalog.files();
    catalog.fault = (request) =>
      request.body.includes('stage-create') ? { ...fault, message: 'stage-create is not supported' } : undefined;
    const query = "SELECT CASE WHEN range = 9999 THEN error('no') ELSE range END AS id FROM range(10000)";
    await expect(catalog.update(`CREATE TABLE half AS ${query}`)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(await exists('half')).toBe(false);
    expect(await catalog.files()).toEqual(before);
    expect(await catalog.update('CREATE TABLE half AS SELECT 1 AS id')).toBe(1);
    await catalog.update('DROP TABLE half');
  });
});

it('a failed upload of one file leaves none of the others', async () => {
  await catalog.update("INSERT INTO parts VALUES (1, 'first')");
  const written = (await catalog.files()).find((path) => path.includes('s=first')) as string;
  await writeFile(dirname(written).replace('s=first', 's=5'), 'in the way of a folder');
  const before = await catalog.files();
  const values = 'SELECT range, range::VARCHAR FROM range(10)';
  await expect(catalog.update(`INSERT INTO parts ${values}`)).rejects.toMatchObject({
    message: expect.stringContaining('s=5'),
  });
  expect(await catalog.files()).toEqual(before);
});

describe('a transaction', () => {
  it('that is rolled back leaves no file', async () => {
    const before = await catalog.files();
    const transaction = await catalog.statements.begin(catalog.call());
    await catalog.update('INSERT INTO plain VALUES (10, NULL)', transaction);
    await catalog.update('INSERT INTO parts VALUES (10, NULL)', transaction);
    expect((await catalog.files()).length).toBeGreaterThan(before.length);
    await catalog.statements.rollback(catalog.call(), transaction);
    expect(await catalog.files()).toEqual(before);
  });

  it('whose commit is refused leaves no file', async () => {
    const before = await catalog.files();
    const transaction = await catalog.statements.begin(catalog.call());
    await catalog.update('INSERT INTO plain VALUES (11, NULL)', transaction);
    await catalog.update('INSERT INTO parts VALUES (11, NULL)', transaction);
    catalog.fault = (request) => (isCommit(request) ? { status: 409, type: 'CommitFailedException' } : undefined);
    await expect(catalog.statements.commit(catalog.call(), transaction)).rejects.toMatchObject({ code: 'ABORTED' });
    expect(await catalog.files()).toEqual(before);
  });

  it('keeps all rows of statements that run at the same time', async () => {
    const transaction = await catalog.statements.begin(catalog.call());
    await Promise.all([20, 21, 22].map((id) => catalog.update(`INSERT INTO plain VALUES (${id}, 'tx')`, transaction)));
    await catalog.statements.commit(catalog.call(), transaction);
    expect(await catalog.rows("SELECT id FROM plain WHERE s = 'tx' ORDER BY id")).toEqual([[20n], [21n], [22n]]);
  });

  it('that a driver began lets definitions take effect at once, until it holds changes', async () => {
    const transaction = await catalog.statements.begin(catalog.call());
    await catalog.update('CREATE TABLE beside (a BIGINT)', transaction);
    await catalog.update('INSERT INTO beside VALUES (1)', transaction);
    await expect(catalog.update('DROP TABLE beside', transaction)).rejects.toMatchObject({
      code: 'FAILED_PRECONDITION',
    });
    await catalog.statements.rollback(catalog.call(), transaction);
    expect(await catalog.rows('SELECT count(*) FROM beside')).toEqual([[0n]]);
    await catalog.update('DROP TABLE beside');
  });

  it('that ends while a statement of it is under way takes no change from it', async () => {
    const before = await catalog.files();
    const transaction = await catalog.statements.begin(catalog.call());
    let rolledBack: Promise<void> | undefined;
    catalog.fault = ({ method }) => {
      if (method === 'POST') rolledBack ??= catalog.statements.rollback(catalog.call(), transaction);
      return undefined;
    };
    const insert = catalog.update('INSERT INTO plain SELECT range, NULL FROM range(10)', transaction);
    await expect(insert).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
    await rolledBack;
    expect(await catalog.files()).toEqual(before);
  });
});

describe('what is staged for a query', () => {
  /** Links that statements before left to the next ones of the session go by themselves. */
  let before: Set<string>;
  const staged = async () => (await catalog.staged()).filter((path) => !before.has(path));
  beforeEach(async () => {
    before = new Set(await catalog.staged());
  });

  it('goes with a call whose rows nobody ever read', async () => {
    const call = catalog.call();
    await catalog.statements.query(call, { sql: 'SELECT p.id, q.s FROM plain p JOIN plain q USING (id)' });
    expect(await staged()).not.toEqual([]);
    call.end();
    await expect.poll(staged).toEqual([]);
  });

  it('goes with a query whose rows were read in part', async () => {
    const call = catalog.call();
    const { batches } = await catalog.statements.query(call, { sql: 'SELECT p.* FROM plain p, range(1000000)' });
    for await (const batch of batches) if (batch.length > 0) break;
    expect(await staged()).toEqual([]);
    call.end();
  });
});

it('a session that ends takes the files of its open transactions with it', async () => {
  const before = await catalog.files();
  const transaction = await catalog.statements.begin(catalog.call());
  await catalog.update('INSERT INTO plain VALUES (30, NULL)', transaction);
  expect((await catalog.files()).length).toBeGreaterThan(before.length);
  await catalog.endSession();
  expect(await catalog.files()).toEqual(before);
});
