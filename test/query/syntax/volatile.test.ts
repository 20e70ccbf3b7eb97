import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Database } from '../../../src/engine/duckdb/process/native/database.js';
import { momentaryCall } from '../../../src/query/syntax/volatile.js';
import { tokenize } from '../../../src/sql/index.js';

let database: Database;

beforeAll(async () => {
  database = await Database.open({});
});
afterAll(() => database?.close());

const callIn = (sql: string) => momentaryCall(tokenize(sql));

/** Those that change nothing of a query's rows by their value: they fail, wait, or write to the log. */
const OF_NO_VALUE = new Set(['error', 'sleep_ms', 'stats', 'write_log']);

describe('what gives something else at another time', () => {
  it('is every function that the engine does not call consistent', async () => {
    const connection = database.connect();
    const rows = await connection.rows(
      `SELECT DISTINCT function_name FROM duckdb_functions()
        WHERE function_type IN ('scalar', 'aggregate') AND stability IS DISTINCT FROM 'CONSISTENT'`,
    );
    await connection.close();
    const names = rows.flat().filter((name): name is string => name !== null && !OF_NO_VALUE.has(name));
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name) => callIn(`SELECT "${name}"(1)`) === undefined)).toEqual([]);
  });

  it.each([
    ['SELECT now()', 'now()'],
    ['SELECT a + Current_Date FROM t', 'current_date'],
    ['SELECT user', 'user'],
    ['SELECT main.random()', 'random()'],
  ])('is found in %s', (sql, call) => expect(callIn(sql)).toBe(call));

  it.each([
    'SELECT age, today FROM t',
    'SELECT "user", t.user, "current_date" FROM t',
    "SELECT 'now()', /* random() */ 1",
    'SELECT sum(now) FROM t',
  ])('is not in %s', (sql) => expect(callIn(sql)).toBeUndefined());
});
