import { readdirSync, readFileSync } from 'node:fs';
import { Field, Int64, List, Struct, Utf8 } from 'apache-arrow';
import { expect, it } from 'vitest';
import type { WriteOptions } from '../../../../src/engine/duckdb/contract.js';
import type { TableColumn } from '../../../../src/expressions/index.js';
import { parseFooter } from '../../../../src/parquet/index.js';
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
        { name: 'kind', expression: 'c1' },
        { name: 'half', expression: 'c0 % 2' },
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

const byKind = [{ name: 'kind', expression: 'c1' }];

it('takes any text for a partition value', async () => {
  const texts = [
    '',
    '/',
    '..',
    'a=b',
    '%2F',
    ' ',
    '"',
    "'",
    '\n',
    '😀',
    'é'.repeat(5000),
    '__HIVE_DEFAULT_PARTITION__',
    'NULL',
  ];
  const values = texts.map((text, index) => `(${index}, '${text.replaceAll("'", "''")}', NULL)`);
  const files = await write(`VALUES ${values.join(', ')}, (98, chr(0) || 'x' || chr(0), NULL), (99, NULL, NULL)`, {
    partitions: byKind,
  });
  const found = files.map(({ partition, columns: statistics, rowCount }) => {
    expect(rowCount).toBe(1);
    return [Number(statistics.find(({ path }) => path[0] === 'id')?.min), partition[0]];
  });
  expect(new Map(found as [number, string | null][])).toEqual(
    new Map<number, string | null>([...texts.entries(), [98, '\0x\0'], [99, null]]),
  );
});

it('writes thousands of partitions, each to a file of its own', async () => {
  const files = await write("SELECT i, 'k' || (i * 7919) % 3000, NULL FROM range(9000) t(i)", { partitions: byKind });
  expect(files).toHaveLength(3000);
  expect(new Set(files.map(({ partition }) => partition[0])).size).toBe(3000);
  expect(files.every(({ rowCount }) => rowCount === 3)).toBe(true);
});

it('starts a new file at about the target size in each partition', async () => {
  const files = await write("SELECT i, (i % 2)::VARCHAR, {'a b': md5(i::VARCHAR), 'l': []} FROM range(1000000) t(i)", {
    partitions: byKind,
    targetFileSize: 2 << 20,
  });
  const rows = new Map<string | null, number[]>();
  for (const { partition, rowCount } of files)
    rows.set(partition[0] ?? null, [...(rows.get(partition[0] ?? null) ?? []), rowCount]);
  expect([...rows.keys()].sort()).toEqual(['0', '1']);
  for (const counts of rows.values()) {
    expect(counts.length).toBeGreaterThan(1);
    expect(counts.reduce((sum, count) => sum + count)).toBe(500000);
  }
});

it.each([
  ['a table', []],
  ['each partition of a table', [{ name: 'third', expression: 'c0 % 3' }]],
])('sorts the rows of %s, from file to file', async (_, partitions) => {
  const files = await write('SELECT i * 7919 % 500000, md5(i::VARCHAR), NULL FROM range(500000) t(i)', {
    partitions,
    sortedBy: ['c0 DESC NULLS LAST'],
    targetFileSize: 5 << 20,
  });
  expect(files.length).toBeGreaterThan(1);
  const ranges: { partition: string; min: bigint; max: bigint }[] = [];
  for (const { path, partition } of files) {
    const rising =
      'SELECT count(*) FROM (SELECT id, lag(id) OVER (ORDER BY _pos) AS before FROM "t0") WHERE id >= before';
    const table = { ...scan('t0', columns, [source(path, layout)]), rowColumns: true };
    const [row] = await bench.rows(`SELECT (${rising}), max(id), min(id) FROM "t0"`, [table]);
    const [count, max, min] = row as [bigint, bigint, bigint];
    expect(count).toBe(0n);
    ranges.push({ partition: String(partition[0]), min, max });
  }
  for (const one of ranges) {
    const others = ranges.filter((other) => other !== one && other.partition === one.partition);
    expect(others.every(({ min, max }) => max < one.min || min > one.max)).toBe(true);
  }
});

it('compresses as hard as it is told to', async () => {
  const sizes = [1, 19].map(async (compressionLevel) => {
    const [file] = await write('SELECT i, md5((i % 5000)::VARCHAR), NULL FROM range(20000) t(i)', { compressionLevel });
    return file?.fileSize as number;
  });
  const [light, hard] = await Promise.all(sizes);
  expect(hard).toBeLessThan(light as number);
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
  const [split] = await write('SELECT $1, $1::VARCHAR, NULL', {
    parameters: parameterRow([new Field('p', new Int64(), true)], [5n]),
    partitions: byKind,
  });
  expect(split).toMatchObject({ rowCount: 1, partition: ['5'] });
});

it('writes no file for no rows', async () => {
  expect(await write("SELECT 1, 'a', NULL WHERE false")).toEqual([]);
});

it.each([
  ["SELECT NULL, 'a', NULL", /id.*NOT NULL/],
  ["SELECT 1, 'a'", /3 columns, but 2/],
  ["SELECT 'x', 'a', NULL", /column id holds BIGINT; it can't hold x/],
])('refuses %s', async (sql, message) => {
  for (const partitions of [[], byKind]) {
    const refusal = { code: 'INVALID_ARGUMENT', message: expect.stringMatching(message) };
    await expect(write(sql, { partitions })).rejects.toMatchObject(refusal);
  }
});

it('leaves nothing outside its folder', async () => {
  await write("SELECT 1, 'a', NULL");
  expect(readdirSync(bench.directory).every((name) => name.startsWith('write-') || name.startsWith('.'))).toBe(true);
});

it('counts the rows of a row group by its bytes', async () => {
  const rows = "SELECT i, 'k', NULL FROM range(20000) t(i)";
  const groups = async (rowGroupSize?: number) => {
    const [file] = await write(rows, { rowGroupSize });
    const path = file?.path ?? '';
    const bytes = readFileSync(path);
    return parseFooter(bytes, path, bytes.length).rowGroups.length;
  };
  expect(await groups()).toBe(1);
  expect(await groups(1 << 20)).toBeGreaterThan(1);
  expect(await groups(1)).toBe(Math.ceil(20000 / 2048));
});
