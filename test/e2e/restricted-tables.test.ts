import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type FaultyCatalog, startFaultyCatalog } from './support/faulty-catalog.js';

let catalog: FaultyCatalog;
beforeAll(async () => {
  catalog = await startFaultyCatalog();
  await catalog.update("CREATE TABLE people AS SELECT 1 AS id, 'a@secret.example' AS mail");
  await catalog.update('CREATE TABLE open AS SELECT 1 AS id');
  await catalog.update('CREATE VIEW names AS SELECT mail FROM people');
});
afterEach(() => {
  catalog.fault = () => undefined;
});
afterAll(() => catalog?.stop());

/** What the catalog adds to its answers about `people`. */
function demand(addition: Record<string, unknown>): void {
  catalog.fault = ({ method, path, body }) => {
    const isLoad = method === 'GET' && /\/tables\/people(?:\?|$)/.test(path);
    const isCreation = method === 'POST' && body.includes('"name":"people');
    if (!isLoad && !isCreation) return undefined;
    return { rewrite: (answer) => ({ ...answer, ...addition }) };
  };
}

const filter = {
  type: 'eq',
  left: { type: 'reference', id: 2 },
  right: { type: 'literal', value: 'hidden@x.example' },
};
const masks = [{ 'field-id': 2, action: 'mask-alphanum' }];

describe('a table that its catalog restricts in a way that is not understood', () => {
  it.each([
    ['a row filter', { 'required-row-filter': { ...filter, type: 'sounds-like' } }],
    ['a row filter', { 'required-row-filter': { ...filter, left: { type: 'reference', id: 99 } } }],
    ['a row filter', { 'required-row-filter': 'hidden' }],
    ['column masks', { 'required-column-projections': [{ 'field-id': 2, action: 'truncate-to-year' }] }],
    ['column masks', { 'required-row-filter': filter, 'required-column-projections': [...masks, ...masks] }],
    ['rules', { 'required-noise': { hidden: '@x.example' } }],
    ['rules', ['hidden@x.example']],
  ])(
    "by %s that can't be followed is refused, and the sentence names the table and the kind of rule alone",
    async (kind, restrictions) => {
      demand({ 'read-restrictions': restrictions });
      const failure = await catalog.rows('SELECT id FROM people').catch((error) => error);
      expect(failure).toMatchObject({ code: 'PERMISSION_DENIED' });
      expect(failure.message).toContain('quickstart.demo.people');
      expect(failure.message).toContain(`by ${kind} that this server can't enforce`);
      expect(failure.message).not.toMatch(/hidden|x\.example/);
    },
  );

  it.each([
    'SELECT count(*) FROM people',
    'SELECT min(id) FROM people',
    'SELECT * FROM names',
    'SELECT * FROM "people$snapshots"',
    'SELECT * FROM "people$files"',
    'SELECT o.id FROM open o JOIN people p ON o.id = p.id',
    'EXPLAIN SELECT * FROM people',
    'DESCRIBE SELECT * FROM people',
    'CREATE TABLE copied AS SELECT * FROM people',
    "INSERT INTO people VALUES (2, 'b')",
    'INSERT INTO open SELECT id FROM people',
    'DELETE FROM people WHERE id = 1',
    'UPDATE people SET id = 2',
    'MERGE INTO open o USING people p ON o.id = p.id WHEN MATCHED THEN DELETE',
    'TRUNCATE TABLE people',
    'ALTER TABLE people DROP COLUMN mail',
    'CREATE OR REPLACE TABLE people AS SELECT 1 AS id',
  ])('is refused by %s', async (sql) => {
    demand({ 'read-restrictions': { 'required-column-projections': [...masks, ...masks] } });
    await expect(
      catalog.statements.describe(catalog.call(), { sql }).then(() => catalog.rows(sql)),
    ).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
      message: expect.stringContaining('column masks'),
    });
  });

  it('is refused also when the restriction came after the statement was planned', async () => {
    const { pins } = await catalog.statements.describe(catalog.call(), { sql: 'SELECT * FROM people' });
    demand({ 'read-restrictions': { 'required-row-filter': 'hidden' } });
    const run = catalog.statements.query(catalog.call(), { sql: 'SELECT * FROM people', pins });
    await expect(run).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
  });

  it('is still listed with its columns', async () => {
    demand({ 'read-restrictions': { 'required-row-filter': 'hidden' } });
    expect(await catalog.rows('DESCRIBE people')).toHaveLength(2);
    const columns = "SELECT column_name FROM information_schema.columns WHERE table_name = 'people'";
    expect(await catalog.rows(columns)).toEqual([['id'], ['mail']]);
  });

  it('from its creation on ends the creation', async () => {
    demand({ 'read-restrictions': { 'required-row-filter': 'hidden' } });
    await expect(catalog.update('CREATE TABLE people2 (id INT)')).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    catalog.fault = () => undefined;
    await catalog.update('DROP TABLE people2');
    expect(await catalog.rows('SELECT id FROM people')).toEqual([[1]]);
  });

  it('by nothing is read', async () => {
    demand({ 'read-restrictions': { 'required-row-filter': true, 'required-column-projections': [] } });
    expect(await catalog.rows('SELECT id FROM people')).toEqual([[1]]);
  });
});

