import { LRUCache } from 'lru-cache';

/** Manifest lists and manifests never change: a cache of their bytes by location. */
export interface MetadataCache {
  /** The bytes of a location, read at most once at a time. A failed read is not kept. */
  bytes(location: string, read: () => Promise<Uint8Array>): Promise<Uint8Array>;
  forget(location: string): void;
  /** Lookups that found something or joined another, and those that did not; and what is held, in bytes. */
  counters(): { hits: number; misses: number; bytes: number };
}

/** Holds up to `capacity` bytes; what was used longest ago goes first. */
export function createMetadataCache(capacity: number): MetadataCache {
  const kept = new LRUCache<string, Uint8Array>({
    maxSize: capacity,
    sizeCalculation: ({ byteLength }, location) => byteLength + location.length,
  });
  const underWay = new Map<string, Promise<Uint8Array>>();
  const counts = { hits: 0, misses: 0 };
  return {
    async bytes(location, read) {
      const found = kept.get(location);
      if (found) {
        counts.hits++;
        return found;
      }
      const pending = underWay.get(location);
      // Somebody else's read may be cancelled by its own signal; then this caller reads for itself.
      if (pending) {
        counts.hits++;
        return pending.catch(read);
      }
      counts.misses++;
      const reading = read();
      underWay.set(location, reading);
      try {
        const bytes = await reading;
        kept.set(location, bytes);
        return bytes;
      } finally {
        underWay.delete(location);
      }
    },
    counters: () => ({ ...counts, bytes: kept.calculatedSize }),
    forget(location) {
      kept.delete(location);
    },
  };
}

/** The part of a cache that holds what is in some stores; `storeOf` says which store a location is in. */
export function ofStore(cache: MetadataCache, storeOf: (location: string) => string): MetadataCache {
  const keyOf = (location: string) => `${storeOf(location)}\n${location}`;
  return {
    bytes: (location, read) => cache.bytes(keyOf(location), read),
    forget: (location) => cache.forget(keyOf(location)),
    counters: () => cache.counters(),
  };
}
