/** Random Arrow columns of every type that Iceberg has, nested to any depth, whose values like the ends of their ranges. */
import {
  Binary,
  Bool,
  type DataType,
  DateDay,
  Decimal,
  Field,
  FixedSizeBinary,
  Float32,
  Float64,
  Int32,
  Int64,
  List,
  Map_,
  Schema,
  Struct,
  TimeMicrosecond,
  TimestampMicrosecond,
  TimestampNanosecond,
  Utf8,
} from 'apache-arrow';
import { below, pick, type Random } from './random-rows.js';

export interface RandomField {
  field: Field;
  value(): unknown;
}

type Leaf = [name: string, type: () => DataType, value: (random: Random) => unknown];

const from =
  (...values: unknown[]) =>
  (random: Random) =>
    pick(random, values);

const bigBelow = (random: Random, bits: number) => BigInt.asIntN(bits, BigInt(Math.floor(random() * 2 ** 52)) ** 2n);

function bytes(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => pick(random, [0, 255, below(random, 256)]));
}

const texts = ['', ' ', 'é', '𝄞𝒳 ', 'a\u0000b', "it's", '"', '\\', 'ﬁ', 'x'.repeat(300), '\u{10ffff}', 'NULL', '\n'];
const perNanosecond = 9_223_286_400_000_000_000n;

const leaves: Leaf[] = [
  ['boolean', () => new Bool(), from(true, false)],
  ['int', () => new Int32(), (random) => pick(random, [-(2 ** 31), 2 ** 31 - 1, 0, below(random, 1000)])],
  ['long', () => new Int64(), (random) => pick(random, [-(2n ** 63n), 2n ** 63n - 1n, 0n, bigBelow(random, 64)])],
  [
    'float',
    () => new Float32(),
    from(Number.NaN, Infinity, -Infinity, -0, 0, 1.5, 2 ** -149, Math.fround(3.4028235e38)),
  ],
  ['double', () => new Float64(), from(Number.NaN, Infinity, -Infinity, -0, 0.1, 5e-324, Number.MAX_VALUE)],
  ['decimal', () => new Decimal(9, 38, 128), from(10n ** 38n - 1n, -(10n ** 38n) + 1n, 0n, 1n, -1n)],
  ['small', () => new Decimal(2, 5, 128), from(99999n, -99999n, 0n, -1n)],
  // From year 1 on, over the switch of calendars in 1582 and beyond 9999.
  ['date', () => new DateDay(), from(-719162, -141428, -141427, -1, 0, 2932896, 2932897, 4000000)],
  ['time', () => new TimeMicrosecond(), from(0n, 86_399_999_999n, 1n, 43_200_000_000n)],
  [
    'timestamp',
    () => new TimestampMicrosecond(),
    from(-62_135_596_800_000_000n, -12_219_292_800_000_001n, -1n, 0n, 253_402_300_800_000_000n),
  ],
  ['timestamptz', () => new TimestampMicrosecond('UTC'), from(-62_135_596_800_000_000n, -1n, 253_402_300_799_999_999n)],
  ['timestamp_ns', () => new TimestampNanosecond(), from(-perNanosecond, -1n, 0n, 1n, 9_223_372_036_854_775_806n)],
  ['timestamptz_ns', () => new TimestampNanosecond('UTC'), from(-perNanosecond, -1n, 999n, 9_223_372_036_854_775_806n)],
  ['string', () => new Utf8(), from(...texts)],
  ['binary', () => new Binary(), (random) => bytes(random, pick(random, [0, 1, 40]))],
  ['fixed', () => new FixedSizeBinary(5), (random) => bytes(random, 5)],
  ['uuid', () => new FixedSizeBinary(16), (random) => bytes(random, 16)],
];

const uuid = new Map([
  ['ARROW:extension:name', 'arrow.uuid'],
  ['ARROW:extension:metadata', ''],
]);

export function randomField(random: Random, name: string, depth: number, nullable = true): RandomField {
  const made = depth > 0 && random() < 0.7 ? nested(random, name, depth - 1, nullable) : leaf(random, name, nullable);
  return nullable ? { ...made, value: () => (random() < 0.2 ? null : made.value()) } : made;
}

function leaf(random: Random, name: string, nullable: boolean): RandomField {
  const [kind, type, value] = pick(random, leaves);
  return { field: new Field(name, type(), nullable, kind === 'uuid' ? uuid : undefined), value: () => value(random) };
}

function nested(random: Random, name: string, depth: number, nullable: boolean): RandomField {
  const several = <T>(make: () => T) => Array.from({ length: below(random, 4) }, make);
  switch (below(random, 3)) {
    case 0: {
      const element = randomField(random, 'element', depth);
      return { field: new Field(name, new List(element.field), nullable), value: () => several(element.value) };
    }
    case 1: {
      const children = ['a', 'b c', 'C'].map((child) => randomField(random, child, depth));
      const object = () => Object.fromEntries(children.map(({ field, value }) => [field.name, value()]));
      return { field: new Field(name, new Struct(children.map(({ field }) => field)), nullable), value: object };
    }
    default: {
      const value = randomField(random, 'value', depth);
      const key = new Field('key', pick(random, [new Utf8(), new Int64()]), false);
      const entries = new Field('entries', new Struct([key, value.field]), false);
      const keyOf = (index: number) => (key.type.typeId === new Int64().typeId ? BigInt(index) : `k${index}𝄞`);
      return {
        field: new Field(name, new Map_(entries as never), nullable),
        value: () => several(value.value).map((item, index) => [keyOf(index), item]),
      };
    }
  }
}

/** A column of each leaf type and some that are nested, each under its own name. */
export function randomColumns(random: Random): RandomField[] {
  const plain = leaves.map(([kind, type, value]) => ({
    field: new Field(kind, type(), true, kind === 'uuid' ? uuid : undefined),
    value: () => (random() < 0.2 ? null : value(random)),
  }));
  return [...plain, ...Array.from({ length: 8 }, (_, index) => randomField(random, `n${index}`, 4))];
}

export function schemaOf(columns: readonly RandomField[]): Schema {
  return new Schema(columns.map(({ field }) => field));
}
