import { rm } from 'node:fs/promises';
import { Int32, Int64, TimestampMicrosecond } from 'apache-arrow';
import { describe, expect, it } from 'vitest';
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
  const wide = scan(
    't',
    [column('a', new Int64(), 1)],
    [source(path, [{ ...physical('a', 1), stored: { kind: 'string' } }])],
  );
  await expect(bench.rows('SELECT a FROM t', [wide])).rejects.toMatchObject({ code: 'DATA_LOSS' });
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

const kind = (of: 'int' | 'long' | 'timestamp') => ({ ...physical('a', 1), stored: { kind: of } });

describe('files that were written before and after a column got a wider type', () => {
  it.each([
    ['INTEGER before BIGINT', ['old', 'new']],
    ['BIGINT before INTEGER', ['new', 'old']],
  ])('are read whole, %s', async (_, order) => {
    await bench.write(`COPY (SELECT 1::INTEGER AS a) TO '${bench.directory}/old.parquet' (FIELD_IDS {a: 1})`);
    await bench.write(
      `COPY (SELECT 1099511627776::BIGINT AS a) TO '${bench.directory}/new.parquet' (FIELD_IDS {a: 1})`,
    );
    const files = order.map((name) =>
      source(`${bench.directory}/${name}.parquet`, [kind(name === 'old' ? 'int' : 'long')], { rowCount: 1 }),
    );
    const table = scan('t', [column('a', new Int64(), 1)], files);
    expect(await bench.rows('SELECT sum(a) AS s FROM t', [table])).toEqual([[1099511627777n]]);
  });
});

describe('files of two writers whose timestamps have other units', () => {
  it.each([[['nanos', 'micros']], [['micros', 'nanos']]])('are read whole, %j', async (order) => {
    const type = { nanos: 'TIMESTAMP_NS', micros: 'TIMESTAMP' };
    const value = { nanos: '2024-02-29 12:00:00', micros: '9999-12-31 23:59:59' };
    for (const unit of ['nanos', 'micros'] as const) {
      await bench.write(
        `COPY (SELECT ${type[unit]} '${value[unit]}' AS a) TO '${bench.directory}/${unit}.parquet' (FIELD_IDS {a: 1})`,
      );
    }
    const files = order.map((unit) =>
      source(`${bench.directory}/${unit}.parquet`, [unit === 'micros' ? kind('timestamp') : physical('a', 1)], {
        rowCount: 1,
      }),
    );
    const table = scan('t', [column('a', new TimestampMicrosecond(), 1)], files);
    expect(await bench.rows('SELECT a::VARCHAR AS a FROM t ORDER BY 1', [table])).toEqual([
      ['2024-02-29 12:00:00'],
      ['9999-12-31 23:59:59'],
    ]);
  });
});