describe('a table whose scans the catalog wants to plan', () => {
  it('is planned by it', async () => {
    const planned: string[] = [];
    demand({ config: { 'scan-planning-mode': 'server' } });
    const { fault } = catalog;
    catalog.fault = (what) => {
      if (what.path.endsWith('/plan')) planned.push(what.path);
      return fault(what);
    };
    expect(await catalog.rows('SELECT id FROM people')).toEqual([[1]]);
    expect(planned).toHaveLength(1);
  });

  it('is refused where the catalog does not say that it plans', async () => {
    const other = await startFaultyCatalog();
    try {
      other.fault = ({ method, path }) => {
        if (method !== 'GET' || !path.endsWith('/v1/config')) return undefined;
        const offered = (endpoint: unknown) => !String(endpoint).endsWith('/plan');
        return {
          rewrite: (answer) => ({ ...answer, endpoints: (answer.endpoints as unknown[]).filter(offered) }),
        };
      };
      await other.update('CREATE TABLE people AS SELECT 1 AS id');
      const { fault } = other;
      other.fault = (what) =>
        what.method === 'GET' && what.path.endsWith('/tables/people')
          ? { rewrite: (answer) => ({ ...answer, config: { 'scan-planning-mode': 'server' } }) }
          : fault(what);
      await expect(other.rows('SELECT id FROM people')).rejects.toMatchObject({
        code: 'PERMISSION_DENIED',
        message: expect.stringMatching(/quickstart\.demo\.people.*scan-planning-mode "server"/),
      });
    } finally {
      await other.stop();
    }
  });

  it('in a way that is not known is UNIMPLEMENTED', async () => {
    demand({ config: { 'scan-planning-mode': 'both' } });
    await expect(catalog.rows('SELECT id FROM people')).rejects.toMatchObject({
      code: 'UNIMPLEMENTED',
      message: expect.stringContaining('"both"'),
    });
  });

  it('only if it says so is read', async () => {
    demand({ config: { 'scan-planning-mode': 'client' } });
    expect(await catalog.rows('SELECT id FROM people')).toEqual([[1]]);
  });
});

describe('a table that needs more than is known here', () => {
  const change = (change: Record<string, unknown>) => {
    catalog.fault = ({ method, path }) =>
      method === 'GET' && path.endsWith('/tables/people')
        ? { rewrite: ({ metadata, ...answer }) => ({ ...answer, metadata: { ...(metadata as object), ...change } }) }
        : undefined;
  };

  it.each([4, 9])('by format version %i is UNIMPLEMENTED, by name', async (version) => {
    change({ 'format-version': version });
    await expect(catalog.rows('SELECT id FROM people')).rejects.toMatchObject({
      code: 'UNIMPLEMENTED',
      message: expect.stringContaining(`quickstart.demo.people: Iceberg format version ${version}`),
    });
  });

  it('by encryption is UNIMPLEMENTED, for reading and for writing', async () => {
    change({ 'encryption-keys': [{ 'key-id': 'k', 'encrypted-key-metadata': 'AA==' }] });
    for (const sql of ['SELECT id FROM people', "INSERT INTO people VALUES (3, 'c')"]) {
      await expect(catalog.rows(sql)).rejects.toMatchObject({ code: 'UNIMPLEMENTED' });
    }
  });

  it.each([
    "CREATE TABLE later (id INT) TBLPROPERTIES ('format-version' = '4')",
    "CREATE TABLE later TBLPROPERTIES ('format-version' = '4') AS SELECT 1 AS id",
    "CREATE OR REPLACE TABLE open TBLPROPERTIES ('format-version' = '4') AS SELECT 1 AS id",
    "ALTER TABLE open SET TBLPROPERTIES ('format-version' = '12')",
  ])('is not made: %s', async (sql) => {
    await expect(catalog.update(sql)).rejects.toMatchObject({ code: 'UNIMPLEMENTED' });
    await expect(catalog.rows('SELECT * FROM later')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await catalog.rows('SELECT id FROM open')).toEqual([[1]]);
  });
});
