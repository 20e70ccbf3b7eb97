/**
 * Types of columns, as `{ kind, … }`: what Iceberg calls them, how both sides write them in SQL, and pools of literals in ascending order, full of
 * neighbours and edges. Nested types are made of fields `{ key, name, type }`; `key` stays with a field through all evolution.
 */

export const quoted = (text) => `'${text.replaceAll("'", "''")}'`;
export const identifier = (name) => `"${name.replaceAll('"', '""')}"`;

const prefix = 'the same sixteen';
const texts = [
  '',
  ' ',
  '%',
  'A',
  'B',
  '_',
  'a',
  'ab',
  'abc',
  'abd',
  "it's",
  prefix,
  `${prefix}\u{1F980}`,
  `${prefix} letters, a`,
  `${prefix} letters, b`,
  `${prefix}z`,
  `${prefix}\u00ff`,
  'null',
  'z\\n"',
  '\u00fc',
  '\u65e5\u672c',
  '\uffff',
  '\u{10FFFF}',
  '\u{10FFFF}'.repeat(17),
];
const days = [
  '4713-01-01 (BC)',
  '0001-01-01',
  '1582-10-15',
  '1969-12-31',
  '1970-01-01',
  '1970-01-02',
  '2000-02-29',
  '2024-02-29',
  '2024-03-01',
  '9999-12-31',
  '10000-01-01',
];
const moments = [
  '0001-01-01 00:00:00',
  '1969-12-31 22:59:59.999999',
  '1969-12-31 23:59:59.999999',
  '1970-01-01 00:00:00',
  '1970-01-01 00:00:00.000001',
  '2024-02-29 12:30:00',
  '2024-02-29 13:00:00',
  '2024-02-29 23:59:59.999999',
  '2024-03-01 00:00:00',
  '2038-01-19 03:14:08',
  '9999-12-31 23:59:59.999999',
];
const nanoMoments = [
  '1677-09-22 00:00:00.000000001',
  '1969-12-31 23:59:59.999999999',
  '1970-01-01 00:00:00.000000000',
  '1970-01-01 00:00:00.000000001',
  '1970-01-01 00:00:00.000000999',
  '2024-02-29 12:30:00.000000000',
  '2024-02-29 12:30:00.000000001',
  '2024-02-29 12:30:00.000001000',
  '2262-04-11 23:47:16.854775806',
];
const hex = (bytes) => bytes.map((byte) => `\\x${byte.toString(16).padStart(2, '0').toUpperCase()}`).join('');
const blob = (bytes) => `'${hex(bytes)}'::BLOB`;
const cast = (type, values) => values.map((text) => `CAST(${quoted(text)} AS ${type})`);

const floats = (type, values) => cast(type, ['-Infinity', ...values, 'Infinity', 'NaN']);

