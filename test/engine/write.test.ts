import { readdirSync } from 'node:fs';
import { Field, Int64, List, Struct, Utf8 } from 'apache-arrow';
import { expect, it } from 'vitest';
import type { TableColumn, WriteOptions } from '../../src/engine/contract.js';
import { child, column, parameterRow, physical, scan, source, useEngine } from './support.js';

const bench = useEngine();
let count = 0;
const columns: TableColumn[] = [
  { field: new Field('id', new Int64(), false), fieldId: 1 },
  column('kind', new Utf8(), 2),
  column('n', new Struct([child('a b', new Utf8(), 4), child('l', new List(child('element', new Int64(), 6)), 5)]), 3),
];
const write = (sql: string, more: Partial<WriteOptions> = {}) =>
  bench.instance.writeParquet(sql, [], {
    signal: new AbortController().signal,
    directory: `${bench.directory}/write-${count++}`,
    columns,
    partitions: [],
    targetFileSize: 64 << 20,
    compression: 'zstd',
    ...more,
  });
const nested = "{'a b': 'x', 'l': [1, NULL]}";
const layout = [
  physical('id', 1),
  physical('kind', 2),
  physical('n', 3, [physical('a b', 4), physical('l', 5, [physical('element', 6)])]),
];

it('writes files with field ids and says what a manifest needs', async () => {
  const files = await write(`SELECT i, 'k' || (i % 3), ${nested} FROM range(1000) t(i)`);
  expect(files).toHaveLength(1);
  const [file] = files;
  expect(file).toMatchObject({ rowCount: 1000, partition: [] });
  expect(file?.fileSize).toBeGreaterThan(0);
  expect(file?.columns.find(({ path }) => path.join('|') === 'id')).toMatchObject({
    nullCount: 0,
    min: '0',
    max: '999',
  });
  expect(file?.columns.some(({ path }) => path.join('|') === 'n|a b')).toBe(true);
  const table = scan(
    't0',
    columns,
    files.map(({ path }) => source(path, layout)),
  );
  expect(await bench.rows('SELECT count(*), max(id), max(n."a b") FROM "t0"', [table])).toEqual([[1000n, 999n, 'x']]);
});

it('splits rows by partition, nulls included', async () => {
  const files = await write(
    `SELECT i, CASE WHEN i % 3 = 0 THEN NULL ELSE 'a/b ' || i % 3 END, NULL FROM range(9) t(i)`,
    {
      partitions: [
        { name: 'kind', expression: 'kind' },
        { name: 'half', expression: 'id % 2' },
      ],
    },
  );
  expect(files.map(({ partition, rowCount }) => [...partition, rowCount]).sort()).toEqual(
    [
      ['a/b 1', '0', 1],
      ['a/b 1', '1', 2],
      ['a/b 2', '0', 2],
      ['a/b 2', '1', 1],
      [null, '0', 2],
      [null, '1', 1],
    ].sort(),
  );
  const table = scan(
    't0',
    columns,
    files.map(({ path }) => source(path, layout)),
  );
  expect(await bench.rows('SELECT count(*), count(kind) FROM "t0"', [table])).toEqual([[9n, 6n]]);
});

it('starts a new file at about the target size', async () => {
  const files = await write(`SELECT i, md5(i::VARCHAR), NULL FROM range(500000) t(i)`, { targetFileSize: 2 << 20 });
  expect(files.length).toBeGreaterThan(1);
  expect(files.reduce((total, { rowCount }) => total + rowCount, 0)).toBe(500000);
});

it('binds parameters', async () => {
  const [file] = await write('SELECT $1, NULL, NULL', {
    parameters: parameterRow([new Field('p', new Int64(), true)], [5n]),
  });
  expect(file?.rowCount).toBe(1);
});

it('writes no file for no rows', async () => {
  expect(await write("SELECT 1, 'a', NULL WHERE false")).toEqual([]);
});

it.each([
  ["SELECT NULL, 'a', NULL", /id.*NOT NULL/],
  ["SELECT 1, 'a'", /3 columns, but 2/],
  ["SELECT 'x', 'a', NULL", /'x' to INT64.*column id/],
])('refuses %s', async (sql, message) => {
  await expect(write(sql)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', message: expect.stringMatching(message) });
});

it('leaves nothing outside its folder', async () => {
  await write("SELECT 1, 'a', NULL");
  expect(readdirSync(bench.directory).every((name) => name.startsWith('write-') || name.startsWith('.'))).toBe(true);
});
