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
  /** Objects below a prefix. */
  list(prefix: string): AsyncIterable<ListedObject>;
}

export interface ListedObject {
  location: string;
  /** Bytes. */
  size: number;
  /** When it was last written, in milliseconds since the epoch. */
  modifiedMs: number;
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
  /** Addresses that open single files for whoever has them. */
  signed?: SignedAddresses;
  /** Signs single requests where there are no keys; asked for again whenever credentials were refreshed. */
  signer?: () => RequestSigner | undefined;
}

/** Whoever holds the keys of a store, and decides on each request to it. */
export interface RequestSigner {
  /** Failures are `SkuaError`s, those of whoever signs. */
  sign(request: UnsignedRequest): Promise<SignedRequest>;
  /** Signatures that were kept, so that requests like theirs need not be signed again, turned out to be good no longer. */
  forget(): void;
}

export interface UnsignedRequest {
  method: string;
  /** Percent-encoded, with its query. */
  uri: string;
  region: string;
  /** In lower case; those alone that a signature is to cover. */
  headers: Record<string, string>;
  /** Only where what may be done depends on it: the keys of a DeleteObjects. */
  body?: string;
}

export interface SignedRequest {
  uri: string;
  /** To be sent as they are, besides those that the signature does not cover. */
  headers: Record<string, string>;
}

/** Addresses with their signature in them. They are credentials: none gets into a message, a log or a cache's name. */
export interface SignedAddresses {
  addressOf(location: string): string | undefined;
  /** Fetches new addresses for all files, the old ones having expired. */
  renew(): Promise<void>;
}

export interface StorageCredential {
  prefix: string;
  config: Record<string, string>;
}
