/** What the plan of a text reads of files that are only partly there. */
import { DataType, Int32, Int64, Struct, Utf8 } from 'apache-arrow';
import { beforeAll, describe, expect, it } from 'vitest';
import { batchToRows } from '../../../../src/arrow/index.js';
import type { MissingColumns, ParquetSource, TableScan } from '../../../../src/engine/duckdb/contract.js';
import type { Filter } from '../../../../src/expressions/index.js';
import { child, column, physical, scan, source, useEngine } from './support.js';

const bench = useEngine();
const columns = [
  column('a', new Int32(), 1),
  column('d', new Int32(), 2),
  column('s', new Struct([child('x', new Int64(), 4), child('y', new Utf8(), 5)]), 3),
];
const own = [physical('a', 1), physical('d', 2), physical('s', 3, [physical('x', 4), physical('y', 5)])];

beforeAll(async () => {
  for (const name of ['one', 'two']) {
    await bench.write(
      `COPY (SELECT range::INT AS a, range::INT AS d, {'x': range, 'y': 'y' || range} AS s FROM range(10)) TO '${bench.directory}/${name}.parquet'
        (FIELD_IDS {a: 1, d: 2, s: {__duckdb_field_id: 3, x: 4, y: 5}})`,
    );
  }
});

/** Two files of which only some columns are there, read apart since one of them has deletes. */
function table(held: string[], more: Partial<ParquetSource> = {}): TableScan {
  const files = ['one', 'two'].map((name, index) =>
    source(`${bench.directory}/${name}.parquet`, own, {
      rowCount: 10,
      held: new Set(held),
      ...(index === 0 && { deletedPositions: BigInt64Array.of(3n) }),
      ...more,
    }),
  );
  return scan('t', columns, files);
}

async function run(sql: string, held: string[], more: Partial<ParquetSource> = {}) {
  const asked: MissingColumns[] = [];
  const fetch = async (missing: MissingColumns[]) => void asked.push(...missing);
  const { signal } = new AbortController();
  const { schema, batches } = await bench.instance.run(sql, [table(held, more)], {
    signal,
    fetch,
    batchBytes: 1 << 20,
  });
  const rows: unknown[][] = [];
  for await (const batch of batches) rows.push(...batchToRows(schema, batch));
  const names = asked.map(
    ({ columns: missing, allRowGroups }) => [...missing].sort().join(' ') + (allRowGroups ? ' *' : ''),
  );
  return { rows, missing: [...new Set(names)].sort(), files: asked.length };
}

describe('columns that are not there', () => {
  it.each<[string, string[], string[]]>([
    ['SELECT sum(a) FROM "t"', ['d'], ['a']],
    ['SELECT count(*) FROM "t" WHERE d = 3', ['a'], ['d']],
    [`SELECT count(*) FROM "t" WHERE s.y = 'y3' AND s.x > 1 AND d < 7`, ['d'], ['s']],
    [`SELECT a FROM "t" WHERE s.x > 1 AND hash(d) > 3`, [], ['a d s']],
    ['SELECT a FROM "t" ORDER BY d LIMIT 1', ['a'], ['d']],
    ['SELECT x.a FROM "t" AS x JOIN "t" AS y ON x.d = y.a', ['a'], ['d']],
    ['SELECT s.x FROM "t" WHERE a IN (SELECT max(d) FROM "t")', [], ['a d s']],
  ])('are asked for before %s reads them', async (sql, held, missing) => {
    expect((await run(sql, held)).missing).toEqual(missing);
  });

  it('are not asked for where nothing of them is read', async () => {
    expect(await run('SELECT count(*) FROM "t"', [])).toEqual({ rows: [[19n]], missing: [], files: 0 });
    expect(await run('SELECT sum(d) FROM "t"', ['d'])).toEqual({ rows: [[87n]], missing: [], files: 0 });
  });

  it('are asked for of a text that missed nothing while more was there', async () => {
    const plain = { deletedPositions: BigInt64Array.of() };
    const text = 'SELECT sum(a) FROM "t" WHERE d > 1';
    for (const held of [['a', 'd'], ['a', 'd'], ['a'], ['a', 'd'], ['d']]) {
      const missing = ['a', 'd'].filter((name) => !held.includes(name));
      expect(await run(text, held, plain)).toMatchObject({ rows: [[88n]], missing });
    }
  });

  it('are asked for of each file', async () => {
    expect((await run('SELECT sum(a) FROM "t"', ['d'])).files).toBe(2);
  });

  it('of a text with parameters, of a text that is written, and of the values of a column too', async () => {
    const asked: string[] = [];
    const fetch = async (missing: MissingColumns[]) => void asked.push(...missing.flatMap((one) => one.columns));
    const { signal } = new AbortController();
    await bench.instance.columnValues(table([]), { column: 'a', most: 5, fetch });
    expect([...new Set(asked.splice(0))]).toEqual(['a']);
    await bench.instance.writeParquet('SELECT d FROM "t"', [table(['a'])], {
      signal,
      fetch,
      directory: `${bench.directory}/written`,
      columns: [column('d', new Int32(), 2)],
      partitions: [],
      targetFileSize: 1e9,
      compression: 'zstd',
    });
    expect([...new Set(asked)]).toEqual(['d']);
  });
});

