import { describe, expect, it } from 'vitest';
import { parseStatement } from '../../../src/query/syntax/parse.js';
import { statementName } from '../../../src/query/syntax/statement.js';

const parsed = (sql: string) => {
  const { written: _, ...statement } = parseStatement(sql) as unknown as Record<string, unknown>;
  return statement;
};

describe('DELETE', () => {
  it.each([
    ['DELETE FROM t', { target: { table: ['t'] } }],
    [
      'delete from a.b.t as x where x.id = 1 -- all',
      { target: { table: ['a', 'b', 't'], alias: 'x' }, where: 'x.id = 1' },
    ],
    ['DELETE FROM t "x y" WHERE "where" = 1', { target: { table: ['t'], alias: 'x y' }, where: '"where" = 1' }],
    [
      'DELETE FROM t USING a JOIN b ON a.i = b.i, c WHERE t.i = a.i',
      { target: { table: ['t'] }, using: 'a JOIN b ON a.i = b.i, c', where: 't.i = a.i' },
    ],
    [
      "WITH RECURSIVE x(n) AS (SELECT 1), y AS MATERIALIZED (SELECT ')') DELETE FROM t WHERE i IN (FROM x)",
      {
        target: { table: ['t'], with: "WITH RECURSIVE x(n) AS (SELECT 1), y AS MATERIALIZED (SELECT ')') " },
        where: 'i IN (FROM x)',
      },
    ],
  ])('takes %s', (sql, wanted) => expect(parsed(sql)).toEqual({ kind: 'delete', ...wanted }));

  it('numbers parameters in the order of the text', () => {
    expect(parsed('DELETE FROM t USING (SELECT ?) q WHERE a = ? AND b = ?')).toMatchObject({
      using: '(SELECT $1) q',
      where: 'a = $2 AND b = $3',
    });
    expect(parsed('DELETE FROM t WHERE a = $2 AND b = $1')).toMatchObject({ where: 'a = $2 AND b = $1' });
  });
});

describe('UPDATE', () => {
  it.each([
    ['UPDATE t SET a = 1', [{ path: ['a'], value: '1' }], {}],
    [
      "UPDATE t AS x SET x.a = f(1, 2), s.b.c = '=,', d = DEFAULT WHERE a = 1",
      [{ path: ['x', 'a'], value: 'f(1, 2)' }, { path: ['s', 'b', 'c'], value: "'=,'" }, { path: ['d'] }],
      { where: 'a = 1' },
    ],
    [
      'UPDATE t SET a = CASE WHEN b THEN 1 ELSE 2 END, c = a IS DISTINCT FROM b FROM s, r WHERE s.i = t.i',
      [
        { path: ['a'], value: 'CASE WHEN b THEN 1 ELSE 2 END' },
        { path: ['c'], value: 'a IS DISTINCT FROM b' },
      ],
      { from: 's, r', where: 's.i = t.i' },
    ],
  ])('takes %s', (sql, assignments, rest) =>
    expect(parsed(sql)).toMatchObject({ kind: 'update', assignments, ...rest }),
  );
});

