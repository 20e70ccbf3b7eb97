/** What the plan of a text reads of files that are only partly there. */
import { Int32, Int64, Struct, Utf8 } from 'apache-arrow';
import { beforeAll, describe, expect, it } from 'vitest';
import { batchToRows } from '../../src/arrow/index.js';
import type { MissingColumns, ParquetSource, TableScan } from '../../src/engine/contract.js';
import type { Filter } from '../../src/expressions/index.js';
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

describe('row groups that are not there', () => {
  const filter: Filter = { op: 'gt', column: 'd', value: { type: 'integer', text: '5' } };

  it('are not asked for where the reader skips them', async () => {
    expect((await run('SELECT a FROM "t" WHERE d > 5', ['a', 'd'], { partialFor: [filter] })).missing).toEqual([]);
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