const plain = {
  boolean: { sql: 'BOOLEAN', pool: ['false', 'true'] },
  int: {
    sql: 'INTEGER',
    pool: cast('INTEGER', ['-2147483648', '-101', '-11', '-10', '-1', '0', '1', '2', '9', '10', '99', '2147483647']),
  },
  long: {
    sql: 'BIGINT',
    pool: cast('BIGINT', [
      '-9223372036854775808',
      '-9007199254740993',
      '-2147483649',
      '-10',
      '-1',
      '0',
      '1',
      '9',
      '10',
      '2147483648',
      '9007199254740993',
      '9223372036854775807',
    ]),
  },
  float: {
    sql: 'FLOAT',
    pool: floats('FLOAT', [
      '-3.4028235e38',
      '-1.5',
      '-0.1',
      '-1e-45',
      '-0.0',
      '0.0',
      '1e-45',
      '0.1',
      '1.5',
      '16777216',
    ]),
  },
  double: {
    sql: 'DOUBLE',
    pool: floats('DOUBLE', [
      '-1.7976931348623157e308',
      '-1.5',
      '-0.1',
      '-5e-324',
      '-0.0',
      '0.0',
      '5e-324',
      '0.1',
      '0.30000000000000004',
      '1.5',
      '9007199254740993',
    ]),
  },
  date: { sql: 'DATE', pool: cast('DATE', days) },
  time: {
    sql: 'TIME',
    pool: cast('TIME', ['00:00:00', '00:00:00.000001', '11:59:59.999999', '12:00:00', '23:59:59.999999']),
  },
  timestamp: { sql: 'TIMESTAMP', pool: cast('TIMESTAMP', moments) },
  timestamptz: {
    sql: 'TIMESTAMPTZ',
    pool: cast(
      'TIMESTAMPTZ',
      moments.map((text) => `${text}+00`),
    ),
  },
  timestamp_ns: { sql: 'TIMESTAMP_NS', pool: cast('TIMESTAMP_NS', nanoMoments) },
  timestamptz_ns: {
    sql: 'TIMESTAMPTZ_NS',
    pool: cast(
      'TIMESTAMPTZ_NS',
      nanoMoments.map((text) => `${text}+00`),
    ),
  },
  string: { sql: 'VARCHAR', pool: texts.map(quoted) },
  uuid: {
    sql: 'UUID',
    pool: cast('UUID', [
      '00000000-0000-0000-0000-000000000000',
      '00000000-0000-0000-0000-000000000001',
      '7fffffff-ffff-ffff-ffff-ffffffffffff',
      '80000000-0000-0000-0000-000000000000',
      'f79c3e09-677c-4bbd-a479-3f349cb785e7',
      'ffffffff-ffff-ffff-ffff-ffffffffffff',
    ]),
  },
  binary: {
    sql: 'BLOB',
    pool: [[], [0], [0, 0], [0x41], [0x7f, 0xff], [0x80], [0xc3, 0x28], [0xff], new Array(20).fill(0xff)].map(blob),
  },
  variant: {
    sql: 'VARIANT',
    pool: [
      '1::VARIANT',
      "'text'::VARIANT",
      'true::VARIANT',
      "{'a': 1, 'b': [1, NULL]}::VARIANT",
      '[1, 2]::VARIANT',
      "DATE '2024-02-29'::VARIANT",
      '1.5::DOUBLE::VARIANT',
    ],
  },
  unknown: { sql: 'INTEGER', iceberg: '"NULL"', pool: [] },
};

/** Types that tables have from format version 3 on. */
const later = ['timestamp_ns', 'timestamptz_ns', 'variant', 'unknown'];
const nestedKinds = ['struct', 'list', 'map'];

let keys = 0;
export const field = (name, type) => ({ key: ++keys, name, type });

/** The name of a type: for the reference as DuckDB has it, or for the server. */
export function typeSql(type, side = 'reference') {
  const of = (inner) => typeSql(inner, side);
  switch (type.kind) {
    case 'decimal':
      return `DECIMAL(${type.precision}, ${type.scale})`;
    case 'fixed':
      return side === 'reference' ? 'BLOB' : `FIXED(${type.width})`;
    case 'struct':
      return `STRUCT(${type.fields.map(({ name, type: inner }) => `${identifier(name)} ${of(inner)}`).join(', ')})`;
    case 'list':
      return `${of(type.element.type)}[]`;
    case 'map':
      return `MAP(${of(type.entryKey.type)}, ${of(type.value.type)})`;
    default:
      return (side === 'server' && plain[type.kind].iceberg) || plain[type.kind].sql;
  }
}

/** Whether the values of the one type are those of the other: bytes of one length are not those of any. */
export const holdsSame = (one, other) =>
  ['reference', 'server'].every((side) => typeSql(one, side) === typeSql(other, side));

export const isNested = (type) => nestedKinds.includes(type.kind);
export const holds = (type, test) => test(type) || childrenOf(type).some(({ type: inner }) => holds(inner, test));

export function childrenOf(type) {
  if (type.kind === 'struct') return type.fields;
  if (type.kind === 'list') return [type.element];
  return type.kind === 'map' ? [type.entryKey, type.value] : [];
}

/** A random type that tables of a format version have. */
export function randomType(random, version, depth = 0) {
  if (depth < 3 && random.chance(depth === 0 ? 0.22 : 0.15)) {
    const inner = (name) => field(name, randomType(random, version, depth + 1));
    const kind = random.pick(['struct', 'struct', 'list', 'map']);
    if (kind === 'struct') {
      const names = ['p', 'Q', 'r s', '\u00fc'].slice(0, random.between(1, 4));
      return { kind, fields: names.map((name) => inner(name)) };
    }
    if (kind === 'list') return { kind, element: inner('element') };
    const keyKinds = ['int', 'long', 'string', 'date', 'boolean', 'uuid', 'decimal'];
    return { kind, entryKey: field('key', leafType(random, random.pick(keyKinds))), value: inner('value') };
  }
  const kinds = [...Object.keys(plain), 'decimal', 'decimal', 'fixed', 'string', 'int', 'long'].filter(
    (kind) => (version >= 3 || !later.includes(kind)) && (depth === 0 || (kind !== 'unknown' && kind !== 'variant')),
  );
  return leafType(random, random.pick(kinds));
}

