import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { messageOf, SkuaError } from '../../errors.js';
import type { ByteRange, Storage } from '../contract.js';
import { createLimiter } from '../limit.js';
import { resolveLocal, statFile } from '../local.js';
import { mergeRanges, totalBytes } from '../ranges.js';
import { linkInto, unlink } from './links.js';
import { type CheckRanges, type FetchSettings, SparseFile } from './sparse-file.js';

export interface RangeCacheOptions {
  /** A folder for the cache alone, on the file system of the sessions' directories. */
  directory: string;
  /** Bytes kept. Files in use may exceed it for as long as they are used. */
  capacityBytes: number;
  /** Folders whose `file:///…` objects may be used; those are linked, never copied into the cache. Default none. */
  localRoots?: readonly string[];
  /** Ranges this close become one request. Default 128 KiB. */
  mergeGap?: number;
  /** Longer ranges are fetched in parallel pieces. Default 4 MiB. */
  pieceSize?: number;
  /** Pieces in memory at once. Default 16. */
  parallelPieces?: number;
}

export interface CacheFile {
  location: string;
  /** Of the whole object, in bytes. */
  size: number;
  storage: Pick<Storage, 'read'>;
  /** What `storage` makes of the object, where that is not the object itself; such a file is always a copy. */
  form?: string;
  /** Which store the location is in; see `storeIdentity`. */
  store: string;
  /** Looks at what was fetched before anybody reads it. */
  check?: CheckRanges | undefined;
}

export interface FetchedBytes {
  /** Bytes that came from the store, merged gaps included, and bytes that were there already. */
  fetchedBytes: number;
  cachedBytes: number;
}

export interface EnsuredFile extends FetchedBytes {
  /** A local file of the object's size that holds at least the ranges. */
  path: string;
  /** Nothing of the object is missing. */
  isWhole: boolean;
  /** Of these very bytes: what lies there after they were discarded or replaced has another one. */
  identity: string;
  /** Lets the file be evicted again, unless `link` has taken over. */
  release(): Promise<void>;
}

export interface RangeCacheCounters {
  /** Calls that found everything, and calls that did not. */
  hits: number;
  misses: number;
  bytesFetched: number;
  bytesFromCache: number;
  evictions: number;
  files: number;
  bytesHeld: number;
}

interface Link {
  held: Hold;
  /** Of the cached file, and whether the link is a file of its own. */
  path: string;
  isCopy: boolean;
}

/** What keeps a file from being evicted. */
interface Hold {
  free(): Promise<void>;
}

export interface RangeCache {
  /** Bytes kept. */
  readonly capacityBytes: number;
  /**
   * Makes ranges of an object readable in a local file, and holds it against eviction until `release`, or until the link made of it is
   * gone. Store failures and the signal's abort (CANCELLED) are passed on.
   */
  ensure(file: CacheFile, ranges: readonly ByteRange[], signal?: AbortSignal): Promise<EnsuredFile>;
  /**
   * Gives an ensured file a second, unguessable name in a session's directory, and takes over one `ensure`'s hold on it: the file stays
   * until `unlink`.
   */
  link(path: string, directory: string): Promise<string>;
  /** Bytes of an object that need not be fetched. */
  heldBytes(file: CacheKey): number;
  /** Makes more ranges readable behind a link. */
  extend(link: string, file: CacheFile, ranges: readonly ByteRange[], signal?: AbortSignal): Promise<FetchedBytes>;
  unlink(link: string): Promise<void>;
  /** Forgets what is held of an object; whoever asks again has it fetched anew. Links stay as they are. */
  discard(file: CacheFile): Promise<void>;
  counters(): RangeCacheCounters;
  /** Removes everything. */
  close(): Promise<void>;
}

/**
 * Sparse local copies of immutable objects, least recently used files evicted first. Which ranges a file holds is known to the process
 * alone: the cache starts empty, and what a former process left is removed, so a crash can't leave a hole that looks like data.
 */
