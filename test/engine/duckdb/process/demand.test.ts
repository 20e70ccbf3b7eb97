import {
  Binary,
  Bool,
  DateDay,
  Decimal,
  Float64,
  Int64,
  Struct,
  TimestampMicrosecond,
  TimestampNanosecond,
  Utf8,
} from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import type { Filter } from '../../../../src/expressions/index.js';
import { child, column, parameterRow, useEngine } from './support.js';

const bench = useEngine();
const tables = [
  {
    name: 't0',
    columns: [
      column('a b', new Int64(), 1),
      column('Kind', new Utf8(), 2),
      column('d', new DateDay(), 3),
      column('x"y', new Float64(), 4),
      column('ts', new TimestampMicrosecond('UTC'), 5),
      column('s.x', new Struct([child('x', new Int64(), 7)]), 6),
      column('price', new Decimal(2, 10, 128), 8),
      column('ok', new Bool(), 9),
      column('raw', new Binary(), 10),
      column('ns', new TimestampNanosecond('UTC'), 11),
    ],
  },
  { name: 't1', columns: [column('id', new Int64(), 1)] },
];
const demand = (sql: string) => bench.instance.demand(sql, tables);
const filterOf = async (condition: string): Promise<Filter | undefined> =>
  (await demand(`SELECT raw FROM "t0" WHERE ${condition}`))[0]?.filter;

it('asks for the columns that are shown or filtered by, and no other', async () => {
  expect(await demand(`SELECT "a b" FROM "t0" WHERE "Kind" = 'x' AND "s.x".x = 3`)).toMatchObject([
    { table: 't0', columns: ['a b', 'Kind', 's.x'] },
  ]);
  expect(await demand('SELECT count(*) FROM "t0"')).toEqual([
    { table: 't0', columns: [], aggregates: { rows: true, extremes: [], counts: [] } },
  ]);
  expect(await demand('SELECT t.d FROM "t0" t JOIN "t1" u ON t."a b" = u.id')).toMatchObject([
    { table: 't0', columns: ['a b', 'd'] },
    { table: 't1', columns: ['id'] },
  ]);
});

it.each<[string, Filter]>([
  ['"a b" = 3', { op: 'eq', column: 'a b', value: { type: 'integer', text: '3' } }],
  ['"a b" > 3.5', { op: 'gt', column: 'a b', value: { type: 'integer', text: '3' } }],
  ['"a b" < -3.5', { op: 'le', column: 'a b', value: { type: 'integer', text: '-4' } }],
  [`"Kind" = 'it''s'`, { op: 'eq', column: 'Kind', value: { type: 'string', text: "it's" } }],
  [`starts_with("Kind", 'q%')`, { op: 'startsWith', column: 'Kind', prefix: 'q%' }],
  ['d IS NULL', { op: 'isNull', column: 'd' }],
  ['price = 1.5', { op: 'eq', column: 'price', value: { type: 'decimal', text: '1.50' } }],
  ['NOT ok', { op: 'not', operand: { op: 'eq', column: 'ok', value: { type: 'boolean', text: 'true' } } }],
  ["d > '2020-01-02 03:00:00'::TIMESTAMP", { op: 'gt', column: 'd', value: { type: 'date', text: '2020-01-02' } }],
  [
    "ts >= '2020-01-01 00:00:00.5+00'",
    { op: 'ge', column: 'ts', value: { type: 'timestamptz', text: '2020-01-01T00:00:00.5+00:00' } },
  ],
  [
    "ns < '2020-01-01 01:00:00.123456789+01'::TIMESTAMPTZ_NS",
    { op: 'lt', column: 'ns', value: { type: 'timestamptz', text: '2020-01-01T00:00:00.123456789+00:00' } },
  ],
  ['"x""y" <= 1e300', { op: 'le', column: 'x"y', value: { type: 'float', text: '1e+300' } }],
])('turns %s into a filter', async (condition, filter) => {
  expect(await filterOf(condition)).toEqual(filter);
});

it("takes a time without zone for one in the session's", async () => {
  const berlin = bench.instance.forStatement({ timeZone: 'Europe/Berlin' });
  const [scan] = await berlin.demand(
    `SELECT raw FROM "t0" WHERE ts < '2024-07-01' AND ts::DATE > '2024-06-01'`,
    tables,
  );
  expect(scan?.filter).toEqual({
    op: 'lt',
    column: 'ts',
    value: { type: 'timestamptz', text: '2024-06-30T22:00:00+00:00' },
  });
});