describe('columns of files that are read by their own names', () => {
  const names = ['id', 'Label', 'amount', 'b1', 'b2', 'b3', 'b4'];
  const ofOne = names.map((name, index) => column(name, index === 1 ? new Utf8() : new Int32(), index + 1));
  const ofOther = [...names.slice(0, 2), 'price', ...names.slice(3)].map((name, index) =>
    column(name, index === 1 ? new Utf8() : new Int32(), index + 1),
  );

  beforeAll(async () => {
    for (const [file, third] of [
      ['plain', 'amount'],
      ['other', 'price'],
    ]) {
      const ids = names.map((name, index) => `${name === 'amount' ? third : name}: ${index + 1}`).join(', ');
      await bench.write(
        `COPY (SELECT range::INT AS id, 'l' || range AS "Label", range::INT * 2 AS ${third}, 1::INT AS b1, 2::INT AS b2, 3::INT AS b3, 4::INT AS b4
          FROM range(10)) TO '${bench.directory}/${file}.parquet' (FIELD_IDS {${ids}})`,
      );
    }
  });

  const part = (name: string, columnsOf: typeof ofOne, file: string, held: string[]) =>
    scan(name, columnsOf, [
      source(
        `${bench.directory}/${file}.parquet`,
        columnsOf.map(({ field, fieldId }) => ({
          ...physical(field.name, fieldId),
          stored: { kind: DataType.isInt(field.type) ? ('int' as const) : ('string' as const) },
        })),
        { rowCount: 10, held: new Set(held) },
      ),
    ]);

  async function asked(sql: string, held: string[], heldOfOther: string[] = []) {
    const missing: string[] = [];
    const scans = [part('t', ofOne, 'plain', held), part('o', ofOther, 'other', heldOfOther)];
    const { batches } = await bench.instance.run(sql, scans, {
      signal: new AbortController().signal,
      batchBytes: 1 << 20,
      fetch: async (files) =>
        void missing.push(
          ...files.map(({ path, columns: own }) => `${/(\w+)\.parquet/.exec(path)?.[1]}: ${[...own].sort().join(' ')}`),
        ),
    });
    for await (const _ of batches);
    return missing.sort();
  }

  it.each<[string, string[], string[], string[]]>([
    ['SELECT sum(amount) FROM "t"', [], [], ['plain: amount']],
    ['SELECT sum(amount) FROM "t"', ['amount'], [], []],
    ['SELECT count(*) FROM "t"', [], [], []],
    [`SELECT sum(amount) FROM "t" WHERE "Label" = 'l3'`, ['amount'], [], ['plain: Label']],
    ['SELECT sum(amount), sum(price) FROM "t" JOIN "o" ON t.id = o.id', ['id', 'amount'], ['id', 'price'], []],
    ['SELECT sum(amount), sum(price) FROM "t" JOIN "o" ON t.id = o.b2', ['id', 'amount'], ['price'], ['other: b2']],
    [
      'SELECT sum(amount) FROM "t" WHERE b1 < (SELECT sum(price) FROM "o")',
      ['b1'],
      [],
      ['other: price', 'plain: amount'],
    ],
  ])('are asked for before %s reads them, where %j and %j are there', async (sql, held, heldOfOther, missing) => {
    expect(await asked(sql, held, heldOfOther)).toEqual(missing);
  });

  it('are asked for of every table that they may be of, where the plan does not say of which', async () => {
    expect(await asked('SELECT sum(id) FROM "t"', ['id'])).toEqual(['other: id']);
    expect(await asked(`SELECT count(*) FROM "t" WHERE "Label" = 'l3'`, [])).toEqual(['other: Label', 'plain: Label']);
  });
});

describe('row groups that are not there', () => {
  const filter: Filter = { op: 'gt', column: 'd', value: { type: 'integer', text: '5' } };

  it('are not asked for where the reader skips them', async () => {
    expect((await run('SELECT a FROM "t" WHERE d > 5', ['a', 'd'], { partialFor: [filter] })).missing).toEqual([]);
  });

  it.each<[string, Partial<ParquetSource>]>([
    ['SELECT a FROM "t" WHERE d > 5 AND d = a', { partialFor: [filter] }],
    ['SELECT a FROM "t" WHERE d = a AND a = 7', { partialFor: [filter] }],
  ])('are asked for where it compares in another way: %s', async (sql, more) => {
    expect((await run(sql, ['a', 'd'], more)).missing).toEqual(['a d *']);
  });
});

describe('files that can not be read', () => {
  it('are found, and no others', async () => {
    const path = `${bench.directory}/torn.parquet`;
    await bench.write(`COPY (SELECT range::INT AS a FROM range(10)) TO '${path}' (FIELD_IDS {a: 1})`);
    const { open } = await import('node:fs/promises');
    const file = await open(path, 'r+');
    await file.write(Buffer.alloc(16), 0, 16, 4);
    await file.close();
    const files = [source(`${bench.directory}/one.parquet`, own), source(path, [physical('a', 1)])];
    const found = await bench.instance.unreadable(scan('t', columns, files));
    expect(found.map((unreadable) => unreadable.path)).toEqual([path]);
    await expect(bench.rows('SELECT sum(a) FROM "t"', [scan('t', columns, files)])).rejects.toMatchObject({
      code: 'DATA_LOSS',
    });
  });

  it('are told from holes', async () => {
    expect(await bench.instance.unreadable(table(['a']))).toEqual([]);
  });
});
