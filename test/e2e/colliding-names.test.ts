import { Field, Int64, Schema } from 'apache-arrow';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { batchToRows, rowsToBatch } from '../../src/arrow/index.js';
import { type FaultyCatalog, startFaultyCatalog } from './support/faulty-catalog.js';

let catalog: FaultyCatalog;
beforeAll(async () => {
  catalog = await startFaultyCatalog();
  for (const schema of ['a', '"a.b"']) await catalog.update(`CREATE SCHEMA ${schema}`);
  const tables = { 'demo."t"': 1, 'demo."T"': 2, 'a."b.c"': 3, '"a.b".c': 4, 'demo.parameters': 5 };
  for (const [table, id] of Object.entries(tables)) await catalog.update(`CREATE TABLE ${table} AS SELECT ${id} AS id`);
});
afterAll(() => catalog?.stop());

it('tables whose names differ in case alone are two tables in one query', async () => {
  expect(await catalog.rows('SELECT x.id, y.id, z.id FROM demo."t" x, demo."T" y, demo."t" z')).toEqual([[1, 2, 1]]);
});

it('tables whose dotted names look alike are two tables, in one query and in one transaction', async () => {
  expect(await catalog.rows('SELECT x.id, y.id FROM a."b.c" x, "a.b".c y')).toEqual([[3, 4]]);
  const transaction = await catalog.statements.begin(catalog.call());
  await catalog.update('INSERT INTO a."b.c" VALUES (30)', transaction);
  await catalog.update('INSERT INTO "a.b".c VALUES (40)', transaction);
  await catalog.statements.commit(catalog.call(), transaction);
  expect(await catalog.rows('SELECT max(x.id), max(y.id) FROM a."b.c" x, "a.b".c y')).toEqual([[30, 40]]);
});

it('a table that is named like the bound parameters does not hide them', async () => {
  const schema = new Schema([new Field('p', new Int64(), true)]);
  const parameters = { schema, batches: [rowsToBatch(schema, [[7n]])] };
  const sql = 'INSERT INTO demo."t" SELECT ? + id FROM parameters';
  await catalog.statements.update(catalog.call(), { sql, parameters });
  expect(await catalog.rows('SELECT max(id) FROM demo."t"')).toEqual([[12]]);
});

it("a session's temporary table does not stand in for a view's table, and a view may end in a comment", async () => {
  await catalog.createView('demo', 'v', 'SELECT id FROM parameters -- all of them');
  const schema = new Schema([new Field('id', new Int64(), true)]);
  async function* batches() {
    yield rowsToBatch(schema, [[100n]]);
  }
  const target = { table: 'parameters', temporary: true, ifNotExists: 'create', ifExists: 'fail' } as const;
  await catalog.statements.ingest(catalog.call(), target, schema, batches());
  const { schema: answered, batches: streamed } = await catalog.statements.query(catalog.call(), {
    sql: 'SELECT v.id, p.id FROM demo.v, parameters p',
  });
  const rows: unknown[][] = [];
  for await (const batch of streamed) rows.push(...batchToRows(answered, batch));
  expect(rows).toEqual([[5, 100n]]);
});
