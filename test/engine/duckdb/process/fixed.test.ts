import { Binary, Field, FixedSizeBinary, Int32, List, Map_, Schema, Struct } from 'apache-arrow';
import { expect, it } from 'vitest';
import { rowsToBatch } from '../../../../src/arrow/index.js';
import type { TableScan } from '../../../../src/engine/duckdb/contract.js';
import { parameterRow, useEngine } from './support.js';

const bench = useEngine();
const four = new FixedSizeBinary(4);
const item = (name: string, type: Field['type']) => new Field(name, type, true);
const schema = new Schema([
  item('id', new Int32()),
  item('f', four),
  item('g', new FixedSizeBinary(4)),
  item('h', new FixedSizeBinary(5)),
  item('b', new Binary()),
  item('s', new Struct([item('a', four), item('n', new Int32())])),
  item('l', new List(item('element', four))),
  item(
    'm',
    new Map_(new Field('entries', new Struct([new Field('key', four, false), item('value', four)]), false) as never),
  ),
  item('r', new Struct([item('b', new Binary()), item('f', four)])),
]);
const bytes = (text: string) => Uint8Array.from(Buffer.from(text));
const rows = [
  [
    1,
    bytes('abcd'),
    bytes('efgh'),
    bytes('hijkl'),
    bytes('xy'),
    { a: bytes('abcd'), n: 1 },
    [bytes('abcd'), null, bytes('wxyz')],
    [[bytes('abcd'), bytes('1234')]],
    { b: bytes('x'), f: bytes('abcd') },
  ],
  [2, null, bytes('\0\0\0\0'), null, null, { a: null, n: null }, [], [], null],
  [3, bytes('AAAA'), null, bytes('     '), bytes(''), null, null, null, { b: null, f: null }],
];
const table: TableScan = {
  name: 't',
  columns: schema.fields.map((field, index) => ({ field, fieldId: index + 1 })),
  source: { kind: 'batches', schema, batches: [rowsToBatch(schema, rows)] },
};

/** The type of the one result column, which the description and the run agree about, once all rows have been read. */
async function typeOf(sql: string): Promise<string> {
  const described = await bench.instance.describe(sql, [table]);
  const run = await bench.instance.run(sql, [table], { signal: new AbortController().signal, batchBytes: 1 << 20 });
  for await (const batch of run.batches) expect(batch.length).toBeGreaterThan(0);
  expect(String(run.schema)).toBe(String(described.schema));
  return String(described.schema.fields.at(-1)?.type);
}

const plain = (values: unknown) =>
  JSON.stringify(values, (_, value) =>
    value instanceof Uint8Array || value?.type === 'Buffer' ? Buffer.from(value.data ?? value).toString('hex') : value,
  );

const fixed = 'FixedSizeBinary[4]';

it.each([
  'SELECT f FROM t',
  'SELECT f AS other FROM t ORDER BY g LIMIT 2',
  'SELECT g, f FROM t WHERE f <> b AND octet_length(f) = 4 AND f IN (SELECT b FROM t) OR f IS NULL',
  "SELECT f FROM t WHERE f = 'abcd'::BLOB OR f = 'AAAA'",
  'SELECT f FROM (SELECT DISTINCT f FROM t) ORDER BY f',
  'WITH c AS (SELECT * FROM t) SELECT f FROM c',
  'WITH c AS MATERIALIZED (SELECT * FROM t) SELECT x.f FROM c x JOIN c y USING (id)',
  'WITH RECURSIVE r AS (SELECT f, 1 AS n FROM t UNION ALL SELECT f, n + 1 FROM r WHERE n < 3) SELECT f FROM r',
  'SELECT x.f FROM t x LEFT JOIN t y ON x.f = y.b',
  'SELECT f FROM t x FULL JOIN t y USING (f)',
  'SELECT f FROM t UNION SELECT g FROM t',
  'SELECT f FROM t UNION ALL SELECT NULL',
  'SELECT NULL UNION ALL SELECT f FROM t',
  'SELECT f FROM t INTERSECT SELECT f FROM t',
  'SELECT f FROM t EXCEPT SELECT g FROM t',
  'SELECT min(f) FROM t',
  'SELECT max(f) FROM t GROUP BY id',
  'SELECT any_value(f) FROM t',
  'SELECT first(f ORDER BY id) FROM t',
  'SELECT arg_max(f, id) FROM t',
  'SELECT f FROM t GROUP BY f HAVING count(*) > 0',
  'SELECT min(f) OVER (PARTITION BY g) FROM t',
  'SELECT lag(f, 1, g) OVER (ORDER BY id) FROM t',
  'SELECT first_value(f) OVER (ORDER BY id) FROM t',
  'SELECT coalesce(f, g) FROM t',
  'SELECT CASE WHEN id > 1 THEN f END FROM t',
  'SELECT CASE WHEN f = b THEN f ELSE g END FROM t',
  'SELECT greatest(f, g) FROM t',
  'SELECT s.a FROM t',
  "SELECT f FROM t WHERE id > '-Infinity'::DOUBLE OR id = 'NaN'::FLOAT",
  'SELECT coalesce(r.f, s.a) FROM t',
  'SELECT unnest(l) FROM t',
  'SELECT l[1] FROM t',
  "SELECT m['abcd'] FROM t",
  'SELECT (SELECT max(f) FROM t) FROM t',
  'SELECT (SELECT f FROM t y WHERE y.id = x.id LIMIT 1) FROM t x',
  'SELECT f FROM t WHERE EXISTS (SELECT 1 FROM t y WHERE y.f = t.f)',
  'SELECT f FROM t QUALIFY row_number() OVER (ORDER BY id) = 1',
  'FROM t SELECT f',
  'SELECT v FROM t, LATERAL (SELECT f AS v) x',
])('%s gives values of four bytes', async (sql) => expect(await typeOf(sql)).toBe(fixed));

