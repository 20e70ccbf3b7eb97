import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type ByteRange,
  type CacheFile,
  createRangeCache,
  type RangeCache,
  type Storage,
} from '../../src/storage/index.js';

const SIZE = 100_000;
const content = Buffer.from(Array.from({ length: SIZE }, (_, index) => (index * 31 + (index >> 8)) & 0xff));

/** A store whose reads can be watched, held back and made to fail. */
class TestStore {
  readonly reads: ByteRange[] = [];
  before: (range: ByteRange) => Promise<void> = async () => {};

  readonly storage = {
    read: async (_: string, range: ByteRange | undefined, signal?: AbortSignal) => {
      const { offset, length } = range ?? { offset: 0, length: SIZE };
      this.reads.push({ offset, length });
      await new Promise((resolve) => setImmediate(resolve));
      await this.before({ offset, length });
      signal?.throwIfAborted();
      return content.subarray(offset, offset + length);
    },
  } as unknown as Storage;

  file(location = 's3://bucket/file', store = 'here') {
    return { location, size: SIZE, storage: this.storage, store };
  }
}

let directory: string;
let session: string;
let cache: RangeCache;
let store: TestStore;

function open(capacityBytes = 1e9): RangeCache {
  return createRangeCache({
    directory: join(directory, 'cache'),
    capacityBytes,
    mergeGap: 100,
    pieceSize: 10_000,
    localRoots: [join(directory, 'warehouse')],
  });
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'skua-cache-'));
  session = join(directory, 'session');
  await mkdir(session);
  store = new TestStore();
  cache = open();
});

afterEach(async () => {
  await cache.close();
  await rm(directory, { recursive: true, force: true });
});

async function expectBytes(path: string, ranges: ByteRange[]): Promise<void> {
  const bytes = await readFile(path);
  expect(bytes.length).toBe(SIZE);
  for (const { offset, length } of ranges) {
    expect(bytes.subarray(offset, offset + length).equals(content.subarray(offset, offset + length))).toBe(true);
  }
}

