import type { JWTPayload } from 'jose';
import type { AuthConfig } from '../config/index.js';
import { checkName } from './claim-forms.js';
import { BearerToken, type Principal } from './principal.js';
import { TokenRefused } from './refusal.js';

/**
 * The principal that a verified token stands for.
 * @throws SkuaError UNAUTHENTICATED where the subject, the configured user name claim or a role is missing or no name.
 */
export function principalOf(payload: JWTPayload, config: AuthConfig, token: string): Principal {
  const subject = checkName(payload.sub, "The claim 'sub' of the token");
  return {
    issuer: config.issuer,
    subject,
    name: userName(payload, subject, config.userClaim),
    roles: roleNames(payload, config.rolesClaim),
    expiresAt: Math.floor((payload.exp ?? 0) * 1000),
    token: new BearerToken(token),
  };
}

function userName(payload: JWTPayload, subject: string, path: readonly string[] | undefined): string {
  if (path === undefined) return subject;
  const value = claimAt(payload, path);
  const claim = `'${path.join('.')}'`;
  if (value !== undefined && value !== null)
    return checkName(value, `The claim ${claim} of the token, which names the user,`);
  throw new TokenRefused('claims', `The token has no claim ${claim}, which names the user.`);
}

/** Roles are not required: a token without the claim has none. */
function roleNames(payload: JWTPayload, path: readonly string[] | undefined): string[] {
  const value = path === undefined ? undefined : claimAt(payload, path);
  if (value === undefined || value === null) return [];
  const names = typeof value === 'string' ? value.split(' ').filter((role) => role !== '') : value;
  if (!Array.isArray(names))
    throw new TokenRefused('claims', `The claim '${path?.join('.')}' of the token is no list of role names.`);
  return names.map((name) => checkName(name, `A role in the claim '${path?.join('.')}' of the token`));
}

function claimAt(payload: JWTPayload, path: readonly string[]): unknown {
  let value: unknown = payload;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}