it('keeps ranges, IN and OR', async () => {
  expect(JSON.stringify(await filterOf("d BETWEEN '2020-01-01' AND '2020-02-01'"))).toContain('2020-02-01');
  expect(JSON.stringify(await filterOf(`"Kind" IN ('a', 'b', 'c')`))).toMatch(/"a".*"b".*"c"/);
  expect(await filterOf(`"Kind" = 'a' OR "a b" = 1`)).toMatchObject({ op: 'or' });
});

it('asks a cast column what the column is asked only where the cast keeps values and order', async () => {
  const integer = (op: 'eq' | 'le' | 'lt', text: string) => ({
    op,
    column: 'a b',
    value: { type: 'integer', text },
  });
  expect(await filterOf('CAST("a b" AS DOUBLE) <= 9007199254740991::DOUBLE')).toEqual(
    integer('le', '9007199254740991'),
  );
  expect(await filterOf('CAST("a b" AS FLOAT) < 16777215')).toEqual(integer('lt', '16777215'));
  expect(await filterOf('CAST("a b" AS DECIMAL(30, 2)) = 7.00')).toEqual(integer('eq', '7'));
  expect(await filterOf('CAST(price AS DECIMAL(20, 4)) = 1.5000')).toMatchObject({ column: 'price' });
  for (const condition of [
    'CAST("a b" AS DOUBLE) <= 9007199254740993::DOUBLE',
    'CAST("a b" AS FLOAT) < 16777217',
    `CAST("a b" AS VARCHAR) < '5'`,
    'CAST(price AS DECIMAL(10, 1)) = 1.2',
    `CAST(d AS VARCHAR) > '2020-01-02'`,
    `CAST(d AS TIMESTAMPTZ) > TIMESTAMPTZ '2020-01-02 00:00:00+00'`,
  ]) {
    expect(await filterOf(condition), condition).toBeUndefined();
  }
});

it('leaves out what it cannot say, and with it the whole of an OR', async () => {
  expect(await filterOf(`lower("Kind") = 'a' AND "a b" = 3`)).toMatchObject({ op: 'eq', column: 'a b' });
  expect(await filterOf(`lower("Kind") = 'a' OR "a b" = 3`)).toBeUndefined();
  expect(await filterOf('"x""y" > 5')).toBeUndefined();
  expect(await filterOf('NOT ("a b" = 3 AND length("Kind") > 2)')).toBeUndefined();
});

it.each([
  `"Kind" = 'x\nc0 = 3\ny'`,
  `"Kind" IN ('x\nc0 = 3\ny', 'z') AND d IS NULL`,
  `contains("Kind", 'it''s\nc0 = 3\n''')`,
  `"Kind" = 'x' || chr(0) || 'y'`,
  `"Kind"::VARIANT = 'x) AND c0 = 3 AND (c0 = 3'::VARIANT`,
  `"Kind"::VARIANT = 'x))\nc0 = 3\n((y'::VARIANT`,
])('takes no part of a constant for a condition: %s', async (condition) => {
  expect(await filterOf(condition)).toBeUndefined();
  expect((await demand(`SELECT count(*) FROM "t0" WHERE ${condition}`))[0]?.columns).toContain('Kind');
});

it('takes no name of a field for a condition', async () => {
  const type = new Struct([child('x AND c0', new Int64(), 3), child('y\nc0 = 7\nz', new Int64(), 4)]);
  const odd = [{ name: 'odd', columns: [column('id', new Int64(), 1), column('s', type, 2)] }];
  for (const condition of ['s."x AND c0" = 7', 's."y\nc0 = 7\nz" = 5']) {
    const [scan] = await bench.instance.demand(`SELECT id FROM odd WHERE ${condition}`, odd);
    expect(scan?.filter).toBeUndefined();
  }
});

