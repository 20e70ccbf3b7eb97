import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RemoteEngine } from '../../../../src/engine/duckdb/client/remote-engine.js';
import { MemoryShares, type Shareholder } from '../../../../src/engine/duckdb/process/budget/shares.js';
import { MemoryWatch } from '../../../../src/engine/duckdb/process/budget/watch.js';
import type { SkuaError } from '../../../../src/errors.js';
import { engineOptions, rowsOf } from './support.js';

const MB = 2 ** 20;
const GB = 2 ** 30;

describe('memory that sessions share', () => {
  function holder(most: number, held = 0): Shareholder & { limit: number } {
    return {
      most,
      limit: most,
      async setLimit(bytes) {
        if (bytes < held) return false;
        this.limit = bytes;
        return true;
      },
    };
  }

  it('is there for each in full while it lasts', async () => {
    const shares = new MemoryShares(4 * GB);
    const [a, b] = [holder(GB), holder(2 * GB)];
    await shares.join(a);
    await shares.join(b);
    expect([a.limit, b.limit]).toEqual([GB, 2 * GB]);
  });

  it('shrinks for all when more join, and grows when they leave', async () => {
    const shares = new MemoryShares(2 * GB);
    const holders = [holder(GB), holder(GB), holder(GB), holder(GB)] as const;
    for (const each of holders) await shares.join(each);
    expect(holders.map(({ limit }) => limit)).toEqual([GB / 2, GB / 2, GB / 2, GB / 2]);
    await shares.leave(holders[0]);
    await shares.leave(holders[1]);
    expect(holders.slice(2).map(({ limit }) => limit)).toEqual([GB, GB]);
  });

  it('leaves the rest to the newcomer where another cannot give back what it holds', async () => {
    const shares = new MemoryShares(GB);
    const [greedy, late] = [holder(GB, 900 * MB), holder(GB)];
    await shares.join(greedy);
    await expect(shares.join(late)).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
    await shares.leave(greedy);
    await shares.join(late);
    expect(late.limit).toBe(GB);
  });
});

describe('the watch over the memory of the process', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function watched() {
    const memory = { bytes: 100 * MB, limits: [] as (number | undefined)[] };
    const watch = new MemoryWatch(4 * GB, {
      used: () => memory.bytes,
      limit: (bytes) => void memory.limits.push(bytes),
    });
    watch.start();
    const grow = (bytes: number) => {
      memory.bytes += bytes;
      vi.advanceTimersByTime(100);
    };
    const statement = () => {
      const reasons: SkuaError[] = [];
      return { reasons, stop: (reason: SkuaError) => void reasons.push(reason) };
    };
    return { memory, watch, grow, statement };
  }

  it('keeps a reserve that only JavaScript is let into, while memory is scarce', () => {
    const { memory, watch, grow } = watched();
    expect(memory.limits).toEqual([3.5 * GB]);
    grow(3.35 * GB);
    expect(memory.limits.at(-1)).toBeGreaterThan(3.5 * GB);
    expect(memory.limits.at(-1)).toBeLessThanOrEqual(4 * GB);
    grow(-2 * GB);
    expect(memory.limits.at(-1)).toBe(3.5 * GB);
    watch.close();
    expect(memory.limits.at(-1)).toBeUndefined();
  });

  it('stops the statement that let memory grow, and no other', () => {
    const { watch, grow, statement } = watched();
    const [greedy, early, ended] = [statement(), statement(), statement()];
    watch.add(greedy);
    grow(GB);
    watch.add(early);
    grow(GB);
    watch.add(ended)();
    const late = statement();
    watch.add(late);
    expect(greedy.reasons).toEqual([]);
    grow(1.2 * GB);
    expect(greedy.reasons).toMatchObject([{ code: 'RESOURCE_EXHAUSTED' }]);
    grow(-2 * GB);
    vi.advanceTimersByTime(1000);
    expect([early, ended, late].flatMap(({ reasons }) => reasons)).toEqual([]);
    watch.close();
  });

  it('leaves statements alone while there is room', () => {
    const { watch, grow, statement } = watched();
    const one = statement();
    watch.add(one);
    grow(3 * GB);
    vi.advanceTimersByTime(1000);
    expect(one.reasons).toEqual([]);
    watch.close();
  });
});

describe.runIf(process.platform === 'linux')('a process with a limit', () => {
  it.each([
    ['a list', 'SELECT len(range(1000000000))'],
    ['a text', "SELECT len(repeat('x', 4000000000))"],
    ['many lists', 'SELECT sum(len(range(1000000 + i))) FROM range(10000) t(i)'],
    ['an aggregated list', 'SELECT len(list(a.range)) FROM range(100000) a, range(100000) b'],
    ['an aggregated text', "SELECT len(string_agg(repeat('x', 100000))) FROM range(100000)"],
    ['a list of lists', 'SELECT len(list_transform(range(100000000), x -> [x, x, x]))'],
  ])('refuses %s that would not fit, and goes on', { timeout: 60_000 }, async (_, sql) => {
    const directory = mkdtempSync(join(tmpdir(), 'skua-memory-'));
    const engine = await RemoteEngine.open({ ...engineOptions, memory: 2 * GB });
    try {
      const instance = await engine.open({ principal: 'somebody', directory, memoryLimit: 256 * MB, threads: 2 });
      await expect(rowsOf(instance, sql)).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
      expect(await rowsOf(instance, 'SELECT 42')).toEqual([[42]]);
    } finally {
      await engine.close();
      rmSync(directory, { recursive: true, force: true });
    }
  });

  it('spills what does not fit, up to its limit', { timeout: 60_000 }, async () => {
    const directory = mkdtempSync(join(tmpdir(), 'skua-spill-'));
    const engine = await RemoteEngine.open({ ...engineOptions, memory: 2 * GB });
    const options = { principal: 'somebody', directory, memoryLimit: 64 * MB, threads: 2 };
    const sql = 'SELECT count(DISTINCT h) FROM (SELECT hash(range) AS h FROM range(5000000))';
    try {
      const roomy = await engine.open(options);
      expect(await rowsOf(roomy, sql)).toEqual([[5_000_000n]]);
      const narrow = await engine.open({ ...options, spillLimit: 8 * MB });
      await expect(rowsOf(narrow, sql)).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
      expect(await rowsOf(narrow, 'SELECT 42')).toEqual([[42]]);
    } finally {
      await engine.close();
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
