/** Random inserts, deletes, updates and merges leave what a model has, and what PyIceberg reads; the same for the same `SKUA_TEST_SEED`. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parts } from '../../scripts/real/index.mjs';
import { batchToRows } from '../../src/arrow/index.js';
import type { FlightSqlClient } from '../../src/client/index.js';
import { canonicalCell, sortedByText } from './support/canonical.js';
import {
  below,
  columns,
  type Filter,
  pick,
  type Random,
  type Row,
  randomFilter,
  randomFrom,
  randomPartitions,
  randomRows,
  rowSql,
} from './support/random-rows.js';
import { startTestServer, type TestServer } from './support/server.js';

const seed = process.env.SKUA_TEST_SEED ?? '1';
const numbers = Array.from({ length: 9 }, (_, index) => index);
const { path: python = '', missing } = parts.python.find();

let server: TestServer;
let client: FlightSqlClient;
beforeAll(async () => {
  server = await startTestServer();
  client = await server.client('adminuser');
});
afterAll(() => server?.stop());

/** The rows that each table should have in the end. */
const models = new Map<string, Row[]>();
/** Tables partitioned by floating-point numbers: PyIceberg finds no deletes in a partition of NaN, which equals nothing. */
const byFloat = new Set<string>();

/** One statement, what it does to the rows, and how many it changes. */
interface Change {
  sql: string;
  rows: Row[];
  count: number;
}

test.each(numbers)(`seed ${seed}, table %i has the rows of a model after each change`, async (number) => {
  const random = randomFrom(`changes ${seed}.${number}`);
  const name = `changed_${number}`;
  const version = 1 + (number % 3);
  const partitions = randomPartitions(random);
  const copies =
    random() < 0.3 ? `, 'write.${pick(random, ['delete', 'update', 'merge'])}.mode' = 'copy-on-write'` : '';
  const definition = `CREATE TABLE ${name} (id BIGINT, ${columns.map((column) => `${column.name} ${column.type}`).join(', ')})${
    partitions.length > 0 ? ` PARTITIONED BY (${partitions.join(', ')})` : ''
  } TBLPROPERTIES ('format-version' = '${version}'${copies})`;
  await client.executeUpdate(definition);
  const steps = [`SKUA_TEST_SEED=${seed}`, definition];
  let rows: Row[] = [];
  let nextId = 0;
  for (let step = 0; step < 14; step++) {
    const change = step < 3 ? insert(random, name, rows, nextId) : randomChange(random, name, rows, nextId);
    nextId = Math.max(nextId, ...change.rows.map(({ id }) => id + 1));
    steps.push(change.sql);
    const told = steps.join(';\n');
    expect(await client.executeUpdate(change.sql), told).toBe(change.count);
    rows = change.rows;
    expect(await answer(name), told).toEqual(sortedByText(rows.map(textOf)));
  }
  models.set(name, rows);
  if (partitions.some((partition) => partition === 'f' || partition === 'd')) byFloat.add(name);
});

describe.skipIf(missing !== undefined)('PyIceberg', () => {
  test('reads the same rows, whatever the deletes are kept in', async () => {
    const { uri, name: warehouse } = server.stack.catalog;
    const names = [...models.keys()].filter((name) => !byFloat.has(name));
    const program = fileURLToPath(new URL('support/pyiceberg_rows.py', import.meta.url));
    const { stdout } = await promisify(execFile)(python, [program, uri, warehouse, 'demo', ...names], {
      env: { ...process.env, SKUA_TOKEN: await server.stack.token('adminuser'), PYTHONDONTWRITEBYTECODE: '1' },
      maxBuffer: 1 << 28,
    });
    const chosen = ['i', 'l', 's'].map((column) => 1 + columns.findIndex(({ name }) => name === column));
    const found = stdout.trim().split('\n');
    expect(found).toHaveLength(numbers.length - byFloat.size);
    for (const [index, name] of names.entries()) {
      const wanted = (models.get(name) ?? []).map((row) => [0, ...chosen].map((column) => textOf(row)[column]));
      expect(sortedByText(JSON.parse(found[index] as string)), name).toEqual(sortedByText(wanted));
    }
  });
});

test('the tables do have delete files and vectors', async () => {
  const formats = new Set<string>();
  for (const name of models.keys()) {
    const { schema, batches } = await client.execute(`SELECT file_format FROM "${name}$all_files" WHERE content = 1`);
    for await (const batch of batches) for (const [format] of batchToRows(schema, batch)) formats.add(String(format));
  }
  expect([...formats].sort()).toEqual(['PARQUET', 'PUFFIN']);
});

