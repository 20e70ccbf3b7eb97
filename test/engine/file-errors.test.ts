import { rm } from 'node:fs/promises';
import { Int32 } from 'apache-arrow';
import { expect, it } from 'vitest';
import { column, physical, scan, source, useEngine } from './support.js';

const bench = useEngine();

it('a value that is none of its column is lost data, of the data file', async () => {
  const path = `${bench.directory}/0123abc.parquet`;
  await bench.write(`COPY (SELECT 'abc' AS a, {'x': 'y'} AS s) TO '${path}' (FIELD_IDS {a: 1, s: 2})`);
  const flat = scan('t', [column('a', new Int32(), 1)], [source(path, [physical('a', 1)])]);
  const error = {
    code: 'DATA_LOSS',
    message: `…/0123abc.parquet has values of the type VARCHAR in the column "a", which are no INTEGER: Could not convert string 'abc' to INT32`,
  };
  await expect(bench.rows('SELECT a FROM t', [flat])).rejects.toMatchObject(error);
  await expect(bench.rows('SELECT sum(a) FROM t', [flat])).rejects.toMatchObject(error);
});

it('a local copy that is gone is no fault of the statement', async () => {
  const path = `${bench.directory}/gone.parquet`;
  await bench.write(`COPY (SELECT 1 AS a) TO '${path}' (FIELD_IDS {a: 1})`);
  await rm(path);
  const table = scan('t', [column('a', new Int32(), 1)], [source(path, [physical('a', 1)])]);
  await expect(bench.rows('SELECT a FROM t', [table])).rejects.toMatchObject({
    code: 'DATA_LOSS',
    message: 'the local copy …/gone.parquet is gone; run the statement again',
  });
});
