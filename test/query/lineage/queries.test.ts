import { describe, expect, it } from 'vitest';
import { Untraceable } from '../../../src/query/lineage/lineage.js';
import { traceQuery } from '../../../src/query/lineage/queries.js';
import { cases, sources, useTracer } from './traced.js';

const tracer = useTracer();

describe('the lineage of subqueries', () => {
  it.each(
    cases(`
      SELECT x, (SELECT max(z) FROM v WHERE v.k = u.k) AS m FROM u
      --
      x: u.x IDENTITY
      m: u.k FILTER, v.k FILTER, v.z AGGREGATION

      SELECT x FROM u WHERE EXISTS (SELECT z FROM v WHERE v.k = u.k)
      --
      x: u.x IDENTITY
      rows: u.k FILTER, v.k FILTER

      SELECT x FROM u WHERE k IN (SELECT k FROM v WHERE z > 1)
      --
      x: u.x IDENTITY
      rows: u.k FILTER, v.k FILTER, v.z FILTER

      SELECT x IN (SELECT z FROM v) AS c, NOT EXISTS (FROM v) AS d FROM u
      --
      c: u.x TRANSFORMATION, v.z TRANSFORMATION
      d:

      SELECT x FROM u WHERE k > ALL (SELECT k FROM v)
      --
      x: u.x IDENTITY
      rows: u.k FILTER, v.k FILTER

      SELECT (SELECT u.x) AS c, array(SELECT z FROM v) AS d FROM u
      --
      c: u.x IDENTITY
      d: ?

      SELECT x FROM u ORDER BY (SELECT max(z) FROM v WHERE v.k = u.y)
      --
      x: u.x IDENTITY
      rows: u.y FILTER, v.k FILTER, v.z SORT

      SELECT a FROM t WHERE b IN (SELECT x FROM u WHERE y = a)
      --
      a: t.a IDENTITY
      rows: t.a FILTER, t.b FILTER, u.x FILTER, u.y FILTER
    `),
  )('%s', async (sql, wanted) => expect(await tracer.lineageOf(sql)).toBe(wanted));
});

describe('the lineage of common table expressions and set operations', () => {
  it.each(
    cases(`
      WITH c AS (SELECT a + 1 AS p, k FROM t WHERE b > 1), d(q) AS (SELECT p FROM c) SELECT q, c.k FROM d, c
      --
      q: t.a TRANSFORMATION
      k: t.k IDENTITY
      rows: t.b FILTER

      WITH unused AS (SELECT x FROM u WHERE y = 1) SELECT a FROM t
      --
      a: t.a IDENTITY

      WITH u AS (SELECT a AS x FROM t) SELECT x FROM u
      --
      x: t.a IDENTITY

      WITH RECURSIVE r(n, p) AS (SELECT k, x FROM u UNION ALL SELECT r.n + v.z, r.n FROM r JOIN v ON r.p = v.k WHERE n < 5)
      SELECT n, p FROM r
      --
      n: u.k IDENTITY TRANSFORMATION, v.z TRANSFORMATION
      p: u.k IDENTITY TRANSFORMATION, u.x IDENTITY, v.z TRANSFORMATION
      rows: u.k JOIN FILTER, u.x JOIN, v.k JOIN, v.z JOIN FILTER

      SELECT a, b FROM t UNION ALL SELECT x + 1, 7 FROM u WHERE y > 1
      --
      a: t.a IDENTITY, u.x TRANSFORMATION
      b: t.b IDENTITY
      rows: u.y FILTER

      SELECT a FROM t UNION SELECT x FROM u
      --
      a: t.a IDENTITY, u.x IDENTITY
      rows: t.a GROUP_BY, u.x GROUP_BY

      SELECT a, b FROM t UNION ALL BY NAME SELECT x AS b, y AS c FROM u
      --
      a: t.a IDENTITY
      b: t.b IDENTITY, u.x IDENTITY
      c: u.y IDENTITY

      SELECT a FROM t EXCEPT SELECT x FROM u
      --
      a: t.a IDENTITY
      rows: t.a FILTER, u.x FILTER

      SELECT a FROM t INTERSECT ALL (SELECT x FROM u ORDER BY y LIMIT 3)
      --
      a: t.a IDENTITY
      rows: t.a FILTER, u.x FILTER, u.y SORT

      SELECT DISTINCT a, b FROM t ORDER BY b LIMIT 5
      --
      a: t.a IDENTITY
      b: t.b IDENTITY
      rows: t.a GROUP_BY, t.b GROUP_BY SORT

      SELECT DISTINCT ON (k) a FROM t ORDER BY k, b DESC
      --
      a: t.a IDENTITY
      rows: t.b SORT, t.k GROUP_BY SORT

      SELECT a, b FROM t ORDER BY ALL
      --
      a: t.a IDENTITY
      b: t.b IDENTITY
      rows: t.a SORT, t.b SORT

      SELECT a AS b FROM t ORDER BY b
      --
      b: t.a IDENTITY
      rows: t.a SORT

      SELECT a AS b FROM t WHERE b > 1
      --
      b: t.a IDENTITY
      rows: t.b FILTER

      SELECT a + 1 AS c FROM t WHERE c > 1 ORDER BY 1 LIMIT (SELECT max(x) FROM u)
      --
      c: t.a TRANSFORMATION
      rows: t.a FILTER SORT, u.x FILTER

      SELECT a FROM t UNION ALL SELECT x FROM u ORDER BY a
      --
      a: t.a IDENTITY, u.x IDENTITY
      rows: t.a SORT, u.x SORT
    `),
  )('%s', async (sql, wanted) => expect(await tracer.lineageOf(sql)).toBe(wanted));
});

