import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type FaultyCatalog, startFaultyCatalog } from './support/faulty-catalog.js';

let catalog: FaultyCatalog;
const seen: string[] = [];

beforeAll(async () => {
  catalog = await startFaultyCatalog();
  await catalog.update('CREATE SCHEMA wide');
  await catalog.update('CREATE SCHEMA other');
  await catalog.update('CREATE SCHEMA "other.deep"');
  for (let index = 0; index < 12; index++) await catalog.update(`CREATE TABLE wide.t${index} (c${index} INT)`);
  await catalog.update('CREATE TABLE wide.keyed (id INT, PRIMARY KEY (id))');
  await catalog.update('CREATE VIEW wide.v AS SELECT 1 AS one');
  await catalog.update('CREATE TABLE other.t0 (x INT)');
  await catalog.update('CREATE TABLE "other.deep".t0 (y INT)');
});
beforeEach(() => {
  seen.length = 0;
  catalog.warnings.length = 0;
});
afterEach(() => {
  catalog.fault = () => undefined;
});
afterAll(() => catalog?.stop());

/** The rows, and what the catalog was asked for them but for its configuration. */
async function counted(sql: string): Promise<{ rows: unknown[][]; requests: string[] }> {
  catalog.fault = ({ method, path }) => {
    if (!path.includes('/v1/config'))
      seen.push(`${method} ${path.replace(/.*\/v1\/quickstart\//, '').replace(/\?.*/, '')}`);
    return undefined;
  };
  const rows = await catalog.rows(sql);
  return { rows, requests: [...seen].sort() };
}

const tables = (filter: object = {}) =>
  catalog.statements.metadata.tables(catalog.call(), { tableTypes: [], includeSchema: true, ...filter });

describe('information_schema asks the catalog for no more than the statement does', () => {
  const one = ['GET namespaces', 'GET namespaces/wide/tables', 'GET namespaces/wide/views'];

  it.each([
    ["table_schema = 'wide' AND table_name = 't3'", 't3'],
    ["table_schema IN ('wide') AND table_name IN ('t3')", 't3'],
    ["'t3' = table_name AND table_catalog = 'quickstart' AND table_schema = 'wide'", 't3'],
    ["table_schema = 'wide' AND table_name LIKE 't3%'", 't3'],
    ["table_schema = 'wide' AND table_name = 'v'", 'v'],
  ])('columns where %s', async (where, name) => {
    const { rows, requests } = await counted(`SELECT table_name FROM information_schema.columns WHERE ${where}`);
    expect(rows).toEqual([[name]]);
    const loads =
      name === 'v'
        ? [`GET namespaces/wide/tables/v`, 'GET namespaces/wide/views/v']
        : [`GET namespaces/wide/tables/${name}`];
    expect(requests).toEqual([...one, ...loads].sort());
  });

  it('columns of a schema below another, as of its whole path', async () => {
    const { rows, requests } = await counted(
      "SELECT column_name FROM information_schema.columns WHERE table_schema = 'other.deep'",
    );
    expect(rows).toEqual([['y']]);
    expect(requests).toEqual([
      'GET namespaces',
      'GET namespaces',
      'GET namespaces/other%1Fdeep/tables',
      'GET namespaces/other%1Fdeep/tables/t0',
      'GET namespaces/other%1Fdeep/views',
    ]);
  });

  it('columns where nothing can be', async () => {
    const { rows, requests } = await counted("SELECT * FROM information_schema.columns WHERE table_catalog = 'none'");
    expect(rows).toEqual([]);
    expect(requests).toEqual([]);
  });

  it('tables and views of one schema, whose text nobody reads', async () => {
    const { rows, requests } = await counted(
      "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'wide'",
    );
    expect(rows).toEqual([[14n]]);
    expect(requests).toEqual(one);
    seen.length = 0;
    const views = await counted("SELECT table_name FROM information_schema.views WHERE table_schema = 'wide'");
    expect(views.rows).toEqual([['v']]);
    expect(views.requests).toEqual(['GET namespaces', 'GET namespaces/wide/views']);
  });

  it('one schema', async () => {
    const { rows, requests } = await counted(
      "SELECT schema_name FROM information_schema.schemata WHERE schema_name = 'wide'",
    );
    expect(rows).toEqual([['wide']]);
    expect(requests).toEqual(['GET namespaces']);
  });

  it('keys of one table', async () => {
    const { rows, requests } = await counted(
      "SELECT column_name FROM information_schema.key_column_usage WHERE constraint_schema = 'wide' AND table_name = 'keyed'",
    );
    expect(rows).toEqual([['id']]);
    expect(requests).toEqual(['GET namespaces', 'GET namespaces/wide/tables', 'GET namespaces/wide/tables/keyed']);
  });

  it('with bound values, in joins and in subqueries', async () => {
    const { rows, requests } = await counted(`
      SELECT t.table_name, c.column_name
      FROM information_schema.tables t JOIN information_schema.columns c USING (table_schema, table_name)
      WHERE t.table_schema = 'wide' AND t.table_name = 't1' AND c.table_schema = 'wide' AND c.table_name = 't1'`);
    expect(rows).toEqual([['t1', 'c1']]);
    expect(requests).toHaveLength(7);
  });

  it('and finds all that a condition it can not use lets pass', async () => {
    for (const where of [
      "upper(table_name) = 'T0'",
      "table_name = 't0' OR column_name = 'nope'",
      "NOT (table_name <> 't0')",
    ]) {
      const { rows } = await counted(`SELECT column_name FROM information_schema.columns WHERE ${where} ORDER BY 1`);
      expect(rows).toEqual([['c0'], ['x'], ['y']]);
    }
  });

  it('nothing at all to plan it', async () => {
    catalog.fault = ({ path }) => {
      if (!path.includes('/v1/config')) seen.push(path);
      return undefined;
    };
    await catalog.statements.describe(catalog.call(), { sql: 'SELECT * FROM information_schema.columns' });
    expect(seen).toEqual([]);
  });
});

