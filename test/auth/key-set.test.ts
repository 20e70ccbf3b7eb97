import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createAuthenticator } from '../../src/auth/index.js';
import { type SigningKey, signingKey, TestIssuer } from './issuer.js';

let issuer: TestIssuer;
let first: SigningKey;
let second: SigningKey;
let clock: number;
const now = () => clock;

beforeEach(async () => {
  issuer = new TestIssuer();
  await issuer.start();
  first = await signingKey('ES256', 'first');
  second = await signingKey('ES256', 'second');
  issuer.keys = [first.jwk];
  clock = Date.now();
});

afterEach(() => issuer.stop());

const LONG = { claims: { exp: Math.floor(Date.now() / 1000) + 86_400 } };

describe('rotation', () => {
  test('a token with a new key is accepted without a restart', async () => {
    const authenticator = createAuthenticator([issuer.config()], { now });
    await authenticator.authenticate(await issuer.token(first, LONG));
    issuer.keys = [first.jwk, second.jwk];
    await expect(authenticator.authenticate(await issuer.token(second, LONG))).resolves.toBeDefined();
    expect(issuer.requests).toBe(2);
  });

  test('a token without key id is accepted after a rotation', async () => {
    const [old, young] = [await signingKey('ES256', undefined), await signingKey('ES256', undefined)];
    issuer.keys = [old.jwk];
    const authenticator = createAuthenticator([issuer.config()], { now });
    await authenticator.authenticate(await issuer.token(old, LONG));
    issuer.keys = [young.jwk];
    await expect(authenticator.authenticate(await issuer.token(young, LONG))).resolves.toBeDefined();
  });

  test('a token without key id is tried with every key that fits', async () => {
    const young = await signingKey('ES256', undefined);
    issuer.keys = [first.jwk, young.jwk, second.jwk];
    await expect(createAuthenticator([issuer.config()]).authenticate(await issuer.token(young))).resolves.toBeDefined();
  });

  test('a token whose key was withdrawn is refused once the keys are too old, although it was verified before', async () => {
    const authenticator = createAuthenticator([issuer.config('jwks_max_age = "60s"')], {
      now,
      verifiedLifetime: 3_600_000,
      refreshPatience: 60_000,
    });
    const token = await issuer.token(first, LONG);
    await authenticator.authenticate(token);
    issuer.keys = [second.jwk];
    clock += 60_000;
    await expect(authenticator.authenticate(token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test('a verified token is refused when it expires', async () => {
    const authenticator = createAuthenticator([issuer.config('leeway = 0')], { now });
    const token = await issuer.token(first, { claims: { exp: Math.floor(clock / 1000) + 10 } });
    await authenticator.authenticate(token);
    clock += 10_000;
    await expect(authenticator.authenticate(token)).rejects.toThrow('The token has expired');
  });
});

describe('the issuer is not hammered', () => {
  test('rubbish tokens cause one fetch for each cool-down, whoever brings them', async () => {
    const authenticator = createAuthenticator([issuer.config('jwks_cooldown = "30s"')], { now });
    await authenticator.authenticate(await issuer.token(first, LONG));
    const rubbish = await Promise.all(
      Array.from({ length: 20 }, (_, index) => issuer.token(second, { ...LONG, header: { kid: `rubbish-${index}` } })),
    );
    for (const token of rubbish)
      await expect(authenticator.authenticate(token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(issuer.requests).toBe(2);
    clock += 30_000;
    await Promise.allSettled(rubbish.map((token) => authenticator.authenticate(token)));
    expect(issuer.requests).toBe(3);
  });

  test('callers that come at the same time share the first fetch', async () => {
    const authenticator = createAuthenticator([issuer.config()], { now });
    const token = await issuer.token(first, LONG);
    await Promise.all(Array.from({ length: 10 }, () => authenticator.authenticate(token)));
    expect(issuer.requests).toBe(1);
  });

  test('a token that is refused for its form costs no fetch', async () => {
    const authenticator = createAuthenticator([issuer.config()], { now });
    await authenticator.authenticate('not.a.real.jwt').catch(() => undefined);
    await authenticator
      .authenticate(await issuer.token(first, { claims: { iss: 'https://x' } }))
      .catch(() => undefined);
    expect(issuer.requests).toBe(0);
  });
});

describe('the issuer is down', () => {
  test('tokens with known keys are accepted for as long as it lasts', async () => {
    const authenticator = createAuthenticator([issuer.config()], { now });
    await authenticator.authenticate(await issuer.token(first, LONG));
    await issuer.stop();
    clock += 3_600_000;
    await expect(authenticator.authenticate(await issuer.token(first, LONG))).resolves.toBeDefined();
  });

  test('before any key was fetched, a token is not called invalid; once the issuer is up it is accepted', async () => {
    const failures: string[] = [];
    const onFetchError = (_: string, reason: string) => void failures.push(reason);
    const authenticator = createAuthenticator([issuer.config()], { now, onFetchError });
    const token = await issuer.token(first, LONG);
    await issuer.stop();
    await expect(authenticator.authenticate(token)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(authenticator.authenticate(token)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(failures).toEqual([expect.stringContaining('ECONNREFUSED')]);
    await issuer.start();
    clock += 5000;
    await expect(authenticator.authenticate(token)).resolves.toBeDefined();
  });

  test('a token with an unknown key is not called invalid', async () => {
    const authenticator = createAuthenticator([issuer.config()], { now });
    await authenticator.authenticate(await issuer.token(first, LONG));
    await issuer.stop();
    await expect(authenticator.authenticate(await issuer.token(second, LONG))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
  });
});

describe('the issuer accepts calls and never answers', () => {
  const silent = () => undefined;

  test('tokens with known keys are accepted while new keys are fetched, verified before or not', async () => {
    const options = { now, fetchTimeout: 60_000, refreshPatience: 20 };
    const authenticator = createAuthenticator([issuer.config('jwks_max_age = "60s"')], options);
    const token = await issuer.token(first, LONG);
    await authenticator.authenticate(token);
    issuer.override = silent;
    clock += 60_000;
    for (let call = 0; call < 20; call++) {
      await expect(authenticator.authenticate(token)).resolves.toBeDefined();
      await expect(authenticator.authenticate(await issuer.token(first, LONG))).resolves.toBeDefined();
    }
    expect(issuer.requests).toBe(1);
  });

  test('once a fetch has failed no call waits for the next, and keys that come late are taken', async () => {
    const failures: string[] = [];
    const onFetchError = (_: string, reason: string) => void failures.push(reason);
    const options = { now, onFetchError, fetchTimeout: 100, refreshPatience: 60_000 };
    const authenticator = createAuthenticator([issuer.config('jwks_max_age = "60s"')], options);
    const token = await issuer.token(first, LONG);
    await authenticator.authenticate(token);
    issuer.override = silent;
    clock += 60_000;
    await authenticator.authenticate(token);
    expect(failures).toEqual([expect.stringMatching(/no answer in time/)]);
    issuer.keys = [second.jwk];
    issuer.override = (request, response) => {
      const discovery = { issuer: issuer.url, jwks_uri: `${issuer.url}/jwks` };
      setTimeout(() => response.end(JSON.stringify(request.url === '/jwks' ? { keys: issuer.keys } : discovery)), 20);
    };
    clock += 3000;
    await expect(authenticator.authenticate(token)).resolves.toBeDefined();
    await expect.poll(() => authenticator.authenticate(token).then(String, String)).toMatch(/does not publish/);
  });

  test('keys in use are fetched again before they are too old', async () => {
    const authenticator = createAuthenticator([issuer.config('jwks_max_age = "60s"')], { now });
    const token = await issuer.token(first, LONG);
    await authenticator.authenticate(token);
    clock += 50_000;
    issuer.keys = [second.jwk];
    await expect(authenticator.authenticate(token)).resolves.toBeDefined();
    await expect.poll(() => authenticator.authenticate(token).then(String, String)).toMatch(/does not publish/);
  });

  test('before any key was fetched, a call ends when one fetch has had its time, of whatever it is made', async () => {
    issuer.override = (request, response) => {
      if (request.url === '/jwks') return;
      setTimeout(() => response.end(JSON.stringify({ issuer: issuer.url, jwks_uri: `${issuer.url}/jwks` })), 300);
    };
    const failures: string[] = [];
    const onFetchError = (_: string, reason: string) => void failures.push(reason);
    const authenticator = createAuthenticator([issuer.config()], { now, onFetchError, fetchTimeout: 500 });
    const token = await issuer.token(first, LONG);
    const calls = await Promise.allSettled(Array.from({ length: 5 }, () => authenticator.authenticate(token)));
    for (const call of calls) expect(call).toMatchObject({ reason: { code: 'UNAVAILABLE' } });
    expect(failures).toEqual([expect.stringMatching(/no answer in time/)]);
    await expect(authenticator.authenticate(token)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(failures).toHaveLength(1);
  });
});

describe('answers of the issuer that are no keys', () => {
  const cases: [string, NonNullable<TestIssuer['override']>, RegExp][] = [
    ['an error', (_, response) => response.writeHead(500).end('secret'), /status 500/],
    ['no JSON', (_, response) => response.end('<html>'), /no valid JSON/],
    ['no key set', (_, response) => response.end('{"keys":{}}'), /malformed/],
    ['endless bytes', (_, response) => response.end(Buffer.alloc(2 ** 20 + 1, ' ')), /larger than/],
    ['no answer', () => undefined, /no answer in time|broke off/],
    ['a redirect to itself', (_, response) => response.writeHead(302, { location: '/jwks' }).end(), /redirects/],
    [
      'a redirect to a file',
      (_, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
      /only https/,
    ],
  ];
  test.each(cases)('%s', async (_, override, reason) => {
    const failures: string[] = [];
    const onFetchError = (_: string, failure: string) => void failures.push(failure);
    issuer.override = override;
    const config = { ...issuer.config(), jwksUrl: `${issuer.url}/jwks` };
    const authenticator = createAuthenticator([config], { onFetchError, fetchTimeout: 500 });
    await expect(authenticator.authenticate(await issuer.token(first))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(failures).toEqual([expect.stringMatching(reason)]);
  });

  test('a discovery document of another issuer', async () => {
    const failures: string[] = [];
    const onFetchError = (_: string, failure: string) => void failures.push(failure);
    issuer.override = (_, response) =>
      response.end(JSON.stringify({ issuer: 'https://evil', jwks_uri: `${issuer.url}/jwks` }));
    const authenticator = createAuthenticator([issuer.config()], { onFetchError });
    await expect(authenticator.authenticate(await issuer.token(first))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(failures).toEqual([expect.stringContaining('another issuer')]);
  });

  test('plain http without the opt-in is never asked', async () => {
    const config = { ...issuer.config(), allowInsecureJwks: false };
    await expect(createAuthenticator([config]).authenticate(await issuer.token(first))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
    expect(issuer.requests).toBe(0);
  });
});
