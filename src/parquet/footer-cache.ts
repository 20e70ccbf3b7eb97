import type { Storage } from '../storage/contract.js';
import { readFooter } from './footer.js';
import type { ParquetFooter } from './types.js';

export interface FooterFile {
  location: string;
  /** Of the whole file, in bytes. */
  size: number;
  /** Which store the location is in; see `storeIdentity` in the storage room. */
  store: string;
}

export interface FooterCache {
  /** The footer from memory, or read from the store. Callers that ask at once share one read. */
  read(file: FooterFile, storage: Pick<Storage, 'read' | 'size'>, signal?: AbortSignal): Promise<ParquetFooter>;
  forget(file: FooterFile): void;
}

/** A parsed footer takes about this many times its bytes. */
const MEMORY_FACTOR = 8;

/** Data files never change, so neither do their footers. Keeps about `capacityBytes` of memory, least recently used out first. */
export function createFooterCache(capacityBytes: number): FooterCache {
  const kept = new Map<string, ParquetFooter>();
  const reading = new Map<string, Promise<ParquetFooter>>();
  let bytes = 0;

  function keep(key: string, footer: ParquetFooter): void {
    kept.set(key, footer);
    bytes += footer.length * MEMORY_FACTOR;
    for (const [oldest, { length }] of kept) {
      if (bytes <= capacityBytes) break;
      kept.delete(oldest);
      bytes -= length * MEMORY_FACTOR;
    }
  }

  async function readOnce(
    key: string,
    file: FooterFile,
    storage: Pick<Storage, 'read' | 'size'>,
    signal?: AbortSignal,
  ): Promise<ParquetFooter> {
    const others = reading.get(key);
    if (others) {
      const [outcome] = await Promise.allSettled([others]);
      signal?.throwIfAborted();
      // The other caller's failure may be its own: a cancelled call, a refused credential.
      return outcome?.status === 'fulfilled' ? outcome.value : readOnce(key, file, storage, signal);
    }
    const own = readFooter(storage, file.location, file.size, signal);
    reading.set(key, own);
    try {
      const footer = await own;
      keep(key, footer);
      return footer;
    } finally {
      reading.delete(key);
    }
  }

  return {
    async read(file, storage, signal) {
      const key = keyOf(file);
      const footer = kept.get(key);
      if (!footer) return readOnce(key, file, storage, signal);
      kept.delete(key);
      kept.set(key, footer);
      return footer;
    },
    forget(file) {
      const footer = kept.get(keyOf(file));
      if (footer) bytes -= footer.length * MEMORY_FACTOR;
      kept.delete(keyOf(file));
    },
  };
}

function keyOf({ store, location, size }: FooterFile): string {
  return JSON.stringify([store, location, size]);
}
