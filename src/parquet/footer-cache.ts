import { LRUCache } from 'lru-cache';
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
  /** Lookups that found something, and those that did not; and what is held, about, in bytes. */
  counters(): { hits: number; misses: number; bytes: number };
}

/** A parsed footer takes about this many times its bytes. */
const MEMORY_FACTOR = 8;

/** Data files never change, so neither do their footers. Keeps about `capacityBytes` of memory, least recently used out first. */
export function createFooterCache(capacityBytes: number): FooterCache {
  const kept = new LRUCache<string, ParquetFooter>({
    maxSize: capacityBytes,
    sizeCalculation: ({ length }, key) => length * MEMORY_FACTOR + key.length,
  });
  const reading = new Map<string, Promise<ParquetFooter>>();
  const counts = { hits: 0, misses: 0 };

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
      kept.set(key, footer);
      return footer;
    } finally {
      reading.delete(key);
    }
  }

  return {
    async read(file, storage, signal) {
      const key = keyOf(file);
      const footer = kept.get(key);
      if (footer) counts.hits++;
      else counts.misses++;
      return footer ?? readOnce(key, file, storage, signal);
    },
    counters: () => ({ ...counts, bytes: kept.calculatedSize }),
    forget(file) {
      kept.delete(keyOf(file));
    },
  };
}

function keyOf({ store, location, size }: FooterFile): string {
  return JSON.stringify([store, location, size]);
}
