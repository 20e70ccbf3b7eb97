import { describe, expect, it } from 'vitest';
import { parseStatement } from '../../../src/query/syntax/parse.js';

const failure = (sql: string) => {
  try {
    parseStatement(sql);
  } catch (error) {
    return error;
  }
  throw new Error(`No error for: ${sql}`);
};

describe('queries', () => {
  it.each(['SELECT 1', 'with a as (select 1) from a', 'VALUES (1)', 'FROM t', '(SELECT 1)', '-- note\nSELECT 1'])(
    'takes %j as a query and leaves its text alone',
    (sql) => expect(parseStatement(sql)).toEqual({ kind: 'query', sql }),
  );

  it.each([
    ['EXPLAIN SELECT 1', false, 'text'],
    ['EXPLAIN ANALYZE SELECT 1', true, 'text'],
    ['EXPLAIN (FORMAT json) SELECT 1', false, 'json'],
    ['EXPLAIN (ANALYZE, FORMAT JSON) SELECT 1', true, 'json'],
    ['EXPLAIN ANALYZE (FORMAT text) SELECT 1', true, 'text'],
    ['EXPLAIN (ANALYZE false) SELECT 1', false, 'text'],
  ])('takes %s, of which places in the query stay what they are', (sql, analyze, format) => {
    expect(parseStatement(sql)).toEqual({
      kind: 'explain',
      analyze,
      format,
      sql: 'SELECT 1'.padStart(sql.length),
    });
  });

  it('tells options of EXPLAIN from a query in parentheses, and names those that it takes', () => {
    expect(parseStatement('EXPLAIN (SELECT 1)')).toMatchObject({ analyze: false, sql: '        (SELECT 1)' });
    expect(() => parseStatement('EXPLAIN (FORMAT yaml) SELECT 1')).toThrow(/TEXT or JSON.*column 17/);
    expect(() => parseStatement('EXPLAIN (ANALYZE, VERBOSE) SELECT 1')).toThrow(/ANALYZE or FORMAT.*column 19/);
  });
});

describe('SHOW, DESCRIBE and USE', () => {
  it('takes patterns and places', () => {
    expect(parseStatement("SHOW TABLES FROM a.b LIKE 'x%'")).toEqual({
      kind: 'show',
      what: 'tables',
      within: ['a', 'b'],
      like: 'x%',
    });
    expect(parseStatement('SHOW DATABASES')).toEqual({ kind: 'show', what: 'databases' });
    expect(parseStatement('SHOW DATABASES IN a')).toEqual({ kind: 'show', what: 'schemas', within: ['a'] });
  });

  it('describes a table or a query', () => {
    expect(parseStatement('DESC a.b')).toEqual({ kind: 'describe', target: { table: ['a', 'b'] } });
    expect(parseStatement('DESCRIBE SELECT 1')).toEqual({ kind: 'describe', target: { sql: 'SELECT 1' } });
  });

  it('tells a catalog from a schema where the statement says so', () => {
    expect(parseStatement('USE CATALOG x')).toMatchObject({ kind: 'use', path: ['x'], what: 'catalog' });
    expect(parseStatement('USE x."y.z"')).toMatchObject({ kind: 'use', path: ['x', 'y.z'] });
    expect(parseStatement('USE catalog')).toMatchObject({ kind: 'use', path: ['catalog'] });
  });
});

describe('CREATE TABLE', () => {
  it('takes columns with nested types, constraints and comments', () => {
    const sql = `CREATE TABLE IF NOT EXISTS c.s.t (
      id BIGINT NOT NULL PRIMARY KEY COMMENT 'the key',
      price DECIMAL(10, 2),
      tags MAP<STRING, ARRAY<INT>>,
      "odd name" STRUCT<a INT, b STRUCT<c VARCHAR>> NOT NULL
    )`;
    expect(parseStatement(sql)).toMatchObject({
      kind: 'create-table',
      table: ['c', 's', 't'],
      ifNotExists: true,
      identifier: ['id'],
      columns: [
        { name: 'id', type: 'BIGINT', required: true, comment: 'the key' },
        { name: 'price', type: 'DECIMAL(10, 2)', required: false },
        { name: 'tags', type: 'MAP<STRING, ARRAY<INT>>', required: false },
        { name: 'odd name', type: 'STRUCT<a INT, b STRUCT<c VARCHAR>>', required: true },
      ],
    });
  });

  it('takes partition transforms, properties and a location', () => {
    const sql =
      "CREATE TABLE t (a INT, ts TIMESTAMP) USING iceberg PARTITIONED BY (month(ts), bucket(16, a), truncate(a, 4), a) TBLPROPERTIES ('k' = 'v', 'format-version' = 3) LOCATION 's3://b/t'";
    expect(parseStatement(sql)).toMatchObject({
      partitions: [
        { column: ['ts'], transform: 'month' },
        { column: ['a'], transform: 'bucket[16]' },
        { column: ['a'], transform: 'truncate[4]' },
        { column: ['a'], transform: 'identity' },
      ],
      properties: { k: 'v', 'format-version': '3' },
      location: 's3://b/t',
    });
  });

  it('takes AS with and without parentheses and column names', () => {
    expect(parseStatement('CREATE TABLE t AS SELECT 1')).toMatchObject({ as: 'SELECT 1', columns: [] });
    expect(parseStatement('CREATE TABLE t (a, b) AS (SELECT 1, 2)')).toMatchObject({
      as: '(SELECT 1, 2)',
      columns: [{ name: 'a' }, { name: 'b' }],
    });
  });
});

