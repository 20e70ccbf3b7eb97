/** The authorization code flow (RFC 6749, section 4.1) with PKCE (RFC 7636) for public clients on this machine, and the page to log in at. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { HttpAnswer, HttpRequest } from '../http/server.js';
import { passwordMatches, type User } from './users.js';

/** How long a code may wait to be redeemed, in milliseconds. */
const CODE_LIFETIME = 60_000;

interface Code {
  user: User;
  redirectUri: string;
  challenge: string;
  nonce: string | undefined;
  scope: string;
  until: number;
}

export interface Redeemed {
  user: User;
  nonce: string | undefined;
  /** Whether an ID token was asked for. */
  isOpenId: boolean;
}

export class Authorization {
  readonly #clientId: string;
  readonly #users: ReadonlyMap<string, User>;
  readonly #codes = new Map<string, Code>();

  constructor(clientId: string, users: ReadonlyMap<string, User>) {
    this.#clientId = clientId;
    this.#users = users;
  }

  /** GET shows the page, POST takes what was typed there and sends the browser back with a code. */
  async answer(request: HttpRequest): Promise<HttpAnswer> {
    const { query } = request;
    const redirectUri = query.get('redirect_uri') ?? '';
    // Nobody is sent to a place that the client has not registered, whatever else is wrong.
    if (query.get('client_id') !== this.#clientId) return page(400, 'Client not found.');
    if (!isOnThisMachine(redirectUri)) return page(400, 'Invalid parameter: redirect_uri');
    const back = (parameters: Record<string, string>) => sentBack(redirectUri, query.get('state'), parameters);
    if (query.get('response_type') !== 'code') return back({ error: 'unsupported_response_type' });
    const challenge = query.get('code_challenge') ?? '';
    if (query.get('code_challenge_method') !== 'S256' || !/^[\w-]{43}$/.test(challenge)) {
      return back({ error: 'invalid_request', error_description: 'PKCE with code_challenge_method S256 is required' });
    }
    if (request.method === 'GET') return page(200);
    const form = new URLSearchParams(await request.text());
    const user = this.#users.get(form.get('username') ?? '');
    if (user === undefined || !passwordMatches(user, form.get('password') ?? '')) {
      return page(401, 'Invalid username or password.');
    }
    const code = randomBytes(32).toString('base64url');
    const [nonce, scope] = [query.get('nonce') ?? undefined, query.get('scope') ?? ''];
    this.#codes.set(code, { user, redirectUri, challenge, nonce, scope, until: Date.now() + CODE_LIFETIME });
    return back({ code });
  }

  /** What a code stands for; it is good once. Undefined where it is not good, or the verifier is not the challenge's. */
  redeem(form: URLSearchParams): Redeemed | undefined {
    const code = form.get('code') ?? '';
    const known = this.#codes.get(code);
    this.#codes.delete(code);
    if (known === undefined || known.until < Date.now()) return undefined;
    if (known.redirectUri !== form.get('redirect_uri')) return undefined;
    const digest = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    if (!timingSafeEqual(Buffer.from(digest), Buffer.from(known.challenge))) return undefined;
    return { user: known.user, nonce: known.nonce, isOpenId: known.scope.split(' ').includes('openid') };
  }
}

/** A page that an application on this machine serves, on whatever port (RFC 8252, section 7.3). */
export function isOnThisMachine(uri: string | undefined): boolean {
  if (uri === undefined || !URL.canParse(uri)) return false;
  const { protocol, hostname, hash } = new URL(uri);
  return /^https?:$/.test(protocol) && ['127.0.0.1', 'localhost', '[::1]'].includes(hostname) && hash === '';
}

function sentBack(redirectUri: string, state: string | null, parameters: Record<string, string>): HttpAnswer {
  const url = new URL(redirectUri);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  if (state !== null) url.searchParams.set('state', state);
  return {
    status: 302,
    headers: { location: url.href, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' },
  };
}

const STYLE = `body{font:15px system-ui,sans-serif;display:grid;place-items:center;min-height:100vh;margin:0;background:#f6f8f9;color:#14232b}
form{display:grid;gap:10px;width:min(340px,86vw);padding:26px;background:#fff;border:1px solid #d9e0e4;border-radius:12px}
h1{font-size:20px;margin:0}input,button{font:inherit;padding:9px 10px;border-radius:7px;border:1px solid #9aa8af}
button{background:#0b6e7f;color:#fff;border:0;font-weight:600}p{margin:0;color:#516169}.failure{color:#b3261e}`;

/** Without scripts; the form goes back to the address of the page, with its query. */
function page(status: number, failure?: string): HttpAnswer {
  const said = failure === undefined ? '' : `<p class="failure" role="alert">${failure}</p>`;
  return {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; frame-ancestors 'none'; base-uri 'none'`,
    },
    body: `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Log in</title>
<style>${STYLE}</style><main><form method="post"><h1>Log in</h1><p>The embedded issuer of <code>skua start</code>.</p>${said}
<label for="username">User</label><input id="username" name="username" autocomplete="username" autofocus required>
<label for="password">Password</label><input id="password" name="password" type="password" autocomplete="current-password" required>
<button>Log in</button></form></main></html>`,
  };
}
