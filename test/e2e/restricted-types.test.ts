/** Masks of every type, as results hold them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rowsAsText, startTestServer, type TestServer } from './support/server.js';

const types: Record<string, [type: string, value: string, fixed: string]> = {
  a_boolean: ['BOOLEAN', 'true', 'false'],
  an_int: ['INTEGER', '42', '0'],
  a_long: ['BIGINT', '42', '0'],
  a_float: ['FLOAT', '1.5', '0.0'],
  a_double: ['DOUBLE', '1.5', '0.0'],
  a_decimal: ['DECIMAL(10, 2)', '12.34', '0.00'],
  a_wide_decimal: ['DECIMAL(38, 10)', '12.34', '0.0000000000'],
  a_string: ['VARCHAR', "'secret'", 'XXXXXXXX'],
  a_date: ['DATE', "DATE '2024-07-15'", '1970-01-01'],
  a_time: ['TIME', "TIME '01:02:03'", '00:00:00'],
  a_timestamp: ['TIMESTAMP', "TIMESTAMP '2024-07-15 01:02:03'", '1970-01-01 00:00:00'],
  a_moment: ['TIMESTAMPTZ', "TIMESTAMPTZ '2024-07-15 01:02:03+02'", '1970-01-01 00:00:00Z'],
  a_fine_timestamp: ['TIMESTAMP_NS', "TIMESTAMP_NS '2024-07-15 01:02:03.123456789'", '1970-01-01 00:00:00'],
  a_fine_moment: [
    'TIMESTAMPTZ_NS',
    "CAST('2024-07-15 01:02:03.123456789+02' AS TIMESTAMPTZ_NS)",
    '1970-01-01 00:00:00Z',
  ],
  a_uuid: ['UUID', "'11111111-1111-1111-1111-111111111111'::UUID", '00000000-0000-0000-0000-000000000000'],
  a_binary: ['BINARY', "'abc'::BLOB", ''],
  a_fixed: ['FIXED(3)', "'abc'::BLOB", '000000'],
  a_variant: ['VARIANT', "{'secret': 1}::VARIANT", '{}'],
  a_struct: ['STRUCT(a INTEGER, b VARCHAR)', "{'a': 1, 'b': 'secret'}", '{"a": 0, "b": "XXXXXXXX"}'],
  a_list: ['INTEGER[]', '[1, 2]', '[]'],
  a_map: ['MAP(VARCHAR, INTEGER)', "MAP {'secret': 1}", '{}'],
};
const names = Object.keys(types);
const policy = (table: string, action: string) => ({
  table: `demo.${table}`,
  role: 'analyst',
  masks: Object.fromEntries(names.map((name) => [name, action])),
});

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({
    policies: [
      policy('fixed_values', 'mask-to-fixed-value'),
      policy('nothing', 'replace-with-null'),
      {
        table: 'demo.named',
        role: 'analyst',
        masks: { 'x0.element.x0': 'mask-alphanum', 'xx0_.element.element': 'mask-alphanum' },
      },
      {
        table: 'demo.inside',
        role: 'analyst',
        masks: { 'p.name': 'mask-alphanum', 'tags.element': 'sha-256-global', 'm.value.n': 'mask-to-fixed-value' },
      },
    ],
  });
  const admin = await server.client('adminuser');
  for (const name of ['fixed_values', 'nothing']) {
    await admin.executeUpdate(
      `CREATE TABLE ${name} (${names.map((column) => `${column} ${types[column]?.[0]}`).join(', ')}) TBLPROPERTIES ('format-version' = '3')`,
    );
    await admin.executeUpdate(`INSERT INTO ${name} SELECT ${names.map((column) => types[column]?.[1]).join(', ')}`);
    await admin.executeUpdate(`INSERT INTO ${name} SELECT ${names.map(() => 'NULL').join(', ')}`);
  }
  await admin.executeUpdate('CREATE TABLE named (x0 STRUCT(x0 VARCHAR, x VARCHAR)[], xx0_ VARCHAR[][])');
  await admin.executeUpdate("INSERT INTO named VALUES ([{'x0': 'raw1', 'x': 'kept1'}], [['1.2', NULL]])");
  await admin.executeUpdate(
    'CREATE TABLE inside (id INTEGER, p STRUCT(name VARCHAR, age INTEGER), tags INTEGER[], m MAP(VARCHAR, STRUCT(n INTEGER, s VARCHAR)))',
  );
  await admin.executeUpdate(
    "INSERT INTO inside VALUES (1, {'name': 'Ada1', 'age': 36}, [0, NULL], MAP {'k': {'n': 7, 's': 'kept'}}), (2, NULL, NULL, NULL)",
  );
});
afterAll(() => server?.stop());

describe('a masked column', () => {
  it.each(names)('of the kind %s keeps its type and shows its fixed value, also for null', async (name) => {
    const sql = `SELECT ${name} FROM fixed_values`;
    const [analyst, admin] = [await server.client('analyst'), await server.client('adminuser')];
    const rows = await rowsAsText(analyst, sql);
    expect(rows).toEqual([[types[name]?.[2]], [types[name]?.[2]]]);
    const [seen, own] = await Promise.all([analyst.execute(sql), admin.execute(sql)]);
    expect(String(seen.schema)).toBe(String(own.schema));
    for (const { batches } of [seen, own]) for await (const _ of batches);
  });

  it('of the kind variant shows an empty object', async () => {
    const analyst = await server.client('analyst');
    const kinds = await rowsAsText(analyst, 'SELECT DISTINCT variant_typeof(a_variant) FROM fixed_values');
    expect(kinds).toEqual([[expect.stringContaining('OBJECT')]]);
  });

  it('of any type may be null instead', async () => {
    const analyst = await server.client('analyst');
    const nulls = names.map(() => 'NULL');
    expect(await rowsAsText(analyst, 'SELECT * FROM nothing')).toEqual([nulls, nulls]);
  });

  it('may have any name, also that of an item', async () => {
    const analyst = await server.client('analyst');
    expect(await rowsAsText(analyst, 'SELECT * FROM named')).toEqual([
      ['[{"x0": "xxxn", "x": "kept1"}]', '[["n.n", null]]'],
    ]);
  });

  it('may lie inside structs, lists and maps', async () => {
    const rows = await rowsAsText(await server.client('analyst'), 'SELECT * FROM inside ORDER BY id');
    expect(rows).toEqual([
      ['1', '{"name": "xxxn", "age": 36}', '[-1738457121, null]', '{"k": {"n": 0, "s": "kept"}}'],
      ['2', 'NULL', 'NULL', 'NULL'],
    ]);
  });
});
