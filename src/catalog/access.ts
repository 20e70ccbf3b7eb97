import type { StorageAccess, StorageCredential } from '../storage/contract.js';

/** Where file credentials come from: the catalog, the configuration, or the catalog with the configuration as its substitute. */
export type Delegation = 'vended' | 'none' | 'vended-or-static';

/** The configured store. What the catalog says of its place counts more; the keys are used only where delegation allows it. */
export interface StaticStorage {
  endpoint?: string | undefined;
  region?: string | undefined;
  pathStyle?: boolean | undefined;
  accessKeyId?: string | undefined;
  secretAccessKey?: string | undefined;
  /** Prefixes of the locations that the keys are used for; without them, for all. */
  allowedLocations?: readonly string[] | undefined;
  sessionToken?: string | undefined;
}

const KEY_PROPERTIES = [
  's3.access-key-id',
  's3.secret-access-key',
  's3.session-token',
  's3.session-token-expires-at-ms',
] as const;

/** The parts of a LoadTableResult or LoadCredentialsResponse that open files. */
export interface AccessAnswer {
  config?: Record<string, string>;
  'storage-credentials'?: StorageCredential[];
}

/**
 * Credentials from an answer: the `storage-credentials` list, or keys in `config` as older catalogs send them. What the answer lacks is
 * filled from the configured keys if delegation allows it. A substitute is `withheld` for a table that the catalog restricts: there the
 * lack of credentials is an answer.
 */
export function credentialsOf(
  answer: AccessAnswer,
  delegation: Delegation,
  storage: StaticStorage,
  withheld: boolean,
): StorageCredential[] {
  const vended = answer['storage-credentials'] ?? [];
  if (delegation !== 'none' && vended.length > 0) return vended;
  const fixed = fixedCredentials(storage);
  const keys = pick(answer.config ?? {});
  const inline = keys && [{ prefix: '', config: keys }];
  const substitute = delegation === 'vended' || withheld ? undefined : fixed;
  const preferred = delegation === 'none' ? (fixed ?? inline) : (inline ?? substitute);
  return preferred ?? vended;
}

/** What is configured, with the keys where they may be used at all. */
export function configuredAccess(delegation: Delegation, storage: StaticStorage): StorageAccess {
  const credentials = delegation === 'vended' ? undefined : fixedCredentials(storage);
  return { properties: placeOf(storage), credentials: credentials ?? [] };
}

/** The configured keys, for the locations that they may open. */
function fixedCredentials(storage: StaticStorage): StorageCredential[] | undefined {
  const config = keysOf(storage);
  if (!config) return undefined;
  const { allowedLocations = [''] } = storage;
  return allowedLocations.map((location) => ({ prefix: location.replace(/([^/])$/, '$1/'), config }));
}

/** All that is not a key: endpoint, region, path style. */
export function propertiesOf(
  catalog: Record<string, string>,
  answer: AccessAnswer,
  storage: StaticStorage,
): Record<string, string> {
  const merged: Record<string, string> = { ...catalog, ...answer.config };
  const properties: Record<string, string> = {};
  for (const [name, value] of Object.entries(merged)) {
    const opensFiles = name.startsWith('s3.') || name.startsWith('client.');
    if (opensFiles && !KEY_PROPERTIES.some((key) => key === name)) properties[name] = value;
  }
  return { ...placeOf(storage), ...properties };
}

/** Access whose credentials are fetched when they are first needed. */
export function pendingAccess(
  properties: Record<string, string>,
  refresh: () => Promise<StorageCredential[]>,
): StorageAccess {
  return { properties: { ...properties, 's3.session-token-expires-at-ms': '0' }, credentials: [], refresh };
}

function placeOf(storage: StaticStorage): Record<string, string> {
  const place: Record<string, string> = {};
  if (storage.endpoint !== undefined) place['s3.endpoint'] = storage.endpoint;
  if (storage.region !== undefined) place['s3.region'] = storage.region;
  if (storage.pathStyle !== undefined) place['s3.path-style-access'] = String(storage.pathStyle);
  return place;
}

function keysOf(storage: StaticStorage): Record<string, string> | undefined {
  if (!storage.accessKeyId || !storage.secretAccessKey) return undefined;
  const keys: Record<string, string> = {
    's3.access-key-id': storage.accessKeyId,
    's3.secret-access-key': storage.secretAccessKey,
  };
  if (storage.sessionToken) keys['s3.session-token'] = storage.sessionToken;
  return keys;
}

function pick(config: Record<string, string>): Record<string, string> | undefined {
  if (!config['s3.access-key-id']) return undefined;
  return Object.fromEntries(KEY_PROPERTIES.flatMap((name) => (config[name] ? [[name, config[name]]] : [])));
}

/** When the first of the credentials expires, in milliseconds since the epoch. */
export function earliestExpiry(credentials: readonly StorageCredential[]): number {
  const times = credentials.map(({ config }) => Number(config['s3.session-token-expires-at-ms'] ?? Number.NaN));
  return Math.min(...times.filter((time) => !Number.isNaN(time)), Number.POSITIVE_INFINITY);
}
