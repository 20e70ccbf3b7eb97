/** Queries whose rows or columns are made in other ways than by a plain SELECT: grouping sets, pivots, lateral joins, recursion, stars. */
import { filterOf, isVariant, itemsOf, small, source, written } from './parts.mjs';
import { unbound } from './render.mjs';
import { asText, identifier, isNested, poolOf, typeSql } from './types.mjs';

const isPlain = (type) => !isNested(type) && !isVariant(type);
const conditions = (filter) => filter.map(({ sql }) => `(${sql})`).join(' AND ') || 'true';

export function groupingQuery(random, tables, expressions) {
  const from = source(random, tables, 't0');
  const keys = [1, 2].map(() => written(expressions.leaf(from.scope, isPlain))).filter(({ type }) => isPlain(type));
  const names = [...new Set(keys.map(({ sql }) => sql))];
  const first = names[0] ?? from.id;
  const all = names.length > 0 ? names : [first];
  const group = random.pick([
    `ROLLUP (${all.join(', ')})`,
    `CUBE (${all.join(', ')})`,
    `GROUPING SETS ((${all.join(', ')}), (${first}), ())`,
  ]);
  const counted = expressions.leaf(from.scope, isPlain);
  return {
    items: [
      ...all.map((sql) => ({ sql })),
      { sql: `GROUPING(${first})` },
      { sql: 'count(*)' },
      { sql: isPlain(counted.type) ? `max(${counted.sql})` : `max(${from.id})` },
    ],
    from: [from.sql],
    where: filterOf(random, expressions, from.scope, 0.5),
    group: [group],
  };
}

export function pivotQuery(random, tables, expressions) {
  const from = source(random, tables, 't0');
  const keys = from.scope.filter(({ type }) => ['int', 'long', 'boolean', 'string', 'date'].includes(type.kind));
  const key = random.pick(keys);
  const values = random.shuffled([...new Set(poolOf(key.type))]).slice(0, 3);
  const others = from.scope.filter(({ type }) => isPlain(type));
  const aggregate = random.pick(['count(*)', 'max(i)', `min(${identifier('x')})`]);
  const inner = [
    `SELECT ${key.sql} AS k, ${from.id} AS i, ${from.id} % 3 AS g, ${random.pick(others).sql} AS x`,
    `FROM ${from.sql} WHERE ${conditions(filterOf(random, expressions, from.scope, 0.5))}`,
  ].join(' ');
  const named = values.map((value, index) => `${value} AS p${index}`).join(', ');
  return {
    items: [{ sql: '*', isStar: true }],
    from: [`(PIVOT (${inner}) ON k IN (${named}) USING ${aggregate} GROUP BY g) AS q`],
    where: [],
  };
}

export function unpivotQuery(random, tables, expressions) {
  const from = source(random, tables, 't0');
  const [first, second = first] = random.shuffled(from.scope.filter(({ type }) => isPlain(type)));
  const nulls = random.pick(['', ' INCLUDE NULLS']);
  const inner = [
    `SELECT ${from.id} AS i, ${asText(first)} AS x, ${asText(second)} AS y`,
    `FROM ${from.sql} WHERE ${conditions(filterOf(random, expressions, from.scope, 0.6))}`,
  ].join(' ');
  return {
    items: [{ sql: 'q.i' }, { sql: 'q.n' }, { sql: 'q.v' }],
    from: [`(FROM (${inner}) UNPIVOT${nulls} (v FOR n IN (x, y))) AS q`],
    where: random.chance(0.4) ? [{ sql: `q.i % 3 = ${random.below(3)}` }] : [],
  };
}

