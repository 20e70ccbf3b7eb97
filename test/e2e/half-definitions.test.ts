import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { batchToRows } from '../../src/arrow/index.js';
import { type FaultyCatalog, startFaultyCatalog } from './support/faulty-catalog.js';

let catalog: FaultyCatalog;
beforeAll(async () => {
  catalog = await startFaultyCatalog();
});
afterEach(() => {
  catalog.fault = () => undefined;
});
afterAll(() => catalog?.stop());

type Request = Parameters<FaultyCatalog['fault']>[0];
const isReplacement = ({ method, body }: Request) => method === 'POST' && body.includes('remove-snapshot-ref');

/** Does something when the catalog is about to see the first such request. */
function meanwhile(matches: (request: Request) => boolean, action: () => Promise<unknown>): void {
  let done = false;
  catalog.fault = async (request) => {
    if (!matches(request) || done) return undefined;
    done = true;
    await action();
    return undefined;
  };
}

describe('CREATE OR REPLACE TABLE AS', () => {
  const replace = "CREATE OR REPLACE TABLE kept AS SELECT range AS id, 'new' AS s FROM range(10)";
  beforeAll(async () => {
    await catalog.update("CREATE TABLE kept AS SELECT 1::BIGINT AS id, 'old' AS s");
  });

  it.each([
    [403, 'ForbiddenException', 'PERMISSION_DENIED'],
    [409, 'CommitFailedException', 'ABORTED'],
  ])('that the catalog refuses with %i leaves the table as it was and no file', async (status, type, code) => {
    const files = await catalog.files();
    catalog.fault = (request) => (isReplacement(request) ? { status, type } : undefined);
    await expect(catalog.update(replace)).rejects.toMatchObject({ code });
    expect(await catalog.files()).toEqual(files);
    expect(await catalog.rows('SELECT id, s FROM kept')).toEqual([[1n, 'old']]);
  });

  it('whose query fails leaves the table as it was and no file', async () => {
    const files = await catalog.files();
    const query = "SELECT CASE WHEN range = 9999 THEN error('no') ELSE range END AS id FROM range(10000)";
    await expect(catalog.update(`CREATE OR REPLACE TABLE kept AS ${query}`)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    expect(await catalog.files()).toEqual(files);
    expect(await catalog.rows('SELECT id, s FROM kept')).toEqual([[1n, 'old']]);
  });

  it('keeps its files where nobody knows whether it took effect', async () => {
    const files = await catalog.files();
    catalog.fault = (request) => (isReplacement(request) ? 'lost request' : undefined);
    await expect(catalog.update(replace)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await catalog.files()).toHaveLength(files.length + 3);
  });

  it('is refused where the definition changed meanwhile, and leaves no file', async () => {
    const files = await catalog.files();
    meanwhile(isReplacement, () => catalog.rival('ALTER TABLE kept ADD COLUMN more INT'));
    await expect(catalog.update(replace)).rejects.toMatchObject({
      code: 'ABORTED',
      message: expect.stringContaining('changed by somebody else'),
    });
    expect(await catalog.files()).toEqual(files);
    expect(await catalog.rows('SELECT id, s, more FROM kept')).toEqual([[1n, 'old', null]]);
  });

  it('replaces rows that were added meanwhile too', async () => {
    meanwhile(isReplacement, () => catalog.rival("INSERT INTO kept VALUES (2, 'late', 1)"));
    expect(await catalog.update(replace)).toBe(10);
    expect(await catalog.rows('SELECT COUNT(*), COUNT(DISTINCT s) FROM kept')).toEqual([[10n, 1n]]);
    expect(await catalog.rows('SELECT COUNT(*) FROM "kept$snapshots"')).toEqual([[3n]]);
  });
});

describe('ALTER TABLE', () => {
  beforeAll(async () => {
    await catalog.update(`CREATE TABLE altered (id INT) TBLPROPERTIES ('commit.status-check.min-wait-ms' = '1')`);
  });

  it('keeps all columns of statements that run at the same time', async () => {
    await Promise.all(['a', 'b', 'c'].map((name) => catalog.update(`ALTER TABLE altered ADD COLUMN ${name} INT`)));
    const columns = await catalog.rows('DESCRIBE altered');
    expect(columns.map(([name]) => name).sort()).toEqual(['a', 'b', 'c', 'id']);
  });

  it('is made of the newest state: a column that somebody else added meanwhile is not added twice', async () => {
    const isAdding = ({ body }: Request) => body.includes('add-schema');
    meanwhile(isAdding, async () => {
      await catalog.rival('ALTER TABLE altered ADD COLUMN d BIGINT');
    });
    await expect(catalog.update('ALTER TABLE altered ADD COLUMN d INT')).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
    });
    await catalog.update('ALTER TABLE altered ADD COLUMN IF NOT EXISTS d INT');
    expect((await catalog.rows('DESCRIBE altered')).find(([name]) => name === 'd')?.[1]).toBe('BIGINT');
  });

  it('does all that it says or nothing', async () => {
    const columns = await catalog.rows('DESCRIBE altered');
    await expect(catalog.update('ALTER TABLE altered ADD COLUMN e INT, DROP COLUMN nothing')).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    expect(await catalog.rows('DESCRIBE altered')).toEqual(columns);
  });

  it('says so where nobody knows whether it took effect', async () => {
    catalog.fault = ({ body }) => (body.includes('add-schema') ? 'lost request' : undefined);
    await expect(catalog.update('ALTER TABLE altered ADD COLUMN f INT')).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining(
        'Whether the commit took effect is not known: look at table quickstart.demo.altered',
      ),
    });
  });

  it('succeeds where the answer is lost, and the table shows that it took effect', async () => {
    catalog.fault = ({ body }) => (body.includes('add-schema') ? 'lost answer' : undefined);
    await catalog.update('ALTER TABLE altered ADD COLUMN g DECIMAL(10, 2)');
    expect((await catalog.rows('DESCRIBE altered')).find(([name]) => name === 'g')?.[1]).toBe('DECIMAL(10, 2)');
  });
});

