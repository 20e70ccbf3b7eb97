import { describe, expect, it } from 'vitest';
import { batchToRows } from '../../src/arrow/index.js';
import { both, inEurope, usePeople } from './support/restricted-people.js';

const people = usePeople();

describe('of a restricted table', () => {
  it('only the rows and the form of the columns are seen that the catalog allows', async () => {
    expect(await people.seen('SELECT * FROM people ORDER BY id')).toEqual([
      [1n, 'EU', 'xxx@xxx.xxxxxxx', 0, '11', 7305],
      [5n, 'EU', 'xxx@xxx.xxxxxxx', 0, '55', 8035],
    ]);
    expect(await people.catalog.rows('SELECT count(*) FROM people')).toEqual([[5n]]);
  });

  it.each([
    ['a view', 'SELECT count(*), max(mail) FROM everybody'],
    ['a common table expression', 'WITH p AS (SELECT * FROM people) SELECT count(*), max(mail) FROM p'],
    ['a subquery', 'SELECT count(*), max(mail) FROM (SELECT * FROM people WHERE true)'],
    ['another name', 'SELECT count(*), max(p.mail) FROM quickstart.demo.people AS p'],
    ['FROM first', 'FROM people SELECT count(*), max(mail)'],
    ['a branch', "SELECT count(*), max(mail) FROM people FOR VERSION AS OF 'main'"],
    ['a join with itself', 'SELECT count(*), max(a.mail) FROM people a JOIN people b ON a.id = b.id'],
    [
      'a lateral join',
      'SELECT count(*), max(m) FROM people a, LATERAL (SELECT max(b.mail) AS m FROM people b WHERE b.id <= a.id)',
    ],
    ['a union', 'SELECT count(*), max(mail) FROM (SELECT * FROM people UNION SELECT * FROM everybody)'],
    ['an expression', 'SELECT (SELECT count(*) FROM people), (SELECT max(mail) FROM people)'],
    ['time travel', 'SELECT count(*), max(mail) FROM people FOR VERSION AS OF SNAPSHOT'],
  ])('the same is seen through %s', async (_, sql) => {
    expect(await people.seen(sql.replace('SNAPSHOT', String(people.snapshots.at(-1))))).toEqual([
      [2n, 'xxx@xxx.xxxxxxx'],
    ]);
  });

  it('earlier states are restricted alike', async () => {
    const sql = `SELECT id, mail FROM people FOR VERSION AS OF ${people.snapshots[0]} ORDER BY id`;
    expect(await people.seen(sql)).toEqual([
      [1n, 'xxx@xxx.xxxxxxx'],
      [3n, 'xxx@xxx.xxxxxxx'],
    ]);
  });

  it('additions and changes are restricted alike, in both of their images', async () => {
    const [first, second, third] = people.snapshots;
    const added = `SELECT id, mail FROM people FOR VERSION FROM ${first} TO ${second}`;
    expect(await people.seen(added)).toEqual([[5n, 'xxx@xxx.xxxxxxx']]);
    const changes = `SELECT id, mail, _change_type FROM "people$changes" FOR VERSION FROM ${first} TO ${third} ORDER BY id`;
    expect(await people.seen(changes)).toEqual([
      [3n, 'xxx@xxx.xxxxxxx', 'DELETE'],
      [5n, 'xxx@xxx.xxxxxxx', 'INSERT'],
    ]);
  });

  it('a filter that is never true shows nothing, and is no failure', async () => {
    expect(await people.seen('SELECT * FROM people', { 'required-row-filter': false })).toEqual([]);
    expect(await people.seen('SELECT count(*) FROM people', { 'required-row-filter': false })).toEqual([[0n]]);
  });

  it('the filter decides on values that are masked', async () => {
    const restrictions = {
      'required-row-filter': inEurope,
      'required-column-projections': [{ 'field-id': 2, action: 'replace-with-null' }],
    };
    expect(await people.seen('SELECT id, region FROM people ORDER BY id', restrictions)).toEqual([
      [1n, null],
      [5n, null],
    ]);
    expect(await people.seen("SELECT count(*) FROM people WHERE region = 'EU'", restrictions)).toEqual([[0n]]);
  });

  it('a negated filter keeps nulls', async () => {
    const restrictions = { 'required-row-filter': { ...inEurope, type: 'not-eq' } };
    expect(await people.seen('SELECT id FROM people ORDER BY id', restrictions)).toEqual([[2n], [4n], [6n]]);
    const negated = { 'required-row-filter': { type: 'not', child: inEurope } };
    expect(await people.seen('SELECT id FROM people ORDER BY id', negated)).toEqual([[2n], [4n], [6n]]);
  });
});

