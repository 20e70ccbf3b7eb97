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
  for (const name of Object.keys(config.catalogs)) {
    const { accessKeyId, allowedLocations } = storeAccessOf(config, name);
    if (accessKeyId === undefined || allowedLocations !== undefined) continue;
    found.push({
      key: showPath(['catalogs', name, 'storage', 'allowed_locations']),
      reason:
        "not set: whoever may change a table's metadata can have any location read that the static access key opens.",
    });
  }
  if (config.logging.level === 'debug' || config.logging.level === 'trace') {
    found.push({ key: 'logging.level', reason: `"${config.logging.level}" writes more than operations should keep.` });
  }
  return found;
}
