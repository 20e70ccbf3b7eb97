import { writeFileSync } from 'node:fs';
import { Float32, Float64, Struct } from 'apache-arrow';
import { expect, it } from 'vitest';
import type { ParquetSource } from '../../../../src/engine/duckdb/contract.js';
import { child, column, physical, scan, source, useEngine } from './support.js';

/** As pyarrow writes it: `x` double (field 1) and `s` struct of `a` float (fields 2 and 3), rows of 1 and of NaN, all bounds 1. */
const file =
  'UEFSMRUAFSwVLCwVBBUAFQYVBhwYCAAAAAAAAPA/GAgAAAAAAADwPxYAKAgAAAAAAADwPxgIAAAAAAAA8D8REQAAAAIAAAAEAQAAAAAAAPA/AAAAAAAA+H8VABUcFRws' +
  'FQQVABUGFQYcGAQAAIA/GAQAAIA/FgAoBAAAgD8YBAAAgD8REQAAAAIAAAAEAgAAgD8AAMB/FQQZTDUAGAZzY2hlbWEVBAAVCiUCGAF4VQIANQIYAXMVAkUEABUIJQIY' +
  'AWFVBgAWBBkcGSwmABwVChklBgAZGAF4FQAWBBaqARaqASYIPBgIAAAAAAAA8D8YCAAAAAAAAPA/FgAoCAAAAAAAAPA/GAgAAAAAAADwPxERABkcFQAVABUCADwpBhkm' +
  'AAQAAAAmABwVCBklBgAZKAFzAWEVABYEFnoWeiayATwYBAAAgD8YBAAAgD8WACgEAACAPxgEAACAPxERABkcFQAVABUCADwpBhk2AAAEAAAAFqQCFgQmCBakAgAoIHBh' +
  'cnF1ZXQtY3BwLWFycm93IHZlcnNpb24gMjYuMC4xGSwcAAAcAAAAEQEAAFBBUjE=';

const bench = useEngine();

it('finds NaN, which is above all numbers, where the bounds of a file leave it out', async () => {
  const path = `${bench.directory}/nan.parquet`;
  writeFileSync(path, Buffer.from(file, 'base64'));
  const columns = [column('x', new Float64(), 1), column('s', new Struct([child('a', new Float32(), 3)]), 2)];
  const table = (more: Partial<ParquetSource> = {}) =>
    scan('t0', columns, [
      source(path, [physical('x', 1), physical('s', 2, [physical('a', 3)])], { rowCount: 2, ...more }),
    ]);
  for (const condition of ['x > 5', "x = 'NaN'", "x IN (7, 'NaN')", 's.a >= 2', "s.a = 'NaN'"]) {
    expect(await bench.rows(`SELECT x FROM "t0" WHERE ${condition}`, [table()]), condition).toEqual([[Number.NaN]]);
  }
  expect(await bench.rows('SELECT min(x), max(x), max(s.a) FROM "t0"', [table()])).toEqual([
    [1, Number.NaN, Number.NaN],
  ]);
  // The bounds count again where the table's metadata knows that there is no NaN.
  expect(await bench.rows('SELECT x FROM "t0" WHERE x > 5', [table({ withoutNan: new Set([1]) })])).toEqual([]);
});
