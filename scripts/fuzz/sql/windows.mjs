/** Window functions over frames of every kind, each with one answer: the last key of an order is the number of the row. */
import { filterOf, isVariant, itemsOf, source } from './parts.mjs';
import { isNested } from './types.mjs';

export function frameQuery(random, tables, expressions) {
  const from = source(random, tables, 't0');
  const plain = (type) => !isVariant(type);
  const key = expressions.leaf(from.scope, plain);
  const argument = expressions.leaf(from.scope, plain);
  const partition = isVariant(key.type) || random.chance(0.4) ? '' : `PARTITION BY ${key.sql} `;
  const window = `${partition}ORDER BY ${from.id}${random.pick(['', ' DESC'])} ${frame(random)}`;
  const isNamed = random.chance(0.3);
  const over = isNamed ? 'OVER w' : `OVER (${window})`;
  const value = isVariant(argument.type) ? from.id : argument.sql;
  const filter = random.chance(0.25) ? ` FILTER (WHERE ${expressions.condition(from.scope, 2).sql})` : '';
  const calls = [
    `count(*)${filter}`,
    `count(${value})${filter}`,
    `last_value(${value})`,
    `nth_value(${value}, 2)`,
    `first_value(${value} IGNORE NULLS)`,
    `list(${from.id})${filter}`,
    `lead(${value}, 2)`,
    'dense_rank()',
    'percent_rank()',
    'cume_dist()',
    `sum(${from.id})${filter}`,
  ];
  if (!isNested(argument.type) && !isVariant(argument.type)) {
    calls.push(`min(${value})${filter}`, `max(${value})${filter}`, `count(DISTINCT ${value})`);
  }
  return {
    items: [{ sql: from.id }, { sql: `${random.pick(calls)} ${over}` }, ...itemsOf(random, expressions, from.scope, 1)],
    from: [from.sql],
    where: filterOf(random, expressions, from.scope, 0.5),
    ...(isNamed && { window: `w AS (${window})` }),
    ...(random.chance(0.2) && { qualify: `count(*) ${over} ${random.pick(['>', '<='])} ${random.between(1, 3)}` }),
  };
}

function frame(random) {
  const unit = random.pick(['ROWS', 'RANGE', 'GROUPS']);
  const start = random.pick(['UNBOUNDED PRECEDING', '2 PRECEDING', '1 PRECEDING', 'CURRENT ROW']);
  const end = random.pick(['CURRENT ROW', '1 FOLLOWING', '3 FOLLOWING', 'UNBOUNDED FOLLOWING']);
  const excluded = random.pick(['', '', '', ' EXCLUDE CURRENT ROW', ' EXCLUDE TIES', ' EXCLUDE GROUP']);
  return random.chance(0.2) ? '' : `${unit} BETWEEN ${start} AND ${end}${excluded}`;
}