describe('the range cache', () => {
  it('fetches what is missing and nothing else', async () => {
    const first = [
      { offset: 99_000, length: 1_000 },
      { offset: 500, length: 200 },
    ];
    const one = await cache.ensure(store.file(), first);
    await expectBytes(one.path, first);
    expect(one).toMatchObject({ fetchedBytes: 1_200, cachedBytes: 0 });
    const second = [{ offset: 600, length: 400 }];
    const two = await cache.ensure(store.file(), second);
    expect(two).toMatchObject({ path: one.path, fetchedBytes: 300, cachedBytes: 100 });
    await expectBytes(two.path, [...first, ...second]);
    const three = await cache.ensure(store.file(), [...first, ...second]);
    expect(three.fetchedBytes).toBe(0);
    expect(store.reads).toHaveLength(3);
    expect(cache.counters()).toMatchObject({ hits: 1, misses: 2, bytesFetched: 1_500, files: 1, bytesHeld: 1_500 });
  });

  it('joins ranges that are close and splits those that are long', async () => {
    const ensured = await cache.ensure(store.file(), [
      { offset: 0, length: 10 },
      { offset: 60, length: 10 },
      { offset: 30_000, length: 25_000 },
    ]);
    expect(store.reads.map(({ length }) => length)).toEqual([70, 10_000, 10_000, 5_000]);
    await expectBytes(ensured.path, [{ offset: 30_000, length: 25_000 }]);
  });

  it('lets callers at the same time share one fetch', async () => {
    const ranges = [{ offset: 0, length: 50_000 }];
    const all = await Promise.all(Array.from({ length: 8 }, () => cache.ensure(store.file(), ranges)));
    expect(store.reads).toHaveLength(5);
    for (const { path } of all) await expectBytes(path, ranges);
    expect(cache.counters().bytesHeld).toBe(50_000);
  });

  it('fetches again where the caller whose fetch was shared gave up', async () => {
    const giveUp = new AbortController();
    const ranges = [{ offset: 0, length: 1_000 }];
    store.before = async () => {
      store.before = async () => {};
      giveUp.abort();
    };
    const [first, second] = await Promise.allSettled([
      cache.ensure(store.file(), ranges, giveUp.signal),
      cache.ensure(store.file(), ranges),
    ]);
    expect(first).toMatchObject({ status: 'rejected', reason: { code: 'CANCELLED' } });
    expect(second.status).toBe('fulfilled');
    if (second.status === 'fulfilled') await expectBytes(second.value.path, ranges);
  });

  it('does not take a range whose fetch failed for present', async () => {
    store.before = async ({ offset }) => {
      if (offset >= 10_000) throw new Error('connection reset');
    };
    const ranges = [{ offset: 0, length: 20_000 }];
    await expect(cache.ensure(store.file(), ranges)).rejects.toThrow('connection reset');
    store.before = async () => {};
    const ensured = await cache.ensure(store.file(), ranges);
    await expectBytes(ensured.path, ranges);
  });

  it('keeps stores with the same bucket apart', async () => {
    const range = [{ offset: 0, length: 10 }];
    const here = await cache.ensure(store.file('s3://bucket/file', 'here'), range);
    const there = await cache.ensure(store.file('s3://bucket/file', 'there'), range);
    expect(there.path).not.toBe(here.path);
    expect(there.fetchedBytes).toBe(10);
  });

  it('evicts the least recently used files, never those in use', async () => {
    await cache.close();
    cache = open(2_500);
    const range = [{ offset: 0, length: 1_000 }];
    const held = await cache.ensure(store.file('s3://b/held'), range);
    for (const name of ['a', 'b', 'c', 'd']) {
      const ensured = await cache.ensure(store.file(`s3://b/${name}`), range);
      await ensured.release();
    }
    await expectBytes(held.path, range);
    expect(cache.counters()).toMatchObject({ bytesHeld: 2_000, evictions: 3 });
    expect((await cache.ensure(store.file('s3://b/d'), range)).fetchedBytes).toBe(0);
    expect((await cache.ensure(store.file('s3://b/a'), range)).fetchedBytes).toBe(1_000);
  });

  it('links files into a session under names that nobody can guess, and holds them until they are unlinked', async () => {
    await cache.close();
    cache = open(0);
    const range = [{ offset: 0, length: 1_000 }];
    const ensured = await cache.ensure(store.file(), range);
    const link = await cache.link(ensured.path, session);
    await ensured.release();
    expect(link).toMatch(/session\/[0-9a-f]{32}\.parquet$/);
    expect((await stat(link)).ino).toBe((await stat(ensured.path)).ino);
    expect(cache.counters()).toMatchObject({ files: 1, evictions: 0 });
    await cache.unlink(link);
    expect(await readdir(session)).toEqual([]);
    expect(cache.counters()).toMatchObject({ files: 0, bytesHeld: 0, evictions: 1 });
  });

  it('names no local path where a copy is gone', async () => {
    const ensured = await cache.ensure(store.file(), [{ offset: 0, length: 10 }]);
    await rm(ensured.path);
    await expect(cache.link(ensured.path, session)).rejects.toMatchObject({
      code: 'DATA_LOSS',
      message: 'The local copy of an object is gone from the cache directory',
    });
    await ensured.release();
  });

  it('starts empty and removes what a process that is gone left behind', async () => {
    await cache.ensure(store.file(), [{ offset: 0, length: 10 }]);
    const left = join(directory, 'cache', 'run-999999999-0123456789abcdef');
    await mkdir(left);
    const other = open();
    expect(await readdir(join(directory, 'cache'))).not.toContain('run-999999999-0123456789abcdef');
    expect((await other.ensure(store.file(), [{ offset: 0, length: 10 }])).fetchedBytes).toBe(10);
    await other.close();
    expect((await cache.ensure(store.file(), [{ offset: 0, length: 10 }])).fetchedBytes).toBe(0);
  });

  it('uses local files where they are, below allowed roots alone', async () => {
    await mkdir(join(directory, 'warehouse'));
    await writeFile(join(directory, 'warehouse', 'f'), content);
    const local = await cache.ensure(store.file(`file://${directory}/warehouse/f`, 'file'), [
      { offset: 0, length: 10 },
    ]);
    expect(local).toMatchObject({ path: join(directory, 'warehouse', 'f'), fetchedBytes: 0, cachedBytes: 10 });
    const link = await cache.link(local.path, session);
    await expectBytes(link, [{ offset: 0, length: SIZE }]);
    await cache.unlink(link);
    await expectBytes(local.path, [{ offset: 0, length: SIZE }]);
    await expect(cache.ensure(store.file('file:///etc/passwd', 'file'), [])).rejects.toThrow(
      expect.objectContaining({ code: 'PERMISSION_DENIED' }),
    );
  });

  it('refuses ranges beyond the end', async () => {
    await expect(cache.ensure(store.file(), [{ offset: SIZE, length: 1 }])).rejects.toThrow(
      expect.objectContaining({ code: 'OUT_OF_RANGE' }),
    );
  });
});

