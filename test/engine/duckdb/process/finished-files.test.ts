/** What files get that the engine does not write itself. */
import { readFileSync } from 'node:fs';
import { FixedSizeBinary, Float64, Int64, List, Struct } from 'apache-arrow';
import { expect, it } from 'vitest';
import type { WriteOptions } from '../../../../src/engine/duckdb/contract.js';
import { pagesAreSound, parseFooter } from '../../../../src/parquet/index.js';
import { child, column, useEngine } from './support.js';

const bench = useEngine();
const columns = [
  column('id', new Int64(), 1),
  column('f', new FixedSizeBinary(4), 2),
  column('s', new Struct([child('g', new FixedSizeBinary(2), 5), child('x', new Float64(), 6)]), 3),
  column('l', new List(child('element', new FixedSizeBinary(3), 7)), 4),
  column('x', new Float64(), 8),
];
const ROWS = 130_000;
const sql = `SELECT range, CASE WHEN range % 7 = 0 THEN NULL ELSE unhex(lpad(hex(range), 8, '0')) END,
  {'g': unhex(lpad(hex(range % 256), 4, '0')), 'x': CASE WHEN range IN (3, 5) THEN 'nan'::DOUBLE ELSE 1 END},
  CASE WHEN range % 3 = 0 THEN [] ELSE [unhex('010203'), NULL, unhex('0a0b0c')] END,
  CASE WHEN range = ${ROWS - 1} THEN 'nan'::DOUBLE ELSE range END FROM range(${ROWS})`;

it.each(['zstd', 'snappy', 'gzip', 'uncompressed'] as const)(
  'values of one length lie without their lengths, NaN is counted, and columns have the filters that they were to have, in %s',
  async (compression) => {
    const options: WriteOptions = {
      signal: new AbortController().signal,
      directory: `${bench.directory}/${compression}`,
      columns,
      partitions: [],
      targetFileSize: 64 << 20,
      checksums: true,
      compression,
      bloomFilters: [
        [1, { falsePositives: 0.01, largestBytes: 1 << 20 }],
        [2, { falsePositives: 0.01, largestBytes: 1 << 20 }],
      ],
    };
    const [file] = await bench.instance.writeParquet(sql, [], options);
    const path = file?.path as string;
    const bytes = readFileSync(path);
    const footer = parseFooter(bytes, path, bytes.length);
    const { rowGroups, fileSize } = footer;
    expect(fileSize).toBe(file?.fileSize);
    expect(rowGroups.length).toBeGreaterThan(1);
    const fixed = rowGroups.flatMap(({ chunks }) => chunks.filter(({ leaf }) => leaf.length !== undefined));
    expect(fixed.map(({ leaf }) => leaf.physicalType)).toEqual(fixed.map(() => 'FIXED_LEN_BYTE_ARRAY'));
    expect(new Set(fixed.map(({ leaf }) => `${leaf.path.join('.')} ${leaf.length}`))).toEqual(
      new Set(['f 4', 's.g 2', 'l.list.element 3']),
    );
    const nans = file?.columns.flatMap(({ path: names, nanCount }) =>
      nanCount === undefined ? [] : [[names.join('.'), nanCount]],
    );
    expect(nans).toEqual([
      ['s.x', 2],
      ['x', 1],
    ]);
    expect(await pagesAreSound(path, footer, [{ offset: 0, length: bytes.length }])).toBe(true);
    const read = `read_parquet('${path}')`;
    const same = `SELECT count(*) FROM (SELECT * FROM ${read} EXCEPT ALL ${sql})`;
    expect(await bench.rows(same)).toEqual([[0n]]);
    expect(rowGroups.every(({ chunks }) => chunks[0]?.bloomFilter && chunks[1]?.bloomFilter)).toBe(true);
    const probe = (name: string, value: string) =>
      bench.rows(`SELECT bool_and(bloom_filter_excludes) FROM parquet_bloom_probe('${path}', '${name}', ${value})`);
    expect(await probe('id', '77777')).toEqual([[false]]);
    expect(await probe('id', '-5')).toEqual([[true]]);
    expect(await probe('id', `${ROWS + 7}`)).toEqual([[true]]);
  },
);