it('tells where the engine would know too much of nulls, or of dates in a time zone', async () => {
  const told = async (condition: string) => {
    const [{ skipsNulls, zonesDates } = {}] = await demand(`SELECT raw FROM "t0" WHERE ${condition}`);
    return [skipsNulls, zonesDates];
  };
  expect(await told('"a b" IS DISTINCT FROM 7 OR "a b" > 9')).toEqual([true, undefined]);
  expect(await told('NOT ("a b" IS NOT DISTINCT FROM 7 AND "a b" IS NOT DISTINCT FROM 8)')).toEqual([
    undefined,
    undefined,
  ]);
  expect(await told(`"Kind" > 'x' OR "Kind" IS DISTINCT FROM 'y'`)).toEqual([true, undefined]);
  expect(await told('"a b" IS DISTINCT FROM 7')).toEqual([undefined, undefined]);
  expect(await told('"a b" IS DISTINCT FROM 7 OR "d" IS NULL')).toEqual([undefined, undefined]);
  expect(await told(`"d" >= TIMESTAMPTZ '2024-07-04'`)).toEqual([undefined, true]);
  expect(await told(`"d" >= DATE '2024-07-04' AND "ts" > TIMESTAMPTZ '2024-07-04'`)).toEqual([undefined, undefined]);
});

it('unites the filters of a table that is read twice', async () => {
  const [both] = await demand('SELECT 1 FROM "t0" a, "t0" b WHERE a."a b" = 1 AND b."a b" = 2');
  expect(both?.filter).toMatchObject({ op: 'or', operands: [{ value: { text: '1' } }, { value: { text: '2' } }] });
  const [one] = await demand('SELECT 1 FROM "t0" a, "t0" b WHERE a."a b" = 1');
  expect(one?.filter).toBeUndefined();
});

it('knows the limit only where nothing stands between it and the scan', async () => {
  expect(await demand('SELECT raw FROM "t0" LIMIT 5 OFFSET 2')).toMatchObject([{ limit: 7 }]);
  expect((await demand('SELECT raw FROM "t0" WHERE "a b" = 1 LIMIT 5'))[0]).not.toHaveProperty('limit');
  expect((await demand('SELECT DISTINCT "Kind" FROM "t0" LIMIT 5'))[0]).not.toHaveProperty('limit');
});

describe('join keys', () => {
  const joins = async (sql: string) =>
    Object.fromEntries((await demand(sql)).map(({ table, joins: found }) => [table, found?.map((key) => key.column)]));

  it.each([
    ['FROM "t0" a JOIN "t1" b ON a."a b" = b.id', ['a b'], ['id']],
    ['FROM "t0" a WHERE "a b" IN (SELECT id FROM "t1")', ['a b'], ['id']],
    ['FROM "t0" a WHERE EXISTS (SELECT 1 FROM "t1" b WHERE b.id = a."a b")', ['a b'], ['id']],
    ['FROM "t0" a LEFT JOIN "t1" b ON a."a b" = b.id WHERE a.d IS NULL OR b.id > 3', undefined, ['id']],
    ['FROM "t1" b RIGHT JOIN "t0" a ON a."a b" = b.id', undefined, ['id']],
    ['FROM "t0" a FULL JOIN "t1" b ON a."a b" = b.id', undefined, undefined],
    ['FROM "t0" a ANTI JOIN "t1" b ON a."a b" = b.id', undefined, undefined],
    ['FROM "t0" a WHERE "a b" NOT IN (SELECT id FROM "t1")', undefined, undefined],
    ['FROM "t0" a JOIN "t1" b ON a."a b" = b.id + 1', undefined, undefined],
    ['FROM "t0" a JOIN "t1" b ON a."a b"::VARCHAR = b.id::VARCHAR', undefined, undefined],
    ['FROM "t0" a JOIN "t1" b ON a."a b" >= b.id', undefined, undefined],
    ['FROM (SELECT * FROM "t0" LIMIT 5) a JOIN "t1" b ON a."a b" = b.id', undefined, ['id']],
    ['FROM "t0" a JOIN "t1" b ON a."a b" = b.id JOIN "t1" c ON c.id = a."a b" + 1', ['a b'], undefined],
  ])('of %s', async (from, ofFirst, ofSecond) => {
    const found = await joins(`SELECT a.raw ${from}`);
    expect([found.t0, found.t1]).toEqual([ofFirst, ofSecond]);
  });

  it('say where null has a partner too', async () => {
    const [first] = await demand('SELECT a.raw FROM "t0" a JOIN "t1" b ON a."a b" IS NOT DISTINCT FROM b.id');
    expect(first?.joins).toEqual([{ column: 'a b', table: 't1', tableColumn: 'id', orNull: true }]);
  });
});

