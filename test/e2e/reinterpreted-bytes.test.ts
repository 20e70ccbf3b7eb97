/** Where only the annotation in a file differs from the table's type, values are what their bytes are for the table. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FlightSqlClient } from '../../src/client/index.js';
import { readFields, readList, writeFields, writeList } from '../../src/parquet/thrift-fields.js';
import type { Annotation } from '../../src/parquet/types.js';
import { reannotated, withFooter, withStatistics, writtenFile } from '../parquet/edited.js';
import { type CraftedFile, craftTable, field, locationOf } from './support/crafted-table.js';
import { rowsAsText, startTestServer, type TestServer } from './support/server.js';

let server: TestServer;
let client: FlightSqlClient;
beforeAll(async () => {
  server = await startTestServer();
  client = await server.client('adminuser');
});
afterAll(() => server?.stop());

const none: Annotation = { kind: 'none' };
const other: Annotation = { kind: 'string' };
const one = async (sql: string) => (await rowsAsText(client, sql)).map((values) => values.join('|')).join(', ');
const files = new URL('../parquet/files/', import.meta.url);

describe('text whose bytes are not annotated as text', () => {
  const names =
    "SELECT * FROM (VALUES (1, 'Müller', {'t': 'Ä'}, ['ö'], MAP {'ü': 'ß'}), (2, 'a\\b', {'t': 'x'}, [], MAP {})) t(id, s, r, l, m)";
  const ids =
    'FIELD_IDS {id: 1, s: 2, r: {__duckdb_field_id: 3, t: 4}, l: {__duckdb_field_id: 5, element: 6}, m: {__duckdb_field_id: 7, key: 8, value: 9}}';
  const fields = [
    field(1, 'id', 'int'),
    field(2, 's', 'string'),
    field(3, 'r', { type: 'struct', fields: [field(4, 't', 'string')] }),
    field(5, 'l', { type: 'list', 'element-id': 6, element: 'string', 'element-required': false }),
    field(7, 'm', { type: 'map', 'key-id': 8, key: 'string', 'value-id': 9, value: 'string', 'value-required': false }),
  ];
  /** Elements in the order of the schema: id, s, r, t, l, list, element, m, key_value, key, value. */
  const plain = async () =>
    reannotated(await writtenFile(names, ids), { 2: none, 4: none, 7: none, 10: none, 11: none });

  it('is text, in structs, lists and maps too, in filters and after an UPDATE', async () => {
    await craftTable(server, 'plain', { fields, data: [[{ bytes: await plain(), entry: { recordCount: 2 } }]] });
    const all = '1|Müller|{"t": "Ä"}|["ö"]|{"ü": "ß"}, 2|a\\b|{"t": "x"}|[]|{}';
    expect(await one('SELECT * FROM demo.plain ORDER BY id')).toBe(all);
    for (const filter of ["s = 'Müller'", "s LIKE 'Mü%'", "r.t = 'Ä'", "l[1] = 'ö'", "m['ü'] = 'ß'", "s < 'N'"]) {
      expect(await one(`SELECT id FROM demo.plain WHERE ${filter}`), filter).toBe('1');
    }
    expect(await client.executeUpdate("UPDATE demo.plain SET id = id WHERE s = 'a\\b'")).toBe(1);
    expect(await one('SELECT * FROM demo.plain ORDER BY id')).toBe(all);
  });

  it('is text in equality deletes and in the paths of position deletes', async () => {
    const data = [[{ bytes: await plain(), entry: { recordCount: 2 } }]];
    const deleted = reannotated(await writtenFile("SELECT 'Müller' AS s", 'FIELD_IDS {s: 2}'), { 1: none });
    const equality: CraftedFile = { bytes: deleted, entry: { content: 'equality-deletes', equalityIds: [2] } };
    await craftTable(server, 'equalité', { fields, data, deletes: [[equality]] });
    expect(await one('SELECT id FROM demo."equalité"')).toBe('2');
    const path = locationOf(server, 'positioné', 'data-0-0.parquet');
    const select = `SELECT '${path}' AS file_path, 1::BIGINT AS pos`;
    const positions = await writtenFile(select, 'FIELD_IDS {file_path: 2147483546, pos: 2147483545}');
    const deletes = [[{ bytes: reannotated(positions, { 1: none }) }]];
    await craftTable(server, 'positioné', { fields, data, deletes });
    expect(await one('SELECT id FROM demo."positioné"')).toBe('1');
  });

  it('that is no UTF-8 is an error that names the data file, and other columns are read', async () => {
    const bytes = await writtenFile("SELECT 1 AS id, '\\xFFabc'::BLOB AS s", 'FIELD_IDS {id: 1, s: 2}');
    await craftTable(server, 'invalid', { fields: fields.slice(0, 2), data: [[{ bytes }]] });
    expect(await one('SELECT id FROM demo.invalid')).toBe('1');
    for (const sql of [
      'SELECT * FROM demo.invalid',
      "CREATE TABLE demo.copy AS SELECT * FROM demo.invalid WHERE s > ''",
    ]) {
      await expect(rowsAsText(client, sql)).rejects.toMatchObject({
        code: 'DATA_LOSS',
        message: expect.stringContaining(locationOf(server, 'invalid', 'data-0-0.parquet')),
      });
    }
  });
});

