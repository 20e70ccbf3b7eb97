/** What manifests say of columns is believed where it is certain, and of nothing else does an answer hang on it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FlightSqlClient } from '../../src/client/index.js';
import type { DataFile } from '../../src/iceberg/types.js';
import { writtenFile } from '../parquet/edited.js';
import { byId, type CraftedTable, craftTable, field } from './support/crafted-table.js';
import { rowsAsText, startTestServer, type TestServer } from './support/server.js';

let server: TestServer;
let client: FlightSqlClient;
beforeAll(async () => {
  server = await startTestServer();
  client = await server.client('adminuser');
});
afterAll(() => server?.stop());

const ids = 'FIELD_IDS {id: 1, s: 2, b: 3}';
const fields = [field(1, 'id', 'int'), field(2, 's', 'string'), field(3, 'b', 'int')];
let tables = 0;

/** Of one file with one row of `id` 1, `s` 'x' and `b` 7, unless the query is another. */
async function tableOf(entry: Partial<DataFile>, more: Partial<CraftedTable> = {}, select = row): Promise<string> {
  const name = `t${tables++}`;
  const bytes = await writtenFile(select, ids);
  await craftTable(server, name, { fields, data: [[{ bytes, entry }]], ...more });
  return `demo.${name}`;
}

const row = "SELECT 1 AS id, 'x' AS s, 7 AS b";
const one = async (sql: string) => (await rowsAsText(client, sql)).map((values) => values.join('|')).join(', ');
const int = (value: number) => Buffer.from(Int32Array.of(value).buffer);

describe('text bounds that are cut', () => {
  const value = `${'a'.repeat(15)}\u2022tail`;
  const cut = Buffer.concat([Buffer.from('a'.repeat(15)), Uint8Array.of(0xe2)]);
  const raised = Buffer.concat([Buffer.from('a'.repeat(15)), Uint8Array.of(0xe3)]);

  it.each([
    ['inside a character', raised],
    ['inside a character, the upper one without being raised', cut],
    ['between characters, the upper one without being raised', Buffer.from('a'.repeat(15))],
  ])('%s lose no row to filters, counts, extremes, DELETE and UPDATE', async (_, upper) => {
    const bounds = { lowerBounds: byId({ 2: cut.subarray(0, upper.length) }), upperBounds: byId({ 2: upper }) };
    const counts = { nullCounts: byId({ 2: 0 }), valueCounts: byId({ 2: 1 }) };
    const table = await tableOf({ ...bounds, ...counts }, {}, `SELECT 1 AS id, '${value}' AS s, 7 AS b`);
    const filters = [
      `s = '${value}'`,
      `s IN ('b', '${value}')`,
      "s LIKE 'aaaaaaaaaaaaaaa\u2022%'",
      `s > '${value.slice(0, -1)}'`,
      `s >= '${value}'`,
      `s <= '${value}'`,
      "s < 'b'",
      "s <> 'b'",
      "s <> 'aaaaaaaaaaaaaaa'",
      `NOT (s > '${value}')`,
    ];
    for (const filter of filters) {
      expect(await one(`SELECT count(*), min(id) FROM ${table} WHERE ${filter}`), filter).toBe('1|1');
    }
    expect(await one(`SELECT count(*) FROM ${table} WHERE s < 'aaaaaaaaaaaaaaa\u2022'`)).toBe('0');
    expect(await one(`SELECT min(s) = max(s), max(s) FROM ${table}`)).toBe(`true|${value}`);
    expect(await one(`SELECT s FROM ${table} ORDER BY s DESC LIMIT 1`)).toBe(value);
    expect(await client.executeUpdate(`UPDATE ${table} SET b = 8 WHERE s = '${value}'`)).toBe(1);
    expect(await client.executeUpdate(`DELETE FROM ${table} WHERE s LIKE '${value}%'`)).toBe(1);
  });
});

it.each([
  ['negative', { nullCounts: byId({ 3: -1 }), valueCounts: byId({ 3: 1 }) }],
  ['larger than the record count', { nullCounts: byId({ 3: 5 }), valueCounts: byId({ 3: 5 }) }],
  ['larger than the number of values', { nullCounts: byId({ 3: 1 }), valueCounts: byId({ 3: 0 }), recordCount: 2 }],
  [
    'all, beside bounds',
    { nullCounts: byId({ 3: 1 }), lowerBounds: byId({ 3: int(7) }), upperBounds: byId({ 3: int(7) }) },
  ],
])('null counts that are %s are not believed', async (_, entry) => {
  const table = await tableOf(entry);
  expect(await one(`SELECT count(b), max(b), min(b) FROM ${table}`)).toBe('1|7|7');
  expect(await one(`SELECT count(*), max(id) FROM ${table} WHERE b = 7`)).toBe('1|1');
  expect(await one(`SELECT count(id), max(id) FROM ${table} WHERE b IS NOT NULL`)).toBe('1|1');
  expect(await one(`SELECT count(id), max(id) FROM ${table} WHERE b IS NULL`)).toBe('0|NULL');
});

