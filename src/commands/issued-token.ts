/** Tokens that an issuer gives to a profile: fetched, kept in a file that only the person can read, and renewed before they end. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import * as oauth from 'oauth4webapi';
import { messageOf, SkuaError } from '../errors.js';
import type { Profile } from './profile.js';

/** Renewed when so much of its life is left, in milliseconds. */
const RENEW_BEFORE = 30_000;

interface Tokens {
  accessToken: string;
  refreshToken?: string | undefined;
  /** Milliseconds since the epoch. */
  expires: number;
}

type IssuedProfile = Profile & { issuer: string };

/** What the client asks for a token before each call: the one that is kept, renewed where it is about to end. Where there is none: UNAUTHENTICATED. */
export function issuedToken(profile: IssuedProfile): () => Promise<string> {
  let tokens = readTokens(profile);
  return async () => {
    if (tokens !== undefined && tokens.expires - RENEW_BEFORE > Date.now()) return tokens.accessToken;
    tokens = await renewed(profile, tokens);
    return tokens.accessToken;
  };
}

/** Logs in, and keeps what the issuer gave. `tell` shows a person where to go. */
export async function fetchTokens(profile: IssuedProfile, tell: (line: string) => void): Promise<void> {
  await asking(profile, async (at) => {
    const tokens = at.secret === undefined ? await byDevice(at, profile, tell) : await byCredentials(at, profile);
    writeTokens(profile, tokens);
  });
}

export function forgetTokens(profile: Profile): void {
  rmSync(pathOf(profile), { force: true });
}

async function renewed(profile: IssuedProfile, tokens: Tokens | undefined): Promise<Tokens> {
  const refreshToken = tokens?.refreshToken;
  return asking(profile, async (at) => {
    let next: Tokens;
    if (at.secret !== undefined) next = await byCredentials(at, profile);
    else if (refreshToken !== undefined) next = { refreshToken, ...(await byRefreshing(at, refreshToken)) };
    else throw new SkuaError('UNAUTHENTICATED', `There is no token: skua login --profile ${profile.name}`);
    writeTokens(profile, next);
    return next;
  });
}

interface Issuer {
  server: oauth.AuthorizationServer;
  client: oauth.Client;
  authentication: oauth.ClientAuth;
  secret: string | undefined;
  options: object;
}

async function asking<T>(profile: IssuedProfile, ask: (at: Issuer) => Promise<T>): Promise<T> {
  try {
    return await ask(await discover(profile));
  } catch (error) {
    if (error instanceof SkuaError) throw error;
    const said = error instanceof oauth.ResponseBodyError ? (error.error_description ?? error.error) : messageOf(error);
    throw new SkuaError('UNAUTHENTICATED', `The issuer ${profile.issuer} gave no token: ${said}`, { cause: error });
  }
}

async function discover(profile: IssuedProfile): Promise<Issuer> {
  const url = new URL(profile.issuer);
  // Plain HTTP only where it stays on this machine.
  const options = { [oauth.allowInsecureRequests]: ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname) };
  const server = await oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, options));
  if (profile.client_id === undefined) {
    throw new SkuaError('INVALID_ARGUMENT', `The profile ${profile.name} has an issuer and no client_id.`);
  }
  const secret = profile.client_secret_file === undefined ? undefined : readSecret(profile.client_secret_file);
  const authentication = secret === undefined ? oauth.None() : oauth.ClientSecretPost(secret);
  return { server, client: { client_id: profile.client_id }, authentication, secret, options };
}

async function byCredentials({ server, client, authentication, options }: Issuer, profile: Profile): Promise<Tokens> {
  const answer = await oauth.clientCredentialsGrantRequest(server, client, authentication, asked(profile), options);
  return tokensOf(await oauth.processClientCredentialsResponse(server, client, answer));
}

async function byRefreshing({ server, client, authentication, options }: Issuer, token: string): Promise<Tokens> {
  const answer = await oauth.refreshTokenGrantRequest(server, client, authentication, token, options);
  return tokensOf(await oauth.processRefreshTokenResponse(server, client, answer));
}

async function byDevice(at: Issuer, profile: Profile, tell: (line: string) => void): Promise<Tokens> {
  const { server, client, authentication, options } = at;
  const asking = await oauth.deviceAuthorizationRequest(server, client, authentication, asked(profile), options);
  const device = await oauth.processDeviceAuthorizationResponse(server, client, asking);
  tell(`Open ${device.verification_uri_complete ?? device.verification_uri} and confirm the code ${device.user_code}.`);
  const until = Date.now() + device.expires_in * 1000;
  for (let interval = device.interval ?? 5; Date.now() < until; ) {
    await new Promise((resolve) => setTimeout(resolve, interval * 1000));
    const answer = await oauth.deviceCodeGrantRequest(server, client, authentication, device.device_code, options);
    try {
      return tokensOf(await oauth.processDeviceCodeResponse(server, client, answer));
    } catch (error) {
      const code = error instanceof oauth.ResponseBodyError ? error.error : undefined;
      if (code === 'slow_down') interval += 5;
      else if (code !== 'authorization_pending') throw error;
    }
  }
  throw new SkuaError('UNAUTHENTICATED', 'Nobody confirmed the code in time.');
}

function asked({ scope, audience }: Profile): URLSearchParams {
  return new URLSearchParams({ scope, ...(audience === undefined ? {} : { audience }) });
}

function tokensOf({
  access_token: accessToken,
  refresh_token: refreshToken,
  expires_in: life,
}: oauth.TokenEndpointResponse) {
  return { accessToken, refreshToken, expires: Date.now() + (life ?? 300) * 1000 };
}

function readSecret(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw new SkuaError('INVALID_ARGUMENT', `The file ${path} with the client's secret can't be read.`, {
      cause: error,
    });
  }
}

function pathOf({ name }: Profile): string {
  const folder = process.env.XDG_STATE_HOME ?? join(homedir(), '.local/state');
  return join(folder, 'skua/tokens', `${encodeURIComponent(name)}.json`);
}

function readTokens(profile: Profile): Tokens | undefined {
  try {
    return JSON.parse(readFileSync(pathOf(profile), 'utf8')) as Tokens;
  } catch {
    return undefined;
  }
}

function writeTokens(profile: Profile, tokens: Tokens): void {
  const path = pathOf(profile);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(path, JSON.stringify(tokens), { mode: 0o600 });
}
