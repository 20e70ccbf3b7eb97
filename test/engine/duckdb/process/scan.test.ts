import {
  Bool,
  Decimal,
  Field,
  Float64,
  Int32,
  Int64,
  List,
  Map_,
  Struct,
  TimestampMicrosecond,
  Utf8,
} from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import type { ParquetSource } from '../../../../src/engine/duckdb/contract.js';
import { child, column, physical, scan, source, useEngine } from './support.js';

const bench = useEngine();

describe('schema evolution', () => {
  it('finds renamed columns by field id, fills added ones, widens types', async () => {
    const old = `${bench.directory}/old.parquet`;
    const recent = `${bench.directory}/recent.parquet`;
    await bench.write(
      `COPY (SELECT 1::INT AS a, 1.5::FLOAT AS b, 1.25::DECIMAL(5,2) AS c, DATE '2020-01-02' AS d) TO '${old}' (FIELD_IDS {a: 1, b: 2, c: 3, d: 4})`,
    );
    await bench.write(
      `COPY (SELECT 'x' AS a, 5000000000::BIGINT AS renamed, 2.5::DOUBLE AS b, 9.75::DECIMAL(10,2) AS c) TO '${recent}' (FIELD_IDS {renamed: 1, b: 2, c: 3, a: 9})`,
    );
    const columns = [
      column('renamed', new Int64(), 1),
      column('b', new Float64(), 2),
      column('c', new Decimal(2, 10, 128), 3),
      column('d', new TimestampMicrosecond(), 4),
      column('a', new Utf8(), 9),
      { ...column('e', new Int32(), 10), initialDefault: { type: 'integer' as const, text: '7' } },
    ];
    const table = scan('t0', columns, [
      source(old, [physical('a', 1), physical('b', 2), physical('c', 3), physical('d', 4)]),
      source(recent, [physical('a', 9), physical('renamed', 1), physical('b', 2), physical('c', 3)]),
    ]);
    expect(await bench.rows('SELECT * FROM "t0" ORDER BY renamed', [table])).toEqual([
      [1n, 1.5, 125n, 1577923200000000n, null, 7],
      [5000000000n, 2.5, 975n, null, 'x', 7],
    ]);
    expect(await bench.rows('SELECT count(*) FROM "t0"', [table])).toEqual([[2n]]);
  });

  it('resolves children of structs, lists and maps by field id and keeps nulls', async () => {
    const path = `${bench.directory}/nested.parquet`;
    await bench.write(`COPY (
        SELECT {'x': 1::INT, 'y': 'dropped', 'z': 'kept'} AS s, [{'p': 1}, NULL] AS l, MAP {'k': {'v': 1}} AS m
        UNION ALL SELECT NULL, NULL, NULL
        UNION ALL SELECT {'x': NULL, 'y': NULL, 'z': NULL}, [], MAP {}) TO '${path}' (FIELD_IDS {
          s: {__duckdb_field_id: 1, x: 2, y: 3, z: 4}, l: {__duckdb_field_id: 5, element: {__duckdb_field_id: 6, p: 7}},
          m: {__duckdb_field_id: 8, key: 9, value: {__duckdb_field_id: 10, v: 11}}})`);
    const layout = [
      physical('s', 1, [physical('x', 2), physical('y', 3), physical('z', 4)]),
      physical('l', 5, [physical('element', 6, [physical('p', 7)])]),
      physical('m', 8, [physical('key', 9), physical('value', 10, [physical('v', 11)])]),
    ];
    const columns = [
      column('s', new Struct([child('y', new Utf8(), 40), child('zz', new Utf8(), 4), child('x', new Int64(), 2)]), 1),
      column('l', new List(child('element', new Struct([child('renamed', new Int64(), 7)]), 6)), 5),
      column(
        'm',
        new Map_(
          new Field(
            'entries',
            new Struct<{ key: Utf8; value: Struct }>([
              child('key', new Utf8(), 9),
              child('value', new Struct([child('w', new Int64(), 11), child('added', new Bool(), 12)]), 10),
            ]),
            false,
          ),
        ),
        8,
      ),
    ];
    expect(await bench.rows('SELECT * FROM "t0"', [scan('t0', columns, [source(path, layout)])])).toEqual([
      [{ y: null, zz: 'kept', x: 1n }, [{ renamed: 1n }, null], [['k', { w: 1n, added: null }]]],
      [null, null, null],
      [{ y: null, zz: null, x: null }, [], []],
    ]);
  });

  it('reads files without field ids by their names', async () => {
    const path = `${bench.directory}/no-ids.parquet`;
    await bench.write(`COPY (SELECT 1::INT AS "a b", 'v' AS other) TO '${path}'`);
    const columns = [column('id', new Int64(), 1), column('name', new Utf8(), 2)];
    const table = scan('t0', columns, [source(path, [physical('a b', 1), physical('other', 2)])]);
    expect(await bench.rows('SELECT * FROM "t0"', [table])).toEqual([[1n, 'v']]);
  });

  it('fills identity partition values per file', async () => {
    const files = await Promise.all(
      ['2020-01-01', null, '2021-05-06'].map(async (day, index) => {
        const path = `${bench.directory}/part-${index}.parquet`;
        await bench.write(`COPY (SELECT ${index}::BIGINT AS id) TO '${path}' (FIELD_IDS {id: 1})`);
        const constants = new Map([[2, day === null ? null : { type: 'string' as const, text: day }]]);
        return source(path, [physical('id', 1)], { constants });
      }),
    );
    const table = scan('t0', [column('id', new Int64(), 1), column("it's", new Utf8(), 2)], files);
    expect(await bench.rows('SELECT * FROM "t0" ORDER BY id', [table])).toEqual([
      [0n, '2020-01-01'],
      [1n, null],
      [2n, '2021-05-06'],
    ]);
    expect(await bench.rows(`SELECT id FROM "t0" WHERE "it's" > '2021'`, [table])).toEqual([[2n]]);
  });

  it('gives no rows for a table without files', async () => {
    const table = scan('t0', [column('id', new Int64(), 1)], [], true);
    expect(await bench.rows('SELECT *, _file, _pos FROM "t0"', [table])).toEqual([]);
  });
});

