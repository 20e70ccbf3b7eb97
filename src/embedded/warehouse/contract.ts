import { normalizeLocation } from '../../storage/index.js';

/** Where the catalog keeps metadata files, and what it tells clients about reaching their tables. */
export interface Warehouse {
  /** Without a slash at its end: `file:///data/warehouse`, `s3://warehouse`. */
  root: string;
  /** `config` of a loaded table, without credentials. */
  properties: Record<string, string>;
  /** Undefined: there is no file at that location. */
  read(location: string): Promise<Uint8Array | undefined>;
  /** Writes a file that wasn't there before. */
  write(location: string, bytes: Uint8Array): Promise<void>;
  remove(location: string): Promise<void>;
  /** An address that opens one file for so many seconds, where the store has such addresses. */
  presign?(location: string, seconds: number): string;
  /** How requests to the store are signed with the catalog's own keys, where it has some. */
  signing?: RequestSigning;
  /** Removes everything below a table's location. */
  removeTree(location: string): Promise<void>;
  /**
   * `none`: files are reached without credentials. `unavailable`: there are some to be had, but not from here. Else how to get
   * credentials that open one prefix.
   */
  vending: 'none' | 'unavailable' | CredentialVendor;
}

export interface RequestSigning {
  /** The location that a URL of the store stands for; a bucket ends in a slash. Undefined: it is none of the store's. */
  objectAt(url: URL): string | undefined;
  /** The headers of the request with those that sign it. The body is not signed. */
  sign(method: string, url: URL, headers: Record<string, string>): Record<string, string>;
}

/** Short-lived credentials that open the files below one location and nothing else. */
export type CredentialVendor = (location: string, access: 'read' | 'read-write') => Promise<VendedCredential>;

export interface VendedCredential {
  prefix: string;
  /** `s3.access-key-id`, `s3.secret-access-key`, `s3.session-token`, `s3.session-token-expires-at-ms`. */
  config: Record<string, string>;
}

/** A location without slashes at its end. */
export function trimmed(location: string): string {
  return location.replace(/\/+$/, '');
}

/** The one spelling of a location, by which places are compared. */
export function placeOf(location: string): string {
  return trimmed(normalizeLocation(location));
}

/** Whether a location is another one or lies below it. Steps such as `..` lie nowhere. */
export function isWithin(location: string, parent: string): boolean {
  const inner = placeOf(location);
  const outer = placeOf(parent);
  if (inner.split('/').some((step) => step === '..' || step === '.')) return false;
  return inner === outer || inner.startsWith(`${outer}/`);
}