export function lateralQuery(random, tables, expressions) {
  const outer = source(random, small(tables), 't0');
  const lists = outer.scope.filter(({ type }) => type.kind === 'list' && !isVariant(type));
  const items = [{ sql: outer.id }, ...itemsOf(random, expressions, outer.scope, 1)];
  const where = filterOf(random, expressions, outer.scope, 0.5);
  if (lists.length > 0 && random.chance(0.5)) {
    const list = random.pick(lists);
    return { items: [...items, { sql: 'u.e' }], from: [outer.sql, `, unnest(${list.sql}) AS u(e)`], where };
  }
  const inner = source(random, small(tables), 't1');
  const near = random.pick([`${inner.id} = ${outer.id}`, `${inner.id} < ${outer.id}`]);
  const filter = conditions([{ sql: near }, ...filterOf(random, expressions, inner.scope, 0.5)]);
  if (random.chance(0.4)) {
    const scalar = `(SELECT ${random.pick(['count(*)', `max(${inner.id})`])} FROM ${inner.sql} WHERE ${filter})`;
    return { items: [...items, { sql: scalar }], from: [outer.sql], where };
  }
  const lateral = `LATERAL (SELECT count(*) AS n, max(${inner.id}) AS m FROM ${inner.sql} WHERE ${filter}) AS l`;
  return {
    items: [...items, { sql: 'l.n' }, { sql: 'l.m' }],
    from: [outer.sql, random.chance(0.5) ? `, ${lateral}` : `LEFT JOIN ${lateral} ON true`],
    where,
  };
}

export function recursiveQuery(random, tables, expressions) {
  const from = source(random, small(tables), 't0');
  const step = source(random, small(tables), 't1', from.table);
  const filter = conditions(filterOf(random, expressions, from.scope, 0.5));
  const union = random.pick(['UNION', 'UNION ALL']);
  return {
    prefix: [
      `WITH RECURSIVE q(n, d) AS (SELECT min(${from.id}), 0 FROM ${from.sql} WHERE ${filter} ${union}`,
      `SELECT ${step.id}, q.d + 1 FROM q JOIN ${step.sql} ON ${step.id} = q.n + ${random.between(1, 2)} WHERE q.d < 20)`,
    ].join(' '),
    items: [{ sql: 'q.n' }, { sql: 'q.d' }],
    from: ['q'],
    where: [],
  };
}

/** All columns, some of them left out, replaced or chosen by their names. */
export function starQuery(random, tables, expressions) {
  const from = source(random, tables, 't0');
  const column = random.pick(from.scope);
  const name = identifier(column.name);
  const stars = ['*', 't0.*', `* REPLACE (${from.id} + 1 AS id)`, `* RENAME (${name} AS renamed)`];
  if (from.scope.length > 1) stars.push(`* EXCLUDE (${name})`, `COLUMNS(c -> c <> '${column.name}')`);
  if (column.type.kind === 'struct') stars.push(`t0.id, unnest(${column.sql})`);
  return {
    items: [{ sql: random.pick(stars), isStar: true }],
    from: [from.sql],
    where: filterOf(random, expressions, from.scope, 0.7),
  };
}

/** Rows of the query itself beside those of tables, and the first row of each group. */
export function derivedQuery(random, tables, expressions) {
  const from = source(random, small(tables), 't0');
  const where = filterOf(random, expressions, from.scope, 0.5);
  const items = [{ sql: from.id }, ...itemsOf(random, expressions, from.scope, 2)];
  const key = written(expressions.leaf(from.scope, isPlain));
  if (isPlain(key.type) && random.chance(0.4)) {
    const direction = random.pick(['', ' DESC']);
    return { items, from: [from.sql], where, on: key.sql, order: [key.sql, `${from.id}${direction}`] };
  }
  const like = random.pick(from.scope.filter(({ type }) => isPlain(type) && type.kind !== 'unknown'));
  const type = typeSql(like.type);
  const rows = random.shuffled(poolOf(like.type)).slice(0, 3).map(unbound);
  const values = `(VALUES ${[...rows, `CAST(NULL AS ${type})`].map((row) => `(${row})`).join(', ')}) AS v(k)`;
  const kind = random.pick(['JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'SEMI JOIN', 'ANTI JOIN']);
  const more = /SEMI|ANTI/.test(kind) ? [] : [{ sql: 'v.k' }];
  return { items: [...items, ...more], from: [from.sql, `${kind} ${values} ON ${like.sql} = v.k`], where };
}
