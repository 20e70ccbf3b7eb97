/** What pruning leaves out never changes an answer: random tables and filters, the same for the same `SKUA_TEST_SEED`. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parts } from '../../scripts/real/index.mjs';
import { batchToRows } from '../../src/arrow/index.js';
import type { FlightSqlClient } from '../../src/client/index.js';
import { canonicalCell, sortedByText } from './support/canonical.js';
import {
  type Column,
  columns,
  pick,
  type Row,
  randomFilter,
  randomFrom,
  randomPartitions,
  randomRows,
  rowSql,
} from './support/random-rows.js';
import { type RandomTable, writeRandomTables } from './support/random-tables.js';
import { startTestServer, type TestServer } from './support/server.js';

const seed = process.env.SKUA_TEST_SEED ?? '1';
const numbers = Array.from({ length: 8 }, (_, index) => index);
const { missing } = parts.python.find();

let server: TestServer;
let client: FlightSqlClient;
beforeAll(async () => {
  server = await startTestServer();
  client = await server.client('adminuser');
});
afterAll(() => server?.stop());

describe.skipIf(missing !== undefined)('tables that PyIceberg wrote', () => {
  let tables: RandomTable[];
  let pruned = 0;
  beforeAll(async () => {
    tables = await writeRandomTables(server.stack, seed, numbers.length);
  });

  test.each(numbers)(`seed ${seed}, table %i: pruned, unpruned and PyIceberg's answers are one`, async (number) => {
    const { name, steps, questions } = tables[number] as RandomTable;
    for (const { select: asked, filter, snapshot, rows } of questions) {
      const travel = snapshot === undefined ? '' : ` FOR VERSION AS OF ${snapshot}`;
      const select = `SELECT ${asked} FROM demo.${name}${travel}`;
      const sql = `${select} WHERE ${filter}`;
      const told = [`SKUA_TEST_SEED=${seed}`, ...steps, sql].join('\n');
      pruned += await check(select, filter, rows, told);
      await checkCount(`demo.${name}${travel}`, filter, told);
    }
    await checkAggregates(`demo.${name}`, [`SKUA_TEST_SEED=${seed}`, ...steps].join('\n'));
  });

  test('the filters did prune', () => {
    expect(pruned).toBeGreaterThan(numbers.length);
  });
});

describe('tables that Skua wrote', () => {
  let pruned = 0;

  test.each(numbers)(`seed ${seed}, table %i: pruned and unpruned answers are those of a model`, async (number) => {
    const random = randomFrom(`${seed}.${number}`);
    const name = `demo.model_${number}`;
    const partitions = randomPartitions(random);
    const steps = [
      `CREATE TABLE ${name} (id BIGINT, ${columns.map((column) => `${column.name} ${column.type}`).join(', ')})${
        partitions.length > 0 ? ` PARTITIONED BY (${partitions.join(', ')})` : ''
      }`,
    ];
    const rows: Row[] = [];
    for (let insert = 0; insert < 6; insert++) {
      const added = randomRows(random, rows.length);
      rows.push(...added);
      steps.push(`INSERT INTO ${name} VALUES ${added.map(rowSql).join(', ')}`);
    }
    const told = (sql: string) => [`SKUA_TEST_SEED=${seed}`, ...steps, sql].join(';\n');
    for (const step of steps) await client.executeUpdate(step);

    const whole = `SELECT id, ${columns.map((column) => column.name).join(', ')} FROM ${name}`;
    const texts = rows.map(({ id, places }) => [String(id), ...places.map((place, index) => textAt(index, place))]);
    expect(await answer(whole, told(whole)), told(whole)).toEqual(sortedByText(texts));

    for (const [index, column] of columns.entries()) {
      const sql = `SELECT count(*), count(${column.name}), min(${column.name}), max(${column.name}) FROM ${name}`;
      const places = rows.flatMap((row) => row.places[index] ?? []);
      const extremes = places.length === 0 ? [null, null] : [Math.min(...places), Math.max(...places)];
      const wanted = [String(rows.length), String(places.length), ...extremes.map((place) => textAt(index, place))];
      expect(await answer(sql, told(sql)), told(sql)).toEqual([wanted]);
    }

    for (let question = 0; question < 12; question++) {
      const { sql: filter, holds } = randomFilter(random);
      const select = pick(random, [`SELECT id FROM ${name}`, `SELECT id FROM (${whole})`]);
      const sql = `${select} WHERE ${filter}`;
      const wanted = sortedByText(rows.filter((row) => holds(row) === true).map(({ id }) => [String(id)]));
      pruned += await check(select, filter, wanted, told(sql));
      const count = `SELECT count(*) FROM ${name} WHERE ${filter}`;
      expect(await answer(count, told(count)), told(count)).toEqual([[String(wanted.length)]]);
    }
  });

  test('the filters did prune', async () => {
    expect(pruned).toBeGreaterThan(numbers.length);
    const sql = `SELECT id FROM demo.model_0 WHERE id < -1`;
    expect(await filesPruned(sql)).toBeGreaterThan(0);
    expect(await filesPruned(sql.replace('id < -1', unprunable('id < -1')))).toBe(0);
  });
});

/** Compares both answers with the wanted rows; the number of files that the pruned one left out. */
async function check(select: string, filter: string, wanted: unknown[][], told: string): Promise<number> {
  const [found, unpruned, count] = await Promise.all([
    answer(`${select} WHERE ${filter}`, told),
    answer(`${select} WHERE ${unprunable(filter)}`, told),
    filesPruned(`${select} WHERE ${filter}`),
  ]);
  expect(found, told).toEqual(wanted);
  expect(unpruned, `unpruned\n${told}`).toEqual(wanted);
  return count;
}

