/** Queries in queries: correlated ones in every clause, set operations in each other, groups by all columns, and lists that become rows. */
import { filterOf, isVariant, itemsOf, small, source, written } from './parts.mjs';
import { isNested, poolOf, typeSql } from './types.mjs';

const isPlain = (type) => !isNested(type) && !isVariant(type);
const conditions = (parts) => parts.map((part) => `(${part})`).join(' AND ') || 'true';
const texts = (filter) => filter.map(({ sql }) => sql);

/** A subquery for each row, in SELECT and in WHERE, up to two deep. */
export function correlatedQuery(random, tables, expressions) {
  const outer = source(random, small(tables), 't0');
  const inner = source(random, small(tables), 't1');
  const deepest = source(random, small(tables), 't2');
  const near = random.pick([
    `${inner.id} = ${outer.id}`,
    `${inner.id} <= ${outer.id}`,
    `${inner.id} % 3 = ${outer.id} % 3`,
  ]);
  const filter = texts(
    filterOf(random, expressions, random.chance(0.3) ? [...inner.scope, ...outer.scope] : inner.scope, 0.5),
  );
  const deep = `EXISTS (FROM ${deepest.sql} WHERE ${deepest.id} = ${inner.id} + ${random.below(2)} AND ${deepest.id} <> ${outer.id})`;
  const where = conditions([near, ...filter, ...(random.chance(0.3) ? [deep] : [])]);
  const value = inner.scope.find(({ type }) => isPlain(type) && type.kind !== 'unknown')?.sql ?? inner.id;
  const scalar = random.pick([
    `(SELECT count(*) FROM ${inner.sql} WHERE ${where})`,
    `(SELECT max(${value}) FROM ${inner.sql} WHERE ${where})`,
    `(SELECT ${value} FROM ${inner.sql} WHERE ${where} ORDER BY ${inner.id} LIMIT 1)`,
    `(SELECT list(${inner.id} ORDER BY ${inner.id}) FROM ${inner.sql} WHERE ${where})`,
    `EXISTS (SELECT 1 FROM ${inner.sql} WHERE ${where})`,
    `${outer.id} IN (SELECT ${inner.id} FROM ${inner.sql} WHERE ${where})`,
    `${outer.id} > ALL (SELECT ${inner.id} FROM ${inner.sql} WHERE ${where})`,
    `ARRAY(SELECT ${inner.id} FROM ${inner.sql} WHERE ${where} ORDER BY ${inner.id})`,
  ]);
  const more = filterOf(random, expressions, outer.scope, 0.4);
  if (/^(?:EXISTS|t0)/.test(scalar) && random.chance(0.6)) {
    const test = random.pick([scalar, `NOT (${scalar})`, `(${scalar}) OR ${outer.id} % 2 = 0`]);
    return {
      items: [{ sql: outer.id }, ...itemsOf(random, expressions, outer.scope, 1)],
      from: [outer.sql],
      where: [{ sql: test, parts: [] }, ...more],
    };
  }
  return { items: [{ sql: outer.id }, { sql: scalar }], from: [outer.sql], where: more };
}

/** Three queries of one column, in parentheses this way or that, sorted as a whole. */
export function setsQuery(random, tables, expressions) {
  const words = ['UNION', 'UNION ALL', 'INTERSECT', 'EXCEPT', 'INTERSECT ALL', 'EXCEPT ALL'];
  const [one, two, three] = ['t0', 't1', 't2'].map((alias) => {
    const from = source(random, small(tables), alias);
    const item = random.pick([from.id, `${from.id} % 5`, `${from.id} + 1`]);
    return `SELECT ${item} AS k FROM ${from.sql} WHERE ${conditions(texts(filterOf(random, expressions, from.scope, 0.6)))}`;
  });
  const [first, second] = [random.pick(words), random.pick(words)];
  const nested = random.chance(0.5)
    ? `(${one} ${first} ${two}) ${second} ${three}`
    : `${one} ${first} (${two} ${second} ${three})`;
  const isSorted = random.chance(0.5);
  return {
    items: [{ sql: random.pick(['q.k', 'q.k, count(*) OVER ()']), isStar: true }],
    from: [`(${nested}${isSorted ? ' ORDER BY k LIMIT 4' : ''}) AS q`],
    where: random.chance(0.4) ? [{ sql: `q.k ${random.pick(['<', '>=', '<>'])} ${random.below(9)}`, parts: [] }] : [],
  };
}

