/** The authorization code flow with PKCE (RFC 7636) against an issuer, as a public client without a secret. */
import * as oauth from 'oauth4webapi';
import { type Login, logIn, login, logOut, settings } from './session.js';

const PENDING = 'skua-login-pending';
/** Renewed when so much of its life is left, in seconds. */
const RENEW_BEFORE = 60;

interface Pending {
  issuer: string;
  verifier: string;
  state: string;
  nonce: string;
  /** Where the page was. */
  hash: string;
}

const redirectUri = `${location.origin}/console/`;

async function serverOf(issuer: string): Promise<{ server: oauth.AuthorizationServer; options: object }> {
  const url = new URL(issuer);
  // Plain HTTP only where it stays on this machine.
  const isLocal = ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
  const options = { [oauth.allowInsecureRequests]: isLocal };
  const server = await oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, options));
  return { server, options };
}

function clientOf(issuer: string): oauth.Client & { scope: string } {
  const entry = settings.value?.login.find((one) => one.issuer === issuer);
  if (entry === undefined) throw new Error(`The server does not offer a login at ${issuer}.`);
  return { client_id: entry.clientId, scope: entry.scope };
}

/** Leaves the page for the issuer's. */
export async function beginLogin(issuer: string): Promise<void> {
  const { server } = await serverOf(issuer);
  const { client_id, scope } = clientOf(issuer);
  if (server.authorization_endpoint === undefined) throw new Error(`${issuer} has no page to log in at.`);
  const pending: Pending = {
    issuer,
    verifier: oauth.generateRandomCodeVerifier(),
    state: oauth.generateRandomState(),
    nonce: oauth.generateRandomNonce(),
    hash: location.hash,
  };
  sessionStorage.setItem(PENDING, JSON.stringify(pending));
  const url = new URL(server.authorization_endpoint);
  const parameters = {
    client_id,
    redirect_uri: redirectUri,
    response_type: 'code',
    scope,
    code_challenge: await oauth.calculatePKCECodeChallenge(pending.verifier),
    code_challenge_method: 'S256',
    state: pending.state,
    nonce: pending.nonce,
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  location.assign(url);
}

/** Takes the code that the issuer sent the browser back with, if it did. */
export async function finishLogin(): Promise<void> {
  const url = new URL(location.href);
  if (!url.searchParams.has('state')) return;
  const pending = JSON.parse(sessionStorage.getItem(PENDING) ?? 'null') as Pending | null;
  sessionStorage.removeItem(PENDING);
  history.replaceState(null, '', `/console/${pending?.hash ?? ''}`);
  if (pending === null) return logOut('This tab did not begin the login that ended here; begin again.');
  try {
    const { server, options } = await serverOf(pending.issuer);
    const client = clientOf(pending.issuer);
    const parameters = oauth.validateAuthResponse(server, client, url, pending.state);
    const answer = await oauth.authorizationCodeGrantRequest(
      server,
      client,
      oauth.None(),
      parameters,
      redirectUri,
      pending.verifier,
      options,
    );
    const tokens = await oauth.processAuthorizationCodeResponse(server, client, answer, {
      expectedNonce: client.scope.split(' ').includes('openid') ? pending.nonce : oauth.expectNoNonce,
    });
    logIn(loginOf(tokens, pending.issuer));
  } catch (error) {
    const said =
      error instanceof oauth.AuthorizationResponseError ? (error.error_description ?? error.error) : undefined;
    logOut(`The login did not succeed: ${said ?? (error instanceof Error ? error.message : error)}`);
  }
}

function loginOf(tokens: oauth.TokenEndpointResponse, issuer: string): Login {
  return { token: tokens.access_token, issuer, ...(tokens.refresh_token && { refreshToken: tokens.refresh_token }) };
}

/** Renews the token before it ends, where the issuer gave the means. */
export async function renew(): Promise<void> {
  const { issuer, refreshToken } = login.value ?? {};
  if (issuer === undefined || refreshToken === undefined) return;
  try {
    const { server, options } = await serverOf(issuer);
    const client = clientOf(issuer);
    const answer = await oauth.refreshTokenGrantRequest(server, client, oauth.None(), refreshToken, options);
    const tokens = await oauth.processRefreshTokenResponse(server, client, answer);
    if (login.value?.refreshToken === refreshToken) logIn({ refreshToken, ...loginOf(tokens, issuer) });
  } catch {
    // The token that there is still holds for a while; when it ends, the page says so.
  }
}

/** Milliseconds until the token should be renewed. */
export function renewIn(exp: number | undefined): number | undefined {
  return exp === undefined ? undefined : Math.max(0, (exp - RENEW_BEFORE) * 1000 - Date.now());
}