describe('values of every type', () => {
  const values = [
    "uuid '12345678-0000-0000-0000-000000000001' AS c1",
    '1.25::DECIMAL(9,2) AS c2',
    '-1.25::DECIMAL(18,2) AS c3',
    '-3.5::DECIMAL(38,2) AS c4',
    "date '1969-01-02' AS c5",
    "time '01:02:03.5' AS c6",
    "timestamp '2020-01-02 03:04:05.5' AS c7",
    "timestamptz '2020-01-02 03:04:05Z' AS c8",
    "timestamp_ns '2020-01-02 03:04:05.123456789' AS c9",
    "'\\xFF\\x00'::BLOB AS c10",
    '7 AS c11',
    '8::BIGINT AS c12',
  ];
  const types = ['uuid', 'decimal(9,2)', 'decimal(18,2)', 'decimal(38,2)', 'date', 'time', 'timestamp'];
  const all = [...types, 'timestamptz', 'timestamp_ns', 'binary', 'int', 'long'];
  const fields = all.map((type, index) => field(index + 1, `c${index + 1}`, type));
  const ids = `FIELD_IDS {${values.map((_, index) => `c${index + 1}: ${index + 1}`).join(', ')}}`;
  const expected =
    '12345678-0000-0000-0000-000000000001|1.25|-1.25|-3.50|1969-01-02|01:02:03.500|2020-01-02 03:04:05.500|2020-01-02 03:04:05Z|2020-01-02 03:04:05.123456789|FF00|7|8';

  it.each<[string, Record<number, Annotation>]>([
    ['as they were written', {}],
    ['without annotations', Object.fromEntries(values.map((_, index) => [index + 1, none]))],
    [
      'with others',
      {
        5: { kind: 'integer' },
        7: { kind: 'timestamp', unit: 'micros', utc: true },
        8: { kind: 'timestamp', unit: 'micros', utc: false },
        9: { kind: 'timestamp', unit: 'nanos', utc: true },
        6: { kind: 'time', unit: 'micros', utc: true },
        10: other,
        11: { kind: 'date' },
        12: { kind: 'timestamp', unit: 'micros', utc: true },
      },
    ],
  ])('%s, are the table\u2019s', async (name, annotations) => {
    const table = `typed_${name.length}`;
    const bytes = reannotated(await writtenFile(`SELECT ${values.join(', ')}`, ids), annotations);
    await craftTable(server, table, { formatVersion: 3, fields, data: [[{ bytes }]] });
    expect((await one(`SELECT * FROM demo.${table}`)).toUpperCase()).toBe(expected.toUpperCase());
    const filters = [
      "c1 = '12345678-0000-0000-0000-000000000001'",
      'c2 = 1.25',
      'c3 < 0',
      'c4 = -3.5',
      "c5 < date '1970-01-01'",
      "c6 > time '01:00:00'",
      "c7 < timestamp '2020-01-03'",
      "c8 = timestamptz '2020-01-02 03:04:05Z'",
      "c9 > timestamp '2020-01-02 03:04:05'",
      "c10 = '\\xFF\\x00'::BLOB",
      'c11 = 7',
      'c12 > 7',
    ];
    for (const filter of filters)
      expect(await one(`SELECT count(c1) FROM demo.${table} WHERE ${filter}`), filter).toBe('1');
  });

  it('times in 96 bits are clock times or instants in UTC, as the table has them', async () => {
    const bytes = readFileSync(new URL('int96.parquet', files));
    const clocks = [field(1, 'clock', 'timestamp'), field(2, 'instant', 'timestamptz')];
    await craftTable(server, 'int96', { fields: clocks, data: [[{ bytes, entry: { recordCount: 3 } }]] });
    expect(await one('SELECT * FROM demo.int96 ORDER BY clock')).toBe(
      '1960-01-02 03:04:05.678901|1960-01-02 03:04:05.678901Z, 2020-06-01 12:00:00|2020-06-01 12:00:00Z, NULL|NULL',
    );
    expect(await one("SELECT count(*) FROM demo.int96 WHERE instant < timestamptz '1970-01-01 00:00:00Z'")).toBe('1');
  });
});

