/** Local copies of the files that a statement reads, linked into its session's folder until it ends. */
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { type ErrorCode, SkuaError, toSkuaError } from '../../../errors.js';
import type { DataFile, DeleteFile } from '../../../iceberg/types.js';
import { inParallel } from '../../../parallel.js';
import { type LocalFooter, neededRanges, type ParquetFooter, pagesAreSound } from '../../../parquet/index.js';
import { anySignal } from '../../../signal.js';
import type { ByteRange, CacheFile, EnsuredFile, FetchedBytes, Storage } from '../../../storage/index.js';
import type { PinnedTable } from '../../contract.js';
import type { EngineInstance, MissingColumns, TableScan } from '../contract.js';
import type { Caches } from './caches.js';
import { DamagedFiles, UnreadableCopies } from './damaged-files.js';
import type { DecodedCopy } from './decoded-copies.js';
import { storeOf } from './readable-table.js';
import type { SharedLinks } from './shared-links.js';

/** Files that are fetched at a time. */
export const FILES_AT_A_TIME = 32;

/** A file as the engine reads it: `shown` where that is not as it stands in the store. */
export interface LocalForm {
  footer: ParquetFooter;
  /** In bytes. */
  size: number;
  shown?: LocalFooter;
}

/** Columns of a file whose footer is known. */
export interface WantedColumns extends LocalForm {
  /** The file's own names. */
  columns: readonly string[];
  /** Indexes of row groups that are not wanted. */
  skippedRowGroups: readonly number[];
}

export interface LocalFile {
  path: string;
  /** Names of the columns that are there, where it is not the whole file. */
  held?: ReadonlySet<string>;
}

interface Linked extends FetchedBytes {
  file: CacheFile;
  /** Of the linked copy, where another statement may read it by this link. */
  identity?: string;
  /** Where only some columns of it were fetched. */
  wanted?: WantedColumns;
}

export class LocalFiles {
  readonly #caches: Caches;
  readonly #directory: string;
  readonly #shared: SharedLinks | undefined;
  /** By their local names. */
  readonly #links = new Map<string, Linked>();
  /** Local names that a read of this statement has: another read, of the same file too, gets another one, so that each has its own figures. */
  readonly #taken = new Set<string>();
  /** Bytes that came with footers, by location. */
  readonly #fetchedSmall = new Map<string, number>();
  /** Files that are read by copies of their decoded columns. */
  readonly #decoded: { file: CacheFile; copy: DecodedCopy }[] = [];
  /** Fetching that is still under way when the statement ends comes to nothing. */
  readonly #released = new AbortController();
  readonly signal: AbortSignal;

  /** `directory` is the session's own, and so are the links that its statements share. */
  constructor(caches: Caches, directory: string, signal: AbortSignal, shared?: SharedLinks) {
    this.#caches = caches;
    this.#directory = directory;
    this.#shared = shared;
    this.signal = anySignal(signal, this.#released.signal);
  }

  get caches(): Caches {
    return this.#caches;
  }

  /** The footer; of a small file that is on S3, the file is fetched with it. */
  async footer(table: PinnedTable, file: DataFile | DeleteFile): Promise<ParquetFooter> {
    const wanted = cacheFile(table, file);
    const { location, size, store } = wanted;
    const storage = this.#isSmall(wanted) ? this.#smallStorage(table, wanted) : table.storage;
    return this.#again(wanted, () => this.#caches.footers.read({ location, size, store }, storage, this.signal));
  }

  /** Fetches the whole file for any range of it, until its size is in doubt. */
  #smallStorage({ storage }: PinnedTable, file: CacheFile): Pick<Storage, 'read' | 'size'> {
    let isDoubtful = false;
    return {
      read: (location, range) =>
        isDoubtful ? storage.read(location, range, this.signal) : this.#readSmall(file, range),
      size(location) {
        isDoubtful = true;
        return storage.size(location);
      },
    };
  }

  /** Fetches columns of a file. */
  async columns(table: PinnedTable, file: DataFile, wanted: WantedColumns): Promise<LocalFile> {
    const cached = cacheFile(table, file, wanted);
    const { path, isWhole } = await this.#link(cached, this.#rangesOf(cached, wanted), wanted);
    return isWhole ? { path } : { path, held: new Set(wanted.columns) };
  }

  async whole(table: PinnedTable, file: DeleteFile, form: LocalForm): Promise<string> {
    const { path } = await this.#link(cacheFile(table, file, form), [{ offset: 0, length: form.size }]);
    return path;
  }

