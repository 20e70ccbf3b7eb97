/** The last answer to a table load, by caller and table, so that an unchanged table costs a 304. */
export interface LoadedTables<T> {
  get(key: string): { etag: string; value: T } | undefined;
  set(key: string, etag: string, value: T, bytes: number): void;
  delete(key: string): void;
}

/** Keeps at most so many bytes of answers, least recently used out first. */
export function createLoadedTables<T>(capacityBytes: number): LoadedTables<T> {
  const entries = new Map<string, { etag: string; value: T; bytes: number }>();
  let total = 0;

  function remove(key: string): void {
    total -= entries.get(key)?.bytes ?? 0;
    entries.delete(key);
  }

  return {
    get(key) {
      const entry = entries.get(key);
      if (!entry) return undefined;
      entries.delete(key);
      entries.set(key, entry);
      return entry;
    },
    set(key, etag, value, bytes) {
      remove(key);
      if (bytes > capacityBytes) return;
      entries.set(key, { etag, value, bytes });
      total += bytes;
      for (const oldest of entries.keys()) {
        if (total <= capacityBytes) break;
        remove(oldest);
      }
    },
    delete: remove,
  };
}
