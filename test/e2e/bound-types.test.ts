/** What a driver reads is what the engine computed, whatever is bound: the plan's columns are the stream's, and hold its values. */
import {
  Binary,
  Bool,
  type DataType,
  Decimal,
  Field,
  FixedSizeBinary,
  Float32,
  Float64,
  Int8,
  Int32,
  Int64,
  List,
  Null,
  Schema,
  Struct,
  TimestampMicrosecond,
  TimestampMillisecond,
  TimestampNanosecond,
  Uint64,
  Utf8,
} from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import type { FlightSqlClient } from '../../src/client/index.js';
import { failure } from '../flight/client.js';
import { type Bound, Driver, type Ran } from './support/prepared.js';
import { rowsAsText, startTestServer, type TestServer } from './support/server.js';

let server: TestServer;
let client: FlightSqlClient;
let driver: Driver;

beforeAll(async () => {
  server = await startTestServer();
  client = await server.client('adminuser');
  driver = await Driver.connect(server);
  await client.executeUpdate(
    'CREATE TABLE demo.bound (id INTEGER, b BIGINT, x DOUBLE, s VARCHAR, d DATE, ts TIMESTAMP, price DECIMAL(10,2))',
  );
  await client.executeUpdate(
    `INSERT INTO demo.bound VALUES (1, 10, 1.5, 'a', '2026-01-31', '2026-01-31 10:00:00', 2.25), (2, 20, 2.5, 'b', '2026-02-28', '2026-02-28 11:30:00', 10.00), (3, NULL, NULL, NULL, NULL, NULL, NULL)`,
  );
});
afterAll(async () => {
  driver?.close();
  await server?.stop();
});

const item = (type: DataType) => new List(new Field('item', type, true));
const schemaOf = (...types: DataType[]) =>
  new Schema(types.map((type, index) => new Field(String(index + 1), type, true)));
const bound = (types: DataType[], ...rows: unknown[][]): Bound => ({ schema: schemaOf(...types), rows });
const typesOf = ({ schema }: Ran) => schema.fields.map(({ type }) => String(type));

async function run(sql: string, values?: Bound): Promise<Ran> {
  const ran = await driver.query(sql, values);
  expect(ran.planned.fields.map(String), sql).toEqual(ran.schema.fields.map(String));
  return ran;
}

