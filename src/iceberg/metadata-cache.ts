/** Manifest lists and manifests never change: a cache of their bytes by location. */
export interface MetadataCache {
  /** The bytes of a location, read at most once at a time. A failed read is not kept. */
  bytes(location: string, read: () => Promise<Uint8Array>): Promise<Uint8Array>;
  forget(location: string): void;
}

/** Holds up to `capacity` bytes; what was used longest ago goes first. */
export function createMetadataCache(capacity: number): MetadataCache {
  const kept = new Map<string, Uint8Array>();
  const underWay = new Map<string, Promise<Uint8Array>>();
  let size = 0;
  const keep = (location: string, bytes: Uint8Array) => {
    if (bytes.byteLength > capacity) return;
    kept.set(location, bytes);
    size += bytes.byteLength;
    for (const [oldest, old] of kept) {
      if (size <= capacity) break;
      kept.delete(oldest);
      size -= old.byteLength;
    }
  };
  return {
    async bytes(location, read) {
      const found = kept.get(location);
      if (found) {
        kept.delete(location);
        kept.set(location, found);
        return found;
      }
      const pending = underWay.get(location);
      // Somebody else's read may be cancelled by its own signal; then this caller reads for itself.
      if (pending) return pending.catch(read);
      const reading = read();
      underWay.set(location, reading);
      try {
        const bytes = await reading;
        keep(location, bytes);
        return bytes;
      } finally {
        underWay.delete(location);
      }
    },
    forget(location) {
      size -= kept.get(location)?.byteLength ?? 0;
      kept.delete(location);
    },
  };
}