it('bytes that a writer took for text are bytes, and text that it took for JSON or an enum is text', async () => {
  const bytes = await writtenFile("SELECT 'é'::VARCHAR AS b, '{}'::JSON AS j", 'FIELD_IDS {b: 1, j: 2}');
  const fields = [field(1, 'b', 'binary'), field(2, 'j', 'string')];
  await craftTable(server, 'taken', { fields, data: [[{ bytes }]] });
  expect(
    await one("SELECT hex(b), typeof(b), j, typeof(j) FROM demo.taken WHERE b = '\\xC3\\xA9'::BLOB AND j = '{}'"),
  ).toBe('C3A9|BLOB|{}|VARCHAR');
});

it('bytes of one length are text, a fixed value or a uuid, as the table has them', async () => {
  const bytes = await writtenFile(
    "SELECT uuid '61626364-6162-6364-6162-636461626364' AS s, uuid '61626364-6162-6364-6162-636461626364' AS f",
    'FIELD_IDS {s: 1, f: 2}',
  );
  const fields = [field(1, 's', 'string'), field(2, 'f', 'fixed[16]')];
  await craftTable(server, 'lengths', { fields, data: [[{ bytes }]] });
  expect(await one("SELECT s, f = s::BLOB FROM demo.lengths WHERE s LIKE 'abcd%'")).toBe('abcdabcdabcdabcd|true');
});

describe('a map whose entries are keys alone', () => {
  it('has values that are null, and the file\u2019s other columns are read', async () => {
    const written = await writtenFile(
      "SELECT 1 AS id, MAP {'a': 1, 'b': 2} AS m, 'x' AS s UNION ALL SELECT 2, NULL, 'y'",
      'FIELD_IDS {id: 1, m: {__duckdb_field_id: 2, key: 3, value: 4}, s: 5}',
    );
    // Elements: root, id, m, key_value, key, value, s; leaves: id, key, value, s.
    const bytes = withFooter(written, {
      file: (metadata) =>
        metadata.map((part) => {
          if (part.id === 2) return { ...part, value: without(part.value, 5) };
          if (part.id !== 4) return part;
          const groups = readList(part.value);
          const elements = groups.elements.map((group) =>
            writeFields(
              readFields(group).map((own) => (own.id === 1 ? { ...own, value: without(own.value, 2) } : own)),
            ),
          );
          return { ...part, value: writeList({ ...groups, elements }) };
        }),
      element: (own, index) =>
        index === 3 ? own.map((part) => (part.id === 5 ? { ...part, value: Uint8Array.of(2) } : part)) : own,
    });
    const map = { type: 'map', 'key-id': 3, key: 'string', 'value-id': 4, value: 'int', 'value-required': false };
    const fields = [field(1, 'id', 'int'), field(2, 'm', map), field(5, 's', 'string')];
    await craftTable(server, 'keys', { fields, data: [[{ bytes, entry: { recordCount: 2 } }]] });
    expect(await one("SELECT id, s FROM demo.keys WHERE s = 'x'")).toBe('1|x');
    expect(await one('SELECT * FROM demo.keys ORDER BY id')).toBe('1|{"a": null, "b": null}|x, 2|NULL|y');
    expect(await one("SELECT map_keys(m), m['a'] IS NULL FROM demo.keys WHERE id = 1")).toBe('["a", "b"]|true');
  });
});

