import { randomUUID } from 'node:crypto';
import { Field, Int64, Schema, Utf8 } from 'apache-arrow';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { batchToRows, rowsToBatch } from '../../../src/arrow/index.js';
import { type FaultyCatalog, startFaultyCatalog } from '../../e2e/support/faulty-catalog.js';
import { createTable, idsOf, nextName, orphansOf } from './tables.js';

let catalog: FaultyCatalog;
beforeAll(async () => {
  catalog = await startFaultyCatalog();
});
afterEach(() => {
  catalog.fault = () => undefined;
});
afterAll(() => catalog?.stop());

const isCommit = ({ method, body }: { method: string; body: string }) =>
  method === 'POST' && body.includes('add-snapshot');

const table = (version: number) => createTable(catalog, version);
const ids = (name: string) => idsOf(catalog, name);
const orphans = (name: string) => orphansOf(catalog, name);

const parameters = (fields: Field[], rows: unknown[][]) => {
  const schema = new Schema(fields);
  return { schema, batches: rows.length > 0 ? [rowsToBatch(schema, rows)] : [] };
};
const longs = (...names: string[]) => names.map((name) => new Field(name, new Int64(), true));

describe.each([1, 2, 3])('format version %i', (version) => {
  it('changes made at the same time are all there, each computed on what the others left', async () => {
    const name = await table(version);
    const change = (sql: string) =>
      catalog.update(sql).then(
        () => true,
        (error: unknown) => {
          expect(error).toMatchObject({ code: 'ABORTED' });
          return false;
        },
      );
    const outcomes = await Promise.all([
      ...Array.from({ length: 4 }, () => change(`UPDATE ${name} SET n = n + 1 WHERE id < 6`)),
      change(`DELETE FROM ${name} WHERE id = 7`),
    ]);
    const increments = outcomes.slice(0, 4).filter(Boolean).length;
    expect(increments).toBeGreaterThan(1);
    expect(await catalog.rows(`SELECT DISTINCT n FROM ${name} WHERE id < 6`)).toEqual([[BigInt(increments)]]);
    expect(await ids(name)).toEqual([0, 1, 2, 3, 4, 5, 6, ...(outcomes[4] ? [] : [7]), 8, 9, 10, 11]);
    expect(await orphans(name)).toEqual([]);
  });

  it('a lost race is run again on the new state', async () => {
    const name = await table(version);
    let commits = 0;
    catalog.fault = (request) => {
      if (!isCommit(request) || ++commits > 1) return undefined;
      return { status: 409, type: 'CommitFailedException' };
    };
    expect(await catalog.update(`DELETE FROM ${name} WHERE id IN (1, 2)`)).toBe(2);
    expect(commits).toBe(2);
    expect(await ids(name)).toEqual([0, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(await orphans(name)).toEqual([]);
  });

  it.each([
    ['is refused', { status: 403, type: 'ForbiddenException' }, 'PERMISSION_DENIED'],
    ['loses every race', { status: 409, type: 'CommitFailedException' }, 'ABORTED'],
  ])('a change whose commit %s leaves no file', async (_, fault, code) => {
    const name = await table(version);
    const before = await catalog.files();
    catalog.fault = (request) => (isCommit(request) ? fault : undefined);
    for (const sql of [
      `DELETE FROM ${name} WHERE id = 1`,
      `UPDATE ${name} SET part = 'moved'`,
      `MERGE INTO ${name} AS t USING (VALUES (1), (100)) AS s(k) ON t.id = s.k WHEN MATCHED THEN UPDATE SET n = 5 WHEN NOT MATCHED THEN INSERT (id) VALUES (k)`,
      `TRUNCATE TABLE ${name}`,
    ]) {
      await expect(catalog.update(sql)).rejects.toMatchObject({ code });
    }
    expect(await catalog.files()).toEqual(before);
    expect(await catalog.written()).toEqual([]);
  });

  it('a change of unknown outcome keeps its files', async () => {
    const name = await table(version);
    const before = await catalog.files();
    catalog.fault = (request) => (isCommit(request) ? 'lost request' : undefined);
    await expect(catalog.update(`DELETE FROM ${name} WHERE id = 1`)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect((await catalog.files()).length).toBeGreaterThan(before.length);
  });

  it('an error in the values leaves no file', async () => {
    const name = await table(version);
    const before = await catalog.files();
    const sql = `UPDATE ${name} SET n = CASE WHEN id = 11 THEN error('no') ELSE 1 END`;
    await expect(catalog.update(sql)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(await catalog.files()).toEqual(before);
    expect(await catalog.written()).toEqual([]);
  });

  it('a transaction that is rolled back leaves no file, and one in conflict takes no effect', async () => {
    const name = await table(version);
    const before = await catalog.files();
    const rolledBack = await catalog.statements.begin(catalog.call());
    await catalog.update(`UPDATE ${name} SET n = 1`, rolledBack);
    await catalog.update(`DELETE FROM ${name} WHERE n = 1 AND id > 5`, rolledBack);
    await catalog.statements.rollback(catalog.call(), rolledBack);
    expect(await catalog.files()).toEqual(before);
    const conflicting = await catalog.statements.begin(catalog.call());
    expect(await catalog.update(`DELETE FROM ${name} WHERE id < 3`, conflicting)).toBe(3);
    expect(await catalog.update(`UPDATE ${name} SET n = 7 WHERE id = 5`)).toBe(1);
    await expect(catalog.statements.commit(catalog.call(), conflicting)).rejects.toMatchObject({ code: 'ABORTED' });
    expect(await ids(name)).toHaveLength(12);
    expect(await orphans(name)).toEqual([]);
  });

  it('statements of a transaction at the same time all take effect', async () => {
    const name = await table(version);
    const transaction = await catalog.statements.begin(catalog.call());
    await Promise.all([1, 4, 8].map((id) => catalog.update(`DELETE FROM ${name} WHERE id = ${id}`, transaction)));
    await catalog.statements.commit(catalog.call(), transaction);
    expect(await ids(name)).toEqual([0, 2, 3, 5, 6, 7, 9, 10, 11]);
    expect(await orphans(name)).toEqual([]);
  });

  it('bound rows are changed once each, in one commit', async () => {
    const name = await table(version);
    let commits = 0;
    catalog.fault = (request) => {
      if (isCommit(request)) commits++;
      return undefined;
    };
    const update = (sql: string, fields: Field[], rows: unknown[][]) =>
      catalog.statements.update(catalog.call(), { sql, parameters: parameters(fields, rows) });
    const pairs = [
      [10n, 1n],
      [20n, 2n],
      [30n, 1n],
      [40n, 100n],
    ];
    expect(await update(`UPDATE ${name} SET n = ? WHERE id = ?`, longs('a', 'b'), pairs)).toBe(3);
    expect(await catalog.rows(`SELECT id, n FROM ${name} WHERE n > 0 ORDER BY id`)).toEqual([
      [1n, 30n],
      [2n, 20n],
    ]);
    // What one row reads, the one before has written.
    expect(await update(`UPDATE ${name} SET n = n * 2 + $1 WHERE id = $2`, longs('a', 'b'), pairs.slice(0, 3))).toBe(3);
    expect(await catalog.rows(`SELECT id, n FROM ${name} WHERE n > 0 ORDER BY id`)).toEqual([
      [1n, (30n * 2n + 10n) * 2n + 30n],
      [2n, 60n],
    ]);
    expect(
      await update(`DELETE FROM ${name} WHERE id = ? OR part IS NULL`, longs('a'), [[3n], [4n], [3n], [100n]]),
    ).toBe(2);
    const last = `DELETE FROM ${name} WHERE id = (SELECT max(id) FROM ${name}) AND id > ?`;
    expect(await update(last, longs('a'), [[0n], [0n], [10n]])).toBe(2);
    const merge = `MERGE INTO ${name} AS t USING (SELECT ? AS k, ? AS p) AS s ON t.id = s.k WHEN MATCHED THEN UPDATE SET part = s.p WHEN NOT MATCHED THEN INSERT (id, part) VALUES (k, p)`;
    const keyed = [new Field('k', new Int64(), true), new Field('p', new Utf8(), true)];
    expect(
      await update(merge, keyed, [
        [0n, 'x'],
        [50n, 'y'],
        [50n, null],
      ]),
    ).toBe(3);
    expect(await update(merge, keyed, [])).toBe(0);
    expect(commits).toBe(5);
    expect(await catalog.rows(`SELECT id, part FROM ${name} WHERE id IN (0, 50) ORDER BY id`)).toEqual([
      [0n, 'x'],
      [50n, null],
    ]);
    expect(await ids(name)).toEqual([0, 1, 2, 5, 6, 7, 8, 9, 50]);
    expect(await orphans(name)).toEqual([]);
  });

  it('a temporary table of bulk ingest is a source like any other, and no target', async () => {
    const name = await table(version);
    const schema = new Schema(longs('k', 'v'));
    const target = { table: `news_of_${name}`, temporary: true, ifNotExists: 'create', ifExists: 'append' } as const;
    async function* batches() {
      yield rowsToBatch(schema, [
        [1n, 10n],
        [99n, 990n],
      ]);
    }
    await catalog.statements.ingest(catalog.call(), target, schema, batches());
    const merge = `MERGE INTO ${name} AS t USING ${target.table} AS s ON t.id = s.k WHEN MATCHED THEN UPDATE SET n = s.v WHEN NOT MATCHED THEN INSERT (id, n) VALUES (k, v)`;
    expect(await catalog.update(merge)).toBe(2);
    expect(await catalog.update(`DELETE FROM ${name} USING ${target.table} AS s WHERE id = s.k AND id > 50`)).toBe(1);
    expect(await catalog.rows(`SELECT id, n FROM ${name} WHERE n > 0`)).toEqual([[1n, 10n]]);
    await expect(catalog.update(`DELETE FROM ${target.table}`)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: `${target.table} is a temporary table; DELETE changes tables`,
    });
  });

  it('parameters have the types of the columns that they go to', async () => {
    const name = await table(version);
    const described = async (sql: string) => {
      const { kind, parameters: fields } = await catalog.statements.describe(catalog.call(), { sql });
      return [kind, ...fields.fields.map(({ type }) => String(type))];
    };
    expect(await described(`UPDATE ${name} SET part = ?, n = ? WHERE id = ?`)).toEqual([
      'update',
      'Utf8',
      'Int64',
      'Int64',
    ]);
    expect(await described(`DELETE FROM ${name} WHERE part = ?`)).toEqual(['update', 'Utf8']);
    expect(await described(`TRUNCATE TABLE ${name}`)).toEqual(['update']);
    const merge = `MERGE INTO ${name} USING (VALUES (1)) AS s(k) ON id = k WHEN MATCHED THEN UPDATE SET part = $2, n = $1`;
    expect(await described(merge)).toEqual(['update', 'Int64', 'Utf8']);
    const request = { sql: `DELETE FROM ${name} WHERE id = ?` };
    await expect(catalog.statements.update(catalog.call(), request)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: 'The statement has 1 parameters, but 0 are bound',
    });
  });

  it('a change that is run as a query answers its count', async () => {
    const name = await table(version);
    const { schema, batches } = await catalog.statements.query(catalog.call(), {
      sql: `UPDATE ${name} SET n = 1 WHERE id < 5`,
    });
    const rows: unknown[][] = [];
    for await (const batch of batches) rows.push(...batchToRows(schema, batch));
    expect([schema.fields.map((field) => field.name), rows]).toEqual([['affected_rows'], [[5n]]]);
  });

  it('a change with an id happens once, however often it is asked for', async () => {
    const name = await table(version);
    const increment = { sql: `UPDATE ${name} SET n = n + 1 WHERE id < 4`, executionId: randomUUID() };
    expect(await catalog.statements.update(catalog.call(), increment)).toBe(4);
    expect(await catalog.statements.update(catalog.call(), increment)).toBe(4);
    expect(await catalog.rows(`SELECT DISTINCT n FROM ${name} WHERE id < 4`)).toEqual([[1n]]);
  });

  it('positions are right in files of several row groups', async () => {
    const name = nextName();
    await catalog.update(`CREATE TABLE ${name} (id BIGINT, s VARCHAR) TBLPROPERTIES ('format-version' = '${version}')`);
    await catalog.update(`INSERT INTO ${name} SELECT range, 's' || range FROM range(400000)`);
    expect(await catalog.update(`DELETE FROM ${name} WHERE id BETWEEN 250000 AND 300000 OR id % 100000 = 7`)).toBe(
      50005,
    );
    expect(await catalog.update(`UPDATE ${name} SET s = 'new' WHERE id >= 399990`)).toBe(10);
    expect(await catalog.update(`DELETE FROM ${name} WHERE id > 399000 AND id % 2 = 0`)).toBe(499);
    const sum = 'count(*), sum(id), count(DISTINCT id), min(id), max(id)';
    const kept =
      'NOT (range BETWEEN 250000 AND 300000 OR range % 100000 = 7) AND NOT (range > 399000 AND range % 2 = 0)';
    expect(await catalog.rows(`SELECT ${sum} FROM ${name}`)).toEqual(
      await catalog.rows(`SELECT ${sum.replaceAll('id', 'range')} FROM range(400000) WHERE ${kept}`),
    );
    expect(await catalog.rows(`SELECT count(*) FROM ${name} WHERE s = 'new' AND s != 's' || id`)).toEqual([[5n]]);
  });
});

describe.each([
  [2, 'merge-on-read'],
  [2, 'copy-on-write'],
  [3, 'merge-on-read'],
  [3, 'copy-on-write'],
])('format version %i, %s', (version, mode) => {
  it('leaves values of every type as they are in rows that are updated or copied', async () => {
    const name = nextName();
    const nanoseconds = version === 3 ? ', n TIMESTAMP(9), nz TIMESTAMPTZ(9), v VARIANT' : '';
    await catalog.update(
      `CREATE TABLE ${name} (id BIGINT, b BOOLEAN, f FLOAT, d DOUBLE, e DECIMAL(38, 10), a DATE, t TIME, ts TIMESTAMP, tz TIMESTAMPTZ,
        u UUID, x BINARY, y FIXED(4), l STRUCT(a INT, b VARCHAR[])[], m MAP(VARCHAR, STRUCT(x DECIMAL(9, 2))), s STRUCT(t TIMESTAMPTZ, u UUID)${nanoseconds})
        TBLPROPERTIES ('format-version' = '${version}', 'write.update.mode' = '${mode}')`,
    );
    const more =
      version === 3 ? `, '2020-01-01 00:00:00.123456789', '2020-01-01 00:00:00.123456789+00', '{"a": [1]}'` : '';
    await catalog.update(
      `INSERT INTO ${name} VALUES (1, true, 'NaN', '-Infinity', 1234567890123456789012345678.0123456789, '0001-01-01', '23:59:59.999999',
        '9999-12-31 23:59:59.999999', '1969-12-31 23:59:59.999999+00', '00000000-0000-0000-0000-00000000000a', '\\x00\\xff'::BLOB, 'abcd'::BLOB,
        [{'a': 1, 'b': ['x', NULL]}, NULL], MAP {'k': {'x': 1.25}},
        {'t': TIMESTAMPTZ '2020-01-01 00:00:00+00', 'u': '00000000-0000-0000-0000-00000000000b'::UUID}${more})`,
    );
    await catalog.update(`INSERT INTO ${name} SELECT * REPLACE (id + 1 AS id) FROM ${name}`);
    await catalog.update(`INSERT INTO ${name} (id) VALUES (3), (4)`);
    const rest = `SELECT * EXCLUDE (id) FROM ${name} ORDER BY id`;
    const before = await catalog.rows(rest);
    expect(await catalog.update(`UPDATE ${name} SET id = id * 10 WHERE id IN (1, 3)`)).toBe(2);
    expect(await ids(name)).toEqual([2, 4, 10, 30]);
    expect(await catalog.rows(rest)).toEqual([before[1], before[3], before[0], before[2]]);
  });
});

it('EXPLAIN shows which files a change reads, and changes nothing', async () => {
  const name = nextName();
  await catalog.update(`CREATE TABLE ${name} (id BIGINT, n BIGINT)`);
  for (const first of [0, 100, 200, 300]) {
    await catalog.update(`INSERT INTO ${name} SELECT range, 0 FROM range(${first}, ${first + 100})`);
  }
  await catalog.update(`CREATE TABLE ${name}_news (k BIGINT)`);
  await catalog.update(`INSERT INTO ${name}_news VALUES (150), (160)`);
  const files = async (sql: string) => {
    const lines = (await catalog.rows(`EXPLAIN ${sql}`)).map(([line]) => String(line));
    const first = lines.findIndex((line) => line.startsWith(`Table quickstart.demo.${name},`));
    return lines.slice(first).find((line) => line.includes('files:'));
  };
  expect(await files(`DELETE FROM ${name} WHERE id = 250`)).toContain('files: 1 planned of 4');
  expect(await files(`UPDATE ${name} SET n = 1 WHERE id < 150`)).toContain('files: 2 planned of 4');
  expect(await files(`DELETE FROM ${name} USING ${name}_news WHERE id = k`)).toContain('files: 1 planned of 4');
  const merge = `MERGE INTO ${name} USING ${name}_news AS s ON id = s.k WHEN MATCHED THEN UPDATE SET n = 1 WHEN NOT MATCHED THEN INSERT (id) VALUES (k)`;
  expect(await files(merge)).toContain('files: 1 planned of 4');
  expect(await catalog.rows(`SELECT count(*), sum(n) FROM ${name}`)).toEqual([[400n, 0n]]);
  await expect(catalog.rows(`EXPLAIN DELETE FROM ${name} WHERE missing = 1`)).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
  });
});