describe('deletes', () => {
  async function file(name: string, from: number, rows: number): Promise<string> {
    const path = `${bench.directory}/${name}.parquet`;
    await bench.write(
      `COPY (SELECT i::BIGINT AS id, CASE WHEN i % 10 = 0 THEN NULL ELSE i % 10 END::INT AS k FROM range(${from}, ${from + rows}) t(i)) TO '${path}' (FIELD_IDS {id: 1, k: 2})`,
    );
    return path;
  }
  const layout = [physical('id', 1), physical('k', 2)];
  const columns = [column('id', new Int64(), 1), column('k', new Int32(), 2)];

  it('applies deletion vectors, position deletes and equality deletes together', async () => {
    const a = await file('a', 0, 10_000);
    const b = await file('b', 10_000, 100);
    const c = await file('c', 20_000, 100);
    const positions = `${bench.directory}/positions.parquet`;
    await bench.write(
      `COPY (SELECT * FROM (VALUES ('s3://bucket/b.parquet', 0::BIGINT), ('s3://bucket/b.parquet', 99), ('s3://bucket/other', 5)) v(file_path, pos)) TO '${positions}'`,
    );
    const equality = `${bench.directory}/equality.parquet`;
    await bench.write(`COPY (SELECT NULL::INT AS old_name) TO '${equality}' (FIELD_IDS {old_name: 2})`);
    const table = scan('t0', columns, [
      source(a, layout, { deletedPositions: BigInt64Array.from({ length: 5000 }, (_, index) => BigInt(index * 2)) }),
      source(b, layout, { positionDeletes: [positions] }),
      source(c, layout, { equalityDeletes: [{ path: equality, fieldIds: [2], columns: [physical('old_name', 2)] }] }),
    ]);
    expect(await bench.rows('SELECT count(*), min(id) FROM "t0" WHERE id < 10000', [table])).toEqual([[5000n, 1n]]);
    expect(
      await bench.rows('SELECT count(*), min(id), max(id) FROM "t0" WHERE id BETWEEN 10000 AND 19999', [table]),
    ).toEqual([[98n, 10001n, 10098n]]);
    expect(await bench.rows('SELECT count(*), count(k) FROM "t0" WHERE id >= 20000', [table])).toEqual([[90n, 90n]]);
  });

  it('filters by a column of the table, not by a dropped one of its name that only a delete compares', async () => {
    const path = await file('renamed', 0, 100);
    const equality = `${bench.directory}/dropped.parquet`;
    await bench.write(`COPY (SELECT 3::INT AS id) TO '${equality}' (FIELD_IDS {id: 2})`);
    const files = [
      source(path, layout, {
        partialFor: [{ op: 'lt', column: 'id', value: { type: 'integer', text: '20' } }],
        equalityDeletes: [{ path: equality, fieldIds: [2], columns: [physical('id', 2)] }],
      }),
    ];
    const dropped = column('id', new Int32(), 2);
    for (const held of [layout, layout.slice(0, 1)]) {
      const table = {
        ...scan('t0', columns.slice(0, 1), [{ ...(files[0] as ParquetSource), columns: held }]),
        comparedColumns: [{ fieldId: 2, path: [], column: dropped }],
      };
      const [[count]] = (await bench.rows('SELECT count(*) FROM "t0" WHERE id < 20', [table])) as [[bigint]];
      expect(count).toBe(held === layout ? 18n : 20n);
    }
  });

  it('joins many files with deletes in one scan', async () => {
    const files = await Promise.all(
      Array.from({ length: 40 }, async (_, index) =>
        source(await file(`many-${index}`, index * 100, 10), layout, { deletedPositions: BigInt64Array.of(0n, 9n) }),
      ),
    );
    const table = scan('t0', columns, files, true);
    expect(await bench.rows('SELECT count(*), min(_pos), max(_pos), count(DISTINCT _file) FROM "t0"', [table])).toEqual(
      [[320n, 1n, 8n, 40n]],
    );
  });

  it('take no row from files that are newer than they, whatever they name, nor from one file what is meant for another', async () => {
    const names = ['old', 'middle', 'young', 'large'];
    const paths = await Promise.all(names.map((name, index) => file(`aged-${name}`, index * 100, 100)));
    const deletes = await Promise.all(
      [0, 1, 2].map(async (position) => {
        const path = `${bench.directory}/positions-${position}.parquet`;
        const rows = names.map((name) => `('s3://bucket/aged-${name}.parquet', ${position}::BIGINT)`).join(', ');
        const more = position === 1 ? ', 1 AS row' : '';
        await bench.write(`COPY (SELECT *${more} FROM (VALUES ${rows}) v(file_path, pos)) TO '${path}'`);
        return path;
      }),
    );
    const files = paths.map((path, index) =>
      source(path, layout, {
        rowCount: names[index] === 'large' ? 1_000_000 : 100,
        positionDeletes: deletes.slice(index % 3),
        ...(index === 1 && { deletedPositions: BigInt64Array.of(50n) }),
      }),
    );
    const table = scan('t0', columns, files, true);
    const gone = (sql: string) =>
      bench.rows(`SELECT * FROM range(400) g(id) ANTI JOIN (${sql}) t ON t.id = g.id ORDER BY 1`, [table]);
    const all = [0, 1, 2, 101, 102, 150, 202, 300, 301, 302].map((id) => [BigInt(id)]);
    expect(await gone('SELECT id FROM "t0"')).toEqual(all);
    expect(await gone(`SELECT id FROM "t0" WHERE _pos >= 0 AND _file <> ''`)).toEqual(all);
  });

  it('tells the file and the position of each row', async () => {
    const path = await file('where', 0, 5);
    const table = scan('t0', columns, [source(path, layout, { deletedPositions: BigInt64Array.of(2n) })], true);
    expect(await bench.rows('SELECT id, _file, _pos FROM "t0" WHERE id > 0 ORDER BY id', [table])).toEqual([
      [1n, 's3://bucket/where.parquet', 1n],
      [3n, 's3://bucket/where.parquet', 3n],
      [4n, 's3://bucket/where.parquet', 4n],
    ]);
  });
});

