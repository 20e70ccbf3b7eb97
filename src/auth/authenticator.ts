import type { AuthConfig } from '../config/index.js';
import { principalOf } from './claims.js';
import { KeySet, type KeySetOptions } from './key-set.js';
import type { Principal } from './principal.js';
import { TokenRefused } from './refusal.js';
import { readUnverified } from './unverified.js';
import { VerifiedCache } from './verified-cache.js';
import { verifyToken } from './verify.js';

export interface Authenticator {
  /**
   * Checks a token: its issuer, signature, algorithm, audience, `exp` and `nbf` (RFC 7519, RFC 8725).
   * @throws SkuaError UNAUTHENTICATED with the reason, or UNAVAILABLE where the issuer's keys can't be had.
   */
  authenticate(token: string): Promise<Principal>;
  /** The issuers whose tokens are taken, each with a look for its keys: how many there are, or UNAVAILABLE where none can be had. */
  readonly issuers: readonly { issuer: string; keys(): Promise<number> }[];
}

export interface AuthenticatorOptions extends KeySetOptions {
  /** How long a verified token is believed without a new signature check, in milliseconds. Default: 60,000. */
  verifiedLifetime?: number;
  /** Verified tokens that are remembered. Default: 10,000. */
  verifiedCapacity?: number;
}

export function createAuthenticator(config: readonly AuthConfig[], options: AuthenticatorOptions = {}): Authenticator {
  const issuers = new Map(config.map((entry) => [entry.issuer, { config: entry, keySet: new KeySet(entry, options) }]));
  const verified = new VerifiedCache(options.verifiedLifetime ?? 60_000, options.verifiedCapacity ?? 10_000);
  const now = options.now ?? Date.now;
  return {
    issuers: [...issuers].map(([issuer, { keySet }]) => ({ issuer, keys: async () => (await keySet.current()).size })),
    async authenticate(token) {
      const hash = VerifiedCache.hash(token);
      const known = verified.get(hash, now());
      if (known !== undefined) {
        const keys = await issuers.get(known.principal.issuer)?.keySet.current();
        if (keys?.version === known.keyVersion) return known.principal;
      }
      const unverified = readUnverified(token);
      const issuer = issuers.get(unverified.issuer);
      if (issuer === undefined) {
        throw new TokenRefused('issuer', 'The token comes from an issuer that this server does not trust.');
      }
      const { payload, keys } = await verifyToken(unverified, issuer.config, issuer.keySet, now());
      const principal = principalOf(payload, issuer.config, token);
      verified.set(hash, principal, keys.version, now(), principal.expiresAt + issuer.config.leeway);
      return principal;
    },
  };
}
