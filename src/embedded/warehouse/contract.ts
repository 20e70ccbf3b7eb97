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
  /** Removes everything below a table's location. */
  removeTree(location: string): Promise<void>;
  /**
   * `none`: files are reached without credentials. `unavailable`: there are some to be had, but not from here. Else how to get
   * credentials that open one prefix.
   */
  vending: 'none' | 'unavailable' | CredentialVendor;
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

/** Whether a location is another one or lies below it. Steps such as `..` lie nowhere. */
export function isWithin(location: string, parent: string): boolean {
  const inner = trimmed(location);
  const outer = trimmed(parent);
  if (inner.split('/').some((step) => step === '..' || step === '.')) return false;
  return inner === outer || inner.startsWith(`${outer}/`);
}