describe('a copy that turned out to be damaged', () => {
  it('is fetched anew by whoever asks again, and stays for those who have it', async () => {
    const file = store.file();
    const whole = [{ offset: 0, length: 1000 }];
    const link = await cache.link((await cache.ensure(file, whole)).path, session);
    await cache.discard(file);
    expect((await cache.ensure(file, whole)).fetchedBytes).toBe(1000);
    await expectBytes(link, whole);
    await cache.unlink(link);
    expect(store.reads).toHaveLength(2);
  });

  it('is told from what is fetched in its place, and so is a local file from another one of its name', async () => {
    const whole = [{ offset: 0, length: SIZE }];
    const identity = async (file: CacheFile) => (await cache.ensure(file, whole)).identity;
    const before = await identity(store.file());
    expect(await identity(store.file())).toBe(before);
    await cache.discard(store.file());
    expect(await identity(store.file())).not.toBe(before);
    await mkdir(join(directory, 'warehouse'));
    const path = join(directory, 'warehouse', 'f');
    const local = store.file(`file://${path}`, 'file');
    await writeFile(path, content);
    const first = await identity(local);
    expect(await identity(local)).toBe(first);
    await writeFile(`${path}.new`, content);
    await rename(`${path}.new`, path);
    expect(await identity(local)).not.toBe(first);
  });

  it('is looked at before anybody reads it, each range once', async () => {
    const looked: ByteRange[][] = [];
    const check = async (_: string, ranges: readonly ByteRange[]) => {
      looked.push([...ranges]);
    };
    await cache.ensure({ ...store.file(), check }, [{ offset: 0, length: 500 }]);
    await cache.ensure({ ...store.file(), check }, [{ offset: 0, length: 900 }]);
    await cache.ensure({ ...store.file(), check }, [{ offset: 100, length: 800 }]);
    expect(looked).toEqual([[{ offset: 0, length: 500 }], [{ offset: 500, length: 400 }]]);
  });
});

describe('a link', () => {
  it('gets more ranges, also where the copy behind it was discarded meanwhile', async () => {
    const file = store.file();
    const link = await cache.link((await cache.ensure(file, [{ offset: 0, length: 500 }])).path, session);
    await cache.extend(link, file, [{ offset: 90_000, length: 500 }]);
    await expectBytes(link, [{ offset: 90_000, length: 500 }]);
    await cache.discard(file);
    const all = [
      { offset: 0, length: 500 },
      { offset: 50_000, length: 500 },
    ];
    await cache.extend(link, file, all);
    await expectBytes(link, all);
    await cache.unlink(link);
    expect(await readdir(session)).toEqual([]);
  });

  it('of a copy that somebody removed fails without naming a local path', async () => {
    const { path } = await cache.ensure(store.file(), [{ offset: 0, length: 500 }]);
    await rm(path);
    const failure = await cache.link(path, session).catch((error) => error);
    expect(failure).toMatchObject({ code: 'DATA_LOSS' });
    expect(failure.message).not.toContain(directory);
  });
});
