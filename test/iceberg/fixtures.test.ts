/** Tables that Spark and PyIceberg wrote. */
import { readFileSync } from 'node:fs';
import { DataType, type Field, Type } from 'apache-arrow';
import { describe, expect, test } from 'vitest';
import { rowsToBatch } from '../../src/arrow/index.js';
import {
  METADATA_TABLES,
  type MetadataTableName,
  metadataTable,
  planScan,
  readDeletionVector,
} from '../../src/iceberg/index.js';
import { type FixtureTable, fixtureMetadata, fixtureStorage, fixtureTables } from './stores.js';

const readable = fixtureTables.filter(({ metadataLocation }) => !metadataLocation.includes('.gz'));

describe('tables written by others', () => {
  test.each(readable.map((table) => [[...table.namespace, table.name].join('.'), table] as const))(
    '%s: the plan holds every live file, and deletion vectors hold what manifests say',
    async (_, table) => {
      const metadata = fixtureMetadata(table);
      const plan = await planScan({ metadata, storage: fixtureStorage });
      for (const { file, deletes } of plan.tasks) {
        expect(file.sequenceNumber).toBeTypeOf('number');
        for (const deleteFile of deletes.filter(({ format }) => format === 'puffin')) {
          const positions = await readDeletionVector(deleteFile, fixtureStorage);
          expect(positions.length).toBe(deleteFile.recordCount);
        }
      }
      const total = plan.snapshot?.summary['total-data-files'];
      if (total !== undefined) expect(plan.tasks.length).toBe(Number(total));
      else expect(plan.tasks.every(({ file }) => file.content === 'data')).toBe(true);
    },
  );
});

interface ExpectedQuery {
  name: string;
  sql: string;
  rows: (string | null)[][];
}

function expectedQueries(table: FixtureTable): ExpectedQuery[] {
  const file = new URL(`../fixtures/${table.expected}`, import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { queries: ExpectedQuery[] }).queries;
}

const selects = fixtureTables
  .filter(({ namespace }) => namespace[0] === 'metadata')
  .flatMap((table) =>
    expectedQueries(table).flatMap(({ name, sql, rows }) => {
      const match = /^SELECT (.*) FROM .*\$(\w+)"$/.exec(sql);
      const kind = METADATA_TABLES.find((candidate) => candidate === match?.[2]);
      return match && kind ? [{ title: `${table.name}: ${name}`, table, kind, columns: match[1] as string, rows }] : [];
    }),
  );

describe('metadata tables answer what Spark answers', () => {
  test.each(selects)('$title', async ({ table, kind, columns, rows }) => {
    const found = await select(table, kind, columns);
    // Spark's reader loses split offsets where a query does not also ask for the size of the file.
    const lost = columns.split(', ').indexOf('split_offsets');
    for (const row of [...found, ...rows]) if (lost >= 0) row[lost] = null;
    expect(found.sort(byText)).toEqual(rows.sort(byText));
  });
});

async function select(table: FixtureTable, kind: MetadataTableName, columns: string): Promise<(string | null)[][]> {
  const { schema, rows } = await metadataTable(kind, fixtureMetadata(table), {
    storage: fixtureStorage,
    metadataLocation: table.metadataLocation,
  });
  expect(rowsToBatch(schema, rows).length).toBe(rows.length);
  const readers = columns.split(', ').map((column) => {
    const path = (column.split(' AS ')[0] as string).split('.');
    const index = schema.fields.findIndex(({ name }) => name === path[0]);
    const field = schema.fields[index] as Field;
    const inner = path[1] === undefined ? -1 : field.type.children.findIndex(({ name }: Field) => name === path[1]);
    return (row: unknown[]) => {
      const value = row[index];
      return inner < 0 ? cell(field.type, value) : cell(field.type.children[inner].type, (value as unknown[])[inner]);
    };
  });
  return rows.map((row) => readers.map((read) => read(row)));
}

/** A value as the fixtures write it. */
function cell(type: DataType, value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (value instanceof Map || Array.isArray(value)) return JSON.stringify(nested(type, value));
  return text(type, value);
}

function text(type: DataType, value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (DataType.isTimestamp(type)) {
    return new Date(Number((value as bigint) / 1000n)).toISOString().replace('Z', '000Z');
  }
  return String(value);
}

function nested(type: DataType, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  const fields = type.children as Field[];
  if (value instanceof Map) {
    const [key, entry] = (fields[0] as Field).type.children as [Field, Field];
    const pairs = [...value].sort(([left], [right]) => left - right);
    return pairs.map(([k, v]) => [nested(key.type, k), nested(entry.type, v)]);
  }
  if (type.typeId === Type.Struct) {
    const values = value as unknown[];
    return Object.fromEntries(fields.map((field, index) => [field.name, nested(field.type, values[index])]));
  }
  if (Array.isArray(value)) return value.map((item) => nested((fields[0] as Field).type, item));
  return text(type, value);
}

function byText(left: unknown, right: unknown): number {
  const [a, b] = [JSON.stringify(left), JSON.stringify(right)];
  return a < b ? -1 : a > b ? 1 : 0;
}
