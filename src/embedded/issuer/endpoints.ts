import type { HttpAnswer, HttpRequest } from '../http/server.js';
import { type Authorization, isOnThisMachine } from './authorization.js';
import type { KeyRing } from './keys.js';
import type { TokenMaker } from './tokens.js';
import { passwordMatches, type User } from './users.js';

export interface IssuerEndpoints {
  /** `/realms/iceberg` */
  realmPath: string;
  issuer: string;
  clientId: string;
  lifetimeSeconds: number;
  refreshLifetimeSeconds: number;
  keys: KeyRing;
  users: ReadonlyMap<string, User>;
  tokens: TokenMaker;
  authorization: Authorization;
}

/**
 * Discovery (OpenID Connect Discovery 1.0), the key set (RFC 7517), the authorization and the token endpoint (RFC 6749) at Keycloak's paths. Pages on this
 * machine may read the answers.
 */
export async function answerIssuer(request: HttpRequest, at: IssuerEndpoints): Promise<HttpAnswer> {
  const { origin } = request.headers;
  const answer = await route(request, at);
  if (!isOnThisMachine(origin)) return answer;
  return {
    ...answer,
    headers: { ...answer.headers, 'access-control-allow-origin': origin as string, vary: 'origin' },
  };
}

async function route(request: HttpRequest, at: IssuerEndpoints): Promise<HttpAnswer> {
  const connect = `${at.realmPath}/protocol/openid-connect`;
  switch (request.path) {
    case `${at.realmPath}/.well-known/openid-configuration`:
      return request.method === 'GET' ? json(200, discovery(at)) : notAllowed();
    case `${connect}/certs`:
      return request.method === 'GET' ? json(200, at.keys.publicSet()) : notAllowed();
    case `${connect}/token`:
      return request.method === 'POST' ? grant(request, at) : notAllowed();
    case `${connect}/auth`:
      return ['GET', 'POST'].includes(request.method) ? at.authorization.answer(request) : notAllowed();
    default:
      return json(404, { error: 'HTTP 404 Not Found' });
  }
}

function discovery(at: IssuerEndpoints) {
  const connect = `${at.issuer}/protocol/openid-connect`;
  return {
    issuer: at.issuer,
    authorization_endpoint: `${connect}/auth`,
    token_endpoint: `${connect}/token`,
    jwks_uri: `${connect}/certs`,
    grant_types_supported: ['authorization_code', 'password', 'refresh_token'],
    response_types_supported: ['code'],
    code_challenge_methods_supported: ['S256'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: at.keys.algorithms,
    token_endpoint_auth_methods_supported: ['none'],
  };
}

async function grant(request: HttpRequest, at: IssuerEndpoints): Promise<HttpAnswer> {
  const form = new URLSearchParams(await request.text());
  if (form.get('client_id') !== at.clientId) {
    return refuse(401, 'invalid_client', 'Invalid client or Invalid client credentials');
  }
  switch (form.get('grant_type')) {
    case 'password': {
      const user = at.users.get(form.get('username') ?? '');
      if (user === undefined || !passwordMatches(user, form.get('password') ?? '')) {
        return refuse(401, 'invalid_grant', 'Invalid user credentials');
      }
      return tokens(user, at);
    }
    case 'authorization_code': {
      const redeemed = at.authorization.redeem(form);
      if (redeemed === undefined) return refuse(400, 'invalid_grant', 'Code not valid');
      const { user, nonce, isOpenId } = redeemed;
      return tokens(user, at, isOpenId ? { id_token: await at.tokens.idToken(user, nonce) } : {});
    }
    case 'refresh_token': {
      const id = await at.tokens.readRefreshToken(form.get('refresh_token') ?? '').catch(() => undefined);
      const user = [...at.users.values()].find((one) => one.id === id);
      return user === undefined ? refuse(400, 'invalid_grant', 'Invalid refresh token') : tokens(user, at);
    }
    case null:
      return refuse(400, 'invalid_request', 'Missing form parameter: grant_type');
    default:
      return refuse(400, 'unsupported_grant_type', 'Unsupported grant_type');
  }
}

async function tokens(user: User, at: IssuerEndpoints, more: Record<string, string> = {}): Promise<HttpAnswer> {
  return json(200, {
    ...more,
    access_token: await at.tokens.accessToken({}, { subject: user }),
    expires_in: at.lifetimeSeconds,
    refresh_expires_in: at.refreshLifetimeSeconds,
    refresh_token: await at.tokens.refreshToken(user),
    token_type: 'Bearer',
    'not-before-policy': 0,
    scope: 'email profile',
  });
}

function refuse(status: number, error: string, description: string): HttpAnswer {
  return json(status, { error, error_description: description });
}

function notAllowed(): HttpAnswer {
  return json(405, { error: 'HTTP 405 Method Not Allowed' });
}

function json(status: number, body: unknown): HttpAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    body: JSON.stringify(body),
  };
}