describe('what is made of a restricted table', () => {
  it('holds what is seen of it', async () => {
    await people.under(both, async () => {
      await people.catalog.update('CREATE TABLE copied AS SELECT * FROM people');
      await people.catalog.update('INSERT INTO copied SELECT * FROM everybody');
      await people.catalog.update(
        'MERGE INTO copied c USING people p ON c.id = p.id + 100 WHEN NOT MATCHED THEN INSERT (id, mail) VALUES (p.id, p.mail)',
      );
    });
    expect(await people.catalog.rows('SELECT DISTINCT id, mail FROM copied ORDER BY id')).toEqual([
      [1n, 'xxx@xxx.xxxxxxx'],
      [5n, 'xxx@xxx.xxxxxxx'],
    ]);
    expect(await people.catalog.rows('SELECT count(*) FROM copied')).toEqual([[6n]]);
  });
});

describe('a transaction', () => {
  it('sees of a restricted table what other statements see, also of its own rows', async () => {
    await people.under(both, async () => {
      const { statements } = people.catalog;
      const id = await statements.begin(people.catalog.call());
      const insert =
        "INSERT INTO people VALUES (8, 'US', 'hal@raw.example', 1, 'x', NULL), (9, 'EU', 'ian@raw.example', 1, '9', NULL)";
      await statements.update(people.catalog.call(), { sql: insert, transaction: id });
      const sql = 'SELECT id, mail FROM people ORDER BY id';
      const { schema, batches } = await statements.query(people.catalog.call(), { sql, transaction: id });
      const rows: unknown[][] = [];
      for await (const batch of batches) rows.push(...batchToRows(schema, batch));
      expect(rows.map(([number]) => number)).toEqual([1n, 5n, 9n]);
      expect(new Set(rows.map(([, mail]) => mail))).toEqual(new Set(['xxx@xxx.xxxxxxx']));
      const remove = statements.update(people.catalog.call(), {
        sql: 'DELETE FROM people WHERE id = 9',
        transaction: id,
      });
      await expect(remove).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
      await statements.rollback(people.catalog.call(), id);
    });
  });
});

describe('restrictions that come after a statement was planned', () => {
  it('hold when it runs', async () => {
    const sql = 'SELECT id, mail FROM people ORDER BY id LIMIT 1';
    const { pins } = await people.catalog.statements.describe(people.catalog.call(), { sql });
    const rows = await people.under(both, async () => {
      const { schema, batches } = await people.catalog.statements.query(people.catalog.call(), { sql, pins });
      const found: unknown[][] = [];
      for await (const batch of batches) found.push(...batchToRows(schema, batch));
      return found;
    });
    expect(rows).toEqual([[1n, 'xxx@xxx.xxxxxxx']]);
  });
});

