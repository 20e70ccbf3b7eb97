import { SkuaError } from '../errors.js';
import type { RequestSigner, StorageAccess, StorageCredential } from './contract.js';
import { normalizeLocation } from './location.js';

/** Credentials are renewed when they have less than this left, in milliseconds. */
const RENEW_BEFORE_EXPIRY = 60_000;

const KEY = 's3.access-key-id';

/** The properties that hold for one location: those of the table, overlaid by the credentials of the longest matching prefix. */
export interface CredentialSource {
  /** Fetches fresh credentials first where the old ones are about to expire. */
  propertiesFor(location: string): Promise<Record<string, string>>;
  /** Who signs the requests to that location, where no keys are known for it. */
  signer(): RequestSigner | undefined;
  /** Fetches fresh credentials, unless there are others by now than those that were `used` for the location. False where there is nothing to fetch from. */
  renew(location: string, used: Record<string, string>): Promise<boolean>;
}

export function createCredentialSource(access: StorageAccess, now: () => number = Date.now): CredentialSource {
  let credentials = access.credentials;
  let renewal: Promise<void> | undefined;

  function renewOnce(): Promise<void> {
    renewal ??= (async () => {
      try {
        credentials = (await access.refresh?.()) ?? credentials;
      } finally {
        renewal = undefined;
      }
    })();
    return renewal;
  }

  async function propertiesFor(location: string): Promise<Record<string, string>> {
    const credential = matchOf(credentials, access.properties, location);
    const left = expiry(credential?.config ?? access.properties) - now();
    const isSigned = !credential && access.signer?.() !== undefined;
    if (left > RENEW_BEFORE_EXPIRY || !access.refresh || isSigned)
      return { ...access.properties, ...credential?.config };
    try {
      await renewOnce();
    } catch (error) {
      if (left <= 0) throw error;
    }
    return { ...access.properties, ...matchOf(credentials, access.properties, location)?.config };
  }

  return {
    propertiesFor,
    signer: () => access.signer?.(),
    async renew(location, used) {
      access.signer?.()?.forget();
      if (!access.refresh) return access.signer !== undefined;
      const key = matchOf(credentials, access.properties, location)?.config[KEY];
      if (key === undefined || key === used[KEY]) await renewOnce();
      return true;
    },
  };
}

/** Keys for other locations only: PERMISSION_DENIED. */
function matchOf(
  credentials: readonly StorageCredential[],
  properties: Record<string, string>,
  location: string,
): StorageCredential | undefined {
  const match = longestMatch(credentials, location);
  const isOpen = properties['s3.access-key-id'] !== undefined || properties['s3.anonymous'] === 'true';
  if (match || isOpen || credentials.length === 0) return match;
  throw new SkuaError('PERMISSION_DENIED', `The credentials for the table's store are not for '${location}'.`);
}

function longestMatch(credentials: readonly StorageCredential[], location: string): StorageCredential | undefined {
  const target = normalizeLocation(location);
  const climbs = target.split('/').includes('..');
  let best: StorageCredential | undefined;
  for (const credential of credentials) {
    const matches = target.startsWith(normalizeLocation(credential.prefix)) && (credential.prefix === '' || !climbs);
    if (matches && credential.prefix.length >= (best?.prefix.length ?? 0)) best = credential;
  }
  return best;
}

function expiry(properties: Record<string, string>): number {
  const text = properties['s3.session-token-expires-at-ms'];
  const value = text === undefined ? Number.POSITIVE_INFINITY : Number(text);
  return Number.isNaN(value) ? Number.POSITIVE_INFINITY : value;
}

/** What an S3 client needs to know. */
export interface S3Settings {
  endpoint: string | undefined;
  region: string;
  pathStyle: boolean;
  /** Absent: requests are signed by the signer, or not at all (`s3.anonymous`). */
  keys: { accessKeyId: string; secretAccessKey: string; sessionToken: string | undefined } | undefined;
  signer?: RequestSigner | undefined;
}

/**
 * Reads the properties of the Iceberg REST specification. FAILED_PRECONDITION where there are no keys: the machine's own AWS credentials
 * are never used on a caller's behalf.
 */
export function s3Settings(properties: Record<string, string>, signer?: RequestSigner): S3Settings {
  const accessKeyId = properties['s3.access-key-id'];
  const secretAccessKey = properties['s3.secret-access-key'];
  const anonymous = properties['s3.anonymous'] === 'true';
  const hasKeys = Boolean(accessKeyId && secretAccessKey);
  if (!anonymous && !hasKeys && !signer) {
    throw new SkuaError(
      'FAILED_PRECONDITION',
      "There are no credentials for the table's store: the catalog gave none and none are configured for it.",
    );
  }
  return {
    endpoint: properties['s3.endpoint'],
    region: properties['s3.region'] ?? properties['client.region'] ?? 'us-east-1',
    pathStyle: properties['s3.path-style-access'] === 'true',
    keys:
      accessKeyId && secretAccessKey
        ? { accessKeyId, secretAccessKey, sessionToken: properties['s3.session-token'] }
        : undefined,
    ...(!hasKeys && signer && { signer }),
  };
}
