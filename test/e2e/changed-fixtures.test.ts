/** Tables that Spark, PyIceberg and Iceberg's core library wrote, and Skua changes: of rows, columns and deletes of every kind. */
import type { Field } from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { schemaName } from '../../src/query/tables/names.js';
import { type FixtureTable, fixtureTables } from '../fixtures/index.js';
import { canonicalCell, sortedByText } from './support/canonical.js';
import { type Fixtures, startFixtures } from './support/fixtures.js';

let fixtures: Fixtures;
beforeAll(async () => {
  fixtures = await startFixtures();
}, 60_000);
afterAll(() => fixtures?.stop());

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

async function rowsOf(sql: string): Promise<(string | null)[][]> {
  const { schema, rows } = await fixtures.ask(sql);
  return sortedByText(
    rows.map((row) => row.map((value, index) => canonicalCell(schema.fields[index] as Field, value))),
  );
}

async function countOf(sql: string): Promise<number> {
  const { rows } = await fixtures.ask(sql);
  return Number(rows[0]?.[0]);
}

const tables = fixtureTables().filter(
  ({ kind, unsupported, name }) => kind === 'table' && unsupported === undefined && name !== 'lz4',
);

describe.each(tables.map((table) => [`${table.namespace.join('.')}.${table.name}`, table] as const))(
  '%s',
  (_, table) => {
    it(`keeps what a change leaves: ${table.shows}`, async () => {
      const name = nameOf(table);
      const { schema, rows } = await fixtures.ask(`SELECT * FROM ${name}`);
      const before = sortedByText(
        rows.map((row) => row.map((value, i) => canonicalCell(schema.fields[i] as Field, value))),
      );
      const column = schema.fields.find(({ name: own }) => own !== 'r')?.name as string;
      const even = '_pos % 2 = 0';
      const updated = await countOf(`SELECT count(*) FROM ${name} WHERE ${even}`);
      const update = countOf(`UPDATE ${name} SET ${quoted(column)} = ${quoted(column)} WHERE ${even}`);
      expect(await update).toBe(updated);
      expect(await rowsOf(`SELECT * FROM ${name}`)).toEqual(before);
      const third = '_pos % 3 = 0';
      const kept = await rowsOf(`SELECT * FROM ${name} WHERE NOT (${third})`);
      expect(await countOf(`DELETE FROM ${name} WHERE ${third}`)).toBe(before.length - kept.length);
      expect(await rowsOf(`SELECT * FROM ${name}`)).toEqual(kept);
      expect(await countOf(`DELETE FROM ${name}`)).toBe(kept.length);
      expect(await countOf(`SELECT count(*) FROM ${name}`)).toBe(0);
    });
  },
);

function nameOf({ namespace, name }: FixtureTable): string {
  return [schemaName(namespace), name].map(quoted).join('.');
}