describe('restrictions of columns that a state does not have', () => {
  it('refuse the state by a filter, and leave it alone by a mask', async () => {
    await people.catalog.update('CREATE TABLE people_before AS SELECT 1 AS id');
    const [[before]] = (await people.catalog.rows('SELECT snapshot_id FROM "people_before$snapshots"')) as [[bigint]];
    await people.catalog.update('ALTER TABLE people_before ADD COLUMN region VARCHAR');
    await people.catalog.update("INSERT INTO people_before VALUES (2, 'EU')");
    const restricted = async (restrictions: unknown, sql: string) => {
      people.catalog.fault = ({ method, path }) =>
        method === 'GET' && path.includes('/tables/people_before')
          ? { rewrite: (answer) => ({ ...answer, 'read-restrictions': restrictions }) }
          : undefined;
      try {
        return await people.catalog.rows(sql);
      } finally {
        people.catalog.fault = () => undefined;
      }
    };
    const earlier = `SELECT * FROM people_before FOR VERSION AS OF ${before}`;
    const filter = { 'required-row-filter': { ...inEurope, type: 'not-eq' } };
    await expect(restricted(filter, earlier)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    expect(await restricted(filter, 'SELECT id FROM people_before')).toEqual([[1]]);
    const mask = { 'required-column-projections': [{ 'field-id': 2, action: 'mask-alphanum' }] };
    expect(await restricted(mask, earlier)).toEqual([[1]]);
  });
});

describe('a restricted table', () => {
  it('takes new rows', async () => {
    await people.under(both, () =>
      people.catalog.update("INSERT INTO people VALUES (7, 'US', 'gus@raw.example', 1, 'raw-note', DATE '2000-01-01')"),
    );
    expect(await people.catalog.rows('SELECT mail FROM people WHERE id = 7')).toEqual([['gus@raw.example']]);
    expect(await people.seen('SELECT id FROM people WHERE id = 7')).toEqual([]);
  });

  it.each([
    'DELETE FROM people WHERE id = 1',
    'DELETE FROM people',
    'UPDATE people SET note = mail',
    'MERGE INTO people p USING friends f ON p.id = f.id WHEN MATCHED THEN DELETE',
    'MERGE INTO people p USING friends f ON p.id = f.id WHEN NOT MATCHED THEN INSERT (id) VALUES (f.id)',
    'TRUNCATE TABLE people',
    'INSERT OVERWRITE people SELECT * FROM people',
    'CREATE OR REPLACE TABLE people AS SELECT 1 AS id',
    'EXPLAIN DELETE FROM people WHERE id = 1',
    'INSERT INTO people (id) VALUES (8) RETURNING *',
  ])('is not changed by %s', async (sql) => {
    const run = async () =>
      sql.startsWith('EXPLAIN') ? void (await people.catalog.rows(sql)) : void (await people.catalog.update(sql));
    await expect(people.under(both, run)).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
      message: expect.stringContaining(
        "can't change quickstart.demo.people: its catalog restricts what you may see of it",
      ),
    });
    expect(await people.catalog.rows('SELECT count(*) FROM people')).toEqual([[6n]]);
  });

  it.each([
    'ALTER TABLE people DROP COLUMN mail',
    'ALTER TABLE people RENAME COLUMN region TO area',
    'ALTER TABLE people ALTER COLUMN mail SET NOT NULL',
    'ALTER TABLE people ADD PARTITION FIELD mail',
    'ALTER TABLE people WRITE ORDERED BY bucket(4, mail)',
    "ALTER TABLE people ALTER COLUMN mail COMMENT 'an address'",
    'ALTER TABLE people ALTER COLUMN region FIRST',
    'ALTER TABLE people SET IDENTIFIER FIELDS mail',
  ])('is not altered by %s', async (sql) => {
    await expect(people.under(both, () => people.catalog.update(sql))).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
      message: expect.stringContaining('depend on it'),
    });
  });

  it('keeps the rows of its branches, and takes new ones', async () => {
    const [first] = people.snapshots;
    await people.under(both, () =>
      people.catalog.update(`ALTER TABLE people CREATE BRANCH old AS OF VERSION ${first}`),
    );
    expect(await people.seen("SELECT id FROM people FOR VERSION AS OF 'old' ORDER BY id")).toEqual([[1n], [3n]]);
    for (const sql of [
      `ALTER TABLE people REPLACE BRANCH main AS OF VERSION ${first}`,
      'ALTER TABLE people CREATE OR REPLACE BRANCH old',
      'ALTER TABLE people DROP BRANCH old',
    ]) {
      await expect(people.under(both, () => people.catalog.update(sql))).rejects.toMatchObject({
        code: 'PERMISSION_DENIED',
        message: expect.stringContaining("can't change quickstart.demo.people"),
      });
    }
    await people.catalog.update('ALTER TABLE people DROP BRANCH old');
  });

  it('is altered otherwise where the catalog allows it', async () => {
    await people.under(both, () => people.catalog.update("ALTER TABLE people ALTER COLUMN note COMMENT 'free text'"));
    expect(await people.seen('DESCRIBE people')).toEqual([
      ['id', 'BIGINT', true, null],
      ['region', 'VARCHAR', true, null],
      ['mail', 'VARCHAR', true, 'masked for you (mask-alphanum)'],
      ['salary', 'DOUBLE', true, 'masked for you (mask-to-fixed-value)'],
      ['note', 'VARCHAR', true, 'free text'],
      ['born', 'DATE', true, 'masked for you (truncate-to-year)'],
    ]);
    expect(
      await people.catalog.rows("SELECT column_comment FROM information_schema.columns WHERE column_name = 'mail'"),
    ).toContainEqual([null]);
  });
});
