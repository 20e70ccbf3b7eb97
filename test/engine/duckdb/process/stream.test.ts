import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Field, Int64 } from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { batchBytes, batchToRows } from '../../../../src/arrow/index.js';
import { locateLibrary } from '../../../../src/engine/duckdb/process/native/library.js';
import { parameterRow, useEngine } from './support.js';

const bench = useEngine();
const never = new AbortController().signal;

describe('batches', () => {
  it.each([1, 7, 63, 1000, 2047])(
    'stay exact when every chunk is filtered to odd sizes (one of %i left out)',
    async (step) => {
      const sql = `SELECT i, CASE WHEN i % 3 = 0 THEN NULL ELSE i % 2 = 0 END AS b, CASE WHEN i % 5 = 0 THEN NULL ELSE i::VARCHAR END AS s,
      CASE WHEN i % 4 = 0 THEN NULL ELSE [i, NULL] END AS l FROM range(9000) t(i) WHERE i % ${step + 1} <> 0`;
      const result = await bench.instance.run(sql, [], { signal: never, batchBytes: 50_000 });
      const rows: unknown[][] = [];
      for await (const batch of result.batches) rows.push(...batchToRows(result.schema, batch));
      const expected = Array.from({ length: 9000 }, (_, i) => i)
        .filter((i) => i % (step + 1) !== 0)
        .map((i) => [
          BigInt(i),
          i % 3 === 0 ? null : i % 2 === 0,
          i % 5 === 0 ? null : String(i),
          i % 4 === 0 ? null : [BigInt(i), null],
        ]);
      expect(rows).toEqual(expected);
    },
  );

  it('are of about the size that was asked for, with very wide rows too', async () => {
    const result = await bench.instance.run("SELECT i, repeat('x', 10000) FROM range(5000) t(i)", [], {
      signal: never,
      batchBytes: 1 << 20,
    });
    let rows = 0;
    for await (const batch of result.batches) {
      rows += batch.length;
      expect(batchBytes(batch)).toBeLessThan(4 << 20);
    }
    expect(rows).toBe(5000);
  });

  it('have a schema but no batch where there are no rows', async () => {
    const result = await bench.instance.run('SELECT 1 AS a WHERE false', [], { signal: never, batchBytes: 1000 });
    expect(result.schema.fields.map(({ name }) => name)).toEqual(['a']);
    for await (const _ of result.batches) throw new Error('a batch without rows');
  });

  it('fail in the middle, with the error of the row that failed', async () => {
    const result = await bench.instance.run(
      "SELECT CASE WHEN i = 900000 THEN error('row') ELSE i END FROM range(1000000) t(i)",
      [],
      {
        signal: never,
        batchBytes: 10_000,
      },
    );
    await expect(
      (async () => {
        for await (const _ of result.batches);
      })(),
    ).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', message: 'row' });
  });
});

describe('cancelling', () => {
  const forever = 'SELECT count(*) FROM range(1000000000000) t(i) WHERE i % 3 = 5';

  it('stops a query that has given nothing yet', async () => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 50);
    await expect(bench.instance.run(forever, [], { signal: abort.signal, batchBytes: 1000 })).rejects.toMatchObject({
      code: 'CANCELLED',
    });
  });

  it('ends a stream with CANCELLED, never as if it were whole', async () => {
    const abort = new AbortController();
    const result = await bench.instance.run('SELECT * FROM range(1000000000)', [], {
      signal: abort.signal,
      batchBytes: 10_000,
    });
    await expect(
      (async () => {
        let seen = 0;
        for await (const _ of result.batches) if (++seen === 3) abort.abort();
      })(),
    ).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('refuses to start when the signal has fired', async () => {
    const signal = AbortSignal.abort();
    await expect(bench.instance.run('SELECT 1', [], { signal, batchBytes: 1000 })).rejects.toMatchObject({
      code: 'CANCELLED',
    });
  });

  it('frees a query whose reader leaves early', async () => {
    for (let round = 0; round < 20; round++) {
      const result = await bench.instance.run('SELECT * FROM range(1000000000)', [], {
        signal: never,
        batchBytes: 10_000,
      });
      for await (const _ of result.batches) break;
    }
  });

  it('ends everything that runs when the instance closes', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'skua-engine-'));
    const instance = await bench.engine.open({ principal: 'somebody', directory, memoryLimit: 1 << 28, threads: 1 });
    const running = expect(instance.run(forever, [], { signal: never, batchBytes: 1000 })).rejects.toMatchObject({
      code: 'CANCELLED',
    });
    const unread = await instance.run('SELECT * FROM range(1000000000)', [], { signal: never, batchBytes: 1000 });
    await instance.close();
    await running;
    await expect(unread.batches[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'CANCELLED' });
    await expect(instance.run('SELECT 1', [], { signal: never, batchBytes: 1 })).rejects.toMatchObject({
      code: 'CANCELLED',
    });
    rmSync(directory, { recursive: true });
  });
});

