/** Equality deletes in files that differ from one another: written before and after a column was widened. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { FlightSqlClient } from '../../src/client/index.js';
import { writtenFile } from '../parquet/edited.js';
import { type CraftedFile, craftTable, field } from './support/crafted-table.js';
import { rowsAsText, startTestServer, type TestServer } from './support/server.js';

let server: TestServer;
let client: FlightSqlClient;
beforeAll(async () => {
  server = await startTestServer();
  client = await server.client('adminuser');
});
afterAll(() => server?.stop());

let tables = 0;

/** What is left of some values when each of the others is deleted by a file of its own. */
async function left(type: unknown, values: string[], deleted: string[], fieldIds: string, id: number): Promise<string> {
  const name = `t${tables++}`;
  const file = (value: string) => writtenFile(`SELECT ${value} AS v`, `FIELD_IDS ${fieldIds}`);
  const bytes = await file(`unnest([${values}])`);
  const deletes = await Promise.all(
    deleted.map(async (value): Promise<CraftedFile> => {
      const entry = { content: 'equality-deletes' as const, recordCount: 1, equalityIds: [id] };
      return { bytes: await file(value), entry };
    }),
  );
  const data = [[{ bytes, entry: { recordCount: values.length } }]];
  await craftTable(server, name, { formatVersion: 3, fields: [field(1, 'v', type)], data, deletes: [deletes] });
  return (await rowsAsText(client, `SELECT v FROM demo.${name} ORDER BY v`)).join(', ');
}

it.each([
  ['double', ['0.1::DOUBLE', '0.5', '16777217', '2'], ['0.5::FLOAT', '0.1::DOUBLE', '16777217::DOUBLE'], '2.0'],
  ['double', ['0.1::DOUBLE', '0.5', '2'], ['0.1::DOUBLE', '0.5::FLOAT'], '2.0'],
  ['long', ['1::BIGINT', '3000000000', '7'], ['1::INTEGER', '3000000000::BIGINT'], '7'],
  [
    'decimal(18, 2)',
    ['1.25::DECIMAL(18, 2)', '99999999999.25', '7'],
    ['1.25::DECIMAL(5, 2)', '99999999999.25::DECIMAL(18, 2)'],
    '7.00',
  ],
  [
    'timestamp',
    ["TIMESTAMP '2020-01-01'", "'2020-01-02 03:04:05'", "'2021-01-01'"],
    ["DATE '2020-01-01'", "TIMESTAMP '2020-01-02 03:04:05'"],
    '2021-01-01 00:00:00',
  ],
])(
  'of a column that became %s take their rows away, whichever was written first',
  async (type, values, deleted, rest) => {
    expect(await left(type, values, deleted, '{v: 1}', 1)).toBe(rest);
    expect(await left(type, values, [...deleted].reverse(), '{v: 1}', 1)).toBe(rest);
  },
);

it('of a field inside a struct that was widened and got neighbours', async () => {
  const type = { type: 'struct', fields: [field(2, 'x', 'long')] };
  const values = ["{'x': 1::BIGINT}", "{'x': 3000000000}", "{'x': 5}"];
  const ids = '{v: {__duckdb_field_id: 1, x: 2}}';
  const wide = "{'x': 3000000000::BIGINT}";
  expect(await left(type, values, ["{'x': 1::INTEGER}", wide], ids, 2)).toBe('{"x": 5}');
  expect(await left(type, values, [wide, "{'x': 1::INTEGER}"], ids, 2)).toBe('{"x": 5}');
});
