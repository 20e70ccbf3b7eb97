import { type FileHandle, open } from 'node:fs/promises';
import { SkuaError } from '../../errors.js';
import { anySignal } from '../../signal.js';
import type { ByteRange, ObjectVersion, Storage } from '../contract.js';
import type { Limiter } from '../limit.js';
import { mergeRanges, overlaps, splitRanges, subtractRanges, totalBytes } from '../ranges.js';
import { LARGEST_WHOLE_READ } from '../read-limit.js';

export interface FetchSettings {
  /** Ranges that are this close become one request, in bytes. */
  mergeGap: number;
  /** Longer ranges are fetched in parallel pieces, in bytes. */
  pieceSize: number;
  limiter: Limiter;
}

/** Looks at ranges of a local copy. What they should hold but do not: DATA_LOSS. */
export type CheckRanges = (path: string, ranges: readonly ByteRange[]) => Promise<void>;

interface Flight {
  range: ByteRange;
  done: Promise<void>;
}

/** A local copy of one immutable object that holds some of its ranges. A range counts as held only once it is written. */
export class SparseFile {
  /** Told of every growth, in bytes. */
  readonly #grew: (bytes: number) => void;
  #held: ByteRange[] = [];
  #checked: ByteRange[] = [];
  /** All of its ranges are of one version of the object. */
  readonly #version: ObjectVersion;
  readonly #flights = new Set<Flight>();
  #handle: Promise<FileHandle> | undefined;
  #writers = 0;
  #created = false;
  pins = 0;
  /** No longer in the cache: it goes when nobody uses it. */
  isDiscarded = false;

  constructor(
    readonly path: string,
    readonly size: number,
    grew: (bytes: number) => void,
  ) {
    this.#grew = grew;
    this.#version = { size };
  }

  get heldBytes(): number {
    return totalBytes(this.#held);
  }

  /**
   * Fetches what is missing of `ranges`. Ranges that another caller is fetching are waited for; should that fetch fail, they are fetched
   * here. The bytes that came from the store.
   */
  async ensure(
    ranges: readonly ByteRange[],
    storage: Pick<Storage, 'read'>,
    location: string,
    settings: FetchSettings,
    signal: AbortSignal | undefined,
  ): Promise<{ fetched: number }> {
    const wanted = mergeRanges(ranges);
    const last = wanted.at(-1);
    if (last && last.offset + last.length > this.size) {
      throw new SkuaError('OUT_OF_RANGE', `'${location}' has ${this.size} bytes; more were asked for.`);
    }
    let fetched = 0;
    for (;;) {
      signal?.throwIfAborted();
      const missing = subtractRanges(wanted, this.#held);
      if (missing.length === 0) return { fetched };
      const foreign = [...this.#flights].filter((flight) => missing.some((range) => overlaps(range, flight.range)));
      const uncovered = subtractRanges(missing, mergeRanges(foreign.map((flight) => flight.range)));
      const pieces = splitRanges(mergeRanges(uncovered, settings.mergeGap), settings.pieceSize);
      fetched += totalBytes(pieces);
      const own = this.#start(pieces, storage, location, settings, signal);
      throwFirstFailure(await Promise.allSettled(own));
      await settledOrAborted(foreign, signal);
    }
  }

  /** Has `check` look at ranges that are held, each once. */
  async check(ranges: readonly ByteRange[], check: CheckRanges): Promise<void> {
    const wanted = mergeRanges(ranges);
    const unchecked = subtractRanges(wanted, this.#checked);
    if (unchecked.length === 0) return;
    await check(this.path, unchecked);
    this.#checked = mergeRanges([...this.#checked, ...wanted]);
  }

  #start(
    pieces: readonly ByteRange[],
    storage: Pick<Storage, 'read'>,
    location: string,
    settings: FetchSettings,
    signal: AbortSignal | undefined,
  ): Promise<void>[] {
    const failure = new AbortController();
    const pieceSignal = anySignal(signal, failure.signal);
    return pieces.map((range) => {
      const done = this.#fetch(range, storage, location, settings, pieceSignal);
      const flight = { range, done };
      this.#flights.add(flight);
      done.then(
        () => this.#flights.delete(flight),
        () => {
          this.#flights.delete(flight);
          failure.abort();
        },
      );
      return done;
    });
  }

  async #fetch(
    range: ByteRange,
    storage: Pick<Storage, 'read'>,
    location: string,
    settings: FetchSettings,
    signal: AbortSignal,
  ): Promise<void> {
    await settings.limiter.run(async () => {
      const whole = range.offset === 0 && range.length === this.size;
      const inOne = whole && range.length <= LARGEST_WHOLE_READ;
      const bytes = await storage.read(location, inOne ? undefined : range, signal, this.#version);
      if (bytes.length !== range.length) {
        throw new SkuaError('DATA_LOSS', `'${location}' has another size than its metadata says.`);
      }
      await this.#write(bytes, range.offset, whole);
    }, signal);
    const before = this.heldBytes;
    this.#held = mergeRanges([...this.#held, range]);
    this.#grew(this.heldBytes - before);
  }

  async #write(bytes: Uint8Array, offset: number, whole: boolean): Promise<void> {
    this.#writers++;
    try {
      this.#handle ??= this.#open(whole);
      const handle = await this.#handle;
      for (let done = 0; done < bytes.length; ) {
        const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, offset + done);
        done += bytesWritten;
      }
    } finally {
      this.#writers--;
      if (this.#writers === 0) {
        const handle = this.#handle;
        this.#handle = undefined;
        await (await handle)?.close();
      }
    }
  }

  async #open(whole: boolean): Promise<FileHandle> {
    const handle = await open(this.path, this.#created ? 'r+' : 'wx');
    this.#created = true;
    if (!whole) await handle.truncate(this.size);
    return handle;
  }
}

/** One piece's failure aborts the others: the cause is the failure that is not itself an abort. */
function throwFirstFailure(results: readonly PromiseSettledResult<void>[]): void {
  const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  if (failures.length === 0) return;
  throw failures.find((failure) => failure?.name !== 'AbortError' && failure?.code !== 'CANCELLED') ?? failures[0];
}

async function settledOrAborted(flights: readonly Flight[], signal: AbortSignal | undefined): Promise<void> {
  if (flights.length === 0) return;
  const settled = Promise.allSettled(flights.map((flight) => flight.done));
  if (!signal) {
    await settled;
    return;
  }
  const listening = new AbortController();
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { signal: listening.signal });
  });
  try {
    await Promise.race([settled, aborted]);
  } finally {
    listening.abort();
  }
}
