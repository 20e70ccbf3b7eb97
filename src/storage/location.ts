import { SkuaError } from '../errors.js';

export type Location = { store: 's3'; bucket: string; key: string } | { store: 'file'; path: string };

/**
 * Takes a location apart. `s3a://` and `s3n://` are Hadoop's names for `s3://`; `file:/path`, `file:///path` and a bare absolute path are
 * local files. Keys and paths are taken literally, as Iceberg writers do: nothing is percent-decoded. INVALID_ARGUMENT for anything else.
 */
export function parseLocation(location: string): Location {
  const s3 = /^s3[an]?:\/\/([^/]+)(?:\/(.*))?$/s.exec(location);
  if (s3) return { store: 's3', bucket: s3[1] as string, key: s3[2] ?? '' };
  const path = localPath(location);
  if (path !== undefined) return { store: 'file', path };
  throw new SkuaError('INVALID_ARGUMENT', `The location '${location}' is neither on S3 nor a local file.`);
}

/**
 * One spelling for the names of one place: `s3a://` and `s3n://` are `s3://`; `file:/path`, `file://localhost/path` and a bare absolute path are
 * `file:///path` (RFC 8089), in which several slashes are one. Keys on S3, and locations of other stores, are as they are given.
 */
export function normalizeLocation(location: string): string {
  if (/^s3[an]:\/\//.test(location)) return location.replace(/^s3[an]/, 's3');
  const path = localPath(location);
  return path === undefined ? location : `file://${path.replace(/\/{2,}/g, '/')}`;
}

/** Undefined for what is not on this machine: `file://host/path` is on another one. */
function localPath(location: string): string | undefined {
  return /^(?:file:(?:\/\/(?:localhost)?|(?!\/\/)))?(\/.*)$/s.exec(location)?.[1];
}

export function groupBy<T, K>(items: Iterable<T>, keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}
