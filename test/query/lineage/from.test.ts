import { describe, expect, it } from 'vitest';
import { cases, useTracer } from './traced.js';

const tracer = useTracer();

describe('the lineage of FROM', () => {
  it.each(
    cases(`
      SELECT t.a, u.x FROM t JOIN u ON t.k = u.k AND u.y > 1
      --
      a: t.a IDENTITY
      x: u.x IDENTITY
      rows: t.k JOIN, u.k JOIN, u.y JOIN

      SELECT k, a, x FROM t JOIN u USING (k)
      --
      k: t.k IDENTITY
      a: t.a IDENTITY
      x: u.x IDENTITY
      rows: t.k JOIN, u.k JOIN

      SELECT * EXCLUDE (l, s, name), u.k AS theirs FROM t RIGHT JOIN u USING (k)
      --
      a: t.a IDENTITY
      b: t.b IDENTITY
      k: u.k IDENTITY
      x: u.x IDENTITY
      y: u.y IDENTITY
      theirs: u.k IDENTITY
      rows: t.k JOIN, u.k JOIN

      SELECT k, x, z FROM u FULL JOIN v USING (k)
      --
      k: u.k IDENTITY, v.k IDENTITY
      x: u.x IDENTITY
      z: v.z IDENTITY
      rows: u.k JOIN, v.k JOIN

      SELECT * FROM u NATURAL JOIN v
      --
      k: u.k IDENTITY
      x: u.x IDENTITY
      y: u.y IDENTITY
      z: v.z IDENTITY
      rows: u.k JOIN, v.k JOIN

      SELECT * FROM u POSITIONAL JOIN v
      --
      k: u.k IDENTITY
      x: u.x IDENTITY
      y: u.y IDENTITY
      k: v.k IDENTITY
      z: v.z IDENTITY

      SELECT u.x, v.z FROM u ASOF JOIN v ON u.k >= v.k
      --
      x: u.x IDENTITY
      z: v.z IDENTITY
      rows: u.k JOIN, v.k JOIN

      SELECT * FROM u SEMI JOIN v USING (k)
      --
      k: u.k IDENTITY
      x: u.x IDENTITY
      y: u.y IDENTITY
      rows: u.k JOIN, v.k JOIN

      SELECT u.x, v.z FROM u, v WHERE u.k = v.k
      --
      x: u.x IDENTITY
      z: v.z IDENTITY
      rows: u.k FILTER, v.k FILTER

      SELECT q.c, p FROM (SELECT a + 1 AS c, k FROM t WHERE b > 1) q(c, p)
      --
      c: t.a TRANSFORMATION
      p: t.k IDENTITY
      rows: t.b FILTER

      SELECT k_1 FROM (SELECT u.k, v.k FROM u, v)
      --
      k_1: v.k IDENTITY

      SELECT u.x, q.m FROM u, LATERAL (SELECT max(z) AS m FROM v WHERE v.k = u.k) q
      --
      x: u.x IDENTITY
      m: v.z AGGREGATION
      rows: u.k FILTER, v.k FILTER

      SELECT a, e FROM t, unnest(l) AS n(e)
      --
      a: t.a IDENTITY
      e: t.l TRANSFORMATION
      rows: t.l JOIN

      SELECT a, unnest(l) AS e FROM t
      --
      a: t.a IDENTITY
      e: t.l TRANSFORMATION
      rows: t.l JOIN

      SELECT a, unnest(l) + 1 AS e FROM t
      --
      a: t.a IDENTITY
      e: t.l TRANSFORMATION
      rows: t.l JOIN

      SELECT a, i FROM t, range(b) AS r(i)
      --
      a: t.a IDENTITY
      i: t.b TRANSFORMATION
      rows: t.b JOIN

      SELECT a, j.value FROM t, json_each(name) j
      --
      a: t.a IDENTITY
      value: t.name TRANSFORMATION
      rows: t.name JOIN

      SELECT * FROM (VALUES (1, 2), (3, 4)) AS p(c, d)
      --
      c:
      d:

      FROM v
      --
      k: v.k IDENTITY
      z: v.z IDENTITY

      SELECT q.* FROM t q(one, two)
      --
      one: t.a IDENTITY
      two: t.b IDENTITY
      k: t.k IDENTITY
      name: t.name IDENTITY
      l: t.l IDENTITY
      s: t.s IDENTITY

      SELECT x FROM (u JOIN v ON u.k = v.k) JOIN t ON t.a = z
      --
      x: u.x IDENTITY
      rows: t.a JOIN, u.k JOIN, v.k JOIN, v.z JOIN

      SELECT t.a, w.y FROM u, t JOIN u w ON w.k = t.k
      --
      a: t.a IDENTITY
      y: u.y IDENTITY
      rows: t.k JOIN, u.k JOIN
    `),
  )('%s', async (sql, wanted) => expect(await tracer.lineageOf(sql)).toBe(wanted));
});

describe('the lineage of stars', () => {
  it.each(
    cases(`
      SELECT * EXCLUDE (x) REPLACE (y + k AS y) FROM u
      --
      k: u.k IDENTITY
      y: u.k TRANSFORMATION, u.y TRANSFORMATION

      SELECT * RENAME (x AS w) FROM u
      --
      k: u.k IDENTITY
      w: u.x IDENTITY
      y: u.y IDENTITY

      SELECT COLUMNS('x|y') + k FROM u
      --
      x: u.k TRANSFORMATION, u.x TRANSFORMATION
      y: u.k TRANSFORMATION, u.y TRANSFORMATION

      SELECT max(COLUMNS(['k', 'x'])) FROM u
      --
      k: u.k AGGREGATION
      x: u.x AGGREGATION

      SELECT coalesce(*COLUMNS(* EXCLUDE (k))) AS c FROM u
      --
      c: u.x IDENTITY CONDITIONAL, u.y IDENTITY CONDITIONAL

      SELECT k FROM u WHERE COLUMNS('x|y') > 1
      --
      k: u.k IDENTITY
      rows: u.x FILTER, u.y FILTER

      SELECT s.* FROM t
      --
      f: t.s TRANSFORMATION
      g: t.s TRANSFORMATION
    `),
  )('%s', async (sql, wanted) => expect(await tracer.lineageOf(sql)).toBe(wanted));
});
