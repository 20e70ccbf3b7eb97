/** Changes of rows that take other rows with them, several changes in one transaction, and files that are written anew. */
import { add, drop, promote, rename, reorder } from './evolution.mjs';
import { RowSource, rowSql } from './rows.mjs';
import { identifier, typeSql } from './types.mjs';

export async function deleteUsing(table) {
  const { random } = table;
  const ids = Array.from({ length: random.between(1, 5) }, () => `(${random.below(table.nextId + 1)})`);
  const condition = table.expressions.condition(table.scope('t0'), 2).sql;
  const given = `(VALUES ${ids.join(', ')}) AS v(k)`;
  await table.change(`DELETE FROM ${table.mark} AS t0 USING ${given} WHERE t0.id = v.k AND (${condition})`);
}

export async function updateFrom(table) {
  const { random } = table;
  const changed = random.shuffled(table.columns.filter(({ isId }) => !isId)).slice(0, random.between(1, 2));
  if (changed.length === 0) return;
  const source = new RowSource(random);
  const ids = [...new Set(Array.from({ length: random.between(1, 5) }, () => random.below(table.nextId + 1)))];
  const columns = [table.columns.find(({ isId }) => isId), ...changed];
  const rows = ids.map((id) => rowSql(source, columns, id));
  const names = columns.map(({ name }) => identifier(name));
  const set = names.slice(1).map((name) => `${name} = v.${name}`);
  const given = `(VALUES ${rows.join(', ')}) AS v(${names.join(', ')})`;
  await table.change(`UPDATE ${table.mark} AS t0 SET ${set.join(', ')} FROM ${given} WHERE t0.id = v.id`);
}

/** Some of the columns in another order; the others get their defaults. */
export async function insertByName(table) {
  const { random } = table;
  const given = random.shuffled(table.columns.filter(({ isId }) => isId || random.chance(0.6)));
  const source = new RowSource(random);
  const row = rowSql(source, given, table.nextId++);
  const names = given.map(({ name }) => identifier(name));
  const rest = table.columns.filter((column) => !given.includes(column));
  const defaults = rest.map(({ type, initial }) => `CAST(${initial ?? 'NULL'} AS ${typeSql(type)})`);
  const all = [...names, ...rest.map(({ name }) => identifier(name))];
  await table.change(
    `INSERT INTO ${table.mark} BY NAME SELECT * FROM (VALUES ${row}) AS v(${names.join(', ')})`,
    `INSERT INTO ${table.mark} (${all.join(', ')}) VALUES (${[row.slice(1, -1), ...defaults].join(', ')})`,
  );
}

export async function insertFromItself(table) {
  if (table.nextId > 5000) return;
  const columns = table.columns.map(({ name, isId }) => (isId ? `t0.id + ${table.nextId}` : `t0.${identifier(name)}`));
  const condition = table.expressions.condition(table.scope('t0'), 2).sql;
  await table.change(
    `INSERT INTO ${table.mark} SELECT ${columns.join(', ')} FROM ${table.mark} AS t0 WHERE ${condition}`,
  );
  table.nextId *= 2;
}

/** Files are written anew, and the rows stay. */
export async function compact(table) {
  const { random } = table;
  const options = random.pick([
    '',
    ", options => map('rewrite-all', 'true')",
    ", options => map('delete-file-threshold', '1')",
    ", strategy => 'sort', sort_order => 'id DESC', options => map('rewrite-all', 'true')",
    ", sort_order => 'zorder(id)', options => map('rewrite-all', 'true')",
  ]);
  const argument = `table => 'demo.${table.name}'`;
  const call = random.pick([
    `CALL system.rewrite_data_files(${argument}${options})`,
    `CALL system.rewrite_data_files(${argument}${options})`,
    `CALL system.rewrite_position_delete_files(${argument})`,
    `CALL system.rewrite_manifests(${argument})`,
  ]);
  table.steps.push(call);
  await table.server.query(call).catch((error) => {
    // A table that is partitioned by all that it is to be sorted by is refused.
    if (error.code !== 'INVALID_ARGUMENT' || !/partitioned by all of id/.test(error.message)) throw error;
  });
}

/** Several changes at once, which stand or fall together. */
export async function transact(table) {
  const { random, reference, server } = table;
  const isKept = random.chance(0.7);
  const name = `demo.${table.name}`;
  const before = structuredClone({ columns: table.columns, unused: table.unused });
  await control(table, 'BEGIN');
  await reference.update(`CREATE OR REPLACE TABLE ${name}_kept AS FROM ${name}`);
  table.isTransacting = true;
  try {
    for (let left = random.between(1, 4); left > 0; left--) {
      await random.weighted([[6, () => table.changeRows()], ...[add, drop, rename, promote, reorder].map(alter)])();
    }
    const [found, wanted] = await Promise.all(
      [server, reference].map((side) => side.query(`SELECT count(*) FROM ${name}`)),
    );
    if (found.rows[0][0] !== wanted.rows[0][0]) {
      throw new Error(`the transaction sees ${found.rows[0][0]} rows instead of ${wanted.rows[0][0]}`);
    }
  } finally {
    table.isTransacting = false;
  }
  await control(table, isKept ? 'COMMIT' : 'ROLLBACK');
  if (!isKept) {
    await reference.update(`CREATE OR REPLACE TABLE ${name} AS FROM ${name}_kept`);
    Object.assign(table, before);
  }
  await reference.update(`DROP TABLE ${name}_kept`);

  function alter(change) {
    return [0.6, () => change(table)];
  }
}

async function control(table, statement) {
  table.steps.push(statement);
  await table.server.update(statement);
}
