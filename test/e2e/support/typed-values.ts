/** Values of each type that a client may bind, with the SQL that they are, and what it means for two results to be the same. */
import {
  Binary,
  Bool,
  DataType,
  DateDay,
  Decimal,
  Field,
  Float32,
  Float64,
  Int8,
  Int16,
  Int32,
  Int64,
  List,
  Struct,
  TimeMicrosecond,
  TimestampMicrosecond,
  TimestampMillisecond,
  TimestampNanosecond,
  TimestampSecond,
  Uint8,
  Uint32,
  Uint64,
  Utf8,
} from 'apache-arrow';

export interface TypedValue {
  type: DataType;
  /** As `rowsToBatch` takes it. */
  value: unknown;
  /** The type, and the value without and with it. */
  sqlType: string;
  bare: string;
  typed: string;
}

export interface ValueType {
  type: DataType;
  sql: string;
  values: [value: unknown, sql: string][];
}

const whole = (type: DataType, sql: string, make: (value: number) => unknown, ...values: number[]): ValueType => ({
  type,
  sql,
  values: values.map((value) => [make(value), String(value)]),
});
const small = (value: number) => value;
const moment = (unit: bigint, type: DataType, sql: string): ValueType => ({
  type,
  sql,
  values: [
    [0n, `TIMESTAMP '1970-01-01 00:00:00'`],
    [1_767_225_600n * unit, `TIMESTAMP '2026-01-01 00:00:00'`],
    [1_767_225_601n * unit, `TIMESTAMP '2026-01-01 00:00:01'`],
  ],
});
const cents = (scale: number, precision: number): ValueType => ({
  type: new Decimal(scale, precision, 128),
  sql: `DECIMAL(${precision},${scale})`,
  values: ['0', '2.5', '-10.25', '100'].flatMap((text): [unknown, string][] => {
    const digits = Number(text) * 10 ** scale;
    return Number.isInteger(digits) ? [[BigInt(digits), text]] : [];
  }),
});

export const valueTypes: ValueType[] = [
  {
    type: new Bool(),
    sql: 'BOOLEAN',
    values: [
      [true, 'true'],
      [false, 'false'],
    ],
  },
  whole(new Int8(), 'TINYINT', small, 0, 1, 5, -7, 127),
  whole(new Int16(), 'SMALLINT', small, 0, 1, 5, -300),
  whole(new Int32(), 'INTEGER', small, 0, 1, 5, 70_000, -2_147_483_648),
  whole(new Int64(), 'BIGINT', BigInt, 0, 1, 5, 3_000_000_000, -9_007_199_254_740_991),
  whole(new Uint8(), 'UTINYINT', small, 0, 5, 255),
  whole(new Uint32(), 'UINTEGER', small, 0, 5, 4_000_000_000),
  {
    type: new Uint64(),
    sql: 'UBIGINT',
    values: [
      [5n, '5'],
      [2n ** 64n - 1n, '18446744073709551615'],
    ],
  },
  {
    type: new Float32(),
    sql: 'FLOAT',
    values: [
      [0, '0.0'],
      [2.5, '2.5'],
      [-1.75, '-1.75'],
    ],
  },
  {
    type: new Float64(),
    sql: 'DOUBLE',
    values: [
      [2, '2.0'],
      [2.5, '2.5'],
      [0.1, '0.1'],
      [-1e10, '-1e10'],
    ],
  },
  cents(2, 10),
  cents(1, 4),
  cents(4, 20),
  {
    type: new Utf8(),
    sql: 'VARCHAR',
    values: [
      ['a', `'a'`],
      ['', `''`],
      ['5', `'5'`],
      ['2026-01-01', `'2026-01-01'`],
    ],
  },
  { type: new Binary(), sql: 'BLOB', values: [[Uint8Array.of(0x41, 0x42), `'AB'::BLOB`]] },
  {
    type: new DateDay(),
    sql: 'DATE',
    values: [
      [0, `DATE '1970-01-01'`],
      [20_454, `DATE '2026-01-01'`],
    ],
  },
  {
    type: new TimeMicrosecond(),
    sql: 'TIME',
    values: [
      [0n, `TIME '00:00:00'`],
      [3_600_000_000n, `TIME '01:00:00'`],
    ],
  },
  moment(1_000_000n, new TimestampMicrosecond(), 'TIMESTAMP'),
  moment(1000n, new TimestampMillisecond(), 'TIMESTAMP_MS'),
  moment(1n, new TimestampSecond(), 'TIMESTAMP_S'),
  moment(1_000_000_000n, new TimestampNanosecond(), 'TIMESTAMP_NS'),
  { ...moment(1_000_000n, new TimestampMicrosecond('UTC'), 'TIMESTAMPTZ') },
  {
    type: new List(new Field('item', new Int32(), true)),
    sql: 'INTEGER[]',
    values: [
      [[1, null], '[1, NULL]'],
      [[], '[]'],
    ],
  },
  {
    type: new Struct([new Field('a', new Int32(), true), new Field('b', new Utf8(), true)]),
    sql: 'STRUCT(a INTEGER, b VARCHAR)',
    values: [[{ a: 1, b: null }, `{'a': 1, 'b': NULL}`]],
  },
];

export function typedValue({ type, sql, values }: ValueType, index: number): TypedValue {
  const [value, bare] = index < values.length ? (values[index] as [unknown, string]) : [null, 'NULL'];
  return { type, value, sqlType: sql, bare, typed: `CAST(${bare} AS ${sql})` };
}

/** Whether two values are one, whatever types they have: numbers by their value, times by the moment. */
export function isSame(left: unknown, right: unknown): boolean {
  if (typeof left === 'number' && typeof right === 'number') {
    return (
      Object.is(left, right) ||
      left === right ||
      Math.abs(left - right) <= 1e-9 * Math.max(Math.abs(left), Math.abs(right))
    );
  }
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return left === right;
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  const [one, other] = [Object.entries(left), Object.entries(right)];
  return (
    one.length === other.length && one.every(([key, value]) => isSame(value, (right as Record<string, unknown>)[key]))
  );
}

/** The value without its type: numbers as numbers or whole ones as bigints, days and times as nanoseconds. */
export function plainValue({ type }: Field, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  const children = (type.children ?? []) as Field[];
  if (DataType.isStruct(type)) {
    const members = value as Record<string, unknown>;
    return Object.fromEntries(children.map((child) => [child.name, plainValue(child, members[child.name])]));
  }
  if (DataType.isMap(type)) {
    const [key, item] = (children[0] as Field).type.children as [Field, Field];
    return (value as [unknown, unknown][]).map(([k, v]) => [plainValue(key, k), plainValue(item, v)]);
  }
  if (DataType.isList(type)) return (value as unknown[]).map((item) => plainValue(children[0] as Field, item));
  if (DataType.isDecimal(type)) return scaled(value as bigint, type.scale);
  if (DataType.isInt(type)) return numeric(BigInt(value as number | bigint));
  if (DataType.isDate(type)) return { moment: BigInt(value as number) * 86_400_000_000_000n };
  if (DataType.isTimestamp(type)) return { moment: BigInt(value as bigint) * nanoseconds(type.unit) };
  if (DataType.isTime(type)) return { time: BigInt(value as bigint) * nanoseconds(type.unit) };
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
}

function nanoseconds(unit: number): bigint {
  return 10n ** BigInt(9 - 3 * unit);
}

function scaled(value: bigint, scale: number): unknown {
  const factor = 10n ** BigInt(scale);
  return value % factor === 0n ? numeric(value / factor) : Number(value) / Number(factor);
}

function numeric(value: bigint): number | string {
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
}
