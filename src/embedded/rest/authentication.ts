import { createRemoteJWKSet, errors, jwtVerify } from 'jose';
import { SkuaError } from '../../errors.js';

export interface TrustedIssuer {
  /** Claim `iss`. */
  issuer: string;
  /** Default: what the issuer's discovery document says. */
  jwksUrl?: string;
  /** Claim `aud`. Default `account`. */
  audience?: string;
  /** Path of the claim with the principal's name, its steps divided by `/`. Default `preferred_username`. */
  nameClaim?: string;
  /** Path of the claim with the roles. Default `realm_access/roles`. */
  rolesClaim?: string;
}

export interface Identity {
  name: string;
  roles: string[];
}

/** Codes of `jose` that say something about the issuer, not about the token. */
const KEYS_OUT_OF_REACH = ['ERR_JOSE_GENERIC', 'ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID'];
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'ES384', 'ES512', 'EdDSA'];

/**
 * Checks the bearer tokens of requests against the issuer's public keys. Gives undefined for a request that carries no valid token; an
 * issuer that can't be reached: UNAVAILABLE.
 */
export function authenticator(trusted: TrustedIssuer): (authorization?: string) => Promise<Identity | undefined> {
  let keySet: ReturnType<typeof createRemoteJWKSet> | undefined;
  const keys = async () => {
    // Without a cool-down, so that a rotated key is known at once.
    keySet ??= createRemoteJWKSet(new URL(trusted.jwksUrl ?? (await discoverJwksUrl(trusted.issuer))), {
      cooldownDuration: 0,
    });
    return keySet;
  };
  return async (authorization) => {
    const token = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) return undefined;
    try {
      const { payload } = await jwtVerify(token, await keys(), {
        issuer: trusted.issuer,
        audience: trusted.audience ?? 'account',
        algorithms: ALGORITHMS,
        requiredClaims: ['exp', 'iss', 'aud'],
      });
      const name = claimAt(payload, trusted.nameClaim ?? 'preferred_username');
      if (typeof name !== 'string') return undefined;
      const roles = claimAt(payload, trusted.rolesClaim ?? 'realm_access/roles');
      return { name, roles: Array.isArray(roles) ? roles.filter((role) => typeof role === 'string') : [] };
    } catch (error) {
      if (error instanceof errors.JOSEError && !KEYS_OUT_OF_REACH.includes(error.code)) return undefined;
      throw new SkuaError('UNAVAILABLE', `the keys of ${trusted.issuer} can't be had`, { cause: error });
    }
  };
}

async function discoverJwksUrl(issuer: string): Promise<string> {
  const response = await fetch(`${issuer.replace(/\/+$/, '')}/.well-known/openid-configuration`);
  const document = (await response.json()) as { jwks_uri?: unknown };
  if (typeof document.jwks_uri !== 'string') {
    throw new SkuaError('UNAVAILABLE', `the discovery document of ${issuer} names no jwks_uri`);
  }
  return document.jwks_uri;
}

function claimAt(claims: Record<string, unknown>, path: string): unknown {
  return path
    .split('/')
    .reduce<unknown>(
      (value, step) =>
        typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[step] : undefined,
      claims,
    );
}
