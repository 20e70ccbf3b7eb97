/** Many bound rows: each has its own random values, and sees what the ones before it have written. */
import { Field, Int64, Schema, Utf8 } from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rowsToBatch } from '../../../src/arrow/index.js';
import { type FaultyCatalog, startFaultyCatalog } from '../../e2e/support/faulty-catalog.js';

let catalog: FaultyCatalog;
beforeAll(async () => {
  catalog = await startFaultyCatalog();
});
afterAll(() => catalog?.stop());

const long = (name: string) => new Field(name, new Int64(), true);

function update(sql: string, fields: Field[], rows: unknown[][]): Promise<number> {
  const schema = new Schema(fields);
  const parameters = { schema, batches: [rowsToBatch(schema, rows)] };
  return catalog.statements.update(catalog.call(), { sql, parameters });
}

it('INSERT gives each bound row values of its own, also where rows are equal', async () => {
  await catalog.update('CREATE TABLE drawn (id VARCHAR, k BIGINT, r DOUBLE)');
  const equal = [[1n], [1n], [1n], [2n], [null], [null]];
  const counts = 'SELECT count(*), count(DISTINCT id), count(DISTINCT r) FROM drawn';
  for (const [sql, each] of [
    ['INSERT INTO drawn VALUES (uuid(), ?, random())', 1n],
    ['INSERT INTO drawn SELECT gen_random_uuid(), ?, main."random" () FROM range(3)', 3n],
    // Where nothing of the bound row is looked at beside the value.
    ['INSERT INTO drawn WITH u AS (SELECT uuidv7() AS id, random() AS r) SELECT id, ?, r FROM u', 1n],
    ['INSERT INTO drawn SELECT s.id, ?, s.r FROM (SELECT uuidv4() AS id, random() AS r FROM range(2)) AS s', 2n],
    ['INSERT INTO drawn SELECT (SELECT uuid()), ?, (SELECT {fn RAND()})', 1n],
  ] as const) {
    const rows = BigInt(equal.length) * each;
    expect(await update(sql, [long('k')], equal), sql).toBe(Number(rows));
    expect(await catalog.rows(counts), sql).toEqual([[rows, rows, rows]]);
    await catalog.update('DELETE FROM drawn');
  }
});

describe('INSERT of a query', () => {
  it.each([
    ['LIMIT ?', 'INSERT INTO taken SELECT range FROM range(10) LIMIT ?', [[2n], [0n], [3n]], [0n, 0n, 1n, 1n, 2n]],
    ['LIMIT ?, one row', 'INSERT INTO taken SELECT range FROM range(10) LIMIT ?', [[2n]], [0n, 1n]],
    [
      'OFFSET ?',
      'INSERT INTO taken SELECT range FROM range(5) ORDER BY range LIMIT 1 OFFSET ?',
      [[4n], [2n]],
      [2n, 4n],
    ],
    [
      'a subquery',
      'INSERT INTO taken SELECT * FROM (SELECT range FROM range(9) LIMIT ?) WHERE range > 0',
      [[2n], [3n]],
      [1n, 1n, 2n],
    ],
    [
      'formats',
      "INSERT INTO taken SELECT strftime(DATE '2024-02-15', '%' || ?) FROM range(2)",
      [['Y'], ['m']],
      [2n, 2n, 2024n, 2024n],
    ],
    ['places', 'INSERT INTO taken SELECT round(range + 26, 1 - ?::INT) FROM range(1)', [[2n], [1n]], [26n, 30n]],
    ['lambdas', 'INSERT INTO taken SELECT unnest(list_transform([1], lambda x: x + ?))', [[2n], [1n]], [2n, 3n]],
    ['constants', 'INSERT INTO taken SELECT quantile_disc(range, ? / 10) FROM range(11)', [[0n], [10n]], [0n, 10n]],
    ['range(?)', 'INSERT INTO taken SELECT r FROM range(?) AS s(r)', [[1n], [2n]], [0n, 0n, 1n]],
    ['a sum', 'INSERT INTO taken SELECT count(*) FROM range(10) WHERE range < ?', [[3n], [0n]], [0n, 3n]],
    [
      'what it inserted',
      'INSERT INTO taken SELECT x FROM (SELECT ?::BIGINT AS x) WHERE x NOT IN (SELECT id FROM taken)',
      [[7n], [7n], [8n]],
      [7n, 8n],
    ],
    ['its own rows', 'INSERT INTO taken SELECT count(*) + ? FROM taken', [[10n], [10n], [10n]], [10n, 11n, 12n]],
  ])('for each bound row: %s', async (_, sql, rows, wanted) => {
    for (const table of ['taken', 'passing']) {
      await catalog.update(`DROP TABLE IF EXISTS ${table}`);
      await catalog.update(`CREATE ${table === 'passing' ? 'TEMPORARY ' : ''}TABLE ${table} (id BIGINT)`);
      const text = sql.replaceAll('taken', table);
      const field = typeof rows[0]?.[0] === 'string' ? new Field('k', new Utf8(), true) : long('k');
      expect(await update(text, [field], rows), text).toBe(wanted.length);
      expect((await catalog.rows(`SELECT id FROM ${table} ORDER BY id`)).flat(), text).toEqual(wanted);
    }
  });

  it('leaves a temporary table as it was where one of the bound rows fails', async () => {
    await catalog.update('CREATE TEMPORARY TABLE whole (id BIGINT)');
    const sql = "INSERT INTO whole SELECT CASE WHEN count(*) = 2 THEN error('full') ELSE ? END FROM whole";
    await expect(update(sql, [long('k')], [[1n], [2n], [3n]])).rejects.toThrow('full');
    expect(await catalog.rows('SELECT count(*) FROM whole')).toEqual([[0n]]);
    expect(await update(sql, [long('k')], [[1n], [2n]])).toBe(2);
  });

  it('replaces rows by those of all bound rows', async () => {
    await catalog.update('CREATE TABLE replaced (id BIGINT)');
    await catalog.update('INSERT INTO replaced VALUES (100)');
    expect(
      await update('INSERT OVERWRITE replaced SELECT range FROM range(10) LIMIT ?', [long('k')], [[1n], [2n]]),
    ).toBe(3);
    expect(await catalog.rows('SELECT id FROM replaced ORDER BY id')).toEqual([[0n], [0n], [1n]]);
  });
});

