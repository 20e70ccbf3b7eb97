import { describe, expect, it } from 'vitest';
import { Database } from '../../../src/engine/duckdb/process/native/database.js';
import { isAggregate } from '../../../src/query/lineage/aggregates.js';
import { cases, useTracer } from './traced.js';

const tracer = useTracer();

describe('the lineage of expressions', () => {
  it.each(
    cases(`
      SELECT a, b + 1 AS c, 7 AS d, random() AS e FROM t
      --
      a: t.a IDENTITY
      c: t.b TRANSFORMATION
      d:
      e:

      SELECT CASE WHEN a > 1 THEN b ELSE k + 1 END AS c FROM t
      --
      c: t.a CONDITIONAL, t.b IDENTITY, t.k TRANSFORMATION

      SELECT coalesce(a, b) AS c, nullif(a, b) AS d, if(a > 1, b, NULL) AS e FROM t
      --
      c: t.a IDENTITY CONDITIONAL, t.b IDENTITY
      d: t.a TRANSFORMATION, t.b TRANSFORMATION
      e: t.a CONDITIONAL, t.b IDENTITY

      SELECT a::INTEGER AS c, a::BIGINT AS d, TRY_CAST(name AS INTEGER) AS e, name COLLATE NOCASE AS f FROM t
      --
      c: t.a IDENTITY
      d: t.a TRANSFORMATION
      e: t.name TRANSFORMATION
      f: t.name IDENTITY

      SELECT a BETWEEN b AND k AS c, a IN (b, 2) AS d, a IS NULL AS e, NOT (a > 1 AND b > 2) AS f, -a AS g FROM t
      --
      c: t.a TRANSFORMATION, t.b TRANSFORMATION, t.k TRANSFORMATION
      d: t.a TRANSFORMATION, t.b TRANSFORMATION
      e: t.a TRANSFORMATION
      f: t.a TRANSFORMATION, t.b TRANSFORMATION
      g: t.a TRANSFORMATION

      SELECT s.f, t.s.g, (s).f AS h, s['g'] AS i, {'p': a, 'q': b} AS j, [a, k] AS m, l[1] AS n FROM t
      --
      f: t.s TRANSFORMATION
      g: t.s TRANSFORMATION
      h: t.s TRANSFORMATION
      i: t.s TRANSFORMATION
      j: t.a TRANSFORMATION, t.b TRANSFORMATION
      m: t.a TRANSFORMATION, t.k TRANSFORMATION
      n: t.l TRANSFORMATION

      SELECT list_transform(l, lambda x: x + a) AS c, list_filter(l, lambda e: e > b) AS d FROM t
      --
      c: t.a TRANSFORMATION, t.l TRANSFORMATION
      d: t.b TRANSFORMATION, t.l TRANSFORMATION

      SELECT list_transform([a], lambda v: v)[1] AS c, list_transform([a], lambda v: v + b)[1] AS d FROM t
      --
      c: t.a IDENTITY
      d: t.a TRANSFORMATION, t.b TRANSFORMATION

      SELECT CASE WHEN a > 1 THEN error('no') ELSE b END AS c FROM t
      --
      c: t.b IDENTITY

      SELECT name::JSON -> 'x' AS c, name::JSON ->> 'x' AS d FROM t
      --
      c: t.name TRANSFORMATION
      d: t.name TRANSFORMATION

      SELECT name.upper() AS c, t.name.upper().lower() AS d, l.list_transform(lambda v: v + b) AS e FROM t
      --
      c: t.name TRANSFORMATION
      d: t.name TRANSFORMATION
      e: t.b TRANSFORMATION, t.l TRANSFORMATION

      SELECT current_date AS c, current_user AS d, today() AS e FROM t
      --
      c:
      d:
      e:

      SELECT t AS whole FROM (SELECT a, b FROM t) t
      --
      whole: t.a TRANSFORMATION, t.b TRANSFORMATION

      SELECT (u).x AS c, q.j.p AS d, j.q.r AS e, {'p': k, 'q': y}['q'] AS f FROM (SELECT *, {'p': x, 'q': {'r': y}} AS j FROM u) AS q, LATERAL (SELECT q AS u)
      --
      c: u.x IDENTITY
      d: u.x IDENTITY
      e: u.y IDENTITY
      f: u.y IDENTITY

      SELECT a + 1 AS c, c * 2 AS d, d + b AS e FROM t
      --
      c: t.a TRANSFORMATION
      d: t.a TRANSFORMATION
      e: t.a TRANSFORMATION, t.b TRANSFORMATION

      SELECT b AS a, a AS c FROM t
      --
      a: t.b IDENTITY
      c: t.a IDENTITY
    `),
  )('%s', async (sql, wanted) => expect(await tracer.lineageOf(sql)).toBe(wanted));
});

