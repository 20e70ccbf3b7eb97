/** What goes in comes out: random values of every Iceberg type, by bulk ingest and as bound parameters. Seeded by `SKUA_TEST_SEED`. */
import { Field, Int32, List, Schema, TimestampNanosecond } from 'apache-arrow';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { decodeSchema } from '../../src/arrow/index.js';
import { packAny, unpackAny } from '../../src/flight/sql/any.js';
import * as sql from '../../src/flight/sql/messages.js';
import { arrowToSchema, typeToSql } from '../../src/iceberg/index.js';
import { TestClient, ticketOf } from '../flight/client.js';
import { icebergTypeName } from './support/canonical.js';
import { type RandomField, randomColumns, schemaOf } from './support/random-arrow.js';
import { below, randomFrom } from './support/random-rows.js';
import { startTestServer, type TestServer } from './support/server.js';

const seed = process.env.SKUA_TEST_SEED ?? '1';
const numbers = [0, 1, 2, 3];

let server: TestServer;
let client: TestClient;
beforeAll(async () => {
  server = await startTestServer();
  const port = Number(server.server.address.split(':').at(-1));
  client = new TestClient(port, await server.token('adminuser'));
});
afterAll(async () => {
  client?.close();
  await server?.stop();
});

async function createTable(name: string, schema: Schema): Promise<void> {
  const { fields } = arrowToSchema(schema, { formatVersion: 3 });
  const columns = fields.map((field) => `"${field.name}" ${typeToSql(field.type)}`);
  const query = `CREATE TABLE demo.${name} (row INT, ${columns.join(', ')}) TBLPROPERTIES ('format-version' = '3')`;
  await client.send(sql.CommandStatementUpdate, { query });
}

/** With the number of the row in front. */
function withRow(columns: readonly RandomField[]): Schema {
  return schemaOf([{ field: new Field('row', new Int32(), true), value: () => 0 }, ...columns]);
}

/** The rows in order, checked to come with the types that the table has. */
async function read(name: string, schema: Schema): Promise<unknown[][]> {
  const query = `SELECT * EXCLUDE (row) FROM demo.${name} ORDER BY row`;
  const found = await client.query(sql.CommandStatementQuery, { query });
  expect(found.schema.fields.map(icebergTypeName)).toEqual(schema.fields.map(icebergTypeName));
  return found.rows;
}

const bytesOf = (value: { data: number[] } | Uint8Array) =>
  Buffer.from(value instanceof Uint8Array ? value : value.data);

/** Rows as text in which values that differ look different, each in its line. */
function text(rows: unknown[][]): string[] {
  return rows.map((row) =>
    JSON.stringify(row, (_, value) => {
      if (typeof value === 'bigint') return `${value}n`;
      // The engine's Parquet writer takes both zeros for one value.
      if (typeof value === 'number') return String(value === 0 ? 0 : value);
      if (value instanceof Uint8Array || value?.type === 'Buffer') return `0x${bytesOf(value).toString('hex')}`;
      return value;
    }),
  );
}

test.each(numbers)(`seed ${seed}.%i: ingested batches`, async (number) => {
  const random = randomFrom(`ingest ${seed}.${number}`);
  const columns = randomColumns(random);
  const schema = schemaOf(columns);
  const batches = Array.from({ length: 3 }, () =>
    Array.from({ length: below(random, 150) }, () => columns.map(({ value }) => value())),
  );
  const rows = batches.flat();
  await createTable(`ingested_${number}`, schema);
  const numbered = withRow(columns);
  let row = 0;
  await client.send(
    sql.CommandStatementIngest,
    {
      table: `ingested_${number}`,
      schema: 'demo',
      temporary: false,
      options: {},
      table_definition_options: {
        if_not_exist: 'TABLE_NOT_EXIST_OPTION_FAIL',
        if_exists: 'TABLE_EXISTS_OPTION_APPEND',
      },
    },
    numbered,
    batches.map((batch) => batch.map((values) => [row++, ...values])),
  );
  expect(text(await read(`ingested_${number}`, schema))).toEqual(text(rows));
});

