import { describe, expect, it } from 'vitest';
import { normalizeQuery } from '../../../src/query/syntax/normalize.js';

const normalize = (sql: string) => normalizeQuery(sql, (name) => name === 'lake');

describe('normalizeQuery', () => {
  it('turns AS OF clauses into AT clauses', () => {
    expect(normalize('SELECT * FROM t FOR VERSION AS OF 42 x')).toBe('SELECT * FROM t x AT (VERSION => 42)');
    expect(normalize("SELECT * FROM t FOR VERSION AS OF 'tag'")).toBe("SELECT * FROM t AT (VERSION => 'tag')");
    expect(normalize("FROM t FOR TIMESTAMP AS OF TIMESTAMP '2026-01-01 00:00:00' WHERE a = 1")).toBe(
      "FROM t AT (TIMESTAMP => TIMESTAMP '2026-01-01 00:00:00') WHERE a = 1",
    );
  });

  it('turns ranges of versions into AT clauses', () => {
    expect(normalize("FROM t FOR VERSION FROM 1 TO 'main' AS a WHERE x")).toBe(
      "FROM t AS a AT (VERSION => '1..main') WHERE x",
    );
    expect(normalize('FROM t FOR VERSION AS OF 1 a(b, c) JOIN u ON true')).toBe(
      'FROM t a(b, c) AT (VERSION => 1) JOIN u ON true',
    );
  });

  it('makes one schema name of several levels below a catalog', () => {
    expect(normalize('SELECT * FROM lake.a.b.c')).toBe('SELECT * FROM "lake"."a.b"."c"');
    expect(normalize('SELECT s.a.b.c.d FROM lake.a.t')).toBe('SELECT s.a.b.c.d FROM lake.a.t');
  });

  it('quotes metadata tables and turns backticks into double quotes', () => {
    expect(normalize('SELECT * FROM s.t$snapshots')).toBe('SELECT * FROM s."t$snapshots"');
    expect(normalize('SELECT `a b` FROM `t`')).toBe('SELECT "a b" FROM "t"');
  });

  it('leaves strings and comments alone', () => {
    const sql = "SELECT 'lake.a.b.c `x` t$y' -- FOR VERSION AS OF 1\nFROM t";
    expect(normalize(sql)).toBe(sql);
  });
});

describe('names of four parts', () => {
  it('are tables behind FROM and JOIN, columns elsewhere', () => {
    expect(normalize('SELECT lake.a.t.x FROM lake.a.t')).toBe('SELECT lake.a.t.x FROM lake.a.t');
    expect(normalize('SELECT 1 FROM x, lake.a.b.t WHERE lake.a.t.x = 1')).toBe(
      'SELECT 1 FROM x, "lake"."a.b"."t" WHERE lake.a.t.x = 1',
    );
    expect(normalize('SELECT (SELECT 1 FROM lake.a.b.t), lake.a.t.x FROM lake.a.t')).toBe(
      'SELECT (SELECT 1 FROM "lake"."a.b"."t"), lake.a.t.x FROM lake.a.t',
    );
  });
});

describe('statements that name a table alone', () => {
  it.each([
    ['TABLE demo.t', 'FROM demo.t'],
    ['SELECT 1 UNION ALL TABLE t', 'SELECT 1 UNION ALL FROM t'],
    ['SUMMARIZE demo.t', 'SUMMARIZE FROM demo.t'],
    ['SUMMARIZE TABLE t', 'SUMMARIZE FROM t'],
    ['SUMMARIZE SELECT 1', 'SUMMARIZE SELECT 1'],
  ])('become queries, in which the table can have another name: %s', (written, meant) => {
    expect(normalize(written)).toBe(meant);
  });
});