describe('MERGE', () => {
  it('takes every kind of clause', () => {
    const sql = `MERGE INTO t AS x USING (SELECT 1 AS i) AS y ON x.i = y.i
      WHEN MATCHED AND CASE WHEN y.i = 1 THEN true END THEN UPDATE SET a = y.a, b = DEFAULT
      WHEN MATCHED THEN DELETE
      WHEN NOT MATCHED BY TARGET AND y.i > 1 THEN INSERT (i, a) VALUES (y.i, DEFAULT)
      WHEN NOT MATCHED THEN DO NOTHING
      WHEN NOT MATCHED BY SOURCE AND x.i = 3 THEN UPDATE SET a = 0
      WHEN NOT MATCHED BY SOURCE THEN DELETE`;
    expect(parsed(sql)).toEqual({
      kind: 'merge',
      target: { table: ['t'], alias: 'x' },
      source: { text: '(SELECT 1 AS i) AS y', name: 'y' },
      on: { condition: 'x.i = y.i' },
      clauses: [
        {
          rows: 'matched',
          condition: 'CASE WHEN y.i = 1 THEN true END',
          action: { kind: 'update', assignments: [{ path: ['a'], value: 'y.a' }, { path: ['b'] }] },
        },
        { rows: 'matched', action: { kind: 'delete' } },
        {
          rows: 'source',
          condition: 'y.i > 1',
          action: { kind: 'insert', columns: ['i', 'a'], values: ['y.i', undefined] },
        },
        { rows: 'source', action: { kind: 'nothing' } },
        {
          rows: 'target',
          condition: 'x.i = 3',
          action: { kind: 'update', assignments: [{ path: ['a'], value: '0' }] },
        },
        { rows: 'target', action: { kind: 'delete' } },
      ],
    });
  });

  it('takes all columns by *', () => {
    expect(
      parsed('MERGE INTO t USING s USING (i) WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *'),
    ).toMatchObject({
      on: { columns: ['i'] },
      clauses: [{ action: { kind: 'update', assignments: '*' } }, { action: { kind: 'insert', values: '*' } }],
    });
  });

  it.each([
    ['s', 's'],
    ['lake.demo.s', 's'],
    ['s y', 'y'],
    ['s AS "Y"', 'Y'],
    ['(SELECT 1)', undefined],
    ['(VALUES (1)) AS y(a)', 'y'],
    ['range(10) r(i)', 'r'],
    ['s FOR VERSION AS OF 3', 's'],
    ['s FOR TIMESTAMP AS OF (now()) AS y', 'y'],
    ["s FOR TIMESTAMP AS OF TIMESTAMP '2026-01-01'", 's'],
    ['s y AT (VERSION => 3)', 'y'],
  ])('knows the source %s as %s', (source, name) => {
    const { source: found } = parsed(`MERGE INTO t USING ${source} ON true WHEN MATCHED THEN DELETE`) as {
      source: { name?: string };
    };
    expect(found.name).toBe(name);
  });
});

it.each([
  ['TRUNCATE t', ['t']],
  ['truncate table a.t', ['a', 't']],
])('takes %s', (sql, table) => expect(parsed(sql)).toEqual({ kind: 'truncate', target: { table } }));

it.each([
  ['DELETE FROM t WHERE', 'INVALID_ARGUMENT', 'Expected a condition (line 1, column 20)'],
  ['DELETE FROM t WHERE a) OR (b', 'INVALID_ARGUMENT', 'Unexpected ")" (line 1, column 22)'],
  ['DELETE FROM t AT (VERSION => 3)', 'INVALID_ARGUMENT', 'takes no version or timestamp'],
  ['UPDATE t FOR VERSION AS OF 1 SET a = 1', 'INVALID_ARGUMENT', 'takes no version or timestamp'],
  ['DELETE FROM t USING s LIMIT 5', 'INVALID_ARGUMENT', 'Unexpected "LIMIT" (line 1, column 23)'],
  ['UPDATE t SET a = 1 FROM s UNION SELECT 1', 'INVALID_ARGUMENT', 'Unexpected "UNION"'],
  ['MERGE INTO t USING s WHERE a ON b WHEN MATCHED THEN DELETE', 'INVALID_ARGUMENT', 'Expected ON'],
  ['UPDATE t WHERE a = 1', 'INVALID_ARGUMENT', 'Expected SET'],
  ['MERGE INTO t USING s ON a = b', 'INVALID_ARGUMENT', 'Expected WHEN MATCHED'],
  ['MERGE INTO t USING s ON a WHEN NOT MATCHED BY SOURCE THEN UPDATE SET *', 'INVALID_ARGUMENT', 'not in the source'],
  ['MERGE INTO t USING s ON a WHEN NOT MATCHED THEN DELETE', 'INVALID_ARGUMENT', 'Expected INSERT'],
  ['EXPLAIN ANALYZE DELETE FROM t', 'UNIMPLEMENTED', 'EXPLAIN shows the plan of a change'],
  [
    'EXPLAIN TRUNCATE t',
    'UNIMPLEMENTED',
    'EXPLAIN shows the plans of queries, changes and CREATE TABLE … AS; TRUNCATE has none',
  ],
])('refuses %s', (sql, code, message) => {
  expect(() => parseStatement(sql)).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(message) }),
  );
});

it('leaves queries with common table expressions to the engine', () => {
  const sql = 'WITH a AS (SELECT 1), b(x) AS (SELECT 2) SELECT * FROM a, b';
  expect(parseStatement(sql)).toEqual({ kind: 'query', sql });
});

it('names the statements', () => {
  const names = [
    'DELETE FROM t',
    'UPDATE t SET a = 1',
    'TRUNCATE t',
    'MERGE INTO t USING s ON a WHEN MATCHED THEN DELETE',
  ];
  expect(names.map((sql) => statementName(parseStatement(sql)))).toEqual(['DELETE', 'UPDATE', 'TRUNCATE', 'MERGE']);
});
