/** Decodes columns of data files, in an instance of its own. */
import { randomBytes } from 'node:crypto';
import { mkdir, open, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { SkuaError } from '../../../errors.js';
import type { CacheFile, RangeCache } from '../../../storage/index.js';
import type { EngineInstance } from '../contract.js';
import type { DecodableColumn, StageColumns } from '../staging/decoded-copies.js';

/** A database that nobody else knows of. */
export interface DecodedFile {
  path: string;
  /** In bytes. */
  size: number;
  remove(): Promise<void>;
}

/** One file at a time. */
export class Decoder {
  readonly #directory: string;
  readonly #open: (directory: string) => Promise<EngineInstance>;
  #engine: Promise<EngineInstance> | undefined;

  /** `directory` is its own, on the file system of the cached ranges. */
  constructor(directory: string, open: (directory: string) => Promise<EngineInstance>) {
    this.#directory = directory;
    this.#open = open;
  }

  /** The columns in their order as `d0`, `d1`, …; see `EngineInstance.decode`. */
  async decode(stage: StageColumns, columns: readonly DecodableColumn[], signal: AbortSignal): Promise<DecodedFile> {
    this.#engine ??= this.#start();
    const engine = await this.#engine;
    const { scan, release } = await stage(this.#directory, columns, signal);
    const path = join(this.#directory, `${randomBytes(16).toString('hex')}.db`);
    const remove = () => rm(path, { force: true });
    try {
      await engine.decode(scan, path, signal);
      return { path, size: (await stat(path)).size, remove };
    } catch (error) {
      await remove();
      throw error;
    } finally {
      await release();
    }
  }

  /** Gives back what it works with, until there is more to do. */
  async rest(): Promise<void> {
    const engine = await this.#engine?.catch(() => undefined);
    this.#engine = undefined;
    await engine?.close();
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #start(): Promise<EngineInstance> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    return this.#open(this.#directory);
  }
}

/** Moves a database into the cache, as another form of the data file that it is of. */
export async function keepCopy(
  ranges: RangeCache,
  { location, store }: CacheFile,
  { path, size, remove }: DecodedFile,
  signal: AbortSignal,
): Promise<CacheFile> {
  // Never the form of another copy, which may be on its way out of the cache.
  const file = { location, store, form: `decoded ${basename(path)}`, size };
  try {
    const read = (_: string, range = { offset: 0, length: size }) => readRange(path, range);
    const { release } = await ranges.ensure({ ...file, storage: { read } }, [{ offset: 0, length: size }], signal);
    await release();
    return { ...file, storage: evicted };
  } finally {
    await remove();
  }
}

/** What is no longer in the cache is nowhere. */
const evicted: CacheFile['storage'] = {
  read: async (location) => {
    throw new SkuaError('NOT_FOUND', `the decoded columns of '${location}' were evicted`);
  },
};

async function readRange(path: string, { offset, length }: { offset: number; length: number }): Promise<Uint8Array> {
  const handle = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafeSlow(length), 0, length, offset);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