export function createRangeCache(options: RangeCacheOptions): RangeCache {
  const root = createRunDirectory(options.directory);
  const settings: FetchSettings = {
    mergeGap: options.mergeGap ?? 128 * 1024,
    pieceSize: options.pieceSize ?? 4 * 1024 * 1024,
    limiter: createLimiter(options.parallelPieces ?? 16),
  };
  const files = new Map<string, SparseFile>();
  /** Files that nobody uses, least recently used first. */
  const idle = new Map<string, SparseFile>();
  const counts = { hits: 0, misses: 0, bytesFetched: 0, bytesFromCache: 0, evictions: 0 };
  let bytesHeld = 0;
  /** Holds that were not released or taken over yet, by path, and those that links took over, by link. */
  const holds = new Map<string, Set<Hold>>();
  const linked = new Map<string, Link>();

  function pin(key: string, size: number): SparseFile {
    let file = files.get(key);
    if (!file) {
      file = new SparseFile(join(root, randomBytes(16).toString('hex')), size, (bytes) => {
        bytesHeld += bytes;
      });
      files.set(key, file);
    }
    file.pins++;
    idle.delete(key);
    return file;
  }

  async function unpin(key: string, file: SparseFile): Promise<void> {
    file.pins--;
    if (file.pins > 0) return;
    if (file.isDiscarded) await remove(file);
    else idle.set(key, file);
    await evict();
  }

  async function evict(): Promise<void> {
    const removed: Promise<void>[] = [];
    for (const [key, file] of idle) {
      if (bytesHeld <= options.capacityBytes) break;
      idle.delete(key);
      files.delete(key);
      counts.evictions++;
      removed.push(remove(file));
    }
    await Promise.all(removed);
  }

  function remove(file: SparseFile): Promise<void> {
    bytesHeld -= file.heldBytes;
    return rm(file.path, { force: true });
  }

  async function discard(cached: CacheFile): Promise<void> {
    const key = keyOf(cached);
    const file = files.get(key);
    if (!file) return;
    files.delete(key);
    file.isDiscarded = true;
    if (idle.delete(key)) await remove(file);
  }

  async function ensureLocal(file: CacheFile, ranges: readonly ByteRange[]): Promise<EnsuredFile> {
    const path = await resolveLocal(file.location, options.localRoots ?? []);
    const { ino, mtimeMs } = await statFile(path, file.location);
    return {
      path,
      identity: `${path} ${ino} ${mtimeMs}`,
      fetchedBytes: 0,
      cachedBytes: totalBytes(mergeRanges(ranges)),
      isWhole: true,
      release: async () => {},
    };
  }

  async function ensure(file: CacheFile, ranges: readonly ByteRange[], signal?: AbortSignal): Promise<EnsuredFile> {
    if (isReadInPlace(file)) return ensureLocal(file, ranges);
    const key = keyOf(file);
    const entry = pin(key, file.size);
    const held = hold(key, entry);
    const release = async () => {
      if (take(entry.path, held)) await held.free();
    };
    try {
      const { fetched } = await entry.ensure(ranges, file.storage, file.location, settings, signal);
      if (file.check) await entry.check(ranges, file.check);
      const cachedBytes = Math.max(0, totalBytes(mergeRanges(ranges)) - fetched);
      counts[fetched > 0 ? 'misses' : 'hits']++;
      counts.bytesFetched += fetched;
      counts.bytesFromCache += cachedBytes;
      const isWhole = entry.heldBytes === file.size;
      return { path: entry.path, identity: entry.path, fetchedBytes: fetched, cachedBytes, isWhole, release };
    } catch (error) {
      await release();
      throw asSkuaError(error, `'${file.location}'`);
    }
  }

  function hold(key: string, file: SparseFile): Hold {
    const held: Hold = { free: once(() => unpin(key, file)) };
    const others = holds.get(file.path);
    if (others) others.add(held);
    else holds.set(file.path, new Set([held]));
    return held;
  }

  /** False where a link took the hold over, or it was given back before. */
  function take(path: string, held: Hold): boolean {
    const all = holds.get(path);
    if (!all?.delete(held)) return false;
    if (all.size === 0) holds.delete(path);
    return true;
  }

  async function link(path: string, directory: string): Promise<string> {
    const [held] = holds.get(path) ?? [];
    if (held) take(path, held);
    try {
      const { name, isCopy } = await linkInto(path, directory);
      if (held) linked.set(name, { held, path, isCopy });
      return name;
    } catch (error) {
      await held?.free();
      throw asSkuaError(error, 'an object');
    }
  }

  /** Lets a link stand for another file, on which it takes over a hold. */
  async function replaceLink(name: string, { held }: Link, path: string): Promise<void> {
    const next = await link(path, dirname(name));
    await rename(next, name).catch((error) => {
      throw asSkuaError(error, 'an object');
    });
    const taken = linked.get(next);
    linked.delete(next);
    if (taken) linked.set(name, taken);
    await held.free();
  }

  return {
    capacityBytes: options.capacityBytes,
    ensure,
    link,
    discard,
    heldBytes: (file) => (isReadInPlace(file) ? file.size : (files.get(keyOf(file))?.heldBytes ?? 0)),
    async extend(name, file, ranges, signal) {
      const local = await ensure(file, ranges, signal);
      const behind = linked.get(name);
      // Once a copy is discarded, what is fetched goes into another one.
      if (behind && (behind.isCopy || behind.path !== local.path)) await replaceLink(name, behind, local.path);
      else await local.release();
      return local;
    },
    async unlink(name) {
      await unlink(name);
      const held = linked.get(name)?.held;
      linked.delete(name);
      await held?.free();
    },
    counters: () => ({ ...counts, files: files.size, bytesHeld }),
    async close() {
      files.clear();
      idle.clear();
      await rm(root, { recursive: true, force: true });
    },
  };
}