it('a negative record count is none: such files are counted by reading them', async () => {
  const table = await tableOf({ recordCount: -1, nullCounts: byId({ 3: 0 }) });
  expect(await one(`SELECT count(*) FROM ${table}`)).toBe('1');
  expect(await one(`SELECT count(b) FROM ${table} WHERE b > 0`)).toBe('1');
  expect(await one(`SELECT id FROM ${table} LIMIT 1`)).toBe('1');
});

it.each([
  ['of another width', { lowerBounds: byId({ 3: Buffer.alloc(2) }), upperBounds: byId({ 3: Buffer.alloc(3) }) }],
  ['that contradict each other', { lowerBounds: byId({ 3: int(9) }), upperBounds: byId({ 3: int(2) }) }],
  ['of a value that nobody has, without the other', { lowerBounds: byId({ 3: int(5) }) }],
])('bounds %s prune nothing and answer nothing', async (_, bounds) => {
  const table = await tableOf({ ...bounds, nullCounts: byId({ 3: 0 }), valueCounts: byId({ 3: 1 }) });
  expect(await one(`SELECT min(b), max(b) FROM ${table}`)).toBe('7|7');
  expect(await one(`SELECT count(*), max(id) FROM ${table} WHERE b = 7`)).toBe('1|1');
  expect(await one(`SELECT b FROM ${table} ORDER BY b LIMIT 1`)).toBe('7');
});

it('bounds that were written before a column was widened count as what they are', async () => {
  const select = 'SELECT 1 AS id, 1.5::FLOAT AS s, 1.25::DECIMAL(9,2) AS b';
  const bytes = await writtenFile(select, ids);
  const float = Buffer.from(Float32Array.of(1.5).buffer);
  const bounds = byId<Uint8Array>({ 1: int(1), 2: float, 3: Buffer.from([125]) });
  const widened = [field(1, 'id', 'long'), field(2, 's', 'double'), field(3, 'b', 'decimal(38, 2)')];
  const counts = { nullCounts: byId({ 1: 0, 2: 0, 3: 0 }), nanCounts: byId({ 2: 0 }) };
  const entry = { ...counts, lowerBounds: bounds, upperBounds: bounds };
  await craftTable(server, 'widened', { fields: widened, data: [[{ bytes, entry }]] });
  expect(await one('SELECT min(id), min(s), max(b) FROM demo.widened')).toBe('1|1.5|1.25');
  expect(await one('SELECT count(*), max(id) FROM demo.widened WHERE id = 1 AND s = 1.5 AND b = 1.25')).toBe('1|1');
  expect(await one('SELECT count(*) FROM demo.widened WHERE b > 1.25')).toBe('0');
});

it('zero is both zeros, and NaN is above its bounds', async () => {
  const bytes = await writtenFile("SELECT 1 AS id, unnest([0.0::DOUBLE, 'nan'::DOUBLE]) AS s, 7 AS b", ids);
  const zero = Buffer.from(Float64Array.of(-0).buffer);
  const nan = Buffer.from(Float64Array.of(Number.NaN).buffer);
  const doubles = [field(1, 'id', 'int'), field(2, 's', 'double'), field(3, 'b', 'int')];
  for (const [name, upper, nans] of [
    ['zeros', zero, undefined],
    ['nans', nan, 0],
  ] as const) {
    const counts = { nullCounts: byId({ 2: 0 }), ...(nans === undefined ? {} : { nanCounts: byId({ 2: nans }) }) };
    const entry = { recordCount: 2, ...counts, lowerBounds: byId({ 2: zero }), upperBounds: byId({ 2: upper }) };
    await craftTable(server, name, { fields: doubles, data: [[{ bytes, entry }]] });
    expect(await one(`SELECT count(*), min(id) FROM demo.${name} WHERE s = 0`)).toBe('1|1');
    expect(await one(`SELECT count(*), min(id) FROM demo.${name} WHERE s > 5`)).toBe('1|1');
    expect(await one(`SELECT max(s) FROM demo.${name}`)).toBe('NaN');
  }
});