describe('the lineage of aggregates and windows', () => {
  it.each(
    cases(`
      SELECT k, sum(a) AS s, count(*) AS n, sum(a) + k AS m FROM t GROUP BY k
      --
      k: t.k IDENTITY
      s: t.a AGGREGATION
      n:
      m: t.a AGGREGATION, t.k TRANSFORMATION
      rows: t.k GROUP_BY

      SELECT k + 1 AS g, sum(a) FILTER (WHERE b > 1) AS s, string_agg(name, ',' ORDER BY k) AS n FROM t GROUP BY ALL HAVING max(b) > 1
      --
      g: t.k TRANSFORMATION
      s: t.a AGGREGATION, t.b FILTER
      n: t.k SORT, t.name AGGREGATION
      rows: t.b FILTER, t.k GROUP_BY

      SELECT k AS g, grouping(k) AS w, b FROM t GROUP BY ROLLUP (k, b)
      --
      g: t.k IDENTITY
      w:
      b: t.b IDENTITY
      rows: t.b GROUP_BY, t.k GROUP_BY

      SELECT a + b AS g FROM t GROUP BY 1
      --
      g: t.a TRANSFORMATION, t.b TRANSFORMATION
      rows: t.a GROUP_BY, t.b GROUP_BY

      SELECT a AS b FROM t GROUP BY t.a ORDER BY b
      --
      b: t.a IDENTITY
      rows: t.a GROUP_BY SORT

      SELECT sum(a) OVER (PARTITION BY k ORDER BY b ROWS BETWEEN k PRECEDING AND CURRENT ROW) AS s FROM t
      --
      s: t.a AGGREGATION, t.b WINDOW, t.k WINDOW

      SELECT lag(a, 1, b) OVER w AS p, row_number() OVER w AS n FROM t WINDOW w AS (ORDER BY k)
      --
      p: t.a TRANSFORMATION, t.b TRANSFORMATION, t.k WINDOW
      n: t.k WINDOW

      SELECT a FROM t QUALIFY row_number() OVER (PARTITION BY k ORDER BY b) = 1
      --
      a: t.a IDENTITY
      rows: t.b WINDOW, t.k WINDOW

      SELECT a, row_number() OVER (ORDER BY b) AS n FROM t QUALIFY n = k
      --
      a: t.a IDENTITY
      n: t.b WINDOW
      rows: t.b WINDOW, t.k FILTER

      SELECT approx_quantile(a, 0.5) AS q, geomean(b) AS g, arg_max(name, k) AS m FROM t
      --
      q: t.a AGGREGATION
      g: t.b AGGREGATION
      m: t.k AGGREGATION, t.name AGGREGATION
    `),
  )('%s', async (sql, wanted) => expect(await tracer.lineageOf(sql)).toBe(wanted));

  it('knows every aggregate function of the engine', async () => {
    const database = await Database.open({ threads: '1' });
    const connection = database.connect();
    try {
      const rows = await connection.rows(
        `SELECT lower(function_name), function_type, coalesce(macro_definition, '') FROM duckdb_functions()
         WHERE function_type IN ('aggregate', 'macro') AND function_name NOT IN (
           'cume_dist', 'dense_rank', 'fill', 'first_value', 'lag', 'last_value', 'lead', 'nth_value', 'ntile', 'percent_rank', 'rank',
           'rank_dense', 'row_number')`,
      );
      expect(rows.length).toBeGreaterThan(200);
      const calls = ([, type, body]: (string | null)[]) =>
        type === 'aggregate' ||
        [...(body ?? '').matchAll(/(\w+)"?\s*\(/g)].some(([, name]) => isAggregate(name as string));
      const missing = rows.filter((row) => calls(row) !== isAggregate(row[0] as string)).map(([name]) => name);
      expect([...new Set(missing)]).toEqual([]);
    } finally {
      await connection.close();
      await database.close();
    }
  });
});
