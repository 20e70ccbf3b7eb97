import { randomUUID } from 'node:crypto';
import { type JWTHeaderParameters, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { SkuaError } from '../../errors.js';
import type { KeyRing, SigningAlgorithm } from './keys.js';
import type { User } from './users.js';

/** The roles that Keycloak gives to every user of a realm. */
const DEFAULT_ROLES = ['offline_access', 'uma_authorization'];

export interface IssueOptions {
  /** The user whose claims to start from; without one the token has only the standard claims. */
  user?: string | undefined;
  /** Seconds from now to the claim `exp`; negative for a token that has expired. Default: the issuer's lifetime. */
  lifetimeSeconds?: number | undefined;
  /** The newest key of this algorithm signs. Default: the newest key. */
  algorithm?: SigningAlgorithm | undefined;
  /** Overrides of the protected header, such as `kid`. */
  header?: Partial<JWTHeaderParameters> | undefined;
}

export interface TokenMaker {
  accessToken(claims: Record<string, unknown>, options: IssueOptions & { subject?: User }): Promise<string>;
  /** The OpenID Connect ID token for that client's login. */
  idToken(user: User, nonce: string | undefined): Promise<string>;
  refreshToken(user: User): Promise<string>;
  /** The id of the user that a refresh token was given to. Fails if it isn't one of this issuer's, or has expired. */
  readRefreshToken(token: string): Promise<string>;
}

export interface TokenSettings {
  issuer: string;
  realm: string;
  clientId: string;
  audience: string;
  lifetimeSeconds: number;
  refreshLifetimeSeconds: number;
  refreshSecret: Uint8Array;
}

export function tokenMaker(settings: TokenSettings, keys: KeyRing): TokenMaker {
  const now = () => Math.floor(Date.now() / 1000);
  return {
    accessToken(claims, options) {
      const key = keys.signing(options.algorithm);
      const payload: JWTPayload = {
        exp: now() + (options.lifetimeSeconds ?? settings.lifetimeSeconds),
        iat: now(),
        jti: randomUUID(),
        iss: settings.issuer,
        aud: settings.audience,
        typ: 'Bearer',
        azp: settings.clientId,
        ...(options.subject === undefined ? {} : userClaims(options.subject, settings.realm)),
      };
      for (const [name, value] of Object.entries(claims)) {
        if (value === undefined) delete payload[name];
        else payload[name] = value;
      }
      return new SignJWT(payload)
        .setProtectedHeader({ alg: key.algorithm, typ: 'JWT', kid: key.kid, ...options.header })
        .sign(key.privateKey);
    },

    idToken(user, nonce) {
      const key = keys.signing();
      return new SignJWT({ typ: 'ID', azp: settings.clientId, preferred_username: user.name, ...(nonce && { nonce }) })
        .setProtectedHeader({ alg: key.algorithm, typ: 'JWT', kid: key.kid })
        .setIssuer(settings.issuer)
        .setAudience(settings.clientId)
        .setSubject(user.id)
        .setIssuedAt()
        .setExpirationTime(now() + settings.lifetimeSeconds)
        .sign(key.privateKey);
    },

    refreshToken: (user) =>
      new SignJWT({ typ: 'Refresh', azp: settings.clientId })
        .setProtectedHeader({ alg: 'HS512', typ: 'JWT' })
        .setIssuer(settings.issuer)
        .setAudience(settings.issuer)
        .setSubject(user.id)
        .setJti(randomUUID())
        .setIssuedAt()
        .setExpirationTime(now() + settings.refreshLifetimeSeconds)
        .sign(settings.refreshSecret),

    async readRefreshToken(token) {
      const { payload } = await jwtVerify(token, settings.refreshSecret, {
        issuer: settings.issuer,
        audience: settings.issuer,
        algorithms: ['HS512'],
        requiredClaims: ['exp', 'sub'],
      });
      if (payload.typ !== 'Refresh' || payload.sub === undefined) {
        throw new SkuaError('UNAUTHENTICATED', 'not a refresh token');
      }
      return payload.sub;
    },
  };
}

function userClaims(user: User, realm: string): JWTPayload {
  return {
    sub: user.id,
    sid: randomUUID(),
    acr: '1',
    realm_access: { roles: [`default-roles-${realm}`, ...DEFAULT_ROLES, ...user.roles] },
    scope: 'email profile',
    email_verified: false,
    preferred_username: user.name,
  };
}