it('CREATE OR REPLACE VIEW is refused where somebody else dropped the view meanwhile', async () => {
  await catalog.update('CREATE VIEW seen AS SELECT 1 AS one');
  meanwhile(
    ({ body }) => body.includes('add-view-version'),
    () => catalog.update('DROP VIEW seen'),
  );
  await expect(catalog.update('CREATE OR REPLACE VIEW seen AS SELECT 2 AS two')).rejects.toMatchObject({
    code: 'NOT_FOUND',
  });
});

it('DROP SCHEMA CASCADE that is refused on the way says so and keeps what is left', async () => {
  await catalog.update('CREATE SCHEMA full');
  await catalog.update('CREATE TABLE full.t (id INT)');
  await catalog.update('CREATE VIEW full.v AS SELECT 1 AS one');
  catalog.fault = ({ method, path }) =>
    method === 'DELETE' && path.includes('/tables/') ? { status: 403, type: 'ForbiddenException' } : undefined;
  await expect(catalog.update('DROP SCHEMA full CASCADE')).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
  catalog.fault = () => undefined;
  expect(await catalog.rows('SHOW TABLES FROM full')).toEqual([['full', 't', 'TABLE']]);
  await catalog.update('DROP SCHEMA full CASCADE');
});

describe('a query that was planned before', () => {
  async function planned(sql: string) {
    const { schema, pins } = await catalog.statements.describe(catalog.call(), { sql });
    return async () => {
      const stream = await catalog.statements.query(catalog.call(), { sql, pins });
      const rows: unknown[][] = [];
      for await (const batch of stream.batches) rows.push(...batchToRows(stream.schema, batch));
      expect(String(stream.schema)).toBe(String(schema));
      return rows;
    };
  }

  it('has the columns and rows of then after ALTER and OR REPLACE', async () => {
    await catalog.update("CREATE TABLE was AS SELECT 1 AS id, 'a' AS name");
    const read = await planned('SELECT * FROM was WHERE id = 1');
    await catalog.update(
      'ALTER TABLE was RENAME COLUMN name TO other, ALTER COLUMN id TYPE BIGINT, ADD COLUMN more INT',
    );
    expect(await read()).toEqual([[1, 'a']]);
    await catalog.update("CREATE OR REPLACE TABLE was AS SELECT 'x' AS id");
    expect(await read()).toEqual([[1, 'a']]);
    expect(await catalog.rows('SELECT * FROM was')).toEqual([['x']]);
  });
});
