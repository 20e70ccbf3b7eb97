import {
  Binary,
  Bool,
  type DataType,
  DateDay,
  Decimal,
  Field,
  FixedSizeBinary,
  FixedSizeList,
  Float32,
  Float64,
  Int8,
  Int16,
  Int32,
  Int64,
  IntervalMonthDayNano,
  LargeUtf8,
  List,
  Map_,
  Schema,
  Struct,
  TimeMicrosecond,
  TimeMillisecond,
  TimeSecond,
  Timestamp,
  TimestampMicrosecond,
  TimestampMillisecond,
  TimestampNanosecond,
  TimestampSecond,
  TimeUnit,
  Uint8,
  Uint64,
  Utf8,
} from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { rowsToBatch } from '../../../../src/arrow/index.js';
import type { TableScan } from '../../../../src/engine/duckdb/contract.js';
import { column, parameterRow, physical, scan, source, useEngine } from './support.js';

const bench = useEngine();
const uuid = new Map([
  ['ARROW:extension:name', 'arrow.uuid'],
  ['ARROW:extension:metadata', ''],
]);
const item = (type: DataType) => new Field('item', type, true);
const map = new Map_(
  new Field(
    'entries',
    new Struct<{ key: Utf8; value: Int32 }>([
      new Field('key', new Utf8(), false),
      new Field('value', new Int32(), true),
    ]),
    false,
  ),
);
const bytes = (...values: number[]) => Uint8Array.from(values);

/** Values that go in and come out again unchanged, by type. */
const kept: [Field, unknown[]][] = [
  [new Field('bool', new Bool(), true), [true, false, null]],
  [new Field('int8', new Int8(), true), [-128, 127, null]],
  [new Field('int16', new Int16(), true), [-32768, 32767, null]],
  [new Field('int32', new Int32(), true), [-2147483648, 2147483647, null]],
  [new Field('int64', new Int64(), true), [-(2n ** 63n), 2n ** 63n - 1n, null]],
  [new Field('uint8', new Uint8(), true), [0, 255, null]],
  [new Field('uint64', new Uint64(), true), [0n, 2n ** 64n - 1n, null]],
  [new Field('float', new Float32(), true), [1.5, Number.NEGATIVE_INFINITY, null, Number.NaN]],
  [new Field('double', new Float64(), true), [Number.MAX_VALUE, Number.NaN, null, Number.POSITIVE_INFINITY]],
  [new Field('decimal', new Decimal(10, 38, 128), true), [10n ** 38n - 1n, -(10n ** 38n) + 1n, null, 0n]],
  [new Field('small', new Decimal(2, 4, 128), true), [-9999n, 1n, null]],
  [new Field('text', new Utf8(), true), ['', 'é𝄞\u0000x', null, 'x'.repeat(1000)]],
  [new Field('binary', new Binary(), true), [bytes(), bytes(0, 255, 10), null]],
  [new Field('uuid', new FixedSizeBinary(16), true, uuid), [new Uint8Array(16), new Uint8Array(16).fill(255), null]],
  [new Field('date', new DateDay(), true), [-719162, 2932896 + 100000, 0, null]],
  [new Field('time', new TimeMicrosecond(), true), [0n, 86_399_999_999n, null]],
  [new Field('ts', new TimestampMicrosecond(), true), [-62135596800000000n, 0n, 253402300800000001n, null]],
  [new Field('tstz', new TimestampMicrosecond('UTC'), true), [-1n, 1577836800000000n, null]],
  [new Field('tns', new TimestampNanosecond(), true), [1n, 1577836800000000001n, null]],
  [
    new Field('tznsn', new TimestampNanosecond('UTC'), true),
    [1n, -1n, 1577836800000000001n, 1577836800000001000n, 9223372036854775806n, -9223286400000000000n, null],
  ],
  [
    new Field('nested tzns', new List(item(new Struct([item(new TimestampNanosecond('UTC'))]))), true),
    [[{ item: -999n }, null], [], null, [{ item: null }, { item: 1577836800000000001n }]],
  ],
  [new Field('tms', new TimestampMillisecond(), true), [1n, null]],
  [new Field('tss', new TimestampSecond(), true), [1n, null]],
  [new Field('list', new List(item(new Int32())), true), [[], [1, null, 3], null]],
  [new Field('lists', new List(item(new List(item(new Utf8())))), true), [[['a', null], [], null], null, []]],
  [
    new Field('struct', new Struct([new Field('a', new Bool(), true), new Field('b c', new Utf8(), true)]), true),
    [{ a: null, 'b c': 'x' }, null, { a: true, 'b c': null }],
  ],
  [
    new Field('map', map, true),
    [
      [
        ['k', 1],
        ['l', null],
      ],
      [],
      null,
    ],
  ],
  [new Field('array', new FixedSizeList(2, item(new Int64())), true), [[1n, 2n], null, [3n, null]]],
];

function table(field: Field, values: unknown[]): TableScan {
  const schema = new Schema([field]);
  const rows = values.map((value) => [value]);
  return {
    name: 't0',
    columns: [{ field, fieldId: 1 }],
    source: { kind: 'batches', schema, batches: [rowsToBatch(schema, rows)] },
  };
}

const plain = (rows: unknown) =>
  JSON.stringify(rows, (_, value) =>
    typeof value === 'bigint' || (typeof value === 'number' && !Number.isFinite(value))
      ? String(value)
      : value?.type === 'Buffer' || value instanceof Uint8Array
        ? Buffer.from(value.data ?? value).toString('hex')
        : value,
  );