function leafType(random, kind) {
  if (kind === 'decimal') {
    const precision = random.pick([1, 4, 9, 10, 18, 19, 38, random.between(1, 38)]);
    return { kind, precision, scale: random.pick([0, Math.min(2, precision), precision, random.below(precision + 1)]) };
  }
  return kind === 'fixed' ? { kind, width: random.pick([1, 4, 16, 17]) } : { kind };
}

const decimalPool = ({ precision, scale }) => {
  const most = 10n ** BigInt(precision) - 1n;
  const one = 10n ** BigInt(scale);
  const values = new Set([-most, -most / 2n, -1n, 0n, 1n, 5n, most / 2n, most]);
  for (const value of [one, -one, one + 1n, one * 10n]) if (value <= most && value >= -most) values.add(value);
  return [...values]
    .sort((a, b) => (a < b ? -1 : 1))
    .map((value) => {
      const digits = String(value < 0n ? -value : value).padStart(scale + 1, '0');
      const text = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
      return `CAST('${value < 0n ? '-' : ''}${text}' AS DECIMAL(${precision},${scale}))`;
    });
};

const fixedPool = ({ width }) =>
  [0, 1, 0x7f, 0x80, 0xff].map((byte) => blob([...new Array(width - 1).fill(byte === 1 ? 0 : byte), byte]));

/** Literals of a type without children, ascending. */
export function poolOf(type) {
  if (type.kind === 'decimal') return register(decimalPool(type));
  if (type.kind === 'fixed') return fixedPool(type);
  return plain[type.kind].pool;
}

/** Pools by each of their literals. */
const pools = new Map();

function register(pool) {
  for (const literal of pool) pools.set(literal, pool);
  return pool;
}

for (const { pool } of Object.values(plain)) register(pool);

/** Literals of the pool that one is of; itself where it is of none. */
export function alike(literal) {
  return pools.get(literal) ?? [literal];
}

/** How a column of a type can be promoted by Iceberg's rules for a format version; undefined for no way. */
export function promoted(random, type, version) {
  if (type.kind === 'int') return { kind: 'long' };
  if (type.kind === 'float') return { kind: 'double' };
  if (type.kind === 'date' && version >= 3) return { kind: 'timestamp' };
  if (type.kind !== 'decimal' || type.precision === 38) return undefined;
  return { ...type, precision: random.between(type.precision + 1, 38) };
}

/** Partition clauses that a column of a type can have. */
export function transformsOf(type, column) {
  switch (type.kind) {
    case 'int':
    case 'long':
    case 'decimal':
      return [column, `truncate(${type.kind === 'decimal' ? 1 : 10}, ${column})`, `bucket(3, ${column})`];
    case 'string':
      return [column, `truncate(2, ${column})`, `truncate(16, ${column})`, `bucket(3, ${column})`];
    case 'binary':
      return [column, `truncate(1, ${column})`, `bucket(3, ${column})`];
    case 'date':
      return [column, `year(${column})`, `month(${column})`, `day(${column})`, `bucket(2, ${column})`];
    case 'timestamp':
    case 'timestamptz':
    case 'timestamp_ns':
    case 'timestamptz_ns':
      return [column, ...['year', 'month', 'day', 'hour'].map((unit) => `${unit}(${column})`), `bucket(2, ${column})`];
    case 'uuid':
    case 'fixed':
    case 'time':
      return [column, `bucket(3, ${column})`];
    case 'boolean':
    case 'float':
    case 'double':
      return [column];
    default:
      return [];
  }
}

/** The text of a value. Zeros have one sign, since a file may keep one of both for all of a row group. */
export function asText({ sql, type }) {
  return type.kind === 'float' || type.kind === 'double' ? `CAST(${sql} + 0 AS VARCHAR)` : `CAST(${sql} AS VARCHAR)`;
}
