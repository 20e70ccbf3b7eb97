import { Field, Int64, Schema } from 'apache-arrow';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { batchToRows, rowsToBatch } from '../../src/arrow/index.js';
import { begin as beginTransaction } from '../../src/query/tables/transaction.js';
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
const isCommit = ({ method, body }: Request) => method === 'POST' && body.includes('add-snapshot');

/** Does something when the catalog is about to see the first commit of a snapshot. */
function meanwhile(action: () => Promise<unknown>): { commits: number } {
  const seen = { commits: 0 };
  catalog.fault = async (request) => {
    if (isCommit(request) && ++seen.commits === 1) await action();
    return undefined;
  };
  return seen;
}

async function inParallel(writers: number, appends: number, append: (id: number) => Promise<unknown>): Promise<void> {
  const write = async (writer: number) => {
    for (let index = 0; index < appends; index++) await append(writer * appends + index);
  };
  await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)));
}

describe('writers of one server', () => {
  it('all append to one table, each with one commit', async () => {
    await catalog.update('CREATE TABLE many (id BIGINT)');
    let commits = 0;
    catalog.fault = (request) => {
      if (isCommit(request)) commits++;
      return undefined;
    };
    await inParallel(8, 3, (id) => catalog.update(`INSERT INTO many VALUES (${id})`));
    expect(commits).toBe(24);
    expect(await catalog.rows('SELECT count(*), count(DISTINCT id) FROM many')).toEqual([[24n, 24n]]);
  });

  it('all change the rows of one table, each what the others left', async () => {
    await catalog.update('CREATE TABLE counter (n BIGINT)');
    await catalog.update('INSERT INTO counter VALUES (0)');
    await inParallel(6, 2, () => catalog.update('UPDATE counter SET n = n + 1'));
    expect(await catalog.rows('SELECT n FROM counter')).toEqual([[12n]]);
  });
});