describe('partition summaries of a manifest list', () => {
  const partitionFields = [{ 'source-id': 2, 'field-id': 1000, name: 's', transform: 'identity' }];
  const value = 'a\u2022z';
  const select = `SELECT 1 AS id, '${value}' AS s, 7 AS b`;
  const cut = Uint8Array.of(0x61, 0xe2);

  it.each([
    ['are cut inside a character', [{ containsNull: false, lowerBound: cut, upperBound: cut }]],
    ['contradict each other', [{ containsNull: false, lowerBound: Buffer.from('z'), upperBound: Buffer.from('a') }]],
    ['are not one for each field', [{ containsNull: true }, { containsNull: true }]],
  ])('that %s leave no manifest out', async (_, partitions) => {
    const manifests: CraftedTable['manifests'] = (all) => all.map((manifest) => ({ ...manifest, partitions }));
    const table = await tableOf({ partition: [value] }, { partitionFields, manifests }, select);
    expect(await one(`SELECT id, b FROM ${table} WHERE s = '${value}'`)).toBe('1|7');
    expect(await one(`SELECT id FROM ${table} WHERE s LIKE 'a\u2022%'`)).toBe('1');
  });
});

describe('a column that the name mapping lacks, in files without field ids', () => {
  it('is null in rows, counts, filters and extremes, whatever the manifest says of it', async () => {
    const mapping = [
      { 'field-id': 1, names: ['id'] },
      { 'field-id': 2, names: ['s'] },
    ];
    const properties = { 'schema.name-mapping.default': JSON.stringify(mapping) };
    const entry = {
      nullCounts: byId({ 3: 0 }),
      valueCounts: byId({ 3: 1 }),
      lowerBounds: byId({ 3: int(7) }),
      upperBounds: byId({ 3: int(7) }),
    };
    await craftTable(server, 'unmapped', { fields, properties, data: [[{ bytes: await writtenFile(row), entry }]] });
    expect(await one('SELECT * FROM demo.unmapped')).toBe('1|x|NULL');
    expect(await one('SELECT count(b), min(b), max(b) FROM demo.unmapped')).toBe('0|NULL|NULL');
    expect(await one('SELECT count(*) FROM demo.unmapped WHERE b IS NULL')).toBe('1');
    expect(await one('SELECT count(*) FROM demo.unmapped WHERE b = 7')).toBe('0');
    expect(await one('SELECT b FROM demo.unmapped ORDER BY b LIMIT 1')).toBe('NULL');
  });

  it('is null inside structs too, also where the mapping lacks all of their fields', async () => {
    const inner = (names: string[]) => ({
      type: 'struct',
      fields: names.map((name, index) => field(10 + index, name, 'int')),
    });
    const bytes = await writtenFile("SELECT 1 AS id, {'a': 1, 'b': 2} AS s");
    for (const [name, mapped, expected] of [
      ['some', [{ 'field-id': 10, names: ['a'] }], '1|{"a": 1, "b": null}'],
      ['none', [], '1|{"a": null, "b": null}'],
    ] as const) {
      const mapping = [
        { 'field-id': 1, names: ['id'] },
        { 'field-id': 2, names: ['s'], fields: mapped },
      ];
      const properties = { 'schema.name-mapping.default': JSON.stringify(mapping) };
      const own = [field(1, 'id', 'int'), field(2, 's', inner(['a', 'b']))];
      await craftTable(server, `inside_${name}`, { fields: own, properties, data: [[{ bytes }]] });
      expect(await one(`SELECT * FROM demo.inside_${name}`)).toBe(expected);
      expect(await one(`SELECT count(s.b) FROM demo.inside_${name} WHERE s.b IS NULL`)).toBe('0');
    }
  });
});

it('a field that was dropped and added again under its name has no old values, though no other field of its struct is left', async () => {
  const bytes = await writtenFile(
    "SELECT 1 AS id, {'a': 1} AS s",
    'FIELD_IDS {id: 1, s: {__duckdb_field_id: 2, a: 3}}',
  );
  const own = [field(1, 'id', 'int'), field(2, 's', { type: 'struct', fields: [field(4, 'a', 'int')] })];
  await craftTable(server, 'again', { fields: own, data: [[{ bytes }]] });
  expect(await one('SELECT s, s.a IS NULL FROM demo.again')).toBe('{"a": null}|true');
});