describe('what can not be told for certain', () => {
  it.each([
    "SELECT COLUMNS(c -> c LIKE 'x%') FROM u",
    "SELECT * LIKE 'x%' FROM u",
    'SELECT unnest(s) FROM t',
    'SELECT unnest(s, recursive := true) FROM t',
    'SELECT * FROM repeat_row(1, 2, num_rows = 3)',
    "SELECT COLUMNS('(.)+') FROM u",
    'SELECT * EXCLUDE (t.a) FROM t, u',
    'WITH RECURSIVE r(n, m) USING KEY (n) AS (SELECT k, x FROM u UNION SELECT n, m + 1 FROM r WHERE m < 3) SELECT n FROM r',
  ])('is not told: %s', async (sql) => {
    await tracer.describe(sql);
    const tree = await tracer.tree(sql);
    expect(() => traceQuery(tree, sources)).toThrow(Untraceable);
  });

  it('leaves out the column alone where the others can be told', async () => {
    expect(await tracer.lineageOf('SELECT a, #2 AS c FROM t')).toBe('a: t.a IDENTITY\nc: ?');
    expect(await tracer.lineageOf('SELECT x FROM u WHERE #1 > 1')).toBe('x: u.x IDENTITY\nrows: ?');
    expect(await tracer.lineageOf('SELECT "(x + 1)" AS c, k FROM (SELECT x + 1, k FROM u)')).toBe(
      'c: ?\nk: u.k IDENTITY',
    );
  });

  it('takes expressions as deep as the engine does', async () => {
    const sum = `${'(a + '.repeat(240)}b${')'.repeat(240)}`;
    expect(await tracer.lineageOf(`SELECT ${sum} AS c FROM t`)).toBe('c: t.a TRANSFORMATION, t.b TRANSFORMATION');
    const nested = `${'SELECT * FROM ('.repeat(60)}FROM v${')'.repeat(60)}`;
    expect(await tracer.lineageOf(nested)).toBe('k: v.k IDENTITY\nz: v.z IDENTITY');
  });

  it('ends at a bound, and says nothing', async () => {
    const sum = Array.from({ length: 300 }, () => 'a + b + k').join(' + ');
    const columns = (count: number) => `SELECT ${Array.from({ length: count }, () => sum).join(', ')} FROM t`;
    const { columns: one } = traceQuery(await tracer.tree(columns(1)), sources);
    expect(one.map(({ lineage }) => lineage.inputs.size)).toEqual([3]);
    const long = await tracer.tree(columns(100));
    expect(() => traceQuery(long, sources)).toThrow(Untraceable);
  });
});