/** A list without one of its elements. */
function without(value: Uint8Array, index: number): Uint8Array {
  const { type, elements } = readList(value);
  return writeList({ type, elements: elements.filter((_, place) => place !== index) });
}

describe('statistics in a footer', () => {
  const ids = 'FIELD_IDS {id: 1, s: 2, f: 3, d: 4}';
  const fields = [
    field(1, 'id', 'int'),
    field(2, 's', 'string'),
    field(3, 'f', 'double'),
    field(4, 'd', 'decimal(38,2)'),
  ];
  const rows = "SELECT * FROM (VALUES (1, 'a', 1.5::DOUBLE, -2::DECIMAL(38,2)), (2, 'é', 2.5, 3)) t(id, s, f, d)";
  const double = (value: number) => Buffer.from(Float64Array.of(value).buffer);
  let tables = 0;

  it.each([
    ['only the deprecated bounds of text, in signed order', { 1: { 1: Buffer.from('a'), 2: Buffer.from('é'), 3: 0 } }],
    ['deprecated bounds of decimals in bytes', { 3: { 1: Uint8Array.of(0xff), 2: Uint8Array.of(0x7f) } }],
    [
      'bounds of another width',
      { 0: { 5: Buffer.alloc(3), 6: Buffer.alloc(9) }, 2: { 5: Buffer.alloc(4), 6: Buffer.alloc(4) } },
    ],
    [
      'bounds that contradict each other',
      {
        0: { 5: Uint8Array.of(1, 0, 0, 0), 6: Uint8Array.of(2, 0, 0, 0) },
        1: { 5: Buffer.from('a'), 6: Buffer.from('é') },
      },
    ],
    [
      'text bounds cut inside a character',
      { 1: { 5: Uint8Array.of(0xc4), 6: Uint8Array.of(0x61), 7: false, 8: false } },
    ],
    ['NaN for a bound', { 2: { 5: double(Number.NaN), 6: double(Number.NaN) } }],
    ['counts of nulls that are negative or too large', { 0: { 3: -1 }, 1: { 3: 2000 } }],
  ])('that hold %s lose no row', async (_, statistics) => {
    const name = `stated${tables++}`;
    const bytes = withStatistics(await writtenFile(rows, ids), statistics);
    await craftTable(server, name, { fields, data: [[{ bytes, entry: { recordCount: 2 } }]] });
    const filters = [
      'id >= 1',
      "s >= 'a'",
      "s <= 'ê'",
      'f > 0',
      'd > -100',
      'id IS NOT NULL',
      's IS NOT NULL',
      "s <> ''",
    ];
    for (const filter of filters) {
      expect(await one(`SELECT count(*), count(s), max(id) FROM demo.${name} WHERE ${filter}`), filter).toBe('2|2|2');
    }
    for (const [filter, id] of Object.entries({ "s = 'a'": 1, "s = 'é'": 2, 'id = 2': 2, 'f = 2.5': 2, 'd = -2': 1 })) {
      expect(await one(`SELECT id FROM demo.${name} WHERE ${filter}`), filter).toBe(String(id));
    }
    expect(await one(`SELECT min(s), max(s), min(d), max(f), count(id) FROM demo.${name}`)).toBe('a|é|-2.00|2.5|2');
    expect(await one(`SELECT count(*) FROM demo.${name} WHERE s IS NULL OR id IS NULL`)).toBe('0');
  });
});

