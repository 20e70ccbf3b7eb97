/** Joins by the nearest row, by the names of columns, of three tables, and over conditions that are no equality. */
import { filterOf, isVariant, itemsOf, small, source } from './parts.mjs';
import { isNested, typeSql } from './types.mjs';

const isPlain = (type) => !isNested(type) && !isVariant(type);

/** Columns of two scopes that have one type. */
function alikePair(random, left, right) {
  const pairs = left
    .filter(({ type }) => isPlain(type))
    .flatMap((one) =>
      right.filter(({ type }) => typeSql(type) === typeSql(one.type)).map((other) => [one.sql, other.sql]),
    );
  return pairs.length > 0 ? random.pick(pairs) : undefined;
}

/** The number of the row comes last, so that one row is the nearest. Of keys that are bytes, the engine of the plain tables mixes some up. */
export function asofQuery(random, tables, expressions) {
  const first = source(random, small(tables), 't0');
  const second = source(random, small(tables), 't1');
  const keys = first.scope.filter(({ type }) => type.kind !== 'binary' && type.kind !== 'fixed');
  const pair = random.chance(0.6) ? alikePair(random, keys, second.scope) : undefined;
  const near = `${first.id} ${random.pick(['>=', '>', '<=', '<'])} ${second.id}`;
  const on = [...(pair ? [`${pair[0]} = ${pair[1]}`] : []), near].join(' AND ');
  return {
    items: [
      { sql: first.id },
      { sql: second.id },
      ...itemsOf(random, expressions, [...first.scope, ...second.scope], 2),
    ],
    from: [first.sql, `ASOF ${random.pick(['', 'LEFT '])}JOIN ${second.sql} ON ${on}`],
    where: filterOf(random, expressions, first.scope, 0.5),
  };
}

export function namedJoinQuery(random, tables, expressions) {
  const first = source(random, small(tables), 't0');
  const second = source(random, small(tables), 't1');
  const kind = random.pick(['JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'FULL JOIN', 'SEMI JOIN', 'ANTI JOIN']);
  const isHalf = /SEMI|ANTI/.test(kind);
  return {
    items: [
      { sql: 'id' },
      { sql: first.id },
      ...(isHalf ? [] : [{ sql: second.id }]),
      ...itemsOf(random, expressions, isHalf ? first.scope : [...first.scope, ...second.scope], 2),
    ],
    from: [first.sql, `${kind} ${second.sql} USING (id)`],
    where: filterOf(random, expressions, first.scope, 0.5),
  };
}

export function threeQuery(random, tables, expressions) {
  const sources = ['t0', 't1', 't2'].map((alias) => source(random, small(tables), alias));
  const [first, second, third] = sources;
  const pair = alikePair(random, [...first.scope, ...second.scope], third.scope);
  const scope = sources.flatMap((one) => one.scope);
  const last = random.chance(0.5) && pair ? `${pair[0]} = ${pair[1]} AND ` : '';
  const kinds = ['JOIN', 'LEFT JOIN'];
  return {
    items: random.chance(0.5)
      ? [{ sql: 'count(*)' }, { sql: `max(${first.id})` }, { sql: `sum(${third.id} % 100)` }]
      : [...sources.map(({ id }) => ({ sql: id })), ...itemsOf(random, expressions, scope, 2)],
    from: [
      first.sql,
      `${random.pick(kinds)} ${second.sql} ON ${first.id} = ${second.id}`,
      `${random.pick(kinds)} ${third.sql} ON ${last}${random.pick([first, second]).id} = ${third.id}`,
    ],
    where: filterOf(random, expressions, scope, 0.6),
  };
}

/** Rows that are near to one another, of tables that are joined by a comma. */
export function rangeJoinQuery(random, tables, expressions) {
  const first = source(random, small(tables), 't0');
  const second = source(random, small(tables), 't1');
  const near = random.pick([
    `${first.id} BETWEEN ${second.id} AND ${second.id} + 2`,
    `${first.id} < ${second.id} AND ${first.id} % 3 = ${second.id} % 3`,
    `${first.id} = ${second.id} OR ${first.id} = ${second.id} + 1`,
    `${first.id} + ${second.id} = 7`,
  ]);
  const both = [...first.scope, ...second.scope];
  return {
    items: [{ sql: first.id }, { sql: second.id }, ...itemsOf(random, expressions, both, 1)],
    from: [first.sql, `, ${second.sql}`],
    where: [{ sql: near, parts: [] }, ...filterOf(random, expressions, both, 0.6)],
  };
}
