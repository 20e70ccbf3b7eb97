import { mkdtemp, open, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Filter } from '../../src/expressions/index.js';
import { neededRanges, type ParquetFooter, parseFooter, skippedRowGroups } from '../../src/parquet/index.js';
import { type ByteRange, totalBytes } from '../../src/storage/index.js';
import { type Database, openDatabase } from './duckdb.js';

let directory: string;
let database: Database;
let bytes: Buffer;
let footer: ParquetFooter;
let source: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'skua-parquet-'));
  database = await openDatabase();
  source = join(directory, 'source.parquet');
  await database.run(
    `COPY (SELECT i::BIGINT AS id, (i % 97 * 2)::INTEGER AS k, 'name ' || (1000 + i // 1000) AS s,
       DATE '2020-01-01' + (i // 2000)::INTEGER AS d, TIMESTAMP '2020-01-01' + INTERVAL 1 SECOND * i AS ts,
       CASE WHEN i % 1000 = 5 THEN 'nan'::DOUBLE ELSE i END AS f, {'a': i, 'b': [i, i + 1]} AS st
     FROM range(100000) t(i)) TO '${source}'
     (FORMAT parquet, ROW_GROUP_SIZE 10240, FIELD_IDS {id: 1, k: 2, s: 3, d: 4, ts: 5, f: 6, st: {__duckdb_field_id: 7, a: 8, b: {__duckdb_field_id: 9, element: 10}}})`,
  );
  bytes = await readFile(source);
  footer = parseFooter(bytes, source, bytes.length);
});

afterAll(async () => {
  database.close();
  await rm(directory, { recursive: true, force: true });
});

async function sparseCopy(ranges: readonly ByteRange[]): Promise<string> {
  const path = join(directory, `${Math.random()}.parquet`);
  const file = await open(path, 'wx');
  await file.truncate(bytes.length);
  for (const { offset, length } of ranges) await file.write(bytes, offset, length, offset);
  await file.close();
  return path;
}

async function answersAlike(expression: string, where: string, copy: string): Promise<void> {
  const query = (path: string) =>
    `SELECT (coalesce(sum(hash(${expression}) % 1000003), 0) + count(*))::BIGINT FROM read_parquet('${path}', file_row_number = true) WHERE ${where}`;
  expect(await database.number(query(copy))).toBe(await database.number(query(source)));
}

describe('the footer', () => {
  it('gives rows, row groups and columns with their field ids', () => {
    expect(footer.rowCount).toBe(100_000);
    expect(footer.rowGroups.map(({ rowCount }) => rowCount).reduce((sum, count) => sum + count)).toBe(100_000);
    expect(footer.columns.map(({ name, fieldId }) => [name, fieldId])).toEqual([
      ['id', 1],
      ['k', 2],
      ['s', 3],
      ['d', 4],
      ['ts', 5],
      ['f', 6],
      ['st', 7],
    ]);
    const [a, b] = footer.columns[6]?.children ?? [];
    expect(a).toEqual({ name: 'a', fieldId: 8, children: [], stored: { kind: 'long' } });
    expect(b?.children[0]?.children[0]).toEqual({
      name: 'element',
      fieldId: 10,
      children: [],
      stored: { kind: 'long' },
    });
  });

  it('is refused where the file is broken, cut off or encrypted', () => {
    const tail = Buffer.from(bytes.subarray(-footer.length));
    expect(() => parseFooter(tail.subarray(10), 'x', bytes.length)).toThrow(/cut off/);
    expect(() => parseFooter(Buffer.concat([tail, Buffer.from('!')]), 'x', bytes.length)).toThrow(
      /does not end like one/,
    );
    tail.write('PARE', tail.length - 4);
    expect(() => parseFooter(tail, 'x', bytes.length)).toThrow(expect.objectContaining({ code: 'UNIMPLEMENTED' }));
  });
});

describe('the needed ranges', () => {
  it.each([
    ['id', ['id'], 'true'],
    ['(id, k)', ['id', 'k'], 'k = 14'],
    ['(k, s)', ['k', 's'], "s = 'name 1042'"],
    ['k', ['k'], 'k = 13'],
    ['st', ['st'], 'st.a > 500'],
    ['f', ['f'], 'f > 90000'],
    ['(ts, d)', ['ts', 'd'], "d >= DATE '2020-02-01'"],
    ['s', ['s', 'id'], 'id IN (5, 70000)'],
    ['s', ['s'], "s LIKE 'name 109%'"],
    ['file_row_number', [], 'true'],
  ])('let DuckDB answer %s over columns %j where %s as the whole file does', async (expression, columns, where) => {
    await answersAlike(expression, where, await sparseCopy(neededRanges(footer, columns, bytes.length)));
  });

  it('leave out the columns that nobody wants', async () => {
    expect(totalBytes(neededRanges(footer, ['k'], bytes.length))).toBeLessThan(bytes.length / 4);
    const copy = await sparseCopy(neededRanges(footer, ['k'], bytes.length));
    await expect(database.number(`SELECT sum(id)::BIGINT FROM read_parquet('${copy}')`)).rejects.toThrow();
    expect((await stat(copy)).size).toBe(bytes.length);
  });
});

