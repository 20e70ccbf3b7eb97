/** Random queries over random tables, as trees of parts that can be left out. */
import { Expressions } from './expressions.mjs';
import { asofQuery, namedJoinQuery, rangeJoinQuery, threeQuery } from './joins.mjs';
import { allGroupsQuery, byNameQuery, correlatedQuery, setsQuery, tablesOfOwnQuery, unnestQuery } from './nests.mjs';
import { filterOf, isVariant, itemsOf, source, written } from './parts.mjs';
import {
  derivedQuery,
  groupingQuery,
  lateralQuery,
  pivotQuery,
  recursiveQuery,
  starQuery,
  unpivotQuery,
} from './shapes.mjs';
import { identifier, isNested, typeSql } from './types.mjs';
import { frameQuery } from './windows.mjs';

/**
 * A query `{ items, from, where, … }` for `queryText`. `isTotal`: `order` fixes the order of all rows.
 */
export function randomQuery(random, tables) {
  const make = random.weighted([
    [30, plainQuery],
    [16, aggregateQuery],
    [12, joinQuery],
    [8, subquery],
    [7, setQuery],
    [8, windowQuery],
    [7, nestedQuery],
    [6, distinctQuery],
    [6, topQuery],
    [5, frameQuery],
    [4, groupingQuery],
    [3, pivotQuery],
    [3, unpivotQuery],
    [5, lateralQuery],
    [3, recursiveQuery],
    [4, starQuery],
    [4, derivedQuery],
    [3, asofQuery],
    [3, namedJoinQuery],
    [3, threeQuery],
    [3, rangeJoinQuery],
    [6, correlatedQuery],
    [3, setsQuery],
    [2, byNameQuery],
    [5, allGroupsQuery],
    [3, unnestQuery],
    [3, tablesOfOwnQuery],
  ]);
  return make(random, tables, new Expressions(random));
}

function plainQuery(random, tables, expressions) {
  const from = source(random, tables, 't0');
  const everything = random.chance(0.15);
  return {
    items: everything ? [{ sql: '*', isStar: true }] : itemsOf(random, expressions, from.scope, 5),
    from: [from.sql],
    where: filterOf(random, expressions, from.scope),
  };
}

function topQuery(random, tables, expressions) {
  const query = plainQuery(random, tables, expressions);
  const from = source(random, tables, 't0');
  const key = expressions.leaf(from.scope, (type) => !isVariant(type));
  const direction = random.pick(['', ' ASC', ' DESC', ' DESC NULLS LAST', ' NULLS FIRST', ' DESC NULLS FIRST']);
  const keys = isVariant(key.type) ? [] : [`${key.sql}${direction}`];
  return {
    ...query,
    items: [{ sql: from.id, type: { kind: 'long' } }, ...itemsOf(random, expressions, from.scope, 2)],
    from: [from.sql],
    where: filterOf(random, expressions, from.scope, 0.4),
    order: [...keys, `${from.id}${random.pick(['', ' DESC'])}`],
    limit: `LIMIT ${random.pick([0, 1, 2, 5, 50])}${random.chance(0.3) ? ` OFFSET ${random.pick([0, 1, 3])}` : ''}`,
    isTotal: true,
  };
}

function distinctQuery(random, tables, expressions) {
  const query = plainQuery(random, tables, expressions);
  const from = source(random, tables, 't0');
  const items = itemsOf(random, expressions, from.scope, 2).filter(({ type }) => !isVariant(type));
  return {
    ...query,
    items: items.length > 0 ? items : [{ sql: from.id }],
    from: [from.sql],
    where: filterOf(random, expressions, from.scope, 0.5),
    distinct: true,
  };
}

/** Aggregates whose answers do not depend on the order of the rows. */
function aggregateOf(random, expressions, scope) {
  const { sql, type } = expressions.leaf(scope, (kind) => !isVariant(kind));
  const exact = ['int', 'long', 'decimal'].includes(type.kind);
  const filter = random.chance(0.15) ? ` FILTER (WHERE ${expressions.condition(scope, 2).sql})` : '';
  const choices = ['count(*)', `count(${sql})`];
  if (!isVariant(type)) {
    choices.push(`count(DISTINCT ${sql})`, `bool_or(${sql} IS NULL)`);
    if (!isNested(type)) choices.push(`min(${sql})`, `max(${sql})`, `min(${sql})`, `max(${sql})`);
    choices.push(`list(${sql} ORDER BY ${scope[0].sql})`);
  }
  if (exact && !(type.kind === 'decimal' && type.precision > 30)) choices.push(`sum(${sql})`, `sum(${sql})`);
  if (type.kind === 'boolean') choices.push(`bool_and(${sql})`, `count_if(${sql})`);
  if (type.kind === 'string') choices.push(`string_agg(${sql}, ',' ORDER BY ${scope[0].sql})`);
  return { sql: `${random.pick(choices)}${filter}`, type: { kind: 'unknown' } };
}

