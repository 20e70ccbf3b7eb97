import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Database } from '../../../src/engine/duckdb/process/native/database.js';
import { isSteady } from '../../../src/engine/duckdb/steady-text.js';

let database: Database;

beforeAll(async () => {
  database = await Database.open({});
});
afterAll(() => database?.close());

describe('a text whose plan is kept', () => {
  it('calls no function whose value is another one at another time', async () => {
    const connection = database.connect();
    const rows = await connection.rows(
      `SELECT DISTINCT function_name FROM duckdb_functions()
        WHERE (function_type IN ('scalar', 'aggregate') AND stability IS DISTINCT FROM 'CONSISTENT')
          OR (function_type = 'macro' AND regexp_matches(macro_definition, '\\b(?:now|current_[a-z]+|get_current_[a-z]+|random|uuid|today|age)\\b'))`,
    );
    await connection.close();
    const names = rows.flat().filter((name) => name !== null);
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name) => isSteady(`SELECT * FROM t WHERE x > "${name}"(1)`))).toEqual([]);
  });

  it.each([
    'current_date',
    'CURRENT_TIMESTAMP',
    'localtime',
    'age(ts)',
    'ago(INTERVAL 1 DAY)',
    'Now()',
    "'now'::TIMESTAMP",
  ])('does not hold %s', (expression) => {
    expect(isSteady(`SELECT * FROM t WHERE ts > ${expression}`)).toBe(false);
  });

  it('may hold anything else', () => {
    expect(isSteady(`SELECT "name", sum(nowhere) FROM t WHERE day = DATE '2024-01-01' GROUP BY ALL`)).toBe(true);
  });
});
