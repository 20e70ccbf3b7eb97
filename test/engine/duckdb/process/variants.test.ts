/** Variants in files as the engine leaves and finds them. */
import { Binary, Field, Int64, Struct } from 'apache-arrow';
import { expect, it } from 'vitest';
import type { TableColumn } from '../../../../src/expressions/index.js';
import { column, physical, scan, source, useEngine } from './support.js';

const bench = useEngine();
const variant = (name: string, nullable = true) =>
  new Field(
    name,
    new Struct([new Field('metadata', new Binary(), false), new Field('value', new Binary(), false)]),
    nullable,
    new Map([
      ['ARROW:extension:name', 'arrow.parquet.variant'],
      ['ARROW:extension:metadata', ''],
    ]),
  );
const columns: TableColumn[] = [column('id', new Int64(), 1), { field: variant('v'), fieldId: 2 }];
const parts = [physical('metadata'), physical('value')];

let count = 0;

function write(sql: string) {
  return bench.instance.writeParquet(sql, [], {
    signal: new AbortController().signal,
    directory: `${bench.directory}/variants-${count++}`,
    columns,
    partitions: [],
    targetFileSize: 64 << 20,
    compression: 'zstd',
  });
}

it('reads metadata and value as a variant where no annotation says that they are one', async () => {
  const [file] = await write("SELECT 1, {'b': 1, 'a': [1, 2]}::VARIANT UNION ALL SELECT 2, NULL");
  const path = file?.path as string;
  const table = scan('t0', columns, [source(path, [physical('id', 1), physical('v', 2, parts)])]);
  expect(await bench.rows('SELECT id, v.a[2]::INT, v IS NULL, v FROM "t0" ORDER BY id', [table])).toEqual([
    [1n, 2, false, '{"a":[1,2],"b":1}'],
    [2n, null, true, null],
  ]);
  const shredded = scan('t0', columns, [
    source(path, [physical('id', 1), physical('v', 2, [...parts, physical('typed_value')])]),
  ]);
  await expect(bench.rows('SELECT v FROM "t0"', [shredded])).rejects.toMatchObject({ code: 'UNIMPLEMENTED' });
});

it('stores the fields of objects in the order of their names', async () => {
  const raw: TableColumn[] = [
    column('id', new Int64(), 1),
    column('v', new Struct([new Field('metadata', new Binary()), new Field('value', new Binary())]), 2),
  ];
  const [file] = await write("SELECT 1, {'b': 1::TINYINT, 'a': true}::VARIANT");
  const table = scan('t0', raw, [source(file?.path as string, [physical('id', 1), physical('v', 2, parts)])]);
  const [row] = await bench.rows('SELECT hex(v.metadata), hex(v.value) FROM "t0"', [table]);
  expect(row).toEqual(['01020001026162', '02020001000103040C01']);
});
