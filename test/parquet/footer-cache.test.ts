import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createFooterCache } from '../../src/parquet/index.js';
import type { ByteRange, Storage } from '../../src/storage/index.js';
import { openDatabase } from './duckdb.js';

async function withFile(work: (bytes: Buffer) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'skua-footer-'));
  const database = await openDatabase();
  try {
    const path = join(directory, 'file.parquet');
    await database.run(`COPY (SELECT range AS id FROM range(10)) TO '${path}' (FORMAT parquet)`);
    await work(await readFile(path));
  } finally {
    database.close();
    await rm(directory, { recursive: true });
  }
}

function countingStorage(bytes: Uint8Array, fail: () => boolean = () => false): Storage & { reads: number } {
  const storage = {
    reads: 0,
    async read(_: string, range?: ByteRange) {
      storage.reads++;
      await new Promise((resolve) => setImmediate(resolve));
      if (fail()) throw new Error('the store is down');
      return range ? bytes.subarray(range.offset, range.offset + range.length) : bytes;
    },
  };
  return storage as unknown as Storage & { reads: number };
}

describe('the footer cache', () => {
  it('reads a footer once, for callers at the same time too', () =>
    withFile(async (bytes) => {
      const cache = createFooterCache(1e6);
      const storage = countingStorage(bytes);
      const file = { location: 's3://b/f', size: bytes.length, store: 'a' };
      const [first, second] = await Promise.all([cache.read(file, storage), cache.read(file, storage)]);
      expect(first).toBe(second);
      expect(await cache.read(file, storage)).toBe(first);
      expect(storage.reads).toBe(1);
      await cache.read({ ...file, store: 'another' }, storage);
      expect(storage.reads).toBe(2);
    }));

  it('forgets the least recently used beyond its capacity, and failures at once', () =>
    withFile(async (bytes) => {
      const cache = createFooterCache(1);
      let down = true;
      const storage = countingStorage(bytes, () => down);
      const file = { location: 's3://b/f', size: bytes.length, store: 'a' };
      await expect(cache.read(file, storage)).rejects.toThrow('the store is down');
      down = false;
      expect((await cache.read(file, storage)).rowCount).toBe(10);
      await cache.read(file, storage);
      expect(storage.reads).toBe(3);
    }));
});
