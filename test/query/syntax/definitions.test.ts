import { describe, expect, it } from 'vitest';
import { parseStatement } from '../../../src/query/syntax/parse.js';
import { statementName } from '../../../src/query/syntax/statement.js';

describe('CREATE VIEW', () => {
  it('takes columns, comments and properties, and leaves the text of the query alone', () => {
    const sql =
      "CREATE OR REPLACE VIEW a.v (x, \"y z\" COMMENT 'c') COMMENT 'v' TBLPROPERTIES ('k' = 'w') AS\nSELECT 1, 2 -- two\n";
    expect(parseStatement(sql)).toEqual({
      kind: 'create-view',
      view: ['a', 'v'],
      orReplace: true,
      ifNotExists: false,
      columns: [{ name: 'x' }, { name: 'y z', comment: 'c' }],
      comment: 'v',
      properties: { k: 'w' },
      sql: 'SELECT 1, 2 -- two',
    });
    expect(parseStatement('CREATE VIEW IF NOT EXISTS v AS (SELECT 1);')).toMatchObject({
      ifNotExists: true,
      columns: [],
      sql: '(SELECT 1)',
    });
  });

  it.each([
    'CREATE VIEW v',
    'CREATE VIEW v AS',
    'CREATE OR REPLACE VIEW IF NOT EXISTS v AS SELECT 1',
    'CREATE VIEW v (a AS SELECT 1',
  ])('refuses %j', (sql) =>
    expect(() => parseStatement(sql)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' })),
  );
});

describe('CREATE MATERIALIZED VIEW and REFRESH', () => {
  it('takes how the rows are kept, and whether there are any at first', () => {
    expect(
      parseStatement(
        'CREATE OR REPLACE MATERIALIZED VIEW a.v (x) PARTITIONED BY (bucket(4, x)) SORTED BY (x DESC) AS SELECT 1 WITH NO DATA;',
      ),
    ).toMatchObject({
      kind: 'create-view',
      view: ['a', 'v'],
      orReplace: true,
      columns: [{ name: 'x' }],
      sql: 'SELECT 1',
      storage: { partitions: [{ transform: 'bucket[4]' }], sortedBy: [{ direction: 'desc' }], withData: false },
    });
    expect(parseStatement('create materialized view v as select 1 with data')).toMatchObject({
      sql: 'select 1',
      storage: { withData: true },
    });
    expect(parseStatement('REFRESH MATERIALIZED VIEW "a.b".v FULL')).toEqual({
      kind: 'refresh-view',
      view: ['a.b', 'v'],
      full: true,
    });
    expect(parseStatement('DROP MATERIALIZED VIEW IF EXISTS v')).toMatchObject({
      kind: 'drop-view',
      ifExists: true,
      isMaterialized: true,
    });
  });

  it.each([
    ['CREATE VIEW v PARTITIONED BY (x) AS SELECT 1 AS x', 'INVALID_ARGUMENT'],
    ['CREATE TEMPORARY MATERIALIZED VIEW v AS SELECT 1', 'UNIMPLEMENTED'],
    ['CREATE MATERIALIZED TABLE v AS SELECT 1', 'INVALID_ARGUMENT'],
    ['REFRESH MATERIALIZED VIEW', 'INVALID_ARGUMENT'],
    ['REFRESH TABLE t', 'UNIMPLEMENTED'],
  ])('refuses %j', (sql, code) => expect(() => parseStatement(sql)).toThrow(expect.objectContaining({ code })));
});

describe('CREATE TABLE', () => {
  it('takes OR REPLACE, defaults and names of partition fields', () => {
    const sql =
      "CREATE OR REPLACE TABLE t (a INT DEFAULT -1 NOT NULL, b VARCHAR DEFAULT 'x, y' COMMENT 'c', c INT DEFAULT NULL) PARTITIONED BY (bucket(4, a) AS shard)";
    expect(parseStatement(sql)).toMatchObject({
      kind: 'create-table',
      orReplace: true,
      columns: [
        { name: 'a', type: 'INT', default: '-1', required: true },
        { name: 'b', default: "'x, y'", comment: 'c' },
        { name: 'c', default: 'NULL', required: false },
      ],
      partitions: [{ column: ['a'], transform: 'bucket[4]', name: 'shard' }],
    });
    expect(() => parseStatement('CREATE OR REPLACE TABLE IF NOT EXISTS t (a INT)')).toThrow('exclude each other');
    expect(() => parseStatement('CREATE TABLE t (a INT DEFAULT, b INT)')).toThrow('Expected a literal after DEFAULT');
    expect(() => parseStatement('CREATE OR REPLACE MACRO m() AS 1')).toThrow(
      'CREATE OR REPLACE MACRO is not supported',
    );
  });
});

describe('INSERT', () => {
  it('tells columns from queries, and BY NAME, OVERWRITE and DEFAULT VALUES from both', () => {
    const plain = { kind: 'insert', table: ['t'], columns: undefined, byName: false, overwrite: false };
    expect(parseStatement('INSERT INTO t (SELECT 1)')).toEqual({ ...plain, sql: '(SELECT 1)' });
    expect(parseStatement('INSERT INTO t ("select") SELECT 1')).toEqual({
      ...plain,
      columns: ['select'],
      sql: 'SELECT 1',
    });
    expect(parseStatement('INSERT INTO t BY NAME FROM s')).toEqual({ ...plain, byName: true, sql: 'FROM s' });
    expect(parseStatement('INSERT INTO t DEFAULT VALUES')).toEqual(plain);
    expect(parseStatement('INSERT OVERWRITE TABLE t (a) VALUES (1)')).toEqual({
      ...plain,
      overwrite: true,
      columns: ['a'],
      sql: 'VALUES (1)',
    });
    expect(parseStatement('INSERT OVERWRITE INTO t SELECT 1')).toMatchObject({ overwrite: true, table: ['t'] });
  });
});

describe('SHOW and DROP', () => {
  it('shows how a table is made and its properties', () => {
    const shown = parseStatement('SHOW CREATE TABLE a.t');
    expect(shown).toEqual({ kind: 'show', what: 'create-table', within: ['a', 't'] });
    expect(statementName(shown)).toBe('SHOW CREATE TABLE');
    expect(parseStatement("SHOW TBLPROPERTIES t ('a.b')")).toMatchObject({ what: 'tblproperties', key: 'a.b' });
    expect(() => parseStatement('SHOW CREATE MACRO m')).toThrow('Expected TABLE');
  });

  it('drops a schema with all that is in it only where CASCADE says so', () => {
    expect(parseStatement('DROP SCHEMA IF EXISTS s CASCADE')).toMatchObject({ cascade: true, ifExists: true });
    expect(parseStatement('DROP SCHEMA s RESTRICT')).toMatchObject({ cascade: false });
  });
});