it('keeps its memory while many queries succeed, fail and are left', async () => {
  const round = async () => {
    for (let index = 0; index < 60; index++) {
      await bench.rows("SELECT i, repeat('x', 200) AS s, [i] AS l, {'a': i} AS st FROM range(20000) t(i)");
      await expect(bench.rows("SELECT 'x'::INT")).rejects.toThrow();
      const left = await bench.instance.run("SELECT repeat('x', 200) FROM range(100000)", [], {
        signal: never,
        batchBytes: 100_000,
      });
      for await (const _ of left.batches) break;
    }
  };
  await round();
  const before = process.memoryUsage().rss;
  await round();
  await round();
  expect(process.memoryUsage().rss - before).toBeLessThan(250 << 20);
}, 120_000);

describe('a session', () => {
  it.each([
    "SELECT * FROM read_text('/etc/hostname')",
    "SELECT * FROM '/etc/hostname.csv'",
    "SELECT * FROM glob('/etc/*')",
    "COPY (SELECT 1) TO '/tmp/skua-engine-escape.csv'",
    "ATTACH '/tmp/skua-engine-escape.db'",
    'INSTALL httpfs',
    'LOAD httpfs',
    "SET allowed_directories = ['/']",
    'SET enable_external_access = true',
    'SET lock_configuration = false',
    "SET max_temp_directory_size = '100GB'",
    "CREATE SECRET s (TYPE s3, KEY_ID 'a', SECRET 'b')",
  ])('cannot reach outside by %s, even past the parser', async (sql) => {
    await expect(bench.rows(sql)).rejects.toMatchObject({
      code: expect.stringMatching(/PERMISSION_DENIED|INVALID_ARGUMENT|INTERNAL/),
    });
  });

  it('names no folder of the machine in an error', async () => {
    const error = await bench
      .rows(`SELECT * FROM read_parquet('${bench.directory}/none.parquet')`)
      .catch((reason) => reason);
    expect(error.message).not.toContain(bench.directory);
  });

  it('is told when memory runs out', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'skua-engine-'));
    const small = await bench.engine.open({ principal: 'somebody', directory, memoryLimit: 20 << 20, threads: 1 });
    const options = { signal: never, batchBytes: 1000 };
    const sql = "SELECT length(string_agg(repeat('x', 1000), '')) FROM range(1000000)";
    await expect(small.run(sql, [], options)).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
    await small.close();
    rmSync(directory, { recursive: true });
  });

  it('wants as many values as there are parameters', async () => {
    await expect(bench.rows('SELECT ?')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    const row = parameterRow([new Field('a', new Int64(), true)], [1n]);
    await expect(bench.rows('SELECT 1', [], row)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('explains a plan without naming files', async () => {
    const path = `${bench.directory}/explained.parquet`;
    await bench.write(`COPY (SELECT 1::BIGINT AS id) TO '${path}' (FIELD_IDS {id: 1})`);
    const { scan, source, column, physical } = await import('./support.js');
    const table = scan('t0', [column('id', new Int64(), 1)], [source(path, [physical('id', 1)])]);
    for (const analyze of [false, true]) {
      const plan = await bench.instance.explain('SELECT * FROM "t0" WHERE id = 1', [table], { analyze });
      expect(plan).toMatchObject({
        operator: 'TABLE_SCAN',
        table: 't0',
        details: { Projections: ['id'], Filters: ['id=1'] },
      });
      expect(plan.rows).toBe(analyze ? 1 : undefined);
      expect(JSON.stringify(plan)).not.toContain('explained.parquet');
    }
  });
});

it('says which platform has no engine', () => {
  expect(() => locateLibrary('plan9', 'mips')).toThrow(/plan9 on mips/);
});
