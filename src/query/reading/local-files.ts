/** Local copies of the files that a statement reads, linked into its session's folder until it ends. */
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import type { EngineInstance, MissingColumns, TableScan } from '../../engine/contract.js';
import { type ErrorCode, SkuaError, toSkuaError } from '../../errors.js';
import type { DataFile, DeleteFile } from '../../iceberg/types.js';
import { type LocalFooter, neededRanges, type ParquetFooter, pagesAreSound } from '../../parquet/index.js';
import { anySignal } from '../../signal.js';
import type { ByteRange, CacheFile, EnsuredFile, Storage } from '../../storage/index.js';
import type { StatementContext } from '../environment.js';
import { inParallel } from '../parallel.js';
import { type PinnedTable, storeOf } from '../tables/tables.js';
import { DamagedFiles } from './damaged-files.js';

/** What staging moved, in bytes, and the row groups of the planned files that it could leave out. */
export interface Traffic {
  fetchedBytes: number;
  cachedBytes: number;
  rowGroups: number;
  rowGroupsSkipped: number;
}

export function noTraffic(): Traffic {
  return { fetchedBytes: 0, cachedBytes: 0, rowGroups: 0, rowGroupsSkipped: 0 };
}

/** Files that are fetched at a time. */
const filesAtATime = 32;

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

interface Linked extends WantedColumns {
  file: CacheFile;
  traffic: Traffic;
}

export class LocalFiles {
  readonly #links = new Map<string, CacheFile>();
  /** Files of which only some columns were fetched, by their link. */
  readonly #partial = new Map<string, Linked>();
  /** Bytes that came with footers, by location. */
  readonly #fetchedSmall = new Map<string, number>();
  /** Fetching that is still under way when the statement ends comes to nothing. */
  readonly #released = new AbortController();
  readonly signal: AbortSignal;

  constructor(
    private readonly context: StatementContext,
    private readonly directory: string,
  ) {
    this.signal = anySignal(context.call.signal, this.#released.signal);
  }

  /** The footer; of a small file that is on S3, the file is fetched with it. */
  async footer(table: PinnedTable, file: DataFile | DeleteFile): Promise<ParquetFooter> {
    const wanted = cacheFile(table, file);
    const { location, size, store } = wanted;
    const { footerCache } = this.context.environment;
    const storage = this.#isSmall(wanted) ? this.#smallStorage(table, wanted) : table.storage;
    return this.#again(wanted, () => footerCache.read({ location, size, store }, storage, this.signal));
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
  async columns(table: PinnedTable, file: DataFile, wanted: WantedColumns, traffic: Traffic): Promise<LocalFile> {
    const { columns } = wanted;
    const cached = cacheFile(table, file, wanted);
    const { path, isWhole } = await this.#link(cached, this.#rangesOf(cached, wanted), traffic);
    if (isWhole) return { path };
    this.#partial.set(path, { ...wanted, file: cached, traffic });
    return { path, held: new Set(columns) };
  }

  async whole(table: PinnedTable, file: DeleteFile, form: LocalForm, traffic: Traffic): Promise<string> {
    const { path } = await this.#link(cacheFile(table, file, form), [{ offset: 0, length: form.size }], traffic);
    return path;
  }

  /** Fetches what a plan turned out to read besides. */
  readonly fetchMissing = async (missing: readonly MissingColumns[]): Promise<void> => {
    await inParallel(missing, filesAtATime, async ({ path, columns, allRowGroups }) => {
      const known = this.#partial.get(path);
      if (!known) throw new SkuaError('INTERNAL', 'columns of a file are missing that was fetched as a whole');
      const wanted = {
        ...known,
        columns: [...new Set([...known.columns, ...columns])],
        skippedRowGroups: allRowGroups ? [] : known.skippedRowGroups,
      };
      const { rangeCache } = this.context.environment;
      const local = await rangeCache.extend(path, known.file, this.#rangesOf(known.file, wanted), this.signal);
      known.traffic.fetchedBytes += local.fetchedBytes;
      known.traffic.cachedBytes += local.cachedBytes;
      this.#partial.set(path, { ...known, ...wanted });
    });
  };

  async release(): Promise<void> {
    this.#released.abort(new SkuaError('CANCELLED', 'the statement has ended'));
    const links = [...this.#links.keys()];
    this.#links.clear();
    await Promise.all(links.map((link) => this.context.environment.rangeCache.unlink(link)));
  }

  async #link(file: CacheFile, ranges: ByteRange[], traffic: Traffic): Promise<{ path: string; isWhole: boolean }> {
    const { rangeCache } = this.context.environment;
    const { local, path } = await this.#again(file, async () => {
      const ensured = await rangeCache.ensure(file, ranges, this.signal);
      return { local: ensured, path: await rangeCache.link(ensured.path, this.directory) };
    });
    const before = this.#fetchedSmall.get(file.location) ?? 0;
    this.#fetchedSmall.delete(file.location);
    traffic.fetchedBytes += local.fetchedBytes + before;
    traffic.cachedBytes += local.cachedBytes - before;
    if (this.signal.aborted) {
      await rangeCache.unlink(path);
      this.signal.throwIfAborted();
    }
    this.#links.set(path, file);
    return { path, isWhole: local.isWhole };
  }

  /**
   * What a failure of the engine over these files means. Local copies have the names of their objects in it. Where files turn out to be
   * damaged, it is that, and their copies are forgotten.
   */
  async failureOf(error: unknown, engine: EngineInstance, scans: readonly TableScan[]): Promise<SkuaError> {
    const failure = toSkuaError(error);
    if (failure instanceof DamagedFiles || this.signal.aborted || !mayMeanDamage.has(failure.code)) {
      return this.#named(failure);
    }
    const found = await inParallel(scans, 1, (scan) => engine.unreadable(scan, this.signal));
    const damaged = found.flat().flatMap(({ path, reason }) => {
      const file = this.#links.get(path);
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
    const names = new Map([...this.#links].map(([path, { location }]) => [basename(path), location]));
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
    const { rangeCache, footerCache } = this.context.environment;
    footerCache.forget(file);
    await rangeCache.discard(file);
  }

  #isSmall({ size, store }: CacheFile): boolean {
    return size <= this.context.environment.limits.wholeFile && store !== 'file';
  }

  #rangesOf(file: CacheFile, { footer, columns, skippedRowGroups }: WantedColumns): ByteRange[] {
    if (this.#isSmall(file)) return [{ offset: 0, length: file.size }];
    return neededRanges(footer, columns, file.size, skippedRowGroups);
  }

  /** Of a file that is fetched as a whole. */
  async #readSmall(file: CacheFile, range: ByteRange = { offset: 0, length: file.size }): Promise<Uint8Array> {
    const { rangeCache } = this.context.environment;
    const local = await rangeCache.ensure(file, [{ offset: 0, length: file.size }], this.signal);
    try {
      if (local.fetchedBytes > 0) this.#fetchedSmall.set(file.location, local.fetchedBytes);
      return await readRange(local, range);
    } finally {
      await local.release();
    }
  }
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

function cacheFile(table: PinnedTable, { location, fileSize }: DataFile | DeleteFile, form?: LocalForm): CacheFile {
  const { storage } = table;
  const { footer, size = fileSize, shown } = form ?? {};
  return {
    location,
    size,
    ...(shown ? { storage: shown.view(storage), rendition: shown.name } : { storage }),
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