/** Two tables one below the other, by the names of their columns. */
export function byNameQuery(random, tables, expressions) {
  const [first, second] = ['t0', 't1'].map((alias) => source(random, small(tables), alias));
  const columns = ({ scope, id }) => {
    const more = random.some(
      scope.filter(({ type, isId }) => !isId && ['long', 'string', 'date'].includes(type.kind)),
      0.7,
    );
    return [`${id} AS id`, ...more.map(({ sql, type }) => `${sql} AS ${type.kind}`)].filter(
      (item, index, all) => all.findIndex((other) => other.split(' AS ')[1] === item.split(' AS ')[1]) === index,
    );
  };
  const query = (from) =>
    `SELECT ${columns(from).join(', ')} FROM ${from.sql} WHERE ${conditions(texts(filterOf(random, expressions, from.scope, 0.5)))}`;
  return {
    items: [{ sql: '*', isStar: true }],
    from: [`(${query(first)} UNION${random.pick(['', ' ALL'])} BY NAME ${query(second)}) AS q`],
    where: random.chance(0.3) ? [{ sql: `q.id % 2 = ${random.below(2)}`, parts: [] }] : [],
  };
}

/** Groups by all that is no aggregate, with aggregates that have one answer. */
export function allGroupsQuery(random, tables, expressions) {
  const from = source(random, tables, 't0');
  const key = written(expressions.leaf(from.scope, isPlain));
  const value = expressions.leaf(from.scope, isPlain);
  const isWhole = isPlain(value.type) && value.type.kind !== 'unknown';
  const of = isWhole ? value.sql : from.id;
  const aggregates = random.shuffled([
    `arg_max(${of}, ${from.id})`,
    `arg_min(${of}, ${from.id})`,
    `first(${of} ORDER BY ${from.id})`,
    `list(DISTINCT ${from.id} % 4 ORDER BY ${from.id} % 4)`,
    `quantile_disc(${from.id}, 0.5)`,
    `bit_xor(${from.id})`,
    `count(DISTINCT ${of}) FILTER (WHERE ${from.id} % 2 = 0)`,
    `max(${of}) FILTER (WHERE ${expressions.condition(from.scope, 2).sql})`,
    `sum(CASE WHEN ${expressions.condition(from.scope, 2).sql} THEN 1 ELSE 0 END)`,
    'count(*)',
  ]);
  const condition = random.pick([`max(${from.id}) > ${random.below(20)}`, 'count(*) > 1', `min(${from.id} % 3) = 0`]);
  return {
    items: [...(isPlain(key.type) ? [key] : []), ...aggregates.slice(0, random.between(1, 3)).map((sql) => ({ sql }))],
    from: [from.sql],
    where: filterOf(random, expressions, from.scope, 0.6),
    group: ['ALL'],
    having: random.chance(0.3) ? [condition] : [],
  };
}

/** A list of constants, or what a column holds, as rows beside those of the table. */
export function unnestQuery(random, tables, expressions) {
  const from = source(random, small(tables), 't0');
  const like = random.pick(from.scope.filter(({ type }) => isPlain(type) && type.kind !== 'unknown'));
  const values = random.shuffled(poolOf(like.type)).slice(0, 3);
  const list = `[${[...values, 'NULL'].join(', ')}]::${typeSql(like.type)}[]`;
  const lists = from.scope.filter(({ type }) => type.kind === 'list' && !isVariant(type));
  const unnested = lists.length > 0 && random.chance(0.6) ? random.pick(lists).sql : list;
  const where = filterOf(random, expressions, from.scope, 0.5);
  if (random.chance(0.4)) return { items: [{ sql: from.id }, { sql: `unnest(${unnested})` }], from: [from.sql], where };
  const test = random.pick([`u.e = ${like.sql}`, 'u.e IS NULL', 'u.n > 1']);
  return {
    items: [{ sql: from.id }, { sql: 'u.e' }, { sql: 'u.n' }],
    from: [from.sql, `, LATERAL (SELECT unnest(${unnested}) AS e, generate_subscripts(${unnested}, 1) AS n) AS u`],
    where: unnested === list && random.chance(0.6) ? [{ sql: test, parts: [] }, ...where] : where,
  };
}

/** Tables of the query's own, one above the other, kept or not. */
export function tablesOfOwnQuery(random, tables, expressions) {
  const from = source(random, small(tables), 't0');
  const kind = random.pick(['', ' MATERIALIZED', ' NOT MATERIALIZED']);
  const filter = conditions(texts(filterOf(random, expressions, from.scope, 0.7)));
  const second = random.pick([
    `SELECT i, g FROM a WHERE g ${random.pick(['=', '<>', '<'])} ${random.below(3)}`,
    'SELECT g AS i, count(*) AS g FROM a GROUP BY ALL',
    'SELECT max(i) AS i, min(g) AS g FROM a',
  ]);
  const join = random.pick(['JOIN', 'LEFT JOIN', 'ANTI JOIN', 'SEMI JOIN']);
  return {
    prefix: `WITH a AS${kind} (SELECT ${from.id} AS i, ${from.id} % 3 AS g FROM ${from.sql} WHERE ${filter}), b AS${kind} (${second})`,
    items: [{ sql: 'a.i' }, { sql: 'a.g' }, ...(/SEMI|ANTI/.test(join) ? [] : [{ sql: 'b.g' }])],
    from: ['a', `${join} b ON a.i = b.i`],
    where: [],
  };
}
