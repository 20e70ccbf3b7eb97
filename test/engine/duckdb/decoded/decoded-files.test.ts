import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Field, Int64 } from 'apache-arrow';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DecodedFiles, type DecodedFilesOptions } from '../../../../src/engine/duckdb/decoded/decoded-files.js';
import type { Decoder } from '../../../../src/engine/duckdb/decoded/decoder.js';
import type { DecodableColumn, StageColumns } from '../../../../src/engine/duckdb/staging/decoded-copies.js';
import { type CacheFile, createRangeCache, type RangeCache } from '../../../../src/storage/index.js';

let directory: string;
let ranges: RangeCache;
let files: DecodedFiles;
/** Names of the columns of each file that was decoded, in order. */
let decoded: string[][];
let failure: Error | undefined;
/** Whether these columns can't be decoded together. */
let failing: (names: readonly string[]) => boolean;

const stage: StageColumns = async () => {
  throw new Error('nothing is staged');
};

const decoder = {
  async decode(_: StageColumns, columns: readonly DecodableColumn[]) {
    decoded.push(columns.map(({ name }) => name));
    if (failure) throw failure;
    if (failing(columns.map(({ name }) => name))) throw new Error('these can’t be decoded');
    const path = join(directory, `database ${decoded.length}`);
    await writeFile(path, Buffer.alloc(1000, decoded.length));
    return { path, size: 1000, remove: () => rm(path) };
  },
  rest: async () => undefined,
};

function open(options: Partial<DecodedFilesOptions> = {}): DecodedFiles {
  files = new DecodedFiles({
    ranges,
    capacityBytes: 2500,
    decoder: decoder as unknown as Decoder,
    isIdle: () => true,
    ...options,
  });
  return files;
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'skua-decoded-'));
  ranges = createRangeCache({ directory: join(directory, 'cache'), capacityBytes: 1 << 20 });
  decoded = [];
  failure = undefined;
  failing = () => false;
});
afterEach(async () => {
  await files.close();
  await ranges.close();
  await rm(directory, { recursive: true });
});

const file = (location: string): CacheFile => ({ location, size: 1 << 21, store: 's3', storage: { read: unread } });
const unread = async () => new Uint8Array();
const columns = (...names: string[]): DecodableColumn[] =>
  names.map((name) => ({ name, key: name, column: { field: new Field(name, new Int64()), fieldId: 1 } }));

/** A statement reads columns; whether it finds them decoded. */
function read(location: string, ...names: string[]): boolean {
  const found = files.find(file(location), columns(...names));
  if (!found) files.missed(file(location), columns(...names), stage);
  return found !== undefined;
}

async function decodedAs(location: string, ...names: string[]): Promise<void> {
  read(location, ...names);
  read(location, ...names);
  await vi.waitFor(() => expect(files.find(file(location), columns(...names))).toBeDefined());
}

describe('columns of a file', () => {
  it('are decoded once they were read twice, and found where all that is wanted is there', async () => {
    open();
    expect(read('a', 'x', 'y')).toBe(false);
    expect(read('a', 'x', 'z')).toBe(false);
    expect(decoded).toEqual([]);
    await decodedAs('a', 'x');
    expect(decoded).toEqual([['x']]);
    expect(files.find(file('a'), columns('x', 'y'))).toBeUndefined();
    await decodedAs('a', 'x', 'y');
    expect(decoded).toEqual([['x'], ['x', 'y']]);
    const copy = files.find(file('a'), columns('y'));
    expect(copy?.columns).toEqual(
      new Map([
        ['x', 'd0'],
        ['y', 'd1'],
      ]),
    );
    expect(files.find(file('b'), columns('y'))).toBeUndefined();
  });

  it('are decoded with those beside them, and without where those can’t be', async () => {
    open();
    const missed = () => files.missed(file('a'), columns('x'), stage, columns('w', 'x', 'y'));
    missed();
    missed();
    await vi.waitFor(() => expect(files.find(file('a'), columns('y', 'w'))).toBeDefined());
    expect(decoded).toEqual([['w', 'x', 'y']]);
    failing = ({ length }) => length > 1;
    for (let reading = 0; reading < 2; reading++) files.missed(file('b'), columns('x'), stage, columns('x', 'odd'));
    await vi.waitFor(() => expect(files.find(file('b'), columns('x'))).toBeDefined());
    expect(files.find(file('b'), columns('odd'))).toBeUndefined();
    expect(decoded.slice(1)).toEqual([['x', 'odd'], ['x']]);
  });

  it('lie in the cache, the newest copy alone, until there is no room for them', async () => {
    open();
    await decodedAs('a', 'x');
    await decodedAs('a', 'x', 'y');
    const copy = files.find(file('a'), columns('x'))?.file as CacheFile;
    const { path, release } = await ranges.ensure(copy, [{ offset: 0, length: copy.size }]);
    expect(await readFile(path)).toEqual(Buffer.alloc(1000, 2));
    await release();
    expect(ranges.counters().bytesHeld).toBe(1000);
    await decodedAs('b', 'x');
    read('a', 'x');
    await decodedAs('c', 'x');
    expect(files.counters().bytes).toBe(2000);
    expect(['a', 'b', 'c'].map((name) => files.find(file(name), columns('x')) !== undefined)).toEqual([
      true,
      false,
      true,
    ]);
    await vi.waitFor(() => expect(ranges.counters().bytesHeld).toBe(2000));
  });

  it('are decoded anew when the copy was forgotten', async () => {
    open();
    await decodedAs('a', 'x');
    files.forget(file('a'));
    expect(read('a', 'x')).toBe(false);
    await decodedAs('a', 'x');
    expect(decoded).toEqual([['x'], ['x']]);
  });

  it('are left alone where they can not be decoded, and that is told', async () => {
    const onFailure = vi.fn();
    open({ onFailure });
    failure = new Error('no');
    read('a', 'x');
    read('a', 'x');
    await vi.waitFor(() => expect(onFailure).toHaveBeenCalledWith('a', failure));
    read('a', 'x');
    read('a', 'x');
    await files.close();
    expect(decoded).toEqual([['x']]);
  });

  it('wait while statements are at work', async () => {
    let idle = false;
    open({ isIdle: () => idle });
    read('a', 'x');
    read('a', 'x');
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(decoded).toEqual([]);
    idle = true;
    await vi.waitFor(() => expect(decoded).toEqual([['x']]));
  });
});
