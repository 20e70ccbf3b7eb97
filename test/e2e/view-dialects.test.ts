import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FaultyCatalog, startFaultyCatalog } from './support/faulty-catalog.js';

let catalog: FaultyCatalog;
beforeAll(async () => {
  catalog = await startFaultyCatalog();
  await catalog.createView('demo', 'of_trino', { trino: 'SELECT 3/2 AS id' });
  await catalog.createView('demo', 'of_spark', { SPARK: "SELECT substr('abc', 0, 2) AS id" });
  await catalog.createView('demo', 'of_both', {
    trino: 'SELECT 3/2 AS id',
    spark: 'SELECT 9 AS id',
    DuckDB: 'SELECT 3//2 AS id',
  });
  await catalog.createView('demo', 'own', { skua: 'SELECT 1 AS id' });
  await catalog.createView('demo', 'over', { duckdb: 'SELECT id FROM of_trino' });
});
afterAll(() => catalog?.stop());

describe('a view in another SQL dialect', () => {
  it.each([
    ['of_trino', 'trino'],
    ['of_spark', 'spark'],
    ['over', 'trino'],
  ])('%s is refused by the name of its dialect, though its text parses', async (name, dialect) => {
    await expect(catalog.rows(`SELECT * FROM ${name}`)).rejects.toMatchObject({
      code: 'UNIMPLEMENTED',
      message: expect.stringMatching(`"${dialect}".*view_dialects of \\[catalogs\\.quickstart\\]`),
    });
    await expect(catalog.rows(`SELECT count(*) FROM ${name} WHERE id > 0`)).rejects.toMatchObject({
      code: 'UNIMPLEMENTED',
    });
  });

  it('is still listed and described, by the columns that it declares', async () => {
    expect(await catalog.rows('DESCRIBE of_trino')).toEqual([['id', 'INTEGER', true, null]]);
    expect(
      await catalog.rows("SELECT table_name FROM information_schema.columns WHERE table_name LIKE 'of%' ORDER BY 1"),
    ).toEqual([['of_both'], ['of_spark'], ['of_trino']]);
  });

  it('is read by the text that is understood, where it has one', async () => {
    expect(await catalog.rows('SELECT id FROM of_both')).toEqual([[1]]);
    expect(await catalog.rows('SELECT id FROM own')).toEqual([[1]]);
  });

  it('is run as it is where the configuration names the dialect', async () => {
    const trying = await startFaultyCatalog('', 'view_dialects = ["Spark", "trino"]');
    try {
      await trying.createView('demo', 'v', {
        trino: 'SELECT 7 AS id',
        hive: 'SELECT 8 AS id',
        spark: 'SELECT 9 AS id',
      });
      await trying.createView('demo', 'w', { hive: 'SELECT 8 AS id' });
      expect(await trying.rows('SELECT id FROM v')).toEqual([[9]]);
      await expect(trying.rows('SELECT id FROM w')).rejects.toMatchObject({ code: 'UNIMPLEMENTED' });
    } finally {
      await trying.stop();
    }
  });

  it('is run as it is where the configuration takes any', async () => {
    const trying = await startFaultyCatalog('', 'view_dialects = "*"');
    try {
      await trying.createView('demo', 'w', { hive: 'SELECT 8 AS id' });
      expect(await trying.rows('SELECT id FROM w')).toEqual([[8]]);
      await trying.createView('demo', 'broken', { hive: 'SELECT 8 AS id LATERAL VIEW explode(x)' });
      await expect(trying.rows('SELECT id FROM broken')).rejects.toMatchObject({
        code: 'UNIMPLEMENTED',
        message: expect.stringContaining('"hive"'),
      });
    } finally {
      await trying.stop();
    }
  });
});

describe('CREATE OR REPLACE VIEW', () => {
  it('drops no text of another dialect, unless a property of the view allows it', async () => {
    for (const name of ['of_trino', 'of_both']) {
      await expect(catalog.update(`CREATE OR REPLACE VIEW ${name} AS SELECT 2 AS id`)).rejects.toMatchObject({
        code: 'FAILED_PRECONDITION',
        message: expect.stringMatching(/"trino".*replace\.drop-dialect\.allowed/),
      });
    }
    await catalog.update("ALTER VIEW of_trino SET TBLPROPERTIES ('replace.drop-dialect.allowed' = 'true')");
    await catalog.update('CREATE OR REPLACE VIEW of_trino AS SELECT 2 AS id');
    expect(await catalog.rows('SELECT id FROM of_trino')).toEqual([[2]]);
    const property = "TBLPROPERTIES ('replace.drop-dialect.allowed' = 'true')";
    await catalog.update(`CREATE OR REPLACE VIEW of_both ${property} AS SELECT 2 AS id`);
    expect(await catalog.rows('SELECT id FROM of_both')).toEqual([[2]]);
  });

  it('replaces a text of its own', async () => {
    await catalog.update('CREATE VIEW mine AS SELECT 1 AS id');
    await catalog.update('CREATE OR REPLACE VIEW mine AS SELECT 2 AS id');
    expect(await catalog.rows('SELECT id FROM mine')).toEqual([[2]]);
  });
});
