import { LRUCache } from 'lru-cache';

/** The last answer to a table load, by caller and table. */
export interface LoadedTables<T> {
  get(key: string): T | undefined;
  set(key: string, value: T, bytes: number): void;
}

/** How long an answer is kept that nobody asks for, in milliseconds. */
const LIFETIME = 300_000;

/** Keeps at most so many bytes of answers, least recently used out first; each goes five minutes after it was last asked for. */
export function createLoadedTables<T extends object>(capacityBytes: number): LoadedTables<T> {
  const kept = new LRUCache<string, T>({
    maxSize: capacityBytes,
    ttl: LIFETIME,
    ttlAutopurge: true,
  });
  return {
    get: (key) => kept.get(key),
    set(key, value, bytes) {
      kept.delete(key);
      kept.set(key, value, { size: Math.max(1, Math.ceil(bytes)) });
    },
  };
}