describe('a value of another type than the one inferred', () => {
  const cases: [string, Bound, unknown[][]][] = [
    ['SELECT coalesce(NULL::INTEGER, ?)', bound([new Float64()], [2.5]), [[2.5]]],
    ['SELECT coalesce(NULL::INTEGER, ?)', bound([new Int64()], [3_000_000_000n]), [[3_000_000_000n]]],
    [
      'SELECT CASE WHEN ? THEN ? ELSE 0 END',
      bound([new Bool(), new Int64()], [true, 3_000_000_000n]),
      [[3_000_000_000n]],
    ],
    ['SELECT [?, 1]', bound([new Float64()], [2.5]), [[[2.5, 1]]]],
    ["SELECT coalesce(?, 'd')", bound([new Int64()], [5n]), [['5']]],
    ['SELECT greatest(?, 1)', bound([new Float64()], [2.5]), [[2.5]]],
    ['SELECT sum(coalesce(NULL::INTEGER, ?))', bound([new Float64()], [2.5]), [[2.5]]],
    ['SELECT sum(CASE WHEN id > ? THEN 1 ELSE 0 END) FROM demo.bound', bound([new Float64()], [1.5]), [[2n]]],
    ['SELECT coalesce(NULL::DECIMAL(4,1), ?)', bound([new Decimal(2, 6, 128)], [12345n]), [[12345n]]],
    ['SELECT coalesce(NULL::DECIMAL(4,1), ?)', bound([new Decimal(2, 6, 128)], [12340n]), [[1234n]]],
    [
      'SELECT coalesce(NULL::TIMESTAMP, ?)',
      bound([new TimestampMillisecond()], [1_700_000_000_123n]),
      [[1_700_000_000_123_000n]],
    ],
    [
      'SELECT coalesce(NULL::TIMESTAMP_S, ?)',
      bound([new TimestampMicrosecond()], [1_700_000_000_123_456n]),
      [[1_700_000_000_123_456n]],
    ],
    [
      'SELECT coalesce(NULL::TIMESTAMP, ?)',
      bound([new TimestampNanosecond()], [1_700_000_000_123_456_789n]),
      [[1_700_000_000_123_456_789n]],
    ],
    ['SELECT coalesce(NULL::DATE, ?)', bound([new TimestampMicrosecond()], [86_400_000_000n]), [[1]]],
    ['SELECT coalesce(NULL::DATE, ?)', bound([new TimestampMicrosecond()], [86_400_000_001n]), [[86_400_000_001n]]],
    ['SELECT coalesce(NULL::FLOAT, ?)', bound([new Float64()], [0.1]), [[0.1]]],
    ['SELECT coalesce(NULL::TINYINT, ?)', bound([new Int64()], [128n]), [[128n]]],
    ['SELECT coalesce(NULL::BIGINT, ?)', bound([new Uint64()], [2n ** 64n - 1n]), [[2n ** 64n - 1n]]],
    [
      "SELECT {'a': coalesce(NULL::INTEGER, ?), 'l': [coalesce(NULL::SMALLINT, ?)]}",
      bound([new Float64(), new Int32()], [2.5, 70000]),
      [[{ a: 2.5, l: [70000] }]],
    ],
    ["SELECT MAP {'k': coalesce(NULL::INTEGER, ?)}", bound([new Float64()], [2.5]), [[[['k', 2.5]]]]],
    ['SELECT id FROM demo.bound WHERE id IN (?, ?) ORDER BY id', bound([new Float64(), new Int8()], [1.5, 2]), [[2]]],
    ['SELECT id FROM demo.bound WHERE price = ?', bound([new Float64()], [2.25]), [[1]]],
    ['SELECT id FROM demo.bound WHERE d = ?', bound([new Utf8()], ['2026-02-28']), [[2]]],
  ];

  it.each(cases)('%s', async (sql, values, rows) => {
    expect((await run(sql, values)).rows).toEqual(rows);
  });

  it('is taken again by the same statement, each time with its own type', async () => {
    const { handle } = await driver.prepare('SELECT coalesce(NULL::INTEGER, ?)');
    for (const [type, value, expected] of [
      [new Float64(), 2.5, 'Float64'],
      [new Int32(), 7, 'Int32'],
      [new Int64(), 7n, 'Int32'],
      [new Int64(), 3_000_000_000n, 'Int64'],
      [new Null(), null, 'Int32'],
    ] as const) {
      const ran = await driver.run(handle, bound([type], [value]));
      expect([String(ran.planned.fields[0]?.type), ...typesOf(ran)]).toEqual([expected, expected]);
      expect(ran.rows).toEqual([[expected === 'Int32' && value !== null ? 7 : value]]);
    }
  });

  it('has one type for all rows that are bound at once', async () => {
    const { schema, rows } = await run(
      'SELECT coalesce(NULL::INTEGER, ?)',
      bound([new Int64()], [5n], [3_000_000_000n], [null]),
    );
    expect(String(schema.fields[0]?.type)).toBe('Int64');
    expect(rows).toEqual([[5n], [3_000_000_000n], [null]]);
  });

  it('that chooses the type of a function does so in the plan already', async () => {
    const { rows, schema } = await run("SELECT struct_extract({'a': 1, 'b': 'x'}, ?)", bound([new Utf8()], ['b']));
    expect([String(schema.fields[0]?.type), rows]).toEqual(['Utf8', [['x']]]);
    expect((await run('SELECT * FROM range(?)', bound([new Int64()], [3n]))).rows).toEqual([[0n], [1n], [2n]]);
  });

  it('that chooses the type of a function does so in front of ORDER BY and LIMIT, and where columns have one name', async () => {
    const sql = `SELECT id, id FROM demo.bound WHERE map_extract_value(MAP {1.5: {'n': id}}, ?).n < 3 ORDER BY id DESC LIMIT 5`;
    const { planned, rows } = await driver.query(sql, {
      schema: new Schema([new Field('1', new Decimal(1, 4, 128), true)]),
      rows: [[15n]],
    });
    expect(planned.fields.map(({ name }) => name)).toEqual(['id', 'id']);
    expect(rows).toEqual([
      [2, 2],
      [1, 1],
    ]);
  });

  it('that would change the type from row to row is refused', async () => {
    const mixed = bound([new Utf8()], ['a'], ['b']);
    const failed = await failure(run("SELECT struct_extract({'a': 1, 'b': 'x'}, ?)", mixed));
    expect(failed).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(failed.details).toMatch(/announced as INTEGER/);
  });

  it('is refused by name where it can be nothing that the statement takes', async () => {
    for (const [sql, values, number] of [
      ['SELECT id FROM demo.bound WHERE id = ?', bound([new Utf8()], ['two']), 1],
      ['SELECT id FROM demo.bound WHERE s = ? AND id = ?', bound([new Utf8(), new Utf8()], ['a', '2.5']), 2],
      ['SELECT round(x, ?) FROM demo.bound', bound([new Float64()], [1.5]), 1],
      ['SELECT year(?)', bound([new Bool()], [true]), 1],
    ] as const) {
      const failed = await failure(run(sql, values));
      expect(failed.code, sql).toBe('INVALID_ARGUMENT');
      expect(failed.details, sql).toMatch(new RegExp(`parameter ${number} `));
    }
  });

  it('keeps the place that an error names in the text', async () => {
    const { details } = await failure(run('SELECT id = ?,\n  nothing FROM demo.bound', bound([new Int64()], [1n])));
    expect(details).toMatch(/line 2, column 3$/);
    const later = await failure(
      run("SELECT ? || 'é',\n CAST(s AS INTEGER) FROM demo.bound", bound([new Utf8()], ['x'])),
    );
    expect(later.details).toMatch(/Could not convert string 'a' to INT32 .*, line 2, column 2$/);
  });
});