  /** Links a copy of a file's decoded columns; undefined where it has been evicted. */
  async decoded(file: CacheFile, copy: DecodedCopy): Promise<string | undefined> {
    try {
      const path = await this.#sharedLink(copy.file);
      this.#decoded.push({ file, copy });
      return path;
    } catch (error) {
      this.signal.throwIfAborted();
      if (!(error instanceof SkuaError) || (error.code !== 'NOT_FOUND' && error.code !== 'DATA_LOSS')) throw error;
      this.#forget({ file, copy });
      return undefined;
    }
  }

  /** The session's link of a whole copy. */
  async #sharedLink(file: CacheFile): Promise<string> {
    const key = keyOf(file);
    const shared = this.#shared?.take(key);
    if (shared !== undefined) {
      if (this.#links.has(shared)) await this.#shared?.leave(shared);
      else this.#links.set(shared, { file, fetchedBytes: 0, cachedBytes: file.size });
      return shared;
    }
    const { local, path } = await this.#linked(file, [{ offset: 0, length: file.size }]);
    this.#links.set(path, { file, ...local });
    this.#shared?.offer(key, path, 0);
    return path;
  }

  /** Fetches what a plan turned out to read besides. */
  readonly fetchMissing = async (missing: readonly MissingColumns[]): Promise<void> => {
    await inParallel(missing, FILES_AT_A_TIME, async ({ path, columns, allRowGroups }) => {
      const known = this.#links.get(path);
      if (!known?.wanted) throw new SkuaError('INTERNAL', 'columns of a file are missing that was fetched as a whole');
      const wanted = {
        ...known.wanted,
        columns: [...new Set([...known.wanted.columns, ...columns])],
        skippedRowGroups: allRowGroups ? [] : known.wanted.skippedRowGroups,
      };
      const ranges = this.#rangesOf(known.file, wanted);
      const more = await this.#caches.ranges.extend(path, known.file, ranges, this.signal);
      this.#links.set(path, { ...known, ...sumOf([known, more]), wanted });
    });
  };

