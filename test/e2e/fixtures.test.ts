/** Tables and views that others wrote: Skua's answers are Spark's and PyIceberg's, value by value. */
import type { Field } from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ExpectedAnswer, expectedAnswers, type FixtureTable, fixtureTables } from '../fixtures/index.js';
import { canonicalCell, expectedTypeName, icebergTypeName, sortedByText } from './support/canonical.js';
import { differenceOf } from './support/differences.js';
import { type Fixtures, startFixtures } from './support/fixtures.js';

let fixtures: Fixtures;

describe.each([
  ['with a cache', {}],
  ['with an empty cache', { cold: true }],
  ['planned by the catalog, two files a page, by signed addresses', { planning: { pageSize: 2, signed: true } }],
])('%s', (_how, options) => {
  beforeAll(async () => {
    fixtures = await startFixtures(options);
  }, 60_000);
  afterAll(() => fixtures?.stop());

  describe.each(namespaces())('%s', (_, tables) => {
    it.each(tables.map((table) => [titleOf(table), table] as const))('%s', async (_title, table) => {
      for (const answer of standingAnswers(table)) {
        const isUntold = 'planning' in options && answer.sql?.includes('_last_updated_sequence_number');
        if (isUntold) {
          await expect(fixtures.ask(answer.sql ?? '')).rejects.toMatchObject({ code: 'UNIMPLEMENTED' });
        } else await check(table, answer);
      }
    });
  });
});

function namespaces(): [string, FixtureTable[]][] {
  const byNamespace = new Map<string, FixtureTable[]>();
  for (const table of fixtureTables()) {
    const namespace = table.namespace.join('.');
    byNamespace.set(namespace, [...(byNamespace.get(namespace) ?? []), table]);
  }
  return [...byNamespace];
}

function titleOf(table: FixtureTable): string {
  return `${table.name} is ${table.unsupported ? 'refused by its format' : 'read exactly'}: ${table.shows}`;
}

/** A question that was asked again, after the table had changed, has its last answer. */
function standingAnswers(table: FixtureTable): ExpectedAnswer[] {
  const answers = expectedAnswers(table);
  return answers.filter(({ sql }, index) => sql === undefined || !answers.slice(index + 1).some((a) => a.sql === sql));
}

async function check(table: FixtureTable, answer: ExpectedAnswer): Promise<void> {
  const sql = sqlOf(table, answer);
  const difference = differenceOf(table, answer);
  if (difference?.refused !== undefined) {
    await expect(fixtures.ask(sql), sql).rejects.toMatchObject({
      code: 'UNIMPLEMENTED',
      message: expect.stringMatching(difference.refused),
    });
    return;
  }
  const { schema, rows } = await fixtures.ask(sql);
  const names = answer.columns.map(({ name }) => name);
  expect(
    schema.fields.map(({ name }) => name),
    sql,
  ).toEqual(names);
  // Types are the table's own where a query asks for its columns as they are; those of expressions are the engine's.
  if (/^SELECT \* FROM/.test(sql)) {
    expect(schema.fields.map(icebergTypeName), sql).toEqual(answer.columns.map(({ type }) => expectedTypeName(type)));
  }
  const found = rows.map((row) => row.map((value, index) => canonicalCell(schema.fields[index] as Field, value)));
  const read = (cells: (string | null)[][]) => comparable(answer, cells);
  expect(read(found), sql).toEqual(read(difference?.rows ?? answer.rows));
}

function sqlOf({ namespace, name }: FixtureTable, { sql, incremental, changes }: ExpectedAnswer): string {
  if (sql !== undefined) return sql;
  const range = incremental ?? changes;
  const path = ['fixtures', ...namespace, changes ? `${name}$changes` : name].map((part) => `"${part}"`).join('.');
  return `SELECT * FROM ${path} FOR VERSION FROM ${range?.from} TO ${range?.to}`;
}

/** Variants are compared as JSON; a column of split offsets not at all, which Spark's reader loses. */
function comparable(answer: ExpectedAnswer, rows: (string | null)[][]): unknown[][] {
  const compared = rows.map((row) =>
    row.map((cell, index) => {
      const { name, type } = answer.columns[index] ?? { name: '', type: '' };
      if (name === 'split_offsets') return null;
      return cell !== null && type.includes('variant') ? JSON.parse(cell) : cell;
    }),
  );
  return sortedByText(compared);
}
