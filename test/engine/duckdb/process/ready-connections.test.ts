import { Int64 } from 'apache-arrow';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Connection } from '../../../../src/engine/duckdb/process/native/database.js';
import { ReadyConnections } from '../../../../src/engine/duckdb/process/ready-connections.js';
import { column, physical, rowsOf, scan, source, useEngine } from './support.js';

describe('a connection that is ready', () => {
  const connection = () => ({ close: vi.fn(async () => undefined) }) as unknown as Connection;
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is one statement’s at a time', async () => {
    const ready = new ReadyConnections();
    const [one, other] = [connection(), connection()];
    await ready.give('views', one);
    expect(ready.take('others')).toBeUndefined();
    expect(ready.take('views')).toBe(one);
    expect(ready.take('views')).toBeUndefined();
    await ready.give('views', one);
    await ready.give('views', other);
    expect(other.close).toHaveBeenCalledOnce();
    expect(one.close).not.toHaveBeenCalled();
  });

  it('is closed when nobody wants it for some seconds, when there are many, and with the instance', async () => {
    const ready = new ReadyConnections();
    const all = Array.from({ length: 20 }, connection);
    for (const [index, each] of all.entries()) await ready.give(String(index), each);
    expect(all.map(({ close }) => vi.mocked(close).mock.calls.length)).toEqual([1, 1, 1, 1, ...Array(16).fill(0)]);
    await vi.advanceTimersByTimeAsync(4000);
    const late = connection();
    await ready.give('late', late);
    await vi.advanceTimersByTimeAsync(1000);
    expect(all.every(({ close }) => vi.mocked(close).mock.calls.length === 1)).toBe(true);
    expect(late.close).not.toHaveBeenCalled();
    await ready.close();
    expect(late.close).toHaveBeenCalledOnce();
    const after = connection();
    await ready.give('after', after);
    expect(after.close).toHaveBeenCalledOnce();
  });
});

describe('statements one after the other over the same files', () => {
  const bench = useEngine();
  const over = (path: string) => scan('t', [column('n', new Int64(), 1)], [source(path, [physical('n', 1)])]);

  it('read what each of them names', async () => {
    const [one, other] = ['one', 'other'].map((name) => `${bench.directory}/${name}.parquet`) as [string, string];
    await bench.write(`COPY (SELECT range AS n FROM range(3)) TO '${one}' (FIELD_IDS {n: 1})`);
    await bench.write(`COPY (SELECT range + 10 AS n FROM range(3)) TO '${other}' (FIELD_IDS {n: 1})`);
    for (let run = 0; run < 3; run++) {
      expect(await bench.rows('SELECT sum(n) FROM t', [over(one)])).toEqual([[3n]]);
      expect(await bench.rows('SELECT max(n) FROM t', [over(other)])).toEqual([[12n]]);
      await expect(bench.rows('SELECT n FROM t')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
      await expect(bench.rows("SELECT error('no') FROM t", [over(one)])).rejects.toThrow('no');
    }
  });

  it('at the same time do not meet', async () => {
    const path = `${bench.directory}/many.parquet`;
    await bench.write(`COPY (SELECT range AS n FROM range(10000)) TO '${path}' (FIELD_IDS {n: 1})`);
    for (let run = 0; run < 3; run++) {
      const sums = [1, 2, 3, 4].map((part) => bench.rows(`SELECT count(*) FROM t WHERE n % 4 < ${part}`, [over(path)]));
      expect(await Promise.all(sums)).toEqual([[[2500n]], [[5000n]], [[7500n]], [[10000n]]]);
    }
  });

  it('know nothing of each other: neither seeds of random numbers nor zones nor moments', async () => {
    await bench.rows('SELECT setseed(0.5)');
    const [[first], [second]] = await Promise.all([bench.rows('SELECT random()'), bench.rows('SELECT random()')]);
    await bench.rows('SELECT setseed(0.5)');
    expect(await bench.rows('SELECT random()')).not.toEqual([first]);
    expect(first).not.toEqual(second);
    const zone = "SELECT CAST(TIMESTAMPTZ '2024-01-01 00:00:00+00' AS VARCHAR)";
    const there = bench.instance.forStatement({ timeZone: 'Asia/Tokyo' });
    for (let run = 0; run < 2; run++) {
      expect(await bench.rows(zone)).toEqual([['2024-01-01 00:00:00+00']]);
      expect(await rowsOf(there, zone)).toEqual([['2024-01-01 09:00:00+09']]);
    }
    const moment = async () => (await bench.rows('SELECT epoch_us(now())'))[0]?.[0] as bigint;
    expect(await moment()).toBeLessThan(await moment());
  });
});