describe('row groups are skipped', () => {
  const identity = new Map(['id', 'k', 's', 'd', 'ts', 'f'].map((name) => [name, name]));
  const compare = (
    op: 'eq' | 'lt' | 'ge',
    column: string,
    type: 'integer' | 'string' | 'date' | 'timestamp',
    text: string,
  ) => ({ op, column, value: { type, text } }) as Filter;

  it.each<[string, string[], Filter]>([
    ['id = 42000', ['id'], compare('eq', 'id', 'integer', '42000')],
    ['id < 11000', ['id'], compare('lt', 'id', 'integer', '11000')],
    ["s = 'name 1042'", ['s'], compare('eq', 's', 'string', 'name 1042')],
    ["s >= 'name 1090'", ['s'], compare('ge', 's', 'string', 'name 1090')],
    ["d = DATE '2020-01-15'", ['d'], compare('eq', 'd', 'date', '2020-01-15')],
    ["ts >= TIMESTAMP '2020-01-02 01:00:00'", ['ts'], compare('ge', 'ts', 'timestamp', '2020-01-02 01:00:00')],
    [
      "id >= 30000 AND s < 'name 1035'",
      ['id', 's'],
      { op: 'and', operands: [compare('ge', 'id', 'integer', '30000'), compare('lt', 's', 'string', 'name 1035')] },
    ],
  ])('for %s, and DuckDB skips them too', async (where, columns, filter) => {
    const skipped = skippedRowGroups(footer, filter, identity).groups;
    expect(skipped.length).toBeGreaterThan(footer.rowGroups.length / 2);
    const copy = await sparseCopy(neededRanges(footer, columns, bytes.length, skipped));
    await answersAlike(columns[0] as string, where, copy);
  });

  it('while the engine looks into bloom filters of all row groups', async () => {
    const skipped = skippedRowGroups(footer, compare('ge', 'id', 'integer', '30000'), identity).groups;
    for (const where of [
      'k = 14 AND id >= 30000',
      "k = 14 AND s = 'name 1042' AND id >= 30000",
      'k = 13 AND id >= 30000',
    ]) {
      const columns = ['id', 'k', 's'];
      await answersAlike('(k, s)', where, await sparseCopy(neededRanges(footer, columns, bytes.length, skipped)));
    }
  });

  it('outside of some rows, and DuckDB skips them too', async () => {
    const rows = footer.rowGroups.map(({ rowCount }) => rowCount);
    const rowsBefore = (index: number) => rows.slice(0, index).reduce((sum, count) => sum + count, 0);
    for (const [first, end] of [
      [0, 1],
      [3, 5],
      [rows.length - 1, rows.length],
    ] as const) {
      const skipped = [...rows.keys()].filter((index) => index < first || index >= end);
      const where = `file_row_number >= ${rowsBefore(first)} AND file_row_number < ${rowsBefore(end)}`;
      const copy = await sparseCopy(neededRanges(footer, ['k', 's'], bytes.length, skipped));
      await answersAlike('(k, s)', where, copy);
      await answersAlike('(k, s)', `${where} AND k = 14`, copy);
    }
  });

  const signs = { eq: '=', lt: '<', le: '<=', gt: '>', ge: '>=' } as const;
  type Sign = keyof typeof signs;

  it.each(Object.keys(signs) as Sign[])(
    'for %s of a bound, or of what begins with it, as DuckDB skips them',
    async (op) => {
      const bounds = footer.rowGroups.flatMap(({ chunks }) => {
        const { min, max } = chunks.find(({ leaf }) => leaf.path[0] === 's')?.statistics ?? {};
        return [min, max].flatMap((bytes) => (bytes ? [Buffer.from(bytes).toString()] : []));
      });
      const [low, middle, high] = [bounds[0], bounds[9], bounds.at(-1)] as [string, string, string];
      const texts = [low, middle, high].flatMap((text) => [text, text.slice(0, -1), `${text}x`]);
      const numbers = [0, 10_239, 10_240, 99_999];
      const cases: [where: string, column: string, filter: Filter][] = [
        ...[...texts, '', 'name', 'zzz'].map((text): [string, string, Filter] => [
          `s ${signs[op]} '${text}'`,
          's',
          { op, column: 's', value: { type: 'string', text } },
        ]),
        ...numbers.map((number): [string, string, Filter] => [
          `id ${signs[op]} ${number}`,
          'id',
          { op, column: 'id', value: { type: 'integer', text: String(number) } },
        ]),
      ];
      for (const [where, column, filter] of cases) {
        const skipped = skippedRowGroups(footer, filter, identity).groups;
        await answersAlike(column, where, await sparseCopy(neededRanges(footer, [column], bytes.length, skipped)));
      }
    },
  );

  it('never for floating point, OR, NOT, or columns that are not named as being of the same type', () => {
    const eq = compare('eq', 'id', 'integer', '42000');
    expect(
      skippedRowGroups(footer, { op: 'eq', column: 'f', value: { type: 'float', text: '1' } }, identity).groups,
    ).toEqual([]);
    expect(skippedRowGroups(footer, { op: 'or', operands: [eq, eq] }, identity).groups).toEqual([]);
    expect(skippedRowGroups(footer, { op: 'not', operand: eq }, identity).groups).toEqual([]);
    expect(skippedRowGroups(footer, eq, new Map()).groups).toEqual([]);
  });
});