test.each(numbers)(`seed ${seed}.%i: bound parameters`, async (number) => {
  const random = randomFrom(`bind ${seed}.${number}`);
  const columns = randomColumns(random);
  const schema = schemaOf(columns);
  const rows = Array.from({ length: 40 }, () => columns.map(({ value }) => value()));
  await createTable(`bound_${number}`, schema);
  const query = `INSERT INTO demo.bound_${number} VALUES (?, ${columns.map(() => '?').join(', ')})`;
  const [made] = await client.action(
    'CreatePreparedStatement',
    packAny(sql.ActionCreatePreparedStatementRequest, { query }),
  );
  const { prepared_statement_handle } = unpackAny(sql.ActionCreatePreparedStatementResult, made as Uint8Array);
  const numbered = withRow(columns);
  await client.send(sql.CommandPreparedStatementUpdate, { prepared_statement_handle }, numbered, [
    rows.map((row, index) => [index, ...row]),
  ]);
  expect(text(await read(`bound_${number}`, schema))).toEqual(text(rows));
});

test.each(numbers)(`seed ${seed}.%i: parameters of a query`, async (number) => {
  const random = randomFrom(`query ${seed}.${number}`);
  const columns = randomColumns(random);
  const [made] = await client.action(
    'CreatePreparedStatement',
    packAny(sql.ActionCreatePreparedStatementRequest, { query: `SELECT ${columns.map(() => '?').join(', ')}` }),
  );
  const { prepared_statement_handle } = unpackAny(sql.ActionCreatePreparedStatementResult, made as Uint8Array);
  const rows = Array.from({ length: 12 }, () => columns.map(({ value }) => value()));
  const found: unknown[][] = [];
  for (const row of rows) {
    await client.send(sql.CommandPreparedStatementQuery, { prepared_statement_handle }, schemaOf(columns), [[row]]);
    const info = await client.info(sql.CommandPreparedStatementQuery, { prepared_statement_handle });
    const result = await client.fetch(ticketOf(info));
    expect(result.schema.fields.map(String)).toEqual(decodeSchema(info.schema).fields.map(String));
    found.push(...result.rows);
  }
  expect(text(found)).toEqual(text(rows));
});

const last = 2n ** 63n - 1n;
const moments = new TimestampNanosecond('UTC');
const times = new Schema([
  new Field('row', new Int32(), true),
  new Field('t', new TimestampNanosecond(), true),
  new Field('z', moments, true),
  new Field('l', new List(new Field('element', moments, true)), true),
]);
const ofTime = (time: bigint | null, row: number) => [row, time, time, [time, null]];

