/** SQL texts with the lineage that they have: of each column, and of which rows there are. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EngineInstance, TableBinding } from '../../../src/engine/duckdb/contract.js';
import { LocalEngine } from '../../../src/engine/duckdb/process/engine.js';
import { Database } from '../../../src/engine/duckdb/process/native/database.js';
import { tableColumns } from '../../../src/iceberg/index.js';
import type { NestedField, Type } from '../../../src/iceberg/types.js';
import { isAggregate } from '../../../src/query/lineage/aggregates.js';
import { columnLineage, type InputField } from '../../../src/query/lineage/column-lineage.js';
import type { NamedRows } from '../../../src/query/lineage/from.js';
import { NOTHING, of, Untraceable } from '../../../src/query/lineage/lineage.js';
import { traceQuery } from '../../../src/query/lineage/queries.js';

let engine: LocalEngine;
let instance: Pick<EngineInstance, 'describe' | 'close'>;
const directory = mkdtempSync(join(tmpdir(), 'skua-lineage-'));

beforeAll(async () => {
  engine = await LocalEngine.open();
  instance = await engine.open({ directory, memoryLimit: 2 ** 28, threads: 1 });
});
afterAll(async () => {
  await instance.close();
  await engine.close();
  rmSync(directory, { recursive: true, force: true });
});

const int: Type = { kind: 'primitive', type: 'int' };
const text: Type = { kind: 'primitive', type: 'string' };
const list = (element: Type): Type => ({ kind: 'list', elementId: 90, element, elementRequired: false });
const struct = (...names: string[]): Type => ({
  kind: 'struct',
  fields: names.map((name, index) => ({ id: 91 + index, name, required: false, type: int })),
});

const TABLES: Record<string, Record<string, Type>> = {
  t: { a: int, b: int, k: int, name: text, l: list(int), s: struct('f', 'g') },
  u: { k: int, x: int, y: int },
  v: { k: int, z: int },
};
const fieldsOf = (columns: Record<string, Type>): NestedField[] =>
  Object.entries(columns).map(([name, type], index) => ({ id: index + 1, name, required: false, type }));
const bindings: TableBinding[] = Object.entries(TABLES).map(([name, columns]) => ({
  name,
  columns: tableColumns({ schemaId: 0, fields: fieldsOf(columns), identifierFieldIds: [] }),
}));
const sources = new Map<string, NamedRows>(
  Object.entries(TABLES).map(([name, columns]) => {
    const table = { catalog: 'lake', dataset: name };
    const column = ([field, type]: [string, Type]) => ({
      name: field,
      lineage: of({ table, name: field, isMasked: false }),
      type,
    });
    return [name, { columns: Object.entries(columns).map(column), rows: NOTHING }];
  }),
);

/** `t.a IDENTITY, u.x FILTER JOIN`, in the order of the names; `?` where it is not told. */
function shown(inputs: readonly InputField[] | undefined): string {
  if (inputs === undefined) return '?';
  const each = inputs.map(({ dataset, field, transformations }) => {
    return `${dataset}.${field} ${transformations.map(({ subtype }) => subtype).join(' ')}`;
  });
  return each.sort().join(', ');
}

/** One line for each column, and one for the rows where anything decides on them. The names are those that the engine has. */
async function lineageOf(sql: string): Promise<string> {
  const { schema } = await instance.describe(sql, bindings);
  const traced = traceQuery(await engine.parser.syntaxTree(sql), sources);
  const names = schema.fields.map(({ name }) => name);
  expect(traced.columns.map(({ name }, index) => name ?? names[index])).toEqual(names);
  const columns = names.map((name, place) => ({ name, place }));
  const { fields, rows } = columnLineage(
    { table: { catalog: 'lake', namespace: ['o'], name: 'o' }, schema: names, columns },
    traced,
  );
  const lines = fields.map(({ name, inputs }) => `${name}: ${shown(inputs)}`.trimEnd());
  return [...lines, ...(rows?.length === 0 ? [] : [`rows: ${shown(rows)}`])].join('\n');
}

/** Blocks of a text, of which each is a query and, behind a line of dashes, its lineage. */
const cases = (texts: string) =>
  texts
    .trim()
    .split(/\n\s*\n/)
    .map((block) => {
      const lines = block.split('\n').map((line) => line.trim());
      const bar = lines.indexOf('--');
      return [lines.slice(0, bar).join('\n'), lines.slice(bar + 1).join('\n')] as const;
    });

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
  )('%s', async (sql, wanted) => expect(await lineageOf(sql)).toBe(wanted));
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
  )('%s', async (sql, wanted) => expect(await lineageOf(sql)).toBe(wanted));

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
  )('%s', async (sql, wanted) => expect(await lineageOf(sql)).toBe(wanted));
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
  )('%s', async (sql, wanted) => expect(await lineageOf(sql)).toBe(wanted));
});

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
  )('%s', async (sql, wanted) => expect(await lineageOf(sql)).toBe(wanted));
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
  )('%s', async (sql, wanted) => expect(await lineageOf(sql)).toBe(wanted));
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
    await instance.describe(sql, bindings);
    const tree = await engine.parser.syntaxTree(sql);
    expect(() => traceQuery(tree, sources)).toThrow(Untraceable);
  });

  it('leaves out the column alone where the others can be told', async () => {
    expect(await lineageOf('SELECT a, #2 AS c FROM t')).toBe('a: t.a IDENTITY\nc: ?');
    expect(await lineageOf('SELECT x FROM u WHERE #1 > 1')).toBe('x: u.x IDENTITY\nrows: ?');
    expect(await lineageOf('SELECT "(x + 1)" AS c, k FROM (SELECT x + 1, k FROM u)')).toBe('c: ?\nk: u.k IDENTITY');
  });

  it('takes expressions as deep as the engine does', async () => {
    const sum = `${'(a + '.repeat(240)}b${')'.repeat(240)}`;
    expect(await lineageOf(`SELECT ${sum} AS c FROM t`)).toBe('c: t.a TRANSFORMATION, t.b TRANSFORMATION');
    const nested = `${'SELECT * FROM ('.repeat(60)}FROM v${')'.repeat(60)}`;
    expect(await lineageOf(nested)).toBe('k: v.k IDENTITY\nz: v.z IDENTITY');
  });

  it('ends at a bound, and says nothing', async () => {
    const sum = Array.from({ length: 300 }, () => 'a + b + k').join(' + ');
    const columns = (count: number) => `SELECT ${Array.from({ length: count }, () => sum).join(', ')} FROM t`;
    const { columns: one } = traceQuery(await engine.parser.syntaxTree(columns(1)), sources);
    expect(one.map(({ lineage }) => lineage.inputs.size)).toEqual([3]);
    const long = await engine.parser.syntaxTree(columns(100));
    expect(() => traceQuery(long, sources)).toThrow(Untraceable);
  });
});
