/** Bytes by location: `s3://bucket/key` or `file:///path`. Locations are the ones that the table's metadata holds. */
export interface Storage {
  /**
   * The whole object, or `length` bytes from `offset`. Missing: NOT_FOUND; refused: PERMISSION_DENIED; store down: UNAVAILABLE; bytes that are
   * not those of the object, where the store's answer tells: DATA_LOSS. All reads with one `version` are of one version of the object.
   */
  read(location: string, range?: ByteRange, signal?: AbortSignal, version?: ObjectVersion): Promise<Uint8Array>;
  /** Size in bytes. */
  size(location: string): Promise<number>;
  /** Writes a new object; fails with ALREADY_EXISTS rather than replacing one. */
  write(location: string, bytes: Uint8Array): Promise<void>;
  /** Uploads a local file; large ones in parts. A failed or aborted upload leaves nothing behind. */
  upload(location: string, path: string, signal?: AbortSignal): Promise<void>;
  /** Removes objects; those that are not there are no error. */
  remove(locations: readonly string[]): Promise<void>;
  /** Locations below a prefix. */
  list(prefix: string): AsyncIterable<{ location: string; size: number }>;
}

/** A version of an object; the first read with it says which. */
export interface ObjectVersion {
  etag?: string | undefined;
  /** Of the whole object, in bytes, where it is known. */
  size?: number;
}

export interface ByteRange {
  offset: number;
  length: number;
}

/**
 * How to reach the store for one table, from the catalog's `config` and `storage-credentials` and, where delegation allows it, from the
 * configured keys. Property names are those of the Iceberg REST specification: `s3.endpoint`, `s3.access-key-id`, …
 */
export interface StorageAccess {
  properties: Record<string, string>;
  /** Vended credentials by location prefix; the longest prefix wins. */
  credentials: StorageCredential[];
  /** Fetches fresh credentials shortly before the old ones expire. */
  refresh?: () => Promise<StorageCredential[]>;
}

export interface StorageCredential {
  prefix: string;
  config: Record<string, string>;
}