describe('aggregates', () => {
  const aggregates = async (sql: string) => (await demand(sql))[0]?.aggregates;

  it.each([
    ['SELECT min("a b") + 1, max(d), count(*) FROM "t0" HAVING max(d) IS NOT NULL', true, ['d', 'a b'], []],
    ['SELECT count("a b"), min("a b") FROM (SELECT "a b" FROM "t0")', false, ['a b'], ['a b']],
    ['SELECT count(*) FROM "t0" WHERE "a b" > 3', true, [], []],
    ['SELECT m FROM (SELECT max(d) AS m FROM "t0") a, "t1" b', false, ['d'], []],
  ])('of %s', async (sql, rows, extremes, counts) => {
    expect(await aggregates(sql)).toEqual({ rows, extremes, counts });
  });

  it.each([
    'SELECT min("a b") FROM "t0" WHERE "a b" > 3',
    'SELECT count(DISTINCT "a b") FROM "t0"',
    'SELECT min("a b") FILTER (WHERE ok) FROM "t0"',
    'SELECT min(abs("a b")) FROM "t0"',
    'SELECT max("a b", 2) FROM "t0"',
    'SELECT sum("a b"), count(*) FROM "t0"',
    'SELECT max("a b") FROM "t0" GROUP BY d',
    'SELECT max("a b") FROM "t0" LEFT JOIN "t1" ON id = "a b"',
    'SELECT (SELECT max("a b") FROM "t0"), (SELECT sum("a b") FROM "t0")',
    'SELECT max("a b") FROM (SELECT * FROM "t0" LIMIT 3)',
    'SELECT count(*) FROM "t0" TABLESAMPLE 10%',
  ])('are not all that %s asks', async (sql) => expect(await aggregates(sql)).toBeUndefined());

  it('know whether the filter says it all', async () => {
    const exact = async (condition: string) =>
      (await demand(`SELECT count(*) FROM "t0" WHERE ${condition}`))[0]?.isExact;
    expect(await exact(`"a b" > 3 AND "Kind" LIKE 'x%'`)).toBe(true);
    for (const condition of ['"a b" > 3 AND length("Kind") > 1', '"x""y" < 3', '"a b" > 3 AND random() < 1']) {
      expect(await exact(condition)).toBeUndefined();
    }
  });
});

describe('first rows', () => {
  const top = async (sql: string) => (await demand(sql))[0]?.top;

  it('are known by column, number and order', async () => {
    expect(await top('SELECT raw FROM "t0" ORDER BY d DESC NULLS FIRST, "a b" LIMIT 5 OFFSET 2')).toEqual({
      column: 'd',
      rows: 7,
      descending: true,
      nullsFirst: true,
    });
    expect(await top('SELECT d AS e FROM (SELECT d FROM "t0") ORDER BY e LIMIT 1')).toMatchObject({
      column: 'd',
      rows: 1,
    });
  });

  it.each([
    'SELECT raw FROM "t0" ORDER BY d + 1 LIMIT 5',
    'SELECT raw FROM "t0" WHERE "a b" > 3 ORDER BY d LIMIT 5',
    'SELECT raw FROM "t0" ORDER BY d',
    'SELECT a.raw FROM "t0" a JOIN "t1" b ON a."a b" = b.id ORDER BY d LIMIT 5',
    'SELECT DISTINCT d FROM "t0" ORDER BY d LIMIT 5',
    '(SELECT d FROM "t0" ORDER BY d LIMIT 5) UNION ALL (SELECT d FROM "t0" ORDER BY d DESC LIMIT 5)',
  ])('are not all that %s asks', async (sql) => expect(await top(sql)).toBeUndefined());
});

it('plans with the values of parameters', async () => {
  const row = parameterRow([column('p', new Int64(), 1).field], [42n]);
  expect(await bench.instance.demand('SELECT raw FROM "t0" WHERE "a b" = ?', tables, row)).toMatchObject([
    { filter: { op: 'eq', column: 'a b', value: { text: '42' } } },
  ]);
});

it('refuses an unknown column with its place', async () => {
  await expect(demand('SELECT nope\nFROM "t0"')).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    message: expect.stringMatching(/"nope".*line 1, column 8/),
  });
});
