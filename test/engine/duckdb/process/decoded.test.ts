import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Int64, Utf8 } from 'apache-arrow';
import { expect, it } from 'vitest';
import type { TableScan } from '../../../../src/engine/duckdb/contract.js';
import { column, physical, scan, source, useEngine } from './support.js';

const engine = useEngine();

const columns = [column('a', new Int64(), 1), column('t', new Utf8(), 2)];
const own = [physical('a', 1), physical('t', 2)];

/** A scan of a file of many rows, whose columns are decoded; all of them, or the first. */
async function decodedScan(name: string, all = true): Promise<TableScan> {
  const [file, database] = [`${name}.parquet`, `${name.padEnd(12, '0')}.db`].map((each) =>
    join(engine.directory, each),
  );
  await engine.write(
    `COPY (SELECT range::BIGINT AS a, 'text ' || hash(range) AS t FROM range(50000)) TO '${file}' (FORMAT parquet, FIELD_IDS {a: 1, t: 2})`,
  );
  const parquet = source(file as string, own, { rowCount: 50_000 });
  const wanted = all ? columns : columns.slice(0, 1);
  await engine.instance.decode(scan('decoded', wanted, [parquet]), database as string);
  const names = new Map(wanted.map(({ field }, index) => [field.name, `d${index}`]));
  return scan('t', columns, [
    { ...parquet, path: database as string, decoded: { path: database as string, columns: names } },
  ]);
}

const sum = "SELECT count(*), sum(a), sum(length(t)), max(a) FILTER (t > 'text 9') FROM t";
const model = `SELECT range AS a, 'text ' || hash(range) AS t FROM range(50000)`;

it('decoded columns are read by statements at once, and without the rows that are deleted', async () => {
  const decoded = await decodedScan('1a');
  const [file] = decoded.source.kind === 'parquet' ? decoded.source.files : [];
  const wanted = await engine.rows(sum.replace('FROM t', `FROM (${model})`));
  expect(await Promise.all([1, 2, 3].map(() => engine.rows(sum, [decoded])))).toEqual([wanted, wanted, wanted]);
  const deletedPositions = BigInt64Array.from({ length: 25_000 }, (_, index) => BigInt(2 * index));
  const deleted = {
    ...decoded,
    source: { kind: 'parquet' as const, files: [{ ...(file as object), deletedPositions }] },
  };
  expect(await engine.rows(sum, [deleted as TableScan])).toEqual(
    await engine.rows(sum.replace('FROM t', `FROM (${model} WHERE range % 2 = 1)`)),
  );
});

it('a statement that reads a column which was not decoded fails before it gives a row', async () => {
  const decoded = await decodedScan('2b', false);
  expect(await engine.rows('SELECT count(*), sum(a) FROM t WHERE a > 7', [decoded])).toEqual(
    await engine.rows(`SELECT count(*), sum(a) FROM (${model}) WHERE a > 7`),
  );
  for (const text of ['SELECT t FROM t', "SELECT a FROM t WHERE t > 'u'", 'SELECT count(DISTINCT t) FROM t']) {
    await expect(engine.rows(text, [decoded]), text).rejects.toMatchObject({ code: 'INTERNAL' });
  }
});

it.each([
  ['its head', 0.001],
  ['its middle', 0.5],
  ['all of it', 0],
])('a damaged database fails its statement alone: %s', async (what, place) => {
  const decoded = await decodedScan(`3${what.length}`);
  const path = decoded.source.kind === 'parquet' ? (decoded.source.files[0]?.path as string) : '';
  const bytes = await readFile(path);
  bytes.fill(0x55, Math.floor(bytes.length * place), place === 0 ? undefined : Math.floor(bytes.length * place) + 5000);
  await writeFile(path, bytes);
  const failure = await engine.rows(sum, [decoded]).catch((error) => error);
  expect(failure.code, failure.message).toMatch(/^(DATA_LOSS|INTERNAL|UNKNOWN)$/);
  expect(await engine.rows('SELECT 1')).toEqual([[1]]);
});