describe('INSERT', () => {
  it('tells a column list from a query in parentheses', () => {
    expect(parseStatement('INSERT INTO t (a, "b c") VALUES (1, 2)')).toMatchObject({
      columns: ['a', 'b c'],
      sql: 'VALUES (1, 2)',
    });
    expect(parseStatement('INSERT INTO t (SELECT 1)')).toMatchObject({ sql: '(SELECT 1)' });
  });
});

describe('transactions', () => {
  it.each([
    ['BEGIN', { kind: 'begin', readOnly: false }],
    ['START TRANSACTION', { kind: 'begin', readOnly: false }],
    ['BEGIN TRANSACTION READ WRITE', { kind: 'begin', readOnly: false }],
    ['begin read only', { kind: 'begin', readOnly: true }],
    ['commit work', { kind: 'commit' }],
    ['ROLLBACK', { kind: 'rollback' }],
  ])('takes %s', (sql, statement) => expect(parseStatement(sql)).toEqual(statement));
});

describe('settings', () => {
  it.each([
    ["SET a = 'x'", 'a', ['x']],
    ['SET SESSION search_path TO lake."a.b", other', 'search_path', ['lake."a.b"', 'other']],
    ['SET session = 1', 'session', ['1']],
    ['SET TIME ZONE DEFAULT', 'timezone', []],
    ['SET TRANSACTION ISOLATION LEVEL READ COMMITTED', 'transaction_isolation', ['READ COMMITTED']],
    ["SET NAMES 'UTF8'", 'NAMES', ['UTF8']],
  ])('takes %s', (sql, name, values) => expect(parseStatement(sql)).toEqual({ kind: 'set', name, values }));

  it.each([
    ['SHOW TIME ZONE', 'timezone'],
    ['SHOW search_path', 'search_path'],
    ['SHOW TRANSACTION ISOLATION LEVEL', 'transaction_isolation'],
  ])('takes %s', (sql, setting) => expect(parseStatement(sql)).toEqual({ kind: 'show', what: 'setting', setting }));
});

describe('what is not supported or wrong', () => {
  it.each([
    ['ALTER ROLE r RENAME TO s', 'ALTER ROLE is not supported'],
    ['INSTALL httpfs', 'INSTALL is not supported; the engine takes no extensions'],
    ["ATTACH 'x'", 'ATTACH is not supported; the catalogs are those of the configuration; USE chooses one'],
    ['PRAGMA version', 'PRAGMA version is not supported; write SELECT version()'],
    ['CREATE FUNCTION f() AS 1', 'CREATE FUNCTION is not supported'],
  ])('%j is UNIMPLEMENTED and named', (sql, message) => {
    expect(failure(sql)).toMatchObject({ code: 'UNIMPLEMENTED', message });
  });

  it.each([
    ['SELEC 1', 'line 1, column 1'],
    ['CREATE TABLE t (a INT,\n)', 'line 2, column 1'],
    ['INSERT INTO t', 'line 1, column 14'],
    ["DROP TABLE 'x'", 'line 1, column 12'],
    ['USE', 'line 1, column 4'],
    ["SHOW TABLES LIKE 'x", 'line 1, column 18'],
  ])('%j is INVALID_ARGUMENT with line and column', (sql, place) => {
    expect(failure(sql)).toMatchObject({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(place) });
  });
});

describe('comments', () => {
  it('may hold comments, and end with a line of any kind', () => {
    expect(parseStatement('DROP TABLE /* /* t */ u */ v')).toMatchObject({ table: ['v'] });
    expect(parseStatement('DROP TABLE -- t\ru')).toMatchObject({ table: ['u'] });
    expect(failure('DROP TABLE /* /* t */ u')).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: 'A comment is not closed (line 1, column 12)',
    });
  });
});

describe('strings', () => {
  it('double their quotes, and with E escape them', () => {
    expect(parseStatement("CREATE SCHEMA s LOCATION 'it''s'")).toMatchObject({ properties: { location: "it's" } });
    expect(parseStatement("CREATE SCHEMA s LOCATION E'a\\'b\\\\'")).toMatchObject({
      properties: { location: "a'b\\" },
    });
    expect(failure("CREATE SCHEMA s LOCATION 'a''")).toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});