describe('a parameter without a type of its own', () => {
  const declared: [string, string[]][] = [
    ['SELECT ? + 1', ['Int64']],
    ['SELECT id + ? FROM demo.bound', ['Int64']],
    ['SELECT x * ? FROM demo.bound', ['Float64']],
    ['SELECT price * ? FROM demo.bound', ['Float64']],
    ['SELECT abs(?)', ['Int64']],
    ['SELECT round(?, 2)', ['Float64']],
    ['SELECT sqrt(?)', ['Float64']],
    ['SELECT d + ? FROM demo.bound', ['Int32']],
    ['SELECT round(x, ?) FROM demo.bound', ['Int32']],
    ['SELECT s || ? FROM demo.bound', ['Utf8']],
    ['SELECT len(?)', ['Utf8']],
    ['SELECT ?, id FROM demo.bound', ['Utf8']],
    ['SELECT id FROM demo.bound WHERE ? IS NULL OR id = ?', ['Int32', 'Int32']],
    ['SELECT id FROM demo.bound WHERE ? IS NULL OR s = ?', ['Utf8', 'Utf8']],
    ['SELECT s, sum(id) FROM demo.bound GROUP BY s HAVING sum(id) > ?', ['Int64']],
    ['SELECT id FROM demo.bound WHERE ts < ? + INTERVAL 1 DAY AND d >= ?', ['Timestamp<MILLISECOND>', 'Date32<DAY>']],
    ['UPDATE demo.bound SET id = id + ? WHERE b = ?', ['Int64', 'Int64']],
    ['INSERT INTO demo.bound (id, d, price) SELECT ?, ?, ?', ['Int32', 'Date32<DAY>', 'Decimal[10e+2]']],
    ['INSERT INTO demo.bound (id, s) SELECT id + ?, ? FROM demo.bound', ['Int64', 'Utf8']],
    ['INSERT INTO demo.bound (id, s) VALUES (?, ?), (? + 1, ?)', ['Int32', 'Utf8', 'Int64', 'Utf8']],
  ];

  it.each(declared)('%s', async (sql, types) => {
    const { parameters } = await driver.prepare(sql);
    expect(parameters.fields.map(({ type }) => String(type))).toEqual(types);
  });

  test('takes values of the type that it is declared with', async () => {
    expect((await run('SELECT ? + 1', bound([new Int64()], [41n]))).rows).toEqual([[42n]]);
    expect((await run('SELECT ? + 1', bound([new Float64()], [0.5]))).rows).toEqual([[1.5]]);
    expect((await run('SELECT abs(?)', bound([new Float64()], [-2.5]))).rows).toEqual([[2.5]]);
    expect((await run('SELECT year(?)', bound([new Utf8()], ['2026-03-01']))).rows).toEqual([[2026n]]);
    const days = await run("SELECT id FROM demo.bound WHERE d + ? = DATE '2026-02-01'", bound([new Int64()], [1n]));
    expect(days.rows).toEqual([[1]]);
    expect((await run('SELECT round(x, ?) FROM demo.bound WHERE id = 1', bound([new Int64()], [0n]))).rows).toEqual([
      [2],
    ]);
    const either = 'SELECT id FROM demo.bound WHERE ? IS NULL OR id = ? ORDER BY id';
    expect((await run(either, bound([new Int32(), new Int32()], [2, 2]))).rows).toEqual([[2]]);
    expect((await run(either, bound([new Null(), new Null()], [null, null]))).rows).toEqual([[1], [2], [3]]);
    const having = 'SELECT sum(id) FROM demo.bound HAVING sum(id) > ?';
    expect((await run(having, bound([new Int64()], [5n]))).rows).toEqual([[6n]]);
    expect((await run(having, bound([new Float64()], [6.5]))).rows).toEqual([]);
  });

  test('has in the plan the columns that it has in the stream, null, lists and structs included', async () => {
    expect(typesOf(await run('SELECT id, ? AS note FROM demo.bound', bound([new Null()], [null])))).toEqual([
      'Int32',
      'Utf8',
    ]);
    expect((await run('SELECT len(?)', bound([item(new Int64())], [[1n, 2n]]))).rows).toEqual([[2n]]);
    expect((await run('SELECT len(?)', bound([new Null()], [null]))).rows).toEqual([[null]]);
    const struct = new Struct([new Field('a', new Int32(), true), new Field('b', item(new Utf8()), true)]);
    expect((await run('SELECT ?', bound([struct], [{ a: 1, b: ['x', null] }]))).rows).toEqual([
      [{ a: 1, b: ['x', null] }],
    ]);
    expect((await run('SELECT ?', bound([struct], [null]))).rows).toEqual([[null]]);
    expect((await run('SELECT unnest(?)', bound([item(new Float32())], [[1.5]]))).rows).toEqual([[1.5]]);
    expect((await run('SELECT ?', bound([new FixedSizeBinary(3)], [Uint8Array.of(1, 2, 3)]))).rows).toEqual([
      [Uint8Array.of(1, 2, 3)],
    ]);
    expect((await run('SELECT ?', bound([new Binary()], [null]))).rows).toEqual([[null]]);
  });
});

