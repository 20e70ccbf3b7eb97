/**
 * Random rows, partitions and filters with a model that answers for them. Each column draws from a pool of values in ascending order, and
 * the model holds a value as its place in the pool: to compare values is to compare places, whatever their type.
 */

/** 0 to 1, exclusive. */
export type Random = () => number;

/** The same numbers for the same seed (FNV-1a over the text, then mulberry32). */
export function randomFrom(seed: string): Random {
  let state = 0x811c9dc5;
  for (const byte of Buffer.from(seed)) state = Math.imul(state ^ byte, 0x01000193);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const below = (random: Random, bound: number) => Math.floor(random() * bound);
export const pick = <T>(random: Random, items: readonly T[]): T => items[below(random, items.length)] as T;

export interface Column {
  name: string;
  type: string;
  /** SQL literals in ascending order. */
  pool: string[];
  /** Canonical text of each value of the pool. */
  texts: string[];
  /** Clauses of PARTITIONED BY. */
  partitions: string[];
}

function column(
  name: string,
  type: string,
  texts: string[],
  literal: (text: string) => string,
  transforms: string[],
): Column {
  const partitions = transforms.map((transform) => transform.replace('_', name));
  return { name, type, texts, pool: texts.map(literal), partitions: [name, ...partitions] };
}

const plain = (text: string) => text;
const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;
const cast = (type: string) => (text: string) => `CAST('${text}' AS ${type})`;
const times = ['year(_)', 'month(_)', 'day(_)'];
const moments = [
  '0001-01-01T00:00:00.000000',
  '1968-12-31T23:59:59.999999',
  '1969-12-31T23:59:59.999999',
  '1970-01-01T00:00:00.000000',
  '2020-02-29T00:00:00.000000',
  '2020-02-29T12:59:59.999999',
  '2020-02-29T13:00:00.000000',
  '2020-03-01T00:00:00.000000',
  '9999-12-31T23:59:59.999999',
];

export const columns: Column[] = [
  column('i', 'INTEGER', ['-2147483648', '-11', '-10', '-1', '0', '1', '9', '10', '2147483647'], plain, [
    'truncate(10, _)',
    'truncate(_, 7)',
  ]),
  column(
    'l',
    'BIGINT',
    ['-9223372036854775808', '-9007199254740993', '-1', '0', '6', '7', '9007199254740993', '9223372036854775807'],
    cast('BIGINT'),
    ['truncate(7, _)'],
  ),
  column('f', 'REAL', ['-Infinity', '-1.5', '0', '0.25', '65536', 'Infinity', 'NaN'], cast('REAL'), []),
  column('d', 'DOUBLE', ['-Infinity', '-1e+300', '-0.1', '0', '0.1', '1.5', 'Infinity', 'NaN'], cast('DOUBLE'), []),
  column('n', 'DECIMAL(9, 2)', ['-9999900.00', '-10.65', '-0.01', '0.00', '10.50', '10.65'], plain, [
    'truncate(50, _)',
  ]),
  column(
    's',
    'VARCHAR',
    [
      '',
      'B',
      'a',
      'ab',
      'abc',
      'abd',
      "it's",
      'long enough to be cut, a',
      'long enough to be cut, b',
      'ü=/%',
      '日本',
      '😀x',
    ],
    quoted,
    ['truncate(2, _)', 'truncate(1, _)'],
  ),
  column(
    'day',
    'DATE',
    ['0001-01-01', '1969-12-31', '1970-01-01', '2020-02-29', '2020-03-01', '9999-12-31'],
    cast('DATE'),
    times,
  ),
  column('ts', 'TIMESTAMP', moments, cast('TIMESTAMP'), [...times, 'hour(_)']),
  column(
    'tz',
    'TIMESTAMPTZ',
    moments.map((text) => `${text}Z`),
    cast('TIMESTAMPTZ'),
    [...times, 'hour(_)'],
  ),
  column('b', 'BOOLEAN', ['false', 'true'], plain, []),
];

/** The row's number, and for each column the place of its value, null for null. */
export interface Row {
  id: number;
  places: (number | null)[];
}

/** Rows of one INSERT: neighbouring values, so that files have narrow bounds; some columns without nulls, some of nothing else. */
export function randomRows(random: Random, firstId: number): Row[] {
  const windows = columns.map(({ pool }) => ({
    start: below(random, pool.length),
    width: random() < 0.2 ? pool.length : 1 + below(random, 3),
    nulls: pick(random, [0, 0, 0.2, 0.2, 1]),
  }));
  return Array.from({ length: 1 + below(random, 10) }, (_, index) => ({
    id: firstId + index,
    places: columns.map(({ pool }, position) => {
      const { start, width, nulls } = windows[position] as (typeof windows)[0];
      return random() < nulls ? null : Math.min(pool.length - 1, start + below(random, width));
    }),
  }));
}

export function rowSql({ id, places }: Row): string {
  const values = places.map((place, index) => (place === null ? 'NULL' : (columns[index] as Column).pool[place]));
  return `(${id}, ${values.join(', ')})`;
}

/** One or two transforms of different columns, or none. */
export function randomPartitions(random: Random): string[] {
  const chosen = new Set(Array.from({ length: below(random, 3) }, () => pick(random, columns)));
  return [...chosen].map(({ partitions }) => pick(random, partitions));
}

/** A condition in SQL, and whether it holds for a row; null is SQL's unknown. */
export interface Filter {
  sql: string;
  holds(row: Row): boolean | null;
}

const operators: [string, (order: number) => boolean][] = [
  ['=', (order) => order === 0],
  ['<>', (order) => order !== 0],
  ['<', (order) => order < 0],
  ['<=', (order) => order <= 0],
  ['>', (order) => order > 0],
  ['>=', (order) => order >= 0],
];

export function randomFilter(random: Random, depth = 0): Filter {
  const shape = random();
  if (depth === 2 || shape > 0.4) return randomTest(random);
  const parts = [randomFilter(random, depth + 1), randomFilter(random, depth + 1)];
  if (shape < 0.1) {
    const [part] = parts as [Filter];
    return { sql: `NOT (${part.sql})`, holds: (row) => negated(part.holds(row)) };
  }
  const decisive = shape < 0.2;
  return {
    sql: parts.map(({ sql }) => `(${sql})`).join(decisive ? ' OR ' : ' AND '),
    holds(row) {
      const results = parts.map((part) => part.holds(row));
      if (results.includes(decisive)) return decisive;
      return results.includes(null) ? null : !decisive;
    },
  };
}

const negated = (result: boolean | null) => (result === null ? null : !result);

function randomTest(random: Random): Filter {
  const index = below(random, columns.length);
  const { name, pool, texts, type } = columns[index] as Column;
  const known = (test: (place: number) => boolean) => (row: Row) => {
    const place = row.places[index] as number | null;
    return place === null ? null : test(place);
  };
  const shape = random();
  const place = below(random, pool.length);
  if (shape < 0.1) return { sql: `${name} IS NULL`, holds: (row) => row.places[index] === null };
  if (shape < 0.2) return { sql: `${name} IS NOT NULL`, holds: (row) => row.places[index] !== null };
  if (shape < 0.35) {
    const places = [place, below(random, pool.length), below(random, pool.length)];
    const members = places.map((member) => pool[member]).join(', ');
    return { sql: `${name} IN (${members})`, holds: known((found) => places.includes(found)) };
  }
  if (shape < 0.45) {
    const other = below(random, pool.length);
    return {
      sql: `${name} BETWEEN ${pool[place]} AND ${pool[other]}`,
      holds: known((found) => found >= place && found <= other),
    };
  }
  if (shape < 0.6 && type === 'VARCHAR') {
    const prefix = pick(random, ['a', 'ab', 'abc', 'long', 'long enough to be cut, ', 'ü', '日', '😀']);
    return { sql: `${name} LIKE '${prefix}%'`, holds: known((found) => (texts[found] as string).startsWith(prefix)) };
  }
  const [operator, passes] = pick(random, operators);
  return { sql: `${name} ${operator} ${pool[place]}`, holds: known((found) => passes(found - place)) };
}