describe("files whose own columns are the table's", () => {
  const columns = [
    column('id', new Int64(), 1),
    column('name', new Utf8(), 2),
    column('price', new Decimal(2, 9, 128), 3),
    column('share', new Float64(), 4),
    column('day', new TimestampMicrosecond(), 5),
  ];
  const layout = (names: string[]) => names.map((name, index) => physical(name, index + 1));

  it('have the same rows as those that are renamed, widened or deleted from, read together with them', async () => {
    const [plain, again, renamed, narrow] = ['plain', 'again', 'renamed', 'narrow'].map(
      (name) => `${bench.directory}/own-${name}.parquet`,
    ) as [string, string, string, string];
    const ids = (names: string[]) => names.map((name, index) => `${name}: ${index + 1}`).join(', ');
    const own = ['id', 'name', 'price', 'share', 'day'];
    const other = ['a', 'id', 'c', 'name', 'e'];
    const values = (from: number) =>
      `range + ${from}, 'n' || (range + ${from}), ((range + ${from}) / 4)::DECIMAL(9,2), (range + ${from}) / 8, TIMESTAMP '2024-01-01' + (range + ${from}) * INTERVAL 1 DAY`;
    const write = (path: string, names: string[], select: string) =>
      bench.write(
        `COPY (SELECT * FROM (SELECT ${select} FROM range(100)) AS t(${names.join(', ')})) TO '${path}' (FIELD_IDS {${ids(names)}})`,
      );
    await write(plain, own, values(0));
    await write(again, own, values(100));
    await write(renamed, other, values(200));
    await write(
      narrow,
      own,
      `(range + 300)::INT, 'n' || (range + 300), ((range + 300) / 4)::DECIMAL(7,2), ((range + 300) / 8)::FLOAT, (DATE '2024-01-01' + (range + 300)::INT)`,
    );
    const whole = { rowCount: 100 };
    const narrowColumns = layout(own).map((each, index) =>
      index === 0
        ? { ...each, stored: { kind: 'int' as const } }
        : index === 2
          ? { ...each, stored: { kind: 'decimal' as const, precision: 7, scale: 2 } }
          : index === 3
            ? { ...each, stored: { kind: 'float' as const } }
            : each,
    );
    const table = scan('t0', columns, [
      source(plain, layout(own), whole),
      source(again, layout(own), { ...whole, deletedPositions: BigInt64Array.of(0n, 1n) }),
      source(renamed, layout(other), whole),
      source(narrow, narrowColumns, whole),
    ]);
    expect(
      await bench.rows(
        'SELECT count(*), sum(id)::BIGINT, sum(price)::VARCHAR, sum(share), count(DISTINCT name), max(epoch_ms(day)) FROM "t0"',
        [table],
      ),
    ).toEqual([[398n, 79599n, '19899.75', 9949.875, 398n, BigInt(Date.UTC(2025, 1, 3))]]);
    expect(
      await bench.rows(`SELECT id FROM "t0" WHERE name IN ('n5', 'n100', 'n205', 'n305') ORDER BY id`, [table]),
    ).toEqual([[5n], [205n], [305n]]);
    expect(
      await bench.rows(`SELECT name FROM "t0" WHERE day >= TIMESTAMP '2024-10-27' AND share < 37.6 ORDER BY id`, [
        table,
      ]),
    ).toEqual([['n300']]);
  });

  it('may be named like what the engine has names of its own for', async () => {
    const path = `${bench.directory}/own-odd.parquet`;
    await bench.write(
      `COPY (SELECT 7::BIGINT AS file_row_number, 'x' AS filename, 1.25::DECIMAL(9,2) AS c0) TO '${path}' (FIELD_IDS {file_row_number: 1, filename: 2, c0: 3})`,
    );
    const table = scan('t0', columns.slice(0, 3), [
      source(path, layout(['file_row_number', 'filename', 'c0']), { rowCount: 1 }),
    ]);
    expect(await bench.rows('SELECT * FROM "t0"', [table])).toEqual([[7n, 'x', 125n]]);
  });
});
