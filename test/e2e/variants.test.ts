/** Variants from clients that have them as bytes or as JSON, and the files that they end up in. */
import { readFile } from 'node:fs/promises';
import { Binary, Field, Int32, Schema, Struct, Utf8 } from 'apache-arrow';
import { parquetMetadata } from 'hyparquet';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { decodeSchema } from '../../src/arrow/index.js';
import * as sql from '../../src/flight/sql/messages.js';
import { TestClient, ticketOf } from '../flight/client.js';
import { startTestServer, type TestServer } from './support/server.js';

let server: TestServer;
let client: TestClient;
beforeAll(async () => {
  server = await startTestServer();
  client = new TestClient(Number(server.server.address.split(':').at(-1)), await server.token('adminuser'));
});
afterAll(async () => {
  client?.close();
  await server?.stop();
});

const extension = (name: string) =>
  new Map([
    ['ARROW:extension:name', name],
    ['ARROW:extension:metadata', ''],
  ]);
const bytes = new Struct([new Field('metadata', new Binary(), false), new Field('value', new Binary(), false)]);
const id = new Field('id', new Int32(), true);
const asBytes = new Schema([id, new Field('v', bytes, true, extension('arrow.parquet.variant'))]);
const asJson = new Schema([id, new Field('v', new Utf8(), true, extension('arrow.json'))]);
const asText = new Schema([id, new Field('v', new Utf8(), true)]);

/** `{"a": "x", "b": 1}` with its keys in the order in which they were met (Parquet format, "Variant Binary Encoding"). */
const object = {
  metadata: Uint8Array.of(1, 2, 0, 1, 2, 0x62, 0x61),
  value: Uint8Array.of(0x02, 2, 0, 1, 0, 5, 7, 0x14, 1, 0, 0, 0, 0x05, 0x78),
};
// The fields of an object are in the order of their names: a (key 1, at 5), then b (key 0, at 0).
object.value.set([0x02, 2, 1, 0, 5, 0, 7], 0);
const date = { metadata: Uint8Array.of(1, 0, 0), value: Uint8Array.of(0x2c, 0xcb, 0x4d, 0, 0) };

function ingest(table: string, schema: Schema, rows: unknown[][], create = false): Promise<unknown> {
  const options = {
    if_not_exist: create ? 'TABLE_NOT_EXIST_OPTION_CREATE' : 'TABLE_NOT_EXIST_OPTION_FAIL',
    if_exists: 'TABLE_EXISTS_OPTION_APPEND',
  } as const;
  const command = { table, schema: 'demo', temporary: false, options: {}, table_definition_options: options };
  return client.send(sql.CommandStatementIngest, command, schema, [rows]);
}

async function rowsOf(query: string): Promise<unknown[][]> {
  return (await client.query(sql.CommandStatementQuery, { query })).rows;
}

test('bytes, JSON and text go into a column of variants, each as what it is', async () => {
  const query = "CREATE TABLE demo.given (id INT, v VARIANT) TBLPROPERTIES ('format-version' = '3')";
  await client.send(sql.CommandStatementUpdate, { query });
  await ingest('given', asBytes, [
    [1, object],
    [2, date],
    [3, null],
  ]);
  await ingest('given', asJson, [
    [4, '{"a": [1, null]}'],
    [5, null],
  ]);
  await ingest('given', asText, [[6, '{"a": 1}']]);
  expect(await rowsOf('SELECT id, v, variant_typeof(v) FROM demo.given ORDER BY id')).toEqual([
    [1, '{"a":"x","b":1}', 'OBJECT(a, b)'],
    [2, '"2024-07-11"', 'DATE'],
    [3, null, 'VARIANT_NULL'],
    [4, '{"a":[1,null]}', 'OBJECT(a)'],
    [5, null, 'VARIANT_NULL'],
    [6, '"{\\"a\\": 1}"', 'VARCHAR'],
  ]);
});

test('a table that is made for them is of format version 3', async () => {
  await ingest('fresh', asBytes, [[1, object]], true);
  expect(await rowsOf('SELECT v.a, v.b FROM demo.fresh')).toEqual([['"x"', '1']]);
  const properties = await rowsOf('SHOW CREATE TABLE demo.fresh');
  expect(String(properties[0]?.[0])).toContain("'format-version' = '3'");
});

test.each([
  ['cut', { ...object, value: object.value.slice(0, 9) }],
  ['empty', { metadata: new Uint8Array(0), value: new Uint8Array(0) }],
  ['nested in itself', { metadata: Uint8Array.of(1, 0, 0), value: Uint8Array.of(0x03, 2, 0, 0, 3, 0x14, 1, 0) }],
  ['keys that are not there', { ...object, metadata: Uint8Array.of(1, 0, 0) }],
])('bytes that are no variant are refused: %s', async (_, value) => {
  await expect(ingest('fresh', asBytes, [[9, value]])).rejects.toMatchObject({ code: 3 });
  expect(await rowsOf('SELECT count(*) FROM demo.fresh')).toEqual([[1n]]);
});

test('results have them as arrow.json, in FlightInfo as in the stream', async () => {
  const query = 'SELECT v, [v] AS l, {s: v} AS s FROM demo.fresh';
  const info = await client.info(sql.CommandStatementQuery, { query });
  const result = await client.fetch(ticketOf(info));
  const planned = decodeSchema(info.schema);
  expect(result.schema.fields.map(String)).toEqual(planned.fields.map(String));
  for (const { fields } of [result.schema, planned]) {
    expect(fields.map(({ type }) => String(type))).toEqual(['Utf8', 'List<Utf8>', 'Struct<{s:Utf8}>']);
    expect(fields[0]?.metadata.get('ARROW:extension:name')).toBe('arrow.json');
    expect(fields[1]?.type.children?.[0]?.metadata.get('ARROW:extension:name')).toBe('arrow.json');
  }
});

test('files hold metadata and value in groups that are annotated as variants', async () => {
  const query =
    "CREATE TABLE demo.filed TBLPROPERTIES ('format-version' = '3') AS SELECT {'a': 1}::VARIANT AS v, " +
    "{'x': 1::VARIANT} AS s, ['y'::VARIANT] AS l, MAP {'k': NULL::VARIANT} AS m UNION ALL SELECT NULL, NULL, NULL, NULL";
  await client.send(sql.CommandStatementUpdate, { query });
  const path = (await server.files()).find((file) => /\/filed\/data\/.*\.parquet$/.test(file)) as string;
  const file = await readFile(path);
  const metadata = parquetMetadata(file.buffer.slice(file.byteOffset, file.byteOffset + file.length) as ArrayBuffer);
  const groups = metadata.schema.filter(({ logical_type }) => logical_type?.type === 'VARIANT');
  expect(groups.map(({ name, num_children }) => [name, num_children])).toEqual([
    ['v', 2],
    ['x', 2],
    ['element', 2],
    ['value', 2],
  ]);
  expect(groups.every(({ repetition_type }) => repetition_type === 'OPTIONAL')).toBe(true);
  expect(await rowsOf('SELECT v, s, l, m FROM demo.filed WHERE v IS NOT NULL')).toMatchObject([
    ['{"a":1}', {}, {}, {}],
  ]);
  const [entry] = await rowsOf('SELECT file_size_in_bytes FROM demo."filed$files"');
  expect(entry).toEqual([BigInt(file.length)]);
});