type CacheKey = Pick<CacheFile, 'location' | 'size' | 'store' | 'form'>;

function isReadInPlace({ store, form }: CacheKey): boolean {
  return store === 'file' && !form;
}

function keyOf(file: CacheKey): string {
  return createHash('sha256')
    .update(JSON.stringify([file.store, file.location, file.size, file.form]))
    .digest('base64');
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= work();
    return done;
  };
}

/** A machine's folders are nobody's business. */
function reasonOf(error: unknown): string {
  return (error as NodeJS.ErrnoException)?.code ?? messageOf(error);
}

/** `location` is written as it stands in the sentence. A local copy that somebody else removed: DATA_LOSS, until it is fetched anew. */
function asSkuaError(error: unknown, location: string): SkuaError {
  if (error instanceof SkuaError) return error;
  if (error instanceof Error && error.name === 'AbortError') {
    return new SkuaError('CANCELLED', 'The request was cancelled.', { cause: error });
  }
  if ((error as NodeJS.ErrnoException)?.code === 'ENOSPC') {
    return new SkuaError('RESOURCE_EXHAUSTED', 'There is no room left in the cache directory.', { cause: error });
  }
  if ((error as NodeJS.ErrnoException)?.code === 'ENOENT') {
    return new SkuaError('DATA_LOSS', `The local copy of ${location} is gone from the cache directory`, {
      cause: error,
    });
  }
  return new SkuaError('INTERNAL', `Could not keep ${location} in the cache (${reasonOf(error)})`, { cause: error });
}

/** A folder for this process inside the cache's directory; those of processes that are gone are removed. */
function createRunDirectory(directory: string): string {
  mkdirSync(directory, { recursive: true });
  for (const name of readdirSync(directory)) {
    const owner = /^run-(\d+)-[0-9a-f]+$/.exec(name)?.[1];
    const path = join(directory, name);
    if (owner && !ownDirectories.has(path) && !isOtherProcess(Number(owner)))
      rmSync(path, { recursive: true, force: true });
  }
  const own = join(directory, `run-${process.pid}-${randomBytes(8).toString('hex')}`);
  ownDirectories.add(own);
  mkdirSync(own, { mode: 0o700 });
  return own;
}

const ownDirectories = new Set<string>();

/** In a container a former process often had this one's own id. */
function isOtherProcess(id: number): boolean {
  if (id === process.pid) return false;
  try {
    process.kill(id, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