describe('writers of two servers', () => {
  it('all append to one table', async () => {
    await catalog.update('CREATE TABLE shared (id BIGINT)');
    await Promise.all([
      inParallel(4, 3, (id) => catalog.update(`INSERT INTO shared VALUES (${id})`)),
      inParallel(4, 3, (id) => catalog.rival(`INSERT INTO shared VALUES (${100 + id})`)),
    ]);
    expect(await catalog.rows('SELECT count(*), count(DISTINCT id) FROM shared')).toEqual([[24n, 24n]]);
    const files = (await catalog.files()).filter((path) => path.includes('/demo/shared/data/'));
    expect(files).toHaveLength(24);
  });

  it('that lose every race are told the table, the snapshot that was faster, and what to do', async () => {
    await catalog.update("CREATE TABLE lost (id BIGINT) TBLPROPERTIES ('commit.retry.num-retries' = '0')");
    const before = await catalog.files();
    meanwhile(() => catalog.rival('INSERT INTO lost VALUES (1)'));
    const failure = await catalog.update('INSERT INTO lost VALUES (2)').catch((error: Error) => error);
    const [[rival]] = (await catalog.rows('SELECT snapshot_id FROM "lost$snapshots"')) as [[bigint]];
    expect(failure).toMatchObject({ code: 'ABORTED' });
    expect((failure as Error).message).toContain(`quickstart.demo.lost lost the race 1 time: snapshot ${rival}`);
    expect((failure as Error).message).toContain('commit.retry.num-retries');
    expect(await catalog.files()).toHaveLength(before.length + 3);
  });

  it.each(['1', '2', '3'])(
    'a change is not computed again where nobody touched what it read: version %s',
    async (version) => {
      const name = `apart${version}`;
      await catalog.update(
        `CREATE TABLE ${name} (p VARCHAR, n BIGINT) PARTITIONED BY (p) TBLPROPERTIES ('format-version' = '${version}')`,
      );
      await catalog.update(`INSERT INTO ${name} SELECT p, n FROM (VALUES ('a'), ('b')) AS t(p), range(10) AS r(n)`);
      const dataFiles = new Set<string>();
      const seen = meanwhile(async () => {
        for (const path of await catalog.files()) dataFiles.add(path);
        await catalog.rival(`UPDATE ${name} SET n = 100 WHERE p = 'b' AND n = 1`);
      });
      expect(await catalog.update(`UPDATE ${name} SET n = n + 1000 WHERE p = 'a' AND n < 3`)).toBe(3);
      expect(seen.commits).toBe(2);
      const kept = (await catalog.files()).filter((path) => path.endsWith('.parquet') && path.includes(`/${name}/`));
      const ours = [...dataFiles].filter((path) => path.endsWith('.parquet') && path.includes(`/${name}/`));
      expect(kept).toEqual(expect.arrayContaining(ours));
      expect(await catalog.rows(`SELECT n FROM ${name} WHERE n >= 100 ORDER BY n`)).toEqual([
        [100n],
        [1000n],
        [1001n],
        [1002n],
      ]);
      expect(await catalog.rows(`SELECT count(*) FROM ${name}`)).toEqual([[20n]]);
    },
  );

  it('a change is computed again where somebody added rows that it would have changed', async () => {
    await catalog.update('CREATE TABLE grown (n BIGINT)');
    await catalog.update('INSERT INTO grown VALUES (1), (20)');
    meanwhile(() => catalog.rival('INSERT INTO grown VALUES (2), (30)'));
    expect(await catalog.update('DELETE FROM grown WHERE n < 10')).toBe(2);
    expect(await catalog.rows('SELECT n FROM grown ORDER BY n')).toEqual([[20n], [30n]]);
  });

  it('a change whose rows somebody else took away is none', async () => {
    await catalog.update('CREATE TABLE taken (n BIGINT)');
    await catalog.update('INSERT INTO taken VALUES (1), (20)');
    const before = await catalog.files();
    meanwhile(() => catalog.rival('DELETE FROM taken WHERE n = 1'));
    expect(await catalog.update('UPDATE taken SET n = 2 WHERE n = 1')).toBe(0);
    expect(await catalog.rows('SELECT n FROM taken')).toEqual([[20n]]);
    expect((await catalog.files()).length).toBe(before.length + 3);
  });

  it('rows are appended to a table that got more columns or other partitions, not to one that lost columns', async () => {
    await catalog.update('CREATE TABLE changing (p INT, n INT)');
    meanwhile(async () => {
      await catalog.rival('ALTER TABLE changing ADD COLUMN more INT, RENAME COLUMN n TO m, ADD PARTITION FIELD p');
      await catalog.rival('INSERT INTO changing VALUES (5, 6, 7)');
    });
    expect(await catalog.update('INSERT INTO changing VALUES (1, 2)')).toBe(1);
    expect(await catalog.rows('SELECT p, m, more FROM changing ORDER BY p')).toEqual([
      [1, 2, null],
      [5, 6, 7],
    ]);
    const before = await catalog.files();
    meanwhile(async () => {
      await catalog.rival('ALTER TABLE changing DROP COLUMN more');
      await catalog.rival('DELETE FROM changing');
    });
    await expect(catalog.update('INSERT INTO changing VALUES (3, 4, 5)')).rejects.toMatchObject({
      code: 'ABORTED',
      message: expect.stringContaining('quickstart.demo.changing was changed by somebody else meanwhile: its columns'),
    });
    expect((await catalog.files()).filter((path) => path.endsWith('.parquet'))).toEqual(
      before.filter((path) => path.endsWith('.parquet')),
    );
  });
});

