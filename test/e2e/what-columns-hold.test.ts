/** Values at the ends of their Arrow encodings, which the engine takes for infinity or can't show, and nulls in required fields: by bulk ingest. */
import {
  type DataType,
  DateDay,
  Field,
  Int32,
  List,
  Schema,
  Struct,
  TimeMicrosecond,
  TimestampMicrosecond,
} from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as sql from '../../src/flight/sql/messages.js';
import { TestClient } from '../flight/client.js';
import { startTestServer, type TestServer } from './support/server.js';

let server: TestServer;
let client: TestClient;
beforeAll(async () => {
  server = await startTestServer();
  client = new TestClient(Number(server.server.address.split(':').at(-1)), await server.token('adminuser'));
  for (const [name, type, partition] of [
    ['d', 'DATE', 'year(c)'],
    ['ts', 'TIMESTAMP', 'day(c)'],
    ['tz', 'TIMESTAMPTZ', 'hour(c)'],
    ['t', 'TIME', 'c'],
  ]) {
    const columns = `(c ${type}, l LIST(${type}), s STRUCT(x ${type}))`;
    const properties = "TBLPROPERTIES ('format-version' = '3')";
    for (const query of [
      `CREATE TABLE demo.${name} ${columns} ${properties}`,
      `CREATE TABLE demo.${name}_parted ${columns} PARTITIONED BY (${partition}) ${properties}`,
    ]) {
      await client.send(sql.CommandStatementUpdate, { query });
    }
  }
});
afterAll(async () => {
  client?.close();
  await server?.stop();
});

function ingest(table: string, schema: Schema, rows: unknown[][], create = false): Promise<unknown> {
  const options = {
    if_not_exist: create ? 'TABLE_NOT_EXIST_OPTION_CREATE' : 'TABLE_NOT_EXIST_OPTION_FAIL',
    if_exists: 'TABLE_EXISTS_OPTION_APPEND',
  } as const;
  const command = { table, schema: 'demo', temporary: false, options: {}, table_definition_options: options };
  return client.send(sql.CommandStatementIngest, command, schema, [rows]);
}

const [longest, least] = [2n ** 63n - 1n, -(2n ** 63n)];
const kinds: [string, DataType, (number | bigint)[], number | bigint][] = [
  ['d', new DateDay(), [2 ** 31 - 1, -(2 ** 31) + 1, -(2 ** 31)], 0],
  ['ts', new TimestampMicrosecond(), [longest, least + 1n, least], 0n],
  ['tz', new TimestampMicrosecond('UTC'), [longest, least + 1n, least], 0n],
  ['t', new TimeMicrosecond(), [86_400_000_000n, -1n, longest, least], 0n],
];

describe.each(kinds)('%s', (table, type, values, plain) => {
  const c = new Field('c', type, true);
  const l = new Field('l', new List(new Field('element', type, true)), true);
  const s = new Field('s', new Struct([new Field('x', type, true)]), true);

  test.each(values)('%s is refused wherever it stands', async (value) => {
    const refused = (path: string) => ({
      code: 3,
      message: expect.stringContaining(`the column ${path} holds`),
    });
    for (const name of [table, `${table}_parted`]) {
      await expect(ingest(name, new Schema([c]), [[plain], [value]])).rejects.toMatchObject(refused('c'));
      await expect(ingest(name, new Schema([l]), [[[plain, value]]])).rejects.toMatchObject(refused('l.element'));
      await expect(ingest(name, new Schema([s]), [[{ x: value }]])).rejects.toMatchObject(refused('s.x'));
    }
    await expect(ingest(`${table}_new`, new Schema([c]), [[value]], true)).rejects.toMatchObject(refused('c'));
  });
});

test('a null in a required field of an ingested struct is refused with its path', async () => {
  const query = 'CREATE TABLE demo.required (s STRUCT(a INT NOT NULL, l LIST(INT NOT NULL)))';
  await client.send(sql.CommandStatementUpdate, { query });
  const list = new List(new Field('element', new Int32(), true));
  const s = new Struct([new Field('a', new Int32(), true), new Field('l', list, true)]);
  const schema = new Schema([new Field('s', s, true)]);
  await expect(ingest('required', schema, [[{ a: null, l: null }]])).rejects.toMatchObject({
    code: 3,
    message: expect.stringContaining('the column s.a is required'),
  });
  await expect(ingest('required', schema, [[{ a: 1, l: [1, null] }]])).rejects.toMatchObject({
    code: 3,
    message: expect.stringContaining('the column s.l.element is required'),
  });
  await ingest('required', schema, [[null], [{ a: 1, l: null }]]);
});
