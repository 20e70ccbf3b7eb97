/** Which columns of which data files are kept in the engine's own format, and which are to be. */
import { LRUCache } from 'lru-cache';
import { SkuaError } from '../../../errors.js';
import type { CacheFile, RangeCache } from '../../../storage/index.js';
import type { DecodableColumn, DecodedCopies, DecodedCopy, StageColumns } from '../staging/decoded-copies.js';
import { type DecodedFile, type Decoder, keepCopy } from './decoder.js';

export interface DecodedFilesOptions {
  ranges: RangeCache;
  /** Bytes of all copies. Beyond it, the one that was used longest ago goes. */
  capacityBytes: number;
  decoder: Decoder;
  /** Whether no statement is at work. */
  isIdle(): boolean;
  onFailure?: ((location: string, error: unknown) => void) | undefined;
}

export interface DecodedCounters {
  hits: number;
  misses: number;
  bytes: number;
}

/** Files whose reading is kept in mind. */
const MOST_FILES = 2000;
/** How often a column is read before it is decoded. */
const READINGS = 2;
/** How long decoding waits for a moment without statements, and how often it looks for one, in milliseconds. */
const PATIENCE = 5000;
const GLANCE = 25;
/** How long a file is left alone whose columns could not be decoded, in milliseconds. */
const PAUSE = 10 * 60_000;

interface Column extends DecodableColumn {
  readings: number;
}

/** How a file has been read. */
interface Readings {
  file: CacheFile;
  /** By their keys. */
  columns: Map<string, Column>;
  /** As the last statement could read it. */
  stage: StageColumns;
  /** Decoded with those that are read. */
  beside: readonly DecodableColumn[];
}

interface Copy extends DecodedCopy {
  /** Keys of the columns. */
  keys: ReadonlySet<string>;
}

/**
 * Columns that are read again and again are decoded in the background, one file after the other, preferably while nothing else is at work.
 * A copy never changes: one with more columns takes the place of one with fewer. Copies lie in the range cache and are evicted like what it
 * holds besides. Who may read a file is decided before anybody looks for its copy.
 */
export class DecodedFiles implements DecodedCopies {
  readonly #options: DecodedFilesOptions;
  readonly #readings = new LRUCache<string, Readings>({ max: MOST_FILES });
  readonly #failed = new LRUCache<string, true>({ max: MOST_FILES, ttl: PAUSE });
  readonly #copies: LRUCache<string, Copy>;
  /** Files whose columns are to be decoded. */
  readonly #waiting = new Set<string>();
  readonly #closing = new AbortController();
  #work: Promise<void> | undefined;
  #hits = 0;
  #misses = 0;

  constructor(options: DecodedFilesOptions) {
    this.#options = options;
    this.#copies = new LRUCache({
      maxSize: Math.max(1, Math.floor(options.capacityBytes)),
      sizeCalculation: ({ file }) => file.size,
      dispose: ({ file }) => void options.ranges.discard(file).catch(() => undefined),
    });
  }

  find(file: CacheFile, columns: readonly DecodableColumn[]): DecodedCopy | undefined {
    const copy = this.#copies.get(idOf(file));
    const found = copy && columns.every(({ key }) => copy.keys.has(key)) ? copy : undefined;
    if (found) this.#hits++;
    else this.#misses++;
    return found;
  }

  missed(
    file: CacheFile,
    columns: readonly DecodableColumn[],
    stage: StageColumns,
    beside: readonly DecodableColumn[] = [],
  ): void {
    const id = idOf(file);
    if (this.#failed.has(id)) return;
    const known = this.#readings.get(id)?.columns ?? new Map<string, Column>();
    for (const column of columns) {
      known.set(column.key, { ...column, readings: (known.get(column.key)?.readings ?? 0) + 1 });
    }
    this.#readings.set(id, { file, columns: known, stage, beside });
    if (columns.some(({ key }) => (known.get(key)?.readings ?? 0) < READINGS)) return;
    this.#waiting.add(id);
    this.#work ??= this.#decodeAll().finally(() => {
      this.#work = undefined;
    });
  }

  forget(file: CacheFile): void {
    const id = idOf(file);
    this.#copies.delete(id);
    this.#readings.delete(id);
  }

  counters(): DecodedCounters {
    return { hits: this.#hits, misses: this.#misses, bytes: this.#copies.calculatedSize };
  }

  async close(): Promise<void> {
    this.#closing.abort(new SkuaError('CANCELLED', 'the server is stopping'));
    this.#waiting.clear();
    await this.#work;
  }

  async #decodeAll(): Promise<void> {
    const { decoder } = this.#options;
    try {
      for (let [id] = this.#waiting; id !== undefined; [id] = this.#waiting) {
        await this.#quiet();
        this.#waiting.delete(id);
        const readings = this.#readings.get(id);
        if (readings && !this.#closing.signal.aborted) await this.#decode(id, readings);
      }
    } finally {
      await decoder.rest();
    }
  }

  async #decode(id: string, { file, columns, stage, beside }: Readings): Promise<void> {
    const often = [...columns.values()].filter(({ readings }) => readings >= READINGS);
    // Of columns of one name that are read in two ways, the one that was read last.
    const read = new Map<string, DecodableColumn>(often.map((column) => [column.name, column]));
    const whole = new Map([...beside.map((column) => [column.name, column] as const), ...read]);
    const { signal } = this.#closing;
    const decode = async (chosen: readonly DecodableColumn[]) => {
      const decoded = await this.#options.decoder.decode(stage, chosen, signal);
      await this.#keep(id, file, chosen, decoded);
    };
    try {
      await decode([...whole.values()]).catch((error) => {
        if (signal.aborted || whole.size === read.size) throw error;
        return decode([...read.values()]);
      });
    } catch (error) {
      if (signal.aborted) return;
      this.#failed.set(id, true);
      this.#readings.delete(id);
      const isRefusal = error instanceof SkuaError && error.code === 'UNIMPLEMENTED';
      if (!isRefusal) this.#options.onFailure?.(file.location, error);
    }
  }

  async #keep(
    id: string,
    original: CacheFile,
    columns: readonly DecodableColumn[],
    decoded: DecodedFile,
  ): Promise<void> {
    const keys = new Set(columns.map(({ key }) => key));
    const file = await keepCopy(this.#options.ranges, original, decoded, this.#closing.signal);
    this.#copies.set(id, { file, keys, columns: new Map(columns.map(({ name }, index) => [name, `d${index}`])) });
  }

  /** Waits for a moment in which nothing else is at work, though not for ever. */
  async #quiet(): Promise<void> {
    const { signal } = this.#closing;
    const latest = performance.now() + PATIENCE;
    do await new Promise((resolve) => setTimeout(resolve, GLANCE));
    while (!signal.aborted && !this.#options.isIdle() && performance.now() < latest);
  }
}

function idOf({ store, location, size }: CacheFile): string {
  return JSON.stringify([store, location, size]);
}