describe('a change', () => {
  test('stores what is bound to a column, or refuses what the column cannot hold', async () => {
    await client.executeUpdate('CREATE TABLE demo.kept (i INTEGER, price DECIMAL(10,2), d DATE)');
    const insert = await driver.prepare('INSERT INTO demo.kept VALUES (?, ?, ?)');
    const row = (types: DataType[], ...values: unknown[]) => bound(types, values);
    const types = [new Int64(), new Float64(), new Utf8()];
    expect(await driver.update(insert.handle, row(types, 1n, 2.25, '2026-01-01'))).toBe(1);
    for (const [values, number] of [
      [row([new Float64(), new Float64(), new Utf8()], 2.5, 2.25, '2026-01-01'), 1],
      [row(types, 3_000_000_000n, 2.25, '2026-01-01'), 1],
      [row(types, 1n, 2.255, '2026-01-01'), 2],
      [row(types, 1n, 2.25, '2026-01-01 10:00:00'), 3],
    ] as const) {
      const failed = await failure(driver.update(insert.handle, values));
      expect(failed).toMatchObject({ code: 'INVALID_ARGUMENT' });
      expect(failed.details).toMatch(new RegExp(`parameter ${number} `));
    }
    const selected = await driver.prepare('INSERT INTO demo.kept (i, d) SELECT ?, ?');
    expect(await driver.update(selected.handle, bound([new Int64(), new Utf8()], [2n, '2026-02-02'], [3n, null]))).toBe(
      2,
    );
    expect((await failure(driver.update(selected.handle, bound([new Float64(), new Utf8()], [2.5, null])))).code).toBe(
      'INVALID_ARGUMENT',
    );
    const update = await driver.prepare('UPDATE demo.kept SET i = i + ?, price = ? WHERE i = ?');
    expect(await driver.update(update.handle, bound([new Int64(), new Float64(), new Int64()], [10n, 7.5, 2n]))).toBe(
      1,
    );
    const set = await driver.prepare('UPDATE demo.kept SET i = ? WHERE d = ?');
    expect(await driver.update(set.handle, bound([new Float64(), new Utf8()], [30, '2026-01-01']))).toBe(1);
    expect(
      (await failure(driver.update(set.handle, bound([new Float64(), new Utf8()], [2.5, '2026-01-01'])))).details,
    ).toMatch(/parameter 1 /);
    const merge = await driver.prepare(
      'MERGE INTO demo.kept USING (SELECT 3 AS i) AS s ON kept.i = s.i WHEN MATCHED THEN UPDATE SET price = ? WHEN NOT MATCHED THEN INSERT (i) VALUES (?)',
    );
    expect(await driver.update(merge.handle, bound([new Int32(), new Int64()], [4, 9n]))).toBe(1);
    const ticket = await driver.query(
      'INSERT INTO demo.kept (i) SELECT coalesce(NULL::INTEGER, ?)',
      bound([new Int64()], [4n]),
    );
    expect(ticket.rows).toEqual([[1n]]);
    expect(await rowsAsText(client, 'SELECT i, price, d FROM demo.kept ORDER BY i')).toEqual([
      ['3', '4.00', 'NULL'],
      ['4', 'NULL', 'NULL'],
      ['12', '7.50', '2026-02-02'],
      ['30', '2.25', '2026-01-01'],
    ]);
  });

  it('gives the parameters of INSERT … RETURNING the types of their columns, as INSERT does', async () => {
    await client.executeUpdate('CREATE TABLE demo.returned (i INTEGER NOT NULL, d DATE, price DECIMAL(10,2))');
    const { handle, parameters, dataset } = await driver.prepare(
      'INSERT INTO demo.returned (i, d, price) VALUES (?, ?, ?) RETURNING d, price, i + 1 AS next',
    );
    expect(parameters.fields.map(({ type }) => String(type))).toEqual(['Int32', 'Date32<DAY>', 'Decimal[10e+2]']);
    expect(dataset?.fields.map(({ name }) => name)).toEqual(['d', 'price', 'next']);
    const types = [new Utf8(), new Utf8(), new Float64()];
    const ran = await driver.run(handle, bound(types, ['1', '2026-01-01', 2.25], ['2', null, 3]));
    expect(ran.planned.fields.map(String)).toEqual(ran.schema.fields.map(String));
    expect(ran.rows.map(([, , next]) => next)).toEqual([2, 3]);
    const failed = await failure(driver.run(handle, bound(types, ['2.5', '2026-01-01', 2.25])));
    expect(failed.details).toContain('parameter 1 is of the type INTEGER');
    expect(await rowsAsText(client, 'FROM demo.returned ORDER BY i')).toEqual([
      ['1', '2026-01-01', '2.25'],
      ['2', 'NULL', '3.00'],
    ]);
  });
});