  /** What was fetched of local files, given by their names. */
  fetched(paths: readonly string[]): FetchedBytes {
    return sumOf(paths.flatMap((path) => this.#links.get(path) ?? []));
  }

  /** Leaves the links to the next statement of the session, as far as it reads the same; to be called before they are released. */
  leaveToNext(): void {
    for (const [path, { file, identity }] of this.#links) {
      // What lies in a local warehouse is there anyway.
      const bytes = file.store === 'file' && file.form === undefined ? 0 : file.size;
      if (identity !== undefined) this.#shared?.offer(identity, path, bytes);
    }
  }

  async release(): Promise<void> {
    this.#released.abort(new SkuaError('CANCELLED', 'the statement has ended'));
    const links = [...this.#links.keys()];
    this.#links.clear();
    await Promise.all(links.map((link) => this.#letGo(link)));
  }

  #forget({ file, copy }: { file: CacheFile; copy: DecodedCopy }): void {
    this.#shared?.forget(keyOf(copy.file));
    this.#caches.decoded?.forget(file);
  }

  /** Under the name that the session's last statement read it by, where it is the same copy still. */
  async #link(
    file: CacheFile,
    wantedRanges: ByteRange[],
    wanted?: WantedColumns,
  ): Promise<{ path: string; isWhole: boolean }> {
    const { local, path } = await this.#linked(file, wantedRanges, (copy) => {
      const taken = copy.isWhole ? this.#shared?.take(copy.identity, (other) => !this.#taken.has(other)) : undefined;
      if (taken !== undefined) this.#taken.add(taken);
      return taken;
    });
    this.#taken.add(path);
    const before = this.#fetchedSmall.get(file.location) ?? 0;
    this.#fetchedSmall.delete(file.location);
    const fetched = { fetchedBytes: local.fetchedBytes + before, cachedBytes: local.cachedBytes - before };
    const { identity, isWhole } = local;
    // The engine keeps what it has read under a name: a copy that gets more of the file later needs another one.
    const more = isWhole ? { identity } : wanted && { wanted };
    this.#links.set(path, { file, ...fetched, ...more });
    return { path, isWhole };
  }

  /** What is fetched, with a link of it: one that is `known`, or one of its own. */
  async #linked(
    file: CacheFile,
    wantedRanges: ByteRange[],
    known: (local: EnsuredFile) => string | undefined = () => undefined,
  ): Promise<{ local: EnsuredFile; path: string }> {
    const { ranges } = this.#caches;
    const linked = await this.#again(file, async () => {
      const local = await ranges.ensure(file, wantedRanges, this.signal);
      const path = known(local);
      if (path !== undefined) await local.release();
      return { local, path: path ?? (await ranges.link(local.path, this.#directory)) };
    });
    if (this.signal.aborted) await this.#letGo(linked.path);
    this.signal.throwIfAborted();
    return linked;
  }

  async #letGo(path: string): Promise<void> {
    if (!(await this.#shared?.leave(path))) await this.#caches.ranges.unlink(path);
  }

  /**
   * What a failure of the engine over these files means. Local copies have the names of their objects in it. Where files turn out to be
   * damaged, it is that, and their copies are forgotten.
   */
  async failureOf(error: unknown, engine: EngineInstance, scans: readonly TableScan[]): Promise<SkuaError> {
    const failure = toSkuaError(error);
    if (failure instanceof DamagedFiles || failure instanceof UnreadableCopies) return failure;
    if (this.signal.aborted || !mayMeanDamage.has(failure.code)) return this.#named(failure);
    if (this.#decoded.length > 0) {
      for (const decoded of this.#decoded) this.#forget(decoded);
      return new UnreadableCopies(this.#named(failure));
    }
    const found = await inParallel(scans, 1, (scan) => engine.unreadable(scan, this.signal));
    const damaged = found.flat().flatMap(({ path, reason }) => {
      const file = this.#links.get(path)?.file;
      return file ? [{ file, location: file.location, reason: this.#withNames(reason) }] : [];
    });
    if (damaged.length === 0) return this.#named(failure);
    await Promise.all(damaged.map(({ file }) => this.#discard(file)));
    return new DamagedFiles(
      damaged,
      damaged.some(({ file }) => file.store !== 'file'),
      failure,
    );
  }

  #named(failure: SkuaError): SkuaError {
    const message = this.#withNames(failure.message);
    return message === failure.message ? failure : new SkuaError(failure.code, message, { cause: failure });
  }

  /** The text with locations in the place of local names. */
  #withNames(text: string): string {
    const names = new Map([...this.#links].map(([path, { file }]) => [basename(path), file.location]));
    return text.replace(/(?:[^\s"'`]*[/…])?\b([0-9a-f]{32}\.parquet)/g, (all, name: string) => names.get(name) ?? all);
  }

  /** Does it once more with what is fetched anew, where it was damaged on the way. */
  async #again<T>(file: CacheFile, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof SkuaError) || error.code !== 'DATA_LOSS' || file.store === 'file') throw error;
      await this.#discard(file);
      return await work();
    }
  }

  async #discard(file: CacheFile): Promise<void> {
    this.#caches.footers.forget(file);
    await this.#caches.ranges.discard(file);
  }

  #isSmall({ size, store }: CacheFile): boolean {
    return size <= this.#caches.wholeFile && store !== 'file';
  }

  #rangesOf(file: CacheFile, { footer, columns, skippedRowGroups }: WantedColumns): ByteRange[] {
    if (this.#isSmall(file)) return [{ offset: 0, length: file.size }];
    return neededRanges(footer, columns, file.size, skippedRowGroups);
  }

  /** Of a file that is fetched as a whole. */
  async #readSmall(file: CacheFile, range: ByteRange = { offset: 0, length: file.size }): Promise<Uint8Array> {
    const local = await this.#caches.ranges.ensure(file, [{ offset: 0, length: file.size }], this.signal);
    try {
      if (local.fetchedBytes > 0) this.#fetchedSmall.set(file.location, local.fetchedBytes);
      return await readRange(local, range);
    } finally {
      await local.release();
    }
  }
}

function keyOf({ store, location, form, size }: CacheFile): string {
  return JSON.stringify([store, location, form, size]);
}

function sumOf(parts: readonly FetchedBytes[]): FetchedBytes {
  return {
    fetchedBytes: parts.reduce((sum, part) => sum + part.fetchedBytes, 0),
    cachedBytes: parts.reduce((sum, part) => sum + part.cachedBytes, 0),
  };
}

async function readRange({ path }: EnsuredFile, { offset, length }: ByteRange): Promise<Uint8Array> {
  const handle = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafeSlow(length), 0, length, offset);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

export function cacheFile(
  table: PinnedTable,
  { location, fileSize }: DataFile | DeleteFile,
  form?: LocalForm,
): CacheFile {
  const { storage } = table;
  const { footer, size = fileSize, shown } = form ?? {};
  return {
    location,
    size,
    ...(shown ? { storage: shown.view(storage), form: shown.name } : { storage }),
    store: storeOf(table, location),
    check: footer && ((path, ranges) => checkPages(path, ranges, { location, footer })),
  };
}

async function checkPages(
  path: string,
  ranges: readonly ByteRange[],
  { location, footer }: { location: string; footer: ParquetFooter },
): Promise<void> {
  if (await pagesAreSound(path, footer, ranges)) return;
  throw new SkuaError('DATA_LOSS', `'${location}' is damaged: a page does not have the checksum in its header`);
}

/** Codes of the failures that an engine may end with over damaged files. */
const mayMeanDamage = new Set<ErrorCode>(['DATA_LOSS', 'INTERNAL', 'UNKNOWN']);