describe('byte stream split', () => {
  const columns: [string, unknown][] = [
    ['i', 'int'],
    ['l', 'long'],
    ['d', 'date'],
    ['t', 'timestamp'],
    ['f', 'float'],
    ['g', 'double'],
    ['m', 'decimal(38,2)'],
    ['x', 'fixed[5]'],
    ['n', 'int'],
    ['a', { type: 'list', 'element-id': 11, element: 'int', 'element-required': false }],
  ];
  const fields = columns.map(([name, type], index) => field(index + 1, name, type));
  /** What `test/parquet/files/generate.py` wrote, of row `n`. */
  const written: Record<string, string> = {
    i: 'n * 100003 - 5',
    l: 'n * 10000000019 - 5',
    d: "date '1970-01-01' + n - 3",
    t: 'make_timestamp(n * 86400000007 - 1)',
    f: 'n / 4',
    g: 'n / 3',
    m: '((n * 7 - 3) / 4)::DECIMAL(38,2)',
    a: 'CASE WHEN n % 2 = 1 THEN [n, NULL, -n] ELSE [] END',
  };

  it.each([
    ['split-v1', 50],
    ['split-v2', 50],
    ['split-gzip', 20],
    ['split-plain', 20],
  ])('of whole numbers, dates, times, decimals and bytes is read (%s)', async (file, rows) => {
    const name = `demo.${file.replace('-', '_')}`;
    const bytes = readFileSync(new URL(`${file}.parquet`, files));
    await craftTable(server, file.replace('-', '_'), { fields, data: [[{ bytes, entry: { recordCount: rows } }]] });
    expect(await one(`SELECT count(*), sum(n), count(i) FROM ${name} WHERE n >= 0`)).toBe(
      `${rows}|${(rows * (rows - 1)) / 2}|${rows - Math.ceil((rows - 3) / 7)}`,
    );
    for (const [column, expected] of Object.entries(written)) {
      const wrong = `${column} IS DISTINCT FROM CASE WHEN n % 7 <> 3 THEN ${expected} END`;
      expect(await one(`SELECT n, ${column} FROM ${name} WHERE ${wrong}`), column).toBe('');
    }
    const byte = "lpad(hex(n % 256), 2, '0') || '010203FF'";
    expect(await one(`SELECT n FROM ${name} WHERE hex(x) IS DISTINCT FROM CASE WHEN n % 7 <> 3 THEN ${byte} END`)).toBe(
      '',
    );
    expect(await one(`SELECT n FROM ${name} WHERE i = 100003 * 2 - 5 AND d = date '1969-12-31'`)).toBe('2');
  });
});

describe('a time in a file that is none of a day', () => {
  const fields = [
    field(1, 'id', 'int'),
    field(2, 't', 'time'),
    field(3, 'l', { type: 'list', 'element-id': 4, element: 'time', 'element-required': false }),
  ];
  const ids = 'FIELD_IDS {id: 1, t: 2, l: {__duckdb_field_id: 3, element: 4}}';
  const time: Annotation = { kind: 'time', unit: 'micros', utc: false };
  const annotations = { annotated: { 2: time, 5: time }, 'without annotation': {} };

  it.each(
    Object.keys(annotations).flatMap((kind) => [
      [kind, '1::BIGINT << 62', '[NULL]'],
      [kind, '-1', 'NULL'],
      [kind, 'NULL', `[-(1::BIGINT << 62)]`],
    ]),
  )('is damage of the file, which is named, and ends no engine process: %s, %s, %s', async (kind, t, l) => {
    const name = `odd_times_${kind.length}_${t.length}_${l.length}`;
    const rows = `SELECT * FROM (VALUES (1, 3723000000, [0]), (2, ${t}, ${l})) r(id, t, l)`;
    const bytes = reannotated(await writtenFile(rows, ids), annotations[kind as keyof typeof annotations]);
    await craftTable(server, name, { fields, data: [[{ bytes, entry: { recordCount: 2 } }]] });
    for (const columns of ['*', 'id, CAST(t AS VARCHAR), CAST(l AS VARCHAR)']) {
      const failure = await one(`SELECT ${columns} FROM demo.${name}`).catch((error) => error);
      expect(failure).toMatchObject({ code: 'DATA_LOSS', message: expect.stringContaining('data-0-0.parquet') });
    }
    expect(await one(`SELECT id FROM demo.${name} WHERE id = 1`)).toBe('1');
  });

  it('leaves the first and the last of a day', async () => {
    const rows = 'SELECT * FROM (VALUES (1, 0, [86399999999]), (2, 86399999999, NULL), (3, NULL, [])) r(id, t, l)';
    const bytes = reannotated(await writtenFile(rows, ids), annotations.annotated);
    await craftTable(server, 'times', { fields, data: [[{ bytes, entry: { recordCount: 3 } }]] });
    expect(await one('SELECT id, t, l[1] FROM demo.times ORDER BY id')).toBe(
      '1|00:00:00|23:59:59.999999, 2|23:59:59.999999|NULL, 3|NULL|NULL',
    );
    expect(await one("SELECT id FROM demo.times WHERE t = TIME '23:59:59.999999'")).toBe('2');
  });
});