it.each([
  ['SELECT s FROM t', `Struct<{a:${fixed}, n:Int32}>`],
  ['SELECT l FROM t', `List<${fixed}>`],
  ['SELECT m FROM t', `Map<{key:${fixed}, value:${fixed}}>`],
  ['SELECT list(f) FROM t', `List<${fixed}>`],
  ['SELECT array_agg(f ORDER BY id) FROM t', `List<${fixed}>`],
  ["SELECT {'x': f} FROM t", `Struct<{x:${fixed}}>`],
  ['SELECT [f, g] FROM t', `List<${fixed}>`],
  ['SELECT list_sort(l) FROM t', `List<${fixed}>`],
  ['SELECT map_keys(m) FROM t', `List<${fixed}>`],
  ['SELECT h FROM t', 'FixedSizeBinary[5]'],
])('%s keeps the length inside', async (sql, type) => expect(await typeOf(sql)).toBe(type));

it.each([
  'SELECT f || g FROM t',
  'SELECT f[1:2] FROM t',
  'SELECT f[1:2] AS f FROM t',
  'SELECT coalesce(f, b) AS f FROM t',
  'SELECT coalesce(r.b, f) FROM t',
  'SELECT CASE WHEN id = 1 THEN r.b ELSE r.f END FROM t',
  'SELECT CASE WHEN id = 1 THEN f ELSE h END FROM t',
  'SELECT f FROM t UNION ALL SELECT b FROM t',
  'SELECT f FROM t UNION ALL SELECT h FROM t',
  'SELECT f FROM t UNION ALL BY NAME SELECT b AS f FROM t',
  "SELECT coalesce(f, 'x'::BLOB) FROM t",
  'SELECT lead(f, 1, b) OVER (ORDER BY id) FROM t',
  'SELECT unnest([f, b]) FROM t',
  'SELECT v FROM t, LATERAL (VALUES (f), (b)) x(v)',
  'SELECT f FROM t x FULL JOIN (SELECT b AS f FROM t) y USING (f)',
  'WITH RECURSIVE r AS (SELECT f FROM t UNION SELECT b FROM t, r) SELECT * FROM r',
  'SELECT max(f || g) FROM t',
  'SELECT max(coalesce(f, b)) FROM t',
  'SELECT CAST(f AS BLOB) FROM t',
  'SELECT b FROM t',
])('%s gives values of any length', async (sql) => expect(await typeOf(sql)).toBe('Binary'));

it('tells columns apart that are changed and that are not', async () => {
  const { schema: result } = await bench.instance.describe('SELECT coalesce(f, b) AS x, f, h, f || h AS y FROM t', [
    table,
  ]);
  expect(result.fields.map(({ type }) => String(type))).toEqual(['Binary', fixed, 'FixedSizeBinary[5]', 'Binary']);
});

it('looks through list_transform no further', async () => {
  expect(await typeOf('SELECT list_transform(l, lambda x: x[1:1]) FROM t')).toBe('List<Binary>');
});

it('gives the values and nulls as they are', async () => {
  const found = await bench.rows('SELECT * FROM t ORDER BY id', [table]);
  expect(plain(found)).toBe(plain(rows));
});

it('keeps values over thousands of rows with nulls in between', async () => {
  const many = Array.from({ length: 7001 }, (_, index) => [
    index % 3 === 0 ? null : bytes(String(index).padStart(4, '0')),
    index % 5 === 0 ? null : [index % 2 === 0 ? null : bytes('abcd'), bytes('zzzz')],
  ]);
  const wide = new Schema([item('f', four), item('l', new List(item('element', four)))]);
  const scan: TableScan = {
    name: 't',
    columns: wide.fields.map((field, index) => ({ field, fieldId: index + 1 })),
    source: { kind: 'batches', schema: wide, batches: [rowsToBatch(wide, many)] },
  };
  expect(plain(await bench.rows('SELECT * FROM t', [scan])) === plain(many)).toBe(true);
});

it('holds with parameters, of known and of open types', async () => {
  const known = parameterRow([new Field('p', new Int32(), true)], [2]);
  const run = async (sql: string) => {
    const result = await bench.instance.run(sql, [table], {
      signal: new AbortController().signal,
      batchBytes: 1 << 20,
      parameters: known,
    });
    for await (const batch of result.batches) expect(batch.length).toBeGreaterThan(0);
    return String(result.schema.fields[0]?.type);
  };
  expect(await run('SELECT f FROM t WHERE id < ?')).toBe(fixed);
  expect(await run('SELECT f, ? AS p FROM t')).toBe(fixed);
  const described = await bench.instance.describe('SELECT f, ? AS p FROM t', [table]);
  expect(String(described.schema.fields[0]?.type)).toBe(fixed);
});
