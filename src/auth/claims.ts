import type { JWTPayload } from 'jose';
import type { AuthConfig } from '../config/index.js';
import { SkuaError } from '../errors.js';
import { BearerToken, type Principal } from './principal.js';

/**
 * The principal that a verified token stands for.
 * @throws SkuaError UNAUTHENTICATED where the configured user name claim is missing, or roles have a form that can't be read.
 */
export function principalOf(payload: JWTPayload, config: AuthConfig, token: string): Principal {
  return {
    issuer: config.issuer,
    subject: payload.sub ?? '',
    name: userName(payload, config.userClaim),
    roles: roleNames(payload, config.rolesClaim),
    expiresAt: (payload.exp ?? 0) * 1000,
    token: new BearerToken(token),
  };
}

function userName(payload: JWTPayload, path: readonly string[] | undefined): string {
  if (path === undefined) return payload.sub ?? '';
  const value = claimAt(payload, path);
  if (typeof value === 'string' && value !== '') return value;
  throw new SkuaError('UNAUTHENTICATED', `The token has no claim '${path.join('.')}', which names the user.`);
}

/** Roles are not required: a token without the claim has none. */
function roleNames(payload: JWTPayload, path: readonly string[] | undefined): string[] {
  const value = path === undefined ? undefined : claimAt(payload, path);
  if (value === undefined || value === null) return [];
  if (typeof value === 'string') return value.split(' ').filter((role) => role !== '');
  if (Array.isArray(value) && value.every((role) => typeof role === 'string')) return value;
  throw new SkuaError('UNAUTHENTICATED', `The claim '${path?.join('.')}' of the token is no list of role names.`);
}

function claimAt(payload: JWTPayload, path: readonly string[]): unknown {
  let value: unknown = payload;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}
