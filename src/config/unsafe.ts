import { isLoopback } from './contradictions.js';
import type { Config } from './schema.js';
import { showPath } from './shape.js';
import { storeAccessOf } from './store-access.js';

export interface UnsafeSetting {
  key: string;
  /** Why it is no setting for production. */
  reason: string;
}

/** Explicit opt-ins and settings that are fine on a laptop and not in production. */
export function unsafeSettings(config: Config): UnsafeSetting[] {
  const found: UnsafeSetting[] = [];
  if (config.server.allowPlaintext) {
    found.push({ key: 'server.allow_plaintext', reason: 'tokens travel unencrypted to this server.' });
  }
  if (config.http.enabled && config.http.allowPlaintext) {
    found.push({ key: 'http.allow_plaintext', reason: 'tokens travel unencrypted to this server over HTTP.' });
  }
  for (const [index, auth] of config.auth.entries()) {
    if (auth.allowInsecureJwks) {
      found.push({
        key: showPath(['auth', index, 'allow_insecure_jwks']),
        reason: 'whoever can change plain http traffic can forge tokens.',
      });
    }
    if (auth.allowAnyAudience) {
      found.push({
        key: showPath(['auth', index, 'allow_any_audience']),
        reason: 'tokens that were issued for other services are accepted.',
      });
    }
  }
  for (const [name, { allowPlaintext }] of Object.entries(config.engines)) {
    if (!allowPlaintext) continue;
    found.push({
      key: showPath(['engines', name, 'allow_plaintext']),
      reason: 'the tokens of users travel unencrypted to the cluster.',
    });
  }
  found.push(...unencrypted(config));
  for (const name of Object.keys(config.catalogs)) {
    const { accessKeyId, allowedLocations } = storeAccessOf(config, name);
    if (accessKeyId === undefined || allowedLocations !== undefined) continue;
    found.push({
      key: showPath(['catalogs', name, 'storage', 'allowed_locations']),
      reason:
        "not set: whoever may change a table's metadata can have any location read that the static access key opens.",
    });
  }
  if (config.audit.output !== 'off' && config.audit.literals) {
    found.push({ key: 'audit.literals', reason: 'the audit log quotes the values in texts of statements.' });
  }
  if (config.logging.level === 'debug' || config.logging.level === 'trace') {
    found.push({ key: 'logging.level', reason: `"${config.logging.level}" writes more than operations should keep.` });
  }
  return found;
}

/** Addresses on other machines that are spoken to, or let in, over plain http. */
function unencrypted({ catalogs, storage, http, lineage, traces }: Config): UnsafeSetting[] {
  const addresses: [key: string, url: string | undefined, reason: string][] = [
    ...Object.entries(catalogs).flatMap(([name, catalog]): typeof addresses => [
      [showPath(['catalogs', name, 'uri']), catalog.uri, 'the tokens of users travel unencrypted to the catalog.'],
      [showPath(['catalogs', name, 'storage', 'endpoint']), catalog.storage.endpoint, DATA],
    ]),
    ['storage.endpoint', storage.endpoint, DATA],
    ['lineage.url', lineage.url, 'names of tables and the key travel unencrypted.'],
    ['traces.url', traces.url, 'names of tables and the key travel unencrypted.'],
    ...http.allowedOrigins.map((origin): (typeof addresses)[number] => [
      'http.allowed_origins',
      origin,
      'whoever can change plain http traffic can call with the tokens of its pages.',
    ]),
  ];
  return addresses.flatMap(([key, url, reason]) => (url !== undefined && isPlain(url) ? [{ key, reason }] : []));
}

const DATA = 'data travels unencrypted from and to the store.';

function isPlain(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'http:' && !isLoopback(hostname);
}
