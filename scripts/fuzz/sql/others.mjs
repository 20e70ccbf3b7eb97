/** Changes of rows by what other tables hold. */
import { filterOf, small, source } from './parts.mjs';
import { holdsSame, identifier } from './types.mjs';

/** More rows than this are not multiplied. */
const mostRows = 2000;

/** One of the other tables, as `t1`, and a condition on its rows. */
function other(table, tables) {
  const { random, expressions } = table;
  const from = source(random, small(tables), 't1');
  const filter = filterOf(random, expressions, from.scope, 0.7).map(({ sql }) => `(${sql})`);
  return { ...from, filter: filter.join(' AND ') || 'true' };
}

/** Columns of the table with those of the other that have their types, as `[column, value]`. */
function fitting(table, scope) {
  return table.columns
    .filter(({ isId }) => !isId)
    .flatMap((column) => {
      const like = scope.filter(({ type }) => holdsSame(type, column.type));
      return like.length > 0 ? [[identifier(column.name), table.random.pick(like).sql]] : [];
    });
}

export async function deleteByOther(table, tables) {
  const { random } = table;
  const { sql, id, filter } = other(table, tables);
  const condition = random.pick([
    `t0.id IN (SELECT ${id} FROM ${sql} WHERE ${filter})`,
    `EXISTS (SELECT 1 FROM ${sql} WHERE ${id} = t0.id + 1 AND ${filter})`,
    `t0.id = (SELECT max(${id}) FROM ${sql} WHERE ${filter})`,
    `t0.id % 5 = 1 AND t0.id NOT IN (SELECT ${id} FROM ${sql} WHERE ${filter})`,
  ]);
  await table.change(
    random.pick([
      `DELETE FROM ${table.mark} AS t0 WHERE ${condition}`,
      `DELETE FROM ${table.mark} AS t0 USING ${sql} WHERE t0.id = ${id} AND ${filter}`,
      `WITH few AS (SELECT ${id} AS k FROM ${sql} WHERE ${filter}) DELETE FROM ${table.mark} AS t0 WHERE t0.id IN (SELECT k + 1 FROM few)`,
    ]),
  );
}

export async function updateByOther(table, tables) {
  const { random } = table;
  const { sql, id, scope, filter } = other(table, tables);
  const pairs = random.shuffled(fitting(table, scope)).slice(0, 2);
  if (pairs.length === 0) return;
  const set = pairs.map(([name, value]) => `${name} = ${value}`).join(', ');
  const [[name, value]] = pairs;
  await table.change(
    random.pick([
      `UPDATE ${table.mark} AS t0 SET ${set} FROM ${sql} WHERE t0.id = ${id} AND ${filter}`,
      `UPDATE ${table.mark} AS t0 SET ${name} = (SELECT ${value} FROM ${sql} WHERE ${id} = t0.id AND ${filter}) WHERE t0.id % 3 = ${random.below(3)}`,
      `WITH few AS (SELECT ${id} AS k, ${value} AS x FROM ${sql} WHERE ${filter}) UPDATE ${table.mark} AS t0 SET ${name} = few.x FROM few WHERE t0.id = few.k`,
    ]),
  );
}

export async function mergeOther(table, tables) {
  const { random } = table;
  const { sql, id, scope, filter } = other(table, tables);
  const pairs = fitting(table, scope);
  const items = [`${id} AS id`, ...pairs.map(([, value], index) => `${value} AS x${index}`)];
  const given = `(SELECT ${items.join(', ')} FROM ${sql} WHERE ${filter}) AS s`;
  const set = pairs.map(([name], index) => `${name} = s.x${index}`).join(', ');
  const names = ['"id"', ...pairs.map(([name]) => name)].join(', ');
  const values = ['s.id', ...pairs.map((_, index) => `s.x${index}`)].join(', ');
  const clauses = [
    `WHEN MATCHED AND t0.id % 4 = ${random.below(4)} THEN DELETE`,
    ...(set === '' ? [] : [`WHEN MATCHED AND s.id % 2 = ${random.below(2)} THEN UPDATE SET ${set}`]),
    `WHEN NOT MATCHED AND s.id >= ${table.nextId} THEN INSERT (${names}) VALUES (${values})`,
    `WHEN NOT MATCHED BY SOURCE AND t0.id % 7 = ${random.below(7)} THEN DELETE`,
  ];
  const chosen = random.some(clauses, 0.6);
  if (chosen.length === 0 || table.columns.some(({ initial }) => initial !== undefined)) return;
  await table.change(`MERGE INTO ${table.mark} AS t0 USING ${given} ON t0.id = s.id ${chosen.join(' ')}`);
  table.nextId += mostRows * 2;
}

export async function insertFromOther(table, tables) {
  const { random } = table;
  if (table.columns.some(({ initial }) => initial !== undefined)) return;
  const { table: from, sql, id, scope, filter } = other(table, tables);
  if (from.isBig) return;
  const pairs = random.shuffled(fitting(table, scope));
  const names = ['"id"', ...pairs.map(([name]) => name)].join(', ');
  const values = [`${id} + ${table.nextId}`, ...pairs.map(([, value]) => value)].join(', ');
  const query = `SELECT ${values} FROM ${sql} WHERE ${filter}`;
  await table.change(
    random.pick([
      `INSERT INTO ${table.mark} (${names}) ${query}`,
      `WITH few AS (${query}) INSERT INTO ${table.mark} (${names}) FROM few`,
      `INSERT INTO ${table.mark} (${names}) WITH few AS (${query}) SELECT * FROM few UNION ALL SELECT * FROM few WHERE false`,
    ]),
  );
  table.nextId += from.nextId;
}