describe.each(kept.map(([field, values]) => ({ name: field.name, field, values })))('$name', ({ field, values }) => {
  it('goes in as a batch and comes out unchanged', async () => {
    const rows = await bench.rows('SELECT * FROM "t0"', [table(field, values)]);
    expect(plain(rows)).toBe(plain(values.map((value) => [value])));
  });

  it('keeps its values over thousands of rows and odd chunk sizes', async () => {
    const many = Array.from({ length: 6007 }, (_, index) => values[(index * 7 + (index >> 5)) % values.length]);
    const rows = await bench.rows('SELECT * FROM "t0"', [table(field, many)]);
    expect(plain(rows)).toBe(plain(many.map((value) => [value])));
  });

  it('binds as a parameter', async () => {
    for (const value of values) {
      const rows = await bench.rows('SELECT $1 AS v', [], parameterRow([field], [value]));
      expect(plain(rows)).toBe(plain([[value]]));
    }
  });
});

/** Types that Iceberg has. */
const stored = kept.filter(([{ name }]) => !['uint8', 'uint64', 'int8', 'int16', 'array', 'tms', 'tss'].includes(name));

describe.each(stored.map(([field, values]) => ({ name: field.name, field, values })))('$name', ({ field, values }) => {
  it('is read back from the Parquet file that it was written to', async () => {
    const target = [{ field, fieldId: 1 }];
    const files = await bench.instance.writeParquet('SELECT * FROM "t0"', [table(field, values)], {
      signal: new AbortController().signal,
      directory: `${bench.directory}/types-${field.name}`,
      columns: target,
      partitions: [],
      targetFileSize: 1 << 20,
      compression: 'zstd',
    });
    const read = scan(
      't1',
      target,
      files.map(({ path }) => source(path, [physicalOf(field)])),
    );
    expect(plain(await bench.rows('SELECT * FROM "t1"', [read]))).toBe(plain(values.map((value) => [value])));
  });
});

function physicalOf(field: Field): ReturnType<typeof physical> {
  const children = ((field.type.children ?? []) as Field[]).map(physicalOf);
  return physical(field.name, field.name === 'item' || field.name === 'entries' ? undefined : 1, children);
}

it('takes other encodings of the same values', async () => {
  const cases: [Field, unknown, string, unknown][] = [
    [new Field('a', new LargeUtf8(), true), 'x', 'a', 'x'],
    [new Field('a', new TimeMillisecond(), true), 3_600_000, 'a', 3_600_000_000n],
    [new Field('a', new TimeSecond(), true), 3600, 'a', 3_600_000_000n],
    [new Field('a', new TimestampNanosecond('Europe/Paris'), true), 1_000_001n, 'a', 1_000_001n],
    [new Field('a', new FixedSizeBinary(3), true), bytes(1, 2, 3), 'hex(a)', '010203'],
    [new Field('a', new IntervalMonthDayNano(), true), [1, 2, 3000n], 'a::VARCHAR', '1 month 2 days 00:00:00.000003'],
  ];
  for (const [field, value, sql, expected] of cases) {
    expect(await bench.rows(`SELECT ${sql} FROM "t0"`, [table(field, [value])])).toEqual([[expected]]);
    expect(await bench.rows(`SELECT ${sql.replace('a', '$1')}`, [], parameterRow([field], [value]))).toEqual([
      [expected],
    ]);
  }
});

it.each([
  [39, 2],
  [60, 0],
  [5, -2],
  [5, 6],
])('refuses to take decimals of %i digits with %i behind the point', async (precision, scale) => {
  const field = new Field('a', new Decimal(scale, precision, 128), true);
  for (const given of [field, new Field('a', new List(field), true)]) {
    const value = given === field ? 1n : [1n];
    await expect(bench.rows('SELECT $1', [], parameterRow([given], [value]))).rejects.toMatchObject({
      code: 'UNIMPLEMENTED',
    });
    await expect(bench.rows('SELECT * FROM "t0"', [table(given, [value])])).rejects.toMatchObject({
      code: 'UNIMPLEMENTED',
    });
  }
});

it('gives types without an Arrow form as text, and huge integers as decimals', async () => {
  const rows = await bench.rows(
    "SELECT 'a'::ENUM('a', 'b'), '101'::BIT, '10:00:00+01'::TIMETZ, 7::UHUGEINT, sum(5::BIGINT), ['b'::ENUM('b')], '{}'::JSON, NULL",
  );
  expect(rows).toEqual([['a', '101', '10:00:00+01', '7', 5n, ['b'], '{}', null]]);
});

it('describes columns and parameters without data', async () => {
  const tables = [{ name: 't0', columns: [column('id', new Int64(), 1), column('a b', new Utf8(), 2)] }];
  const typed = await bench.instance.describe('SELECT id, "a b" AS x FROM "t0" WHERE "a b" = $1 AND id = $2', tables);
  expect(typed.schema.fields.map(String)).toEqual(['id: Int64', 'x: Utf8']);
  expect(typed.parameters.fields.map(({ type }) => String(type))).toEqual(['Utf8', 'Int64']);
  const open = await bench.instance.describe('SELECT ?, id, \'?\' FROM "t0" WHERE id = ?', tables);
  expect(open.schema.fields.map(({ type }) => String(type))).toEqual(['Utf8', 'Int64', 'Utf8']);
  expect(open.parameters.fields.map(({ type }) => String(type))).toEqual(['Utf8', 'Int64']);
});

it.each([
  [TimeUnit.SECOND, 9_223_372_036_855n],
  [TimeUnit.MILLISECOND, -9_223_372_036_854_776n],
])('a moment in units of %s beyond what microseconds reach is refused as a parameter', async (unit, value) => {
  const moment = parameterRow([new Field('m', new Timestamp(unit, 'UTC'), true)], [value]);
  await expect(bench.rows('SELECT $1', [], moment)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
});