function randomChange(random: Random, name: string, rows: Row[], nextId: number): Change {
  const shape = random();
  if (shape < 0.15) return insert(random, name, rows, nextId);
  if (shape < 0.45) return remove(random, name, rows);
  if (shape < 0.7) return update(random, name, rows);
  return merge(random, name, rows, nextId);
}

function insert(random: Random, name: string, rows: Row[], nextId: number): Change {
  const added = randomRows(random, nextId);
  const sql = `INSERT INTO ${name} VALUES ${added.map(rowSql).join(', ')}`;
  return { sql, rows: [...rows, ...added], count: added.length };
}

function remove(random: Random, name: string, rows: Row[]): Change {
  const filter = narrowFilter(random);
  const kept = rows.filter((row) => filter.holds(row) !== true);
  return { sql: `DELETE FROM ${name} WHERE ${filter.sql}`, rows: kept, count: rows.length - kept.length };
}

function update(random: Random, name: string, rows: Row[]): Change {
  const filter = narrowFilter(random);
  const changed = [...new Set([below(random, columns.length), below(random, columns.length)])].map((index) => ({
    index,
    place: random() < 0.2 ? null : below(random, columns[index]?.pool.length ?? 0),
  }));
  const assignments = changed.map(({ index, place }) => {
    const { name: column, pool } = columns[index] as (typeof columns)[0];
    return `${column} = ${place === null ? 'NULL' : pool[place]}`;
  });
  let count = 0;
  const after = rows.map((row) => {
    if (filter.holds(row) !== true) return row;
    count++;
    const places = [...row.places];
    for (const { index, place } of changed) places[index] = place;
    return { ...row, places };
  });
  return { sql: `UPDATE ${name} SET ${assignments.join(', ')} WHERE ${filter.sql}`, rows: after, count };
}

/** Rows by their ids: some that are there, some that are new; those that are there are deleted, replaced, or left. */
function merge(random: Random, name: string, rows: Row[], nextId: number): Change {
  const source = new Map<number, Row>();
  for (const row of randomRows(random, nextId)) {
    const partner = random() < 0.5 ? pick(random, [...rows, row]) : row;
    source.set(partner.id, { ...row, id: partner.id });
  }
  const names = ['id', ...columns.map((column) => column.name)].join(', ');
  const filter = randomFilter(random);
  const condition = filter.sql.replace(/\b(i|l|f|d|n|s|day|ts|tz|b)\b(?= (?:IS|IN|=|<|>|BETWEEN|LIKE))/g, 's.$1');
  const deletesRest = random() < 0.3;
  const after: Row[] = [];
  let count = 0;
  for (const row of rows) {
    const found = source.get(row.id);
    if (found) {
      count++;
      if (filter.holds(found) !== true) after.push(found);
    } else if (deletesRest && row.id % 3 === 0) count++;
    else after.push(row);
  }
  const known = new Set(rows.map(({ id }) => id));
  const inserted = [...source.values()].filter(({ id }) => !known.has(id));
  const sql = `MERGE INTO ${name} AS t USING (VALUES ${[...source.values()].map(rowSql).join(', ')}) AS s(${names}) ON t.id = s.id
    WHEN MATCHED AND (${condition}) THEN DELETE WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *${
      deletesRest ? ' WHEN NOT MATCHED BY SOURCE AND t.id % 3 = 0 THEN DELETE' : ''
    }`;
  return { sql, rows: [...after, ...inserted], count: count + inserted.length };
}

/** One that leaves something, more often than not. */
function narrowFilter(random: Random): Filter {
  const [first, second] = [randomFilter(random), randomFilter(random)];
  return {
    sql: `(${first.sql}) AND (${second.sql})`,
    holds: (row) => first.holds(row) === true && second.holds(row) === true,
  };
}

function textOf({ id, places }: Row): (string | null)[] {
  return [
    String(id),
    ...places.map((place, index) => (place === null ? null : (columns[index]?.texts[place] ?? null))),
  ];
}

async function answer(name: string): Promise<(string | null)[][]> {
  const { schema, batches } = await client.execute(`SELECT * FROM ${name}`);
  const rows: (string | null)[][] = [];
  for await (const batch of batches) {
    for (const row of batchToRows(schema, batch)) {
      rows.push(row.map((value, index) => canonicalCell(schema.fields[index] as (typeof schema.fields)[0], value)));
    }
  }
  return sortedByText(rows);
}
