/** What a user may do with hidden columns, over the kept tables. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fixtures, startFixtures } from './support/fixtures.js';

let fixtures: Fixtures;
beforeAll(async () => {
  fixtures = await startFixtures();
}, 60_000);
afterAll(() => fixtures?.stop());

async function columnsOf(sql: string): Promise<string[]> {
  return (await fixtures.ask(sql)).schema.fields.map(({ name }) => name);
}

async function rowsOf(sql: string): Promise<unknown[][]> {
  return (await fixtures.ask(sql)).rows;
}

const partitioned = 'metadata.partitioned';
const appended = 'lineage.appended';

describe('hidden columns', () => {
  it('are not in SELECT *, whether or not the query names one', async () => {
    expect(await columnsOf(`SELECT * FROM ${partitioned}`)).toEqual(['id', 'kind', 'x']);
    expect(await columnsOf(`SELECT * FROM ${partitioned} WHERE _pos = 0`)).toEqual(['id', 'kind', 'x']);
    expect(await columnsOf(`SELECT _file, _pos, * FROM ${partitioned}`)).toEqual(['_file', '_pos', 'id', 'kind', 'x']);
    expect(await columnsOf(`SELECT t.*, t._pos AS p FROM ${partitioned} t`)).toEqual(['id', 'kind', 'x', 'p']);
    expect(await columnsOf(`FROM ${partitioned} WHERE _pos = 0`)).toEqual(['id', 'kind', 'x']);
  });

  it('leave stars with modifiers as they are meant', async () => {
    const from = `FROM ${partitioned} WHERE _pos = 0`;
    expect(await columnsOf(`SELECT * EXCLUDE (kind) ${from}`)).toEqual(['id', 'x']);
    expect(await columnsOf(`SELECT * EXCLUDE kind, _pos ${from}`)).toEqual(['id', 'x', '_pos']);
    expect(await columnsOf(`SELECT * REPLACE (1 AS x) ${from}`)).toEqual(['id', 'kind', 'x']);
    expect(await columnsOf(`SELECT COLUMNS(*) ${from}`)).toEqual(['id', 'kind', 'x']);
    expect(await rowsOf(`SELECT COUNT(*) ${from}`)).toEqual([[3n]]);
  });

  it('belong to the SELECT that names them, and pass through subqueries only by name', async () => {
    expect(await columnsOf(`SELECT * FROM (SELECT _pos, * FROM ${appended}) s`)).toEqual(['_pos', 'id', 'name']);
    expect(
      await columnsOf(
        `WITH w AS (SELECT id FROM ${appended} WHERE _row_id > 1) SELECT * FROM w JOIN ${appended} USING (id)`,
      ),
    ).toEqual(['id', 'name']);
    await expect(rowsOf(`SELECT _pos FROM (SELECT * FROM ${appended}) s`)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    expect(await rowsOf(`SELECT id FROM ${appended} ORDER BY _row_id DESC LIMIT 1`)).toEqual([[5]]);
  });

  it('tell tables of a join apart', async () => {
    const join = `FROM ${appended} a JOIN ${partitioned} b ON a.id = b.id`;
    expect(await columnsOf(`SELECT * ${join} WHERE b._spec_id = 0`)).toEqual(['id', 'name', 'id', 'kind', 'x']);
    expect(await rowsOf(`SELECT a._row_id, b._partition.kind ${join} ORDER BY 1`)).toEqual([
      [1n, 'b'],
      [2n, null],
    ]);
    await expect(rowsOf(`SELECT _pos ${join}`)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(rowsOf(`SELECT _row_id FROM ${appended} NATURAL JOIN ${partitioned}`)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('NATURAL JOIN'),
    });
  });

  it('of row lineage are null before version 3', async () => {
    const rows = await rowsOf(`SELECT DISTINCT _row_id, _last_updated_sequence_number FROM ${partitioned}`);
    expect(rows).toEqual([[null, null]]);
  });

  it('travel in time', async () => {
    expect(await rowsOf("SELECT id, _pos FROM history.branches FOR VERSION AS OF 'v1.0'")).toEqual([[1, 0n]]);
  });
});

describe('ranges of snapshots', () => {
  it('take branches and tags as their ends', async () => {
    expect(await rowsOf("SELECT id FROM history.branches FOR VERSION FROM 'v1.0' TO 'audit'")).toEqual([[2]]);
    expect(
      await rowsOf(
        'SELECT id, _change_type FROM history."branches$changes" FOR VERSION FROM \'audit\' TO main ORDER BY 1',
      ),
    ).toEqual([
      [2, 'DELETE'],
      [3, 'INSERT'],
      [4, 'INSERT'],
    ]);
  });

  it('are refused where the first is no ancestor of the second, and changes without a range', async () => {
    await expect(rowsOf("SELECT id FROM history.branches FOR VERSION FROM 'audit' TO 'main'")).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('not an ancestor'),
    });
    await expect(rowsOf('SELECT * FROM history."branches$changes"')).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('FOR VERSION FROM'),
    });
  });

  it('can be joined with other states of the same table', async () => {
    const sql = `SELECT n.id, o.name FROM history.branches n JOIN history.branches FOR VERSION AS OF 'v1.0' o ON n.id = o.id`;
    expect(await rowsOf(sql)).toEqual([[1, 'main']]);
  });
});