describe('a table that can not be loaded', () => {
  const broken = (answer: (body: Record<string, unknown>) => unknown) => {
    catalog.fault = ({ method, path }) =>
      method === 'GET' && path.includes('/tables/t5') ? { rewrite: answer } : undefined;
  };
  const metadata = (change: Record<string, unknown>) => (body: Record<string, unknown>) => ({
    ...body,
    metadata: { ...(body.metadata as object), ...change },
  });
  const field = (type: unknown) => ({
    type: 'struct',
    'schema-id': 0,
    fields: [{ id: 1, name: 'a', required: false, type }],
  });

  it.each<[string, (body: Record<string, unknown>) => unknown]>([
    ['has a later format version', metadata({ 'format-version': 9 })],
    ['has a type that is not known', metadata({ schemas: [field('money')] })],
    ['has a nested type that is not known', metadata({ schemas: [field({ type: 'bag', element: 'int' })] })],
    ['has metadata without schemas', metadata({ schemas: 7 })],
    ['is answered with an empty object', () => ({})],
    ['is answered with no JSON', () => '<html>'],
    ['is answered with nothing', () => ''],
    ['has null for its metadata', (body) => ({ ...body, metadata: null })],
  ])('because it %s hides no other from a listing', async (_, answer) => {
    broken(answer);
    const names = (
      await catalog.rows("SELECT DISTINCT table_name FROM information_schema.columns WHERE table_schema = 'wide'")
    ).flat();
    expect(names).toHaveLength(13);
    expect(names).not.toContain('t5');
    expect(catalog.warnings).toMatchObject([{ level: 'warn', table: 'quickstart.wide.t5' }]);
    expect(await tables({ schemaPattern: 'wide' })).toHaveLength(13);
    expect(await catalog.rows("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'wide'")).toEqual([
      [14n],
    ]);
    expect(
      await catalog.rows("SELECT table_name FROM information_schema.table_constraints WHERE table_schema = 'wide'"),
    ).toEqual([['keyed']]);
    expect(await catalog.rows("SELECT * FROM information_schema.columns WHERE table_name = 't5'")).toEqual([]);
    expect(await catalog.rows('SHOW TABLES IN wide')).toHaveLength(14);
    await expect(catalog.rows('SELECT * FROM wide.t5')).rejects.toMatchObject({
      code: expect.stringMatching(/UNIMPLEMENTED|DATA_LOSS|UNAVAILABLE/),
    });
  });

  it('because the catalog fails for it hides no other, while a catalog that fails for all is an error', async () => {
    const status = { status: 500, type: 'RuntimeException' };
    catalog.fault = ({ path }) => (path.includes('/tables/t5') ? status : undefined);
    expect(await tables({ schemaPattern: 'wide' })).toHaveLength(13);
    catalog.fault = ({ path }) => (/\/(?:tables|views)\/./.test(path) ? status : undefined);
    await expect(tables({ schemaPattern: 'wide' })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    catalog.fault = ({ path }) => (path.includes('/tables/t5') ? { ...status, status: 503 } : undefined);
    await expect(tables({ schemaPattern: 'wide' })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it.each<[string, (body: Record<string, unknown>) => unknown]>([
    ['has no SQL', metadata({ versions: [{ 'version-id': 1, 'schema-id': 0, representations: [] }] })],
    ['has no versions', metadata({ versions: null })],
    [
      'has representations of another kind',
      metadata({ versions: [{ 'version-id': 1, representations: [{ type: 'plan' }] }] }),
    ],
    ['is answered with an empty object', () => ({})],
  ])('being a view that %s hides no other', async (_, answer) => {
    catalog.fault = ({ method, path }) =>
      method === 'GET' && path.endsWith('/views/v') ? { rewrite: answer } : undefined;
    expect(await tables({ schemaPattern: 'wide' })).toHaveLength(13);
    expect(
      await catalog.rows(
        "SELECT count(DISTINCT table_name) FROM information_schema.columns WHERE table_schema = 'wide'",
      ),
    ).toEqual([[13n]]);
    expect(await catalog.rows('SELECT table_name, view_definition FROM information_schema.views')).toEqual([
      ['v', null],
    ]);
    await expect(catalog.rows('SELECT * FROM wide.v')).rejects.toMatchObject({
      code: expect.stringMatching(/UNIMPLEMENTED|DATA_LOSS/),
    });
  });
});

describe('a catalog without views', () => {
  let catalog: FaultyCatalog;
  beforeAll(async () => {
    catalog = await startFaultyCatalog();
    catalog.fault = withoutViews(406, 'UnsupportedOperationException');
    await catalog.update('CREATE SCHEMA wide');
    await catalog.update('CREATE TABLE wide.t1 (id INT)');
  });
  afterAll(() => catalog?.stop());

  const withoutViews =
    (status: number, type: string): FaultyCatalog['fault'] =>
    ({ path }) => {
      if (path.includes('/v1/config')) return { rewrite: ({ endpoints: _, ...answer }) => answer };
      return path.includes('/views') ? { status, type } : undefined;
    };

  it.each([
    [400, 'BadRequestException'],
    [405, 'MethodNotAllowed'],
    [406, 'UnsupportedOperationException'],
    [501, 'NotImplemented'],
  ])('that answers %i lists its tables and finds their names', async (status, type) => {
    catalog.fault = withoutViews(status, type);
    const { statements } = catalog;
    expect(await catalog.rows('SHOW TABLES IN wide')).toHaveLength(1);
    expect(await statements.metadata.tables(catalog.call(), { tableTypes: [], includeSchema: true })).toHaveLength(1);
    expect(await catalog.rows("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'wide'")).toEqual([
      [1n],
    ]);
    expect(await catalog.rows('SELECT count(*) FROM wide.t1')).toEqual([[0n]]);
    await expect(catalog.rows('SELECT * FROM wide.nothing')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(
      await statements.metadata.primaryKeys(catalog.call(), { catalog: 'quickstart', schema: 'wide', table: 'v' }),
    ).toEqual([]);
  });
});

describe('primary keys', () => {
  const keys = (table: { catalog?: string; schema?: string; table: string }) =>
    catalog.statements.metadata.primaryKeys(catalog.call(), table);
  const found = [{ catalog: 'quickstart', schema: 'wide', table: 'keyed', column: 'id', sequence: 1 }];

  it('of a table are its identifier fields, also where the schema is left open', async () => {
    expect(await keys({ catalog: 'quickstart', schema: 'wide', table: 'keyed' })).toEqual(found);
    expect(await keys({ catalog: 'quickstart', table: 'keyed' })).toEqual(found);
    expect(await keys({ schema: 'wide', table: 'keyed' })).toEqual(found);
    expect(await keys({ table: 'keyed' })).toEqual(found);
  });

  it.each([
    { catalog: 'quickstart', schema: 'wide', table: 'nothing' },
    { catalog: 'quickstart', schema: 'nowhere', table: 'keyed' },
    { catalog: 'elsewhere', schema: 'wide', table: 'keyed' },
    { catalog: 'quickstart', schema: 'wide', table: 'v' },
    { catalog: '', schema: '', table: 'keyed' },
    { catalog: 'quickstart', schema: '', table: 'keyed' },
    { table: 'key_d' },
  ])('of what is not there are none: %o', async (table) => {
    expect(await keys(table)).toEqual([]);
  });
});