/** The count of the rows for a filter, which metadata may answer, is that of rows that are read. */
async function checkCount(table: string, filter: string, told: string): Promise<void> {
  const count = (condition: string) => answer(`SELECT count(*) FROM ${table} WHERE ${condition}`, told);
  expect(await count(filter), `count\n${told}`).toEqual(await count(unprunable(filter)));
}

/** The same of counts, extremes, groups and first rows of each column. */
async function checkAggregates(table: string, told: string): Promise<void> {
  const read = `(SELECT * FROM ${table} WHERE random() >= 0)`;
  const { schema } = await client.execute(`SELECT * FROM ${table} LIMIT 0`);
  for (const { name, type } of schema.fields) {
    if (type.children?.length > 0) continue;
    const column = `"${name.replaceAll('"', '""')}"`;
    const aggregates = `SELECT count(*), count(${column}), min(${column}), max(${column}) FROM`;
    const distinct = `SELECT ${column}, count(*) FROM`;
    for (const [asked, end] of [
      [aggregates, ''],
      [distinct, 'GROUP BY ALL'],
      [`SELECT ${column} FROM`, `ORDER BY ${column} LIMIT 3`],
      [`SELECT ${column} FROM`, `ORDER BY ${column} DESC NULLS FIRST LIMIT 4`],
      [`SELECT ${column} FROM`, `ORDER BY ${column} DESC NULLS LAST LIMIT 2 OFFSET 1`],
    ]) {
      const found = await answer(`${asked} ${table} ${end}`, told);
      expect(found, `${asked}\n${told}`).toEqual(await answer(`${asked} ${read} ${end}`, told));
    }
  }
}

function textAt(index: number, place: number | null): string | null {
  return place === null ? null : ((columns[index] as Column).texts[place] as string);
}

/** The same condition in a form that no file can be left out for. */
function unprunable(filter: string): string {
  return `CASE WHEN ${filter} THEN random() >= 0 ELSE false END`;
}

/** All rows in canonical text, sorted. `told` goes into the error of a query that fails. */
async function answer(sql: string, told: string): Promise<(string | null)[][]> {
  try {
    const { schema, batches } = await client.execute(sql);
    const rows: (string | null)[][] = [];
    for await (const batch of batches) {
      for (const row of batchToRows(schema, batch)) {
        rows.push(row.map((value, index) => canonicalCell(schema.fields[index] as (typeof schema.fields)[0], value)));
      }
    }
    return sortedByText(rows);
  } catch (error) {
    throw new Error(told, { cause: error });
  }
}

/** How many of a table's files the plan leaves out. */
async function filesPruned(sql: string): Promise<number> {
  const lines = await answer(`EXPLAIN ${sql}`, sql);
  const [, planned, total] = /files: (\d+) planned of (\d+)/.exec(lines.join('\n')) ?? [];
  return Number(total) - Number(planned);
}
