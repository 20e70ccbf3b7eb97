/** What queries of every shape are made of. */
import { tableMark, unbound } from './render.mjs';
import { holds, identifier } from './types.mjs';

export const isVariant = (type) => holds(type, ({ kind }) => kind === 'variant');

/** An expression that stands in SELECT and in GROUP BY: two parameters are not one, even with one value. */
export const written = ({ sql, type }) => ({ sql: unbound(sql), type });

/** A table of the list under an alias, with its columns. */
export function source(random, tables, alias, table = random.pick(tables)) {
  const version = table.versions.length > 0 && random.chance(0.12) ? random.pick(table.versions) : undefined;
  const columns = version?.columns ?? table.columns;
  const scope = columns.map(({ name, type, isId }) => ({ sql: `${alias}.${identifier(name)}`, type, isId, name }));
  return { table, alias, scope, sql: `${tableMark(table.name, version?.mark)} AS ${alias}`, id: `${alias}.id` };
}

export const filterOf = (random, expressions, scope, share = 0.85) =>
  random.chance(share)
    ? Array.from(
        {
          length: random.weighted([
            [5, 1],
            [3, 2],
            [1, 3],
          ]),
        },
        () => expressions.condition(scope),
      )
    : [];

export function itemsOf(random, expressions, scope, most = 4) {
  return Array.from({ length: random.between(1, most) }, () => expressions.value(scope));
}

/** The tables of few rows, if there are any. */
export function small(tables) {
  const few = tables.filter(({ isBig }) => !isBig);
  return few.length > 0 ? few : tables;
}