describe('a transaction', () => {
  const begin = () => catalog.statements.begin(catalog.call());
  const commit = (transaction: string) => catalog.statements.commit(catalog.call(), transaction);
  const rowsIn = async (sql: string, transaction: string) => {
    const { schema, batches } = await catalog.statements.query(catalog.call(), { sql, transaction });
    const rows: unknown[][] = [];
    for await (const batch of batches) rows.push(...batchToRows(schema, batch));
    return rows;
  };
  beforeAll(async () => {
    await catalog.update('CREATE TABLE x (n BIGINT)');
    await catalog.update('CREATE TABLE y (n BIGINT)');
    await catalog.update('INSERT INTO x VALUES (1), (2)');
  });

  it('reads one state of each table throughout, with its own changes', async () => {
    const transaction = await begin();
    expect(await rowsIn('SELECT count(*) FROM x', transaction)).toEqual([[2n]]);
    await catalog.rival('INSERT INTO x VALUES (3)');
    await catalog.rival('ALTER TABLE x ADD COLUMN more INT');
    expect(await rowsIn('SELECT * FROM x ORDER BY ALL', transaction)).toEqual([[1n], [2n]]);
    expect(await rowsIn('SELECT count(*) FROM "x$snapshots"', transaction)).toEqual([[1n]]);
    await catalog.rival('ALTER TABLE x DROP COLUMN more');
    await catalog.update('INSERT INTO y SELECT count(*) FROM x', transaction);
    expect(await rowsIn('SELECT n FROM y', transaction)).toEqual([[2n]]);
    await commit(transaction);
    expect(await catalog.rows('SELECT (SELECT count(*) FROM x), (SELECT n FROM y)')).toEqual([[3n, 2n]]);
  });

  it('that only appended is committed on top of what others did', async () => {
    await catalog.update('CREATE TABLE top (n BIGINT)');
    const before = await catalog.files();
    const transaction = await begin();
    await catalog.update('INSERT INTO top VALUES (1)', transaction);
    await catalog.rival('INSERT INTO top VALUES (10)');
    await catalog.update('INSERT INTO top VALUES (2)', transaction);
    await catalog.rival('INSERT INTO top VALUES (20)');
    await commit(transaction);
    expect(await catalog.rows('SELECT n FROM top ORDER BY n')).toEqual([[1n], [2n], [10n], [20n]]);
    expect(await catalog.files()).toHaveLength(before.length + 4 * 3);
  });

  it('whose changed rows nobody touched is committed on top of what others did', async () => {
    await catalog.update('CREATE TABLE halves (p VARCHAR, n BIGINT) PARTITIONED BY (p)');
    await catalog.update("INSERT INTO halves VALUES ('a', 1), ('a', 2), ('b', 1)");
    const transaction = await begin();
    await catalog.update("DELETE FROM halves WHERE p = 'a' AND n = 1", transaction);
    await catalog.update("UPDATE halves SET n = 5 WHERE p = 'a'", transaction);
    await catalog.rival("INSERT INTO halves VALUES ('b', 2)");
    meanwhile(() => catalog.rival("INSERT INTO halves VALUES ('c', 1)"));
    await commit(transaction);
    expect(await catalog.rows('SELECT p, n FROM halves ORDER BY ALL')).toEqual([
      ['a', 5n],
      ['b', 1n],
      ['b', 2n],
      ['c', 1n],
    ]);
  });

  it('whose changed rows somebody touched is refused, with table, snapshot and what to do', async () => {
    await catalog.update('CREATE TABLE touched (n BIGINT)');
    await catalog.update('INSERT INTO touched VALUES (1), (2)');
    const transaction = await begin();
    await catalog.update('UPDATE touched SET n = 10 WHERE n = 1', transaction);
    await catalog.update('INSERT INTO y VALUES (99)', transaction);
    await catalog.rival('DELETE FROM touched WHERE n = 2');
    const [[rival]] = (await catalog.rows(
      'SELECT snapshot_id FROM "touched$snapshots" ORDER BY committed_at DESC LIMIT 1',
    )) as [[bigint]];
    const before = await catalog.files();
    const failure = await commit(transaction).catch((error: Error) => error);
    expect(failure).toMatchObject({ code: 'ABORTED' });
    expect((failure as Error).message).toContain(
      'Table quickstart.demo.touched was changed by somebody else meanwhile',
    );
    expect((failure as Error).message).toContain(String(rival));
    expect(await catalog.rows('SELECT n FROM touched')).toEqual([[1n]]);
    expect(await catalog.rows('SELECT count(*) FROM y WHERE n = 99')).toEqual([[0n]]);
    expect((await catalog.files()).length).toBeLessThan(before.length);
  });

  it('that creates a table is committed by itself, and refused together with others where the catalog takes no such commit', async () => {
    const before = await catalog.files();
    const transaction = await begin();
    await catalog.update('INSERT INTO y VALUES (50)', transaction);
    await catalog.update('CREATE TABLE fresh AS SELECT 1 AS a', transaction);
    await expect(commit(transaction)).rejects.toMatchObject({
      code: 'UNIMPLEMENTED',
      message: expect.stringContaining('does not take CREATE TABLE in a transaction that changes other tables too'),
    });
    expect(await catalog.files()).toEqual(before);
  });

  it('takes bulk ingest that makes a table, with what else is done to it', async () => {
    const schema = new Schema([new Field('n', new Int64(), true)]);
    const target = { table: 'ingested', temporary: false, ifNotExists: 'create', ifExists: 'append' } as const;
    async function* batches() {
      yield rowsToBatch(schema, [[1n], [2n]]);
    }
    const transaction = await begin();
    await catalog.statements.ingest(catalog.call(), { ...target, transaction }, schema, batches());
    await catalog.statements.ingest(catalog.call(), { ...target, transaction }, schema, batches());
    await catalog.update('UPDATE ingested SET n = 5 WHERE n = 1', transaction);
    await expect(catalog.rows('SELECT n FROM ingested')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await commit(transaction);
    expect(await catalog.rows('SELECT n FROM ingested ORDER BY n')).toEqual([[2n], [2n], [5n], [5n]]);
  });

  it('that is read only takes no change and no definition', async () => {
    const { id } = await beginTransaction(catalog.call(), { current: true, readOnly: true });
    try {
      expect(await rowsIn('SELECT count(*) FROM x', id)).toHaveLength(1);
      for (const sql of [
        'INSERT INTO x VALUES (1)',
        'DELETE FROM x',
        'TRUNCATE TABLE x',
        'ALTER TABLE x ADD COLUMN c INT',
        'CREATE TABLE none (a INT)',
        'CREATE TABLE none AS SELECT 1 AS a',
        'DROP TABLE x',
      ]) {
        await expect(catalog.update(sql, id)).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
      }
    } finally {
      await catalog.statements.rollback(catalog.call(), id);
    }
  });

  it('whose new table somebody else made meanwhile is refused', async () => {
    const transaction = await begin();
    await catalog.update('INSERT INTO x VALUES (7)', transaction);
    await catalog.update('CREATE TABLE theirs AS SELECT 1 AS a', transaction);
    await catalog.rival('CREATE TABLE theirs AS SELECT 2 AS a');
    await expect(commit(transaction)).rejects.toMatchObject({
      code: expect.stringMatching(/ALREADY_EXISTS|UNIMPLEMENTED/),
    });
    expect(await catalog.rows('SELECT a FROM theirs')).toEqual([[2]]);
  });

  it('is refused where another table took the name of one that it read', async () => {
    await catalog.update('CREATE TABLE swapped (n BIGINT)');
    const transaction = await begin();
    await catalog.update('INSERT INTO swapped VALUES (1)', transaction);
    await catalog.rival('DROP TABLE swapped');
    await catalog.rival('CREATE TABLE swapped (n BIGINT)');
    await expect(rowsIn('SELECT n FROM swapped', transaction)).rejects.toMatchObject({ code: 'ABORTED' });
    await expect(commit(transaction)).rejects.toMatchObject({ code: 'ABORTED' });
    expect(await catalog.rows('SELECT n FROM swapped')).toEqual([]);
  });
});