function aggregateQuery(random, tables, expressions) {
  const from = source(random, tables, 't0');
  // The number of the row comes first in each table, which sorts what is put in a list.
  const scope = [...from.scope].sort((a, b) => Number(b.isId ?? false) - Number(a.isId ?? false));
  const groups = random.chance(0.55)
    ? itemsOf(random, expressions, scope, 2)
        .filter(({ type }) => !isVariant(type))
        .map(written)
    : [];
  const items = Array.from({ length: random.between(1, 4) }, () => aggregateOf(random, expressions, scope));
  return {
    items: [...groups, ...items],
    from: [from.sql],
    where: filterOf(random, expressions, scope, 0.5),
    group: groups.map(({ sql }) => sql),
    having:
      groups.length > 0 && random.chance(0.3) ? [`count(*) ${random.pick(['>', '>=', '<'])} ${random.below(4)}`] : [],
  };
}

function joinQuery(random, tables, expressions) {
  const few = tables.filter(({ isBig }) => !isBig);
  const first = source(random, few.length > 0 ? few : tables, 't0');
  const second = source(random, few.length > 0 ? few : tables, 't1');
  const keyOf = () => {
    const left = expressions.leaf(first.scope, (type) => !isNested(type) && !isVariant(type));
    const like = second.scope.filter(({ type }) => typeSql(type) === typeSql(left.type) && !isVariant(type));
    return like.length > 0 && random.chance(0.7)
      ? `${left.sql} = ${random.pick(like).sql}`
      : `${first.id} = ${second.id}`;
  };
  const kind = random.pick(['JOIN', 'JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'FULL JOIN', 'SEMI JOIN', 'ANTI JOIN']);
  const isHalf = /SEMI|ANTI/.test(kind);
  const both = isHalf ? first.scope : [...first.scope, ...second.scope];
  const more =
    random.chance(0.25) && !/FULL/.test(kind)
      ? ` AND ${expressions.condition([...first.scope, ...second.scope], 2).sql}`
      : '';
  const isCount = random.chance(0.3);
  return {
    items: isCount
      ? [{ sql: 'count(*)' }]
      : [{ sql: first.id }, ...(isHalf ? [] : [{ sql: second.id }]), ...itemsOf(random, expressions, both, 3)],
    from: [first.sql, `${kind} ${second.sql} ON ${keyOf()}${more}`],
    where: filterOf(random, expressions, both, 0.6),
  };
}

function subquery(random, tables, expressions) {
  const outer = source(
    random,
    tables
      .filter(({ isBig }) => !isBig)
      .concat(tables)
      .slice(0, Math.max(1, tables.length)),
    't0',
  );
  const inner = source(random, tables, 't1');
  const filter = filterOf(random, expressions, inner.scope, 0.7).map(({ sql }) => `(${sql})`);
  const where = (...more) => [...more, ...filter].join(' AND ') || 'true';
  const key = expressions.leaf(outer.scope, (type) => !isNested(type) && !isVariant(type));
  const like = inner.scope.filter(
    ({ type }) => typeSql(type) === typeSql(key.type) && !isVariant(type) && !isNested(type),
  );
  const [left, right] = like.length > 0 ? [key.sql, random.pick(like).sql] : [outer.id, inner.id];
  const test = random.pick([
    `EXISTS (SELECT 1 FROM ${inner.sql} WHERE ${where(`${left} = ${right}`)})`,
    `NOT EXISTS (SELECT 1 FROM ${inner.sql} WHERE ${where(`${left} = ${right}`)})`,
    `${left} IN (SELECT ${right} FROM ${inner.sql} WHERE ${where()})`,
    `${left} NOT IN (SELECT ${right} FROM ${inner.sql} WHERE ${where()})`,
    `${left} ${random.pick(['=', '<', '>='])} (SELECT max(${right}) FROM ${inner.sql} WHERE ${where()})`,
    `${outer.id} < (SELECT count(*) FROM ${inner.sql} WHERE ${where()})`,
    `${left} = ANY (SELECT ${right} FROM ${inner.sql} WHERE ${where()})`,
  ]);
  return {
    items: [{ sql: outer.id }, ...itemsOf(random, expressions, outer.scope, 2)],
    from: [outer.sql],
    where: [{ sql: test, parts: [] }, ...filterOf(random, expressions, outer.scope, 0.3)],
  };
}

function setQuery(random, tables, expressions) {
  const first = source(random, tables, 't0');
  const item = expressions.leaf(first.scope, (type) => !isVariant(type) && !isNested(type));
  const second = source(random, tables, 't1');
  const like = second.scope.filter(({ type }) => typeSql(type) === typeSql(item.type));
  const [left, right] =
    isVariant(item.type) || like.length === 0 ? [first.id, second.id] : [item.sql, random.pick(like).sql];
  const word = random.pick(['UNION', 'UNION ALL', 'INTERSECT', 'EXCEPT', 'INTERSECT ALL', 'EXCEPT ALL']);
  const one = { items: [{ sql: left }], from: [first.sql], where: filterOf(random, expressions, first.scope, 0.6) };
  const other = {
    items: [{ sql: right }],
    from: [second.sql],
    where: filterOf(random, expressions, second.scope, 0.6),
  };
  return { ...one, set: { word, query: other } };
}

function windowQuery(random, tables, expressions) {
  const from = source(random, tables, 't0');
  const key = expressions.leaf(from.scope, (type) => !isVariant(type));
  const partition = isVariant(key.type) || random.chance(0.3) ? '' : `PARTITION BY ${key.sql} `;
  const sort = expressions.leaf(from.scope, (type) => !isVariant(type));
  const order = isVariant(sort.type) ? from.id : `${sort.sql}${random.pick(['', ' DESC', ' NULLS LAST'])}, ${from.id}`;
  const over = `OVER (${partition}ORDER BY ${order})`;
  const argument = expressions.leaf(from.scope, (type) => !isVariant(type));
  const call = random.pick([
    'row_number()',
    'rank()',
    `lag(${argument.sql})`,
    `first_value(${argument.sql})`,
    `count(${argument.sql})`,
    'ntile(3)',
    ...(argument.type.kind === 'int' ? [`sum(${argument.sql})`] : []),
  ]);
  const query = {
    items: [{ sql: from.id }, { sql: `${call} ${over}` }],
    from: [from.sql],
    where: filterOf(random, expressions, from.scope, 0.5),
  };
  if (random.chance(0.3)) query.qualify = `row_number() ${over} <= ${random.between(1, 5)}`;
  return query;
}

/** A query over a query, as a subquery in FROM or as a common table expression. */
function nestedQuery(random, tables, expressions) {
  const from = source(random, tables, 't0');
  const inner = {
    items: [{ sql: '*', isStar: true }],
    from: [from.sql],
    where: filterOf(random, expressions, from.scope, 0.6),
  };
  const scope = from.scope.map((column) => ({ ...column, sql: `q.${identifier(column.name)}` }));
  const isCounted = random.chance(0.3);
  const twice = !from.table.isBig && random.chance(0.2);
  return {
    items: isCounted ? [{ sql: 'count(*)' }] : itemsOf(random, expressions, scope),
    ...(random.chance(0.5) || twice ? { with: inner, from: ['q'] } : { from: [inner] }),
    ...(twice && { from: ['q', 'JOIN q AS r ON q.id = r.id'] }),
    where: filterOf(random, expressions, scope, 0.6),
  };
}

/** The SQL of a query, with marks. */
export function queryText(query) {
  const from = query.from.map((part) => (typeof part === 'string' ? part : `(${queryText(part)}) AS q`)).join(' ');
  const items = query.items.map(({ sql, isStar }, index) => (isStar ? sql : `${sql} AS o${index}`)).join(', ');
  const parts = [
    query.prefix,
    query.with && `WITH q AS (${queryText(query.with)})`,
    `SELECT ${query.distinct ? 'DISTINCT ' : ''}${query.on ? `DISTINCT ON (${query.on}) ` : ''}${items} FROM ${from}`,
    query.where.length > 0 && `WHERE ${whereText(query)}`,
    query.group?.length > 0 && `GROUP BY ${query.group.join(', ')}`,
    query.having?.length > 0 && `HAVING ${query.having.join(' AND ')}`,
    query.window && `WINDOW ${query.window}`,
    query.qualify && `QUALIFY ${query.qualify}`,
    query.set && `${query.set.word} ${queryText(query.set.query)}`,
    query.order?.length > 0 && `ORDER BY ${query.order.join(', ')}`,
    query.limit,
  ];
  return parts.filter(Boolean).join(' ');
}

function whereText({ where, unprunable }) {
  const condition = where.map(({ sql }) => `(${sql})`).join(' AND ');
  return unprunable ? `CASE WHEN ${condition} THEN random() >= 0 ELSE false END` : condition;
}