describe('other changes with what the engine takes from parameters alone', () => {
  it.each([
    ['DELETE', 'DELETE FROM few WHERE id IN (SELECT id FROM few ORDER BY id LIMIT ?)', [3n, 4n, 5n]],
    ['DELETE USING', 'DELETE FROM few USING (SELECT range AS r FROM range(6) LIMIT ?) WHERE id = r', [2n, 3n, 4n, 5n]],
    ['UPDATE', 'UPDATE few SET id = id + round(1.26, ?)::DECIMAL(9, 1) * 10', [26n, 27n, 28n, 29n, 30n, 31n]],
    [
      'UPDATE of lists',
      'UPDATE few SET id = list_transform([id], lambda x: x + ?)[1] WHERE id < 9',
      [3n, 4n, 5n, 6n, 7n, 8n],
    ],
    [
      'MERGE',
      'MERGE INTO few USING (SELECT range AS r FROM range(6) LIMIT ?) AS s ON id = r WHEN MATCHED THEN DELETE',
      [2n, 3n, 4n, 5n],
    ],
  ])('%s', async (_, sql, wanted) => {
    await catalog.update('DROP TABLE IF EXISTS few');
    await catalog.update('CREATE TABLE few AS SELECT range AS id FROM range(6)');
    await update(sql, [long('k')], [[1n], [2n]]);
    expect((await catalog.rows('SELECT id FROM few ORDER BY id')).flat()).toEqual(wanted);
  });
});

describe.each([2, 3])('UPDATE of format version %i', (version) => {
  it.each([
    ['the whole row', 'UPDATE seen AS t SET a = ? WHERE (t).a = ?'],
    ['the whole row as a value', "UPDATE seen AS t SET a = ? WHERE t = {'id': 1, 'a': ?, 'b': 'x'}"],
    ['columns by a pattern', "UPDATE seen SET a = ? WHERE COLUMNS('^a$') = ?"],
  ])('sees in %s what bound rows before have written', async (_, sql) => {
    await catalog.update('DROP TABLE IF EXISTS seen');
    await catalog.update(
      `CREATE TABLE seen (id BIGINT, a BIGINT, b VARCHAR) TBLPROPERTIES ('format-version' = '${version}')`,
    );
    await catalog.update("INSERT INTO seen VALUES (1, 1, 'x')");
    const rows = [
      [2n, 1n],
      [3n, 2n],
      [4n, 3n],
    ];
    expect(await update(sql, [long('to'), long('from')], rows)).toBe(3);
    expect(await catalog.rows('SELECT a FROM seen')).toEqual([[4n]]);
  });

  it('draws for each bound row', async () => {
    await catalog.update('DROP TABLE IF EXISTS seen');
    await catalog.update(`CREATE TABLE seen (id BIGINT, b VARCHAR) TBLPROPERTIES ('format-version' = '${version}')`);
    await catalog.update("INSERT INTO seen SELECT range, '' FROM range(200)");
    const rows = Array.from({ length: 4 }, (_, index) => [`${index}`]);
    await update('UPDATE seen SET b = ? WHERE random() < 0.5', [new Field('b', new Utf8(), true)], rows);
    const [[kinds]] = (await catalog.rows('SELECT count(DISTINCT b) FROM seen')) as [[bigint]];
    // Drawn once for all, each row would have the last value or none.
    expect(Number(kinds)).toBeGreaterThan(2);
  });
});