test('all times in nanoseconds that 64 bits reach: ingested, bound, copied, found, and as parameters', async () => {
  const rows = [-last - 1n, -last, -last + 1n, -1n, last - 1n, last, null].map(ofTime);
  const definition = '(row INT, t TIMESTAMP_NS, z TIMESTAMPTZ_NS, l TIMESTAMPTZ_NS[])';
  const properties = "TBLPROPERTIES ('format-version' = '3')";
  const create = (query: string) => client.send(sql.CommandStatementUpdate, { query: `CREATE TABLE demo.${query}` });
  const ask = async (query: string) => (await client.query(sql.CommandStatementQuery, { query })).rows;
  const prepare = async (query: string) => {
    const request = packAny(sql.ActionCreatePreparedStatementRequest, { query });
    const [made] = await client.action('CreatePreparedStatement', request);
    return unpackAny(sql.ActionCreatePreparedStatementResult, made as Uint8Array).prepared_statement_handle;
  };

  await create(`last_ingested ${definition} PARTITIONED BY (t, bucket(3, z), month(z)) ${properties}`);
  const options = { if_not_exist: 'TABLE_NOT_EXIST_OPTION_FAIL', if_exists: 'TABLE_EXISTS_OPTION_APPEND' } as const;
  const target = { table: 'last_ingested', schema: 'demo', temporary: false, options: {} };
  await client.send(sql.CommandStatementIngest, { ...target, table_definition_options: options }, times, [rows]);
  await create(`last_bound ${definition} ${properties}`);
  for (const part of [rows.slice(0, 1), rows.slice(1)]) {
    const prepared_statement_handle = await prepare('INSERT INTO demo.last_bound VALUES (?, ?, ?, ?)');
    await client.send(sql.CommandPreparedStatementUpdate, { prepared_statement_handle }, times, [part]);
  }
  await create(`last_copied ${properties} AS SELECT * FROM demo.last_ingested`);
  for (const table of ['last_ingested', 'last_bound', 'last_copied']) {
    expect(text(await ask(`SELECT * FROM demo.${table} ORDER BY row`))).toEqual(text(rows));
    expect(await ask(`SELECT min(t), max(t), min(z), max(z) FROM demo.${table}`)).toEqual([
      [-last - 1n, last, -last - 1n, last],
    ]);
    const files = await ask(`SELECT row FROM demo.${table} WHERE z > TIMESTAMPTZ '2262-04-11 23:47:16.854775806Z'`);
    expect(files).toEqual([[5]]);
  }

  const prepared_statement_handle = await prepare('SELECT ?, ?, ?, ?');
  for (const row of rows.slice(1).filter(([, time]) => time !== -last + 1n)) {
    await client.send(sql.CommandPreparedStatementQuery, { prepared_statement_handle }, times, [[row]]);
    const info = await client.info(sql.CommandPreparedStatementQuery, { prepared_statement_handle });
    expect(text((await client.fetch(ticketOf(info))).rows)).toEqual(text([row]));
  }
});

test.each([
  ['microseconds, where the first are whole ones', [0n, null, 1_700_000_000_123_456_000n], 'Timestamp<MICROSECOND'],
  ['nanoseconds, where one of the first is no whole microsecond', [0n, null, -1n, last], 'Timestamp<NANOSECOND'],
])('a table that is made of times in nanoseconds has %s', async (title, values, type) => {
  const table = title.split(',', 1)[0] as string;
  const options = { if_not_exist: 'TABLE_NOT_EXIST_OPTION_CREATE', if_exists: 'TABLE_EXISTS_OPTION_FAIL' } as const;
  const target = { table, schema: 'demo', temporary: false, options: {}, table_definition_options: options };
  const rows = values.map(ofTime);
  await client.send(sql.CommandStatementIngest, target, times, [[], rows, rows]);
  const query = `SELECT t, z, l FROM demo."${table}"`;
  const { schema, rows: found } = await client.query(sql.CommandStatementQuery, { query });
  expect(text(found)).toEqual(
    text([...rows, ...rows].map(([, ...row]) => (type.includes('NANO') ? row : row.map(inMicroseconds)))),
  );
  for (const field of schema.fields) expect(String(field.type)).toContain(type);
});

test('a table whose rows are replaced gets nanoseconds where the new ones need them', async () => {
  const options = { if_not_exist: 'TABLE_NOT_EXIST_OPTION_CREATE', if_exists: 'TABLE_EXISTS_OPTION_REPLACE' } as const;
  const target = {
    table: 'replaced',
    schema: 'demo',
    temporary: false,
    options: {},
    table_definition_options: options,
  };
  for (const [time, type] of [
    [1_000n, 'MICROSECOND'],
    [2_000n, 'MICROSECOND'],
    [3n, 'NANOSECOND'],
    [4_000n, 'NANOSECOND'],
  ] as const) {
    await client.send(sql.CommandStatementIngest, target, times, [[ofTime(time, 0)]]);
    const query = 'SELECT t, epoch_ns(t) FROM demo.replaced';
    const { schema, rows } = await client.query(sql.CommandStatementQuery, { query });
    expect([String(schema.fields[0]?.type), rows.map((row) => row[1])]).toEqual([`Timestamp<${type}>`, [time]]);
  }
});

function inMicroseconds(value: unknown): unknown {
  return Array.isArray(value) ? value.map(inMicroseconds) : typeof value === 'bigint' ? value / 1000n : value;
}
