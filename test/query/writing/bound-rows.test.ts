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
