import { createHmac } from 'node:crypto';
import { exportSPKI, importJWK } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAuthenticator } from '../../src/auth/index.js';
import { ALGORITHMS } from '../../src/config/index.js';
import { type SigningKey, signingKey, TestIssuer } from './issuer.js';

const issuer = new TestIssuer();
const keys = new Map<string, SigningKey>();
let key: SigningKey;

beforeAll(async () => {
  await issuer.start();
  for (const algorithm of ALGORITHMS) keys.set(algorithm, await signingKey(algorithm, `k-${algorithm}`));
  issuer.keys = [...keys.values()].map(({ jwk }) => jwk);
  key = keys.get('RS256') as SigningKey;
});

afterAll(() => issuer.stop());

const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const seconds = () => Math.floor(Date.now() / 1000);

async function refusal(token: string, settings = ''): Promise<string> {
  const error = await createAuthenticator([issuer.config(settings)])
    .authenticate(token)
    .then(
      () => undefined,
      (reason: unknown) => reason,
    );
  expect(error).toMatchObject({ name: 'SkuaError' });
  const { code, message } = error as { code: string; message: string };
  for (const part of token.split('.')) if (part.length > 8) expect(message).not.toContain(part);
  return `${code}: ${message}`;
}

describe('accepted', () => {
  test.each(ALGORITHMS)('a token signed with %s', async (algorithm) => {
    const token = await issuer.token(keys.get(algorithm) as SigningKey);
    const principal = await createAuthenticator([issuer.config()]).authenticate(token);
    expect(principal).toMatchObject({ issuer: issuer.url, subject: 's-1', name: 's-1', roles: [] });
    expect(principal.token.header()).toBe(`Bearer ${token}`);
    expect(JSON.stringify(principal)).not.toContain(token);
  });

  test('user name and roles come from the configured claims', async () => {
    const config = issuer.config(`user_claim = "preferred_username"\nroles_claim = '"https://example.com/acl".roles'`);
    const claims = { preferred_username: 'adminuser', 'https://example.com/acl': { roles: ['writer', 'reader'] } };
    const principal = await createAuthenticator([config]).authenticate(await issuer.token(key, { claims }));
    expect(principal).toMatchObject({ name: 'adminuser', roles: ['writer', 'reader'] });
  });

  test('roles may be one string separated by spaces', async () => {
    const token = await issuer.token(key, { claims: { scope: 'read  write' } });
    expect((await createAuthenticator([issuer.config('roles_claim = "scope"')]).authenticate(token)).roles).toEqual([
      'read',
      'write',
    ]);
  });

  test.each([undefined, 'at+jwt', 'application/at+jwt', 'JWT'])('a token of type %s', async (typ) => {
    const token = await issuer.token(key, { header: { typ } });
    await expect(createAuthenticator([issuer.config()]).authenticate(token)).resolves.toBeDefined();
  });

  test('one of several audiences, in the token and in the configuration', async () => {
    const config = { ...issuer.config(), audience: ['a', 'account'] };
    const token = await issuer.token(key, { claims: { aud: ['x', 'account'] } });
    await expect(createAuthenticator([config]).authenticate(token)).resolves.toBeDefined();
  });

  test('any audience and none, once that was opted into', async () => {
    const authenticator = createAuthenticator([issuer.config('allow_any_audience = true')]);
    await expect(
      authenticator.authenticate(await issuer.token(key, { claims: { aud: 'other' } })),
    ).resolves.toBeDefined();
    await expect(
      authenticator.authenticate(await issuer.token(key, { claims: { aud: undefined } })),
    ).resolves.toBeDefined();
  });

  test('clocks may differ by the leeway', async () => {
    const authenticator = createAuthenticator([issuer.config('leeway = 30')]);
    await expect(
      authenticator.authenticate(await issuer.token(key, { claims: { exp: seconds() - 10 } })),
    ).resolves.toBeDefined();
    await expect(
      authenticator.authenticate(await issuer.token(key, { claims: { nbf: seconds() + 10 } })),
    ).resolves.toBeDefined();
  });

  test('tokens of several issuers, each checked with its own keys', async () => {
    const other = new TestIssuer();
    await other.start();
    const otherKey = await signingKey('ES256', 'k-RS256');
    other.keys = [otherKey.jwk];
    const authenticator = createAuthenticator([issuer.config(), other.config()]);
    expect((await authenticator.authenticate(await other.token(otherKey))).issuer).toBe(other.url);
    expect((await authenticator.authenticate(await issuer.token(key))).issuer).toBe(issuer.url);
    const crossed = await other.token(otherKey, { claims: { iss: issuer.url } });
    await expect(authenticator.authenticate(crossed)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await other.stop();
  });
});

describe('refused, each with its own sentence', () => {
  test.each([
    ['expired', () => ({ exp: seconds() - 60 }), 'The token has expired. Fetch a new one.'],
    ['not yet valid', () => ({ nbf: seconds() + 60 }), 'The token is not valid yet.'],
    [
      'for another audience',
      () => ({ aud: 'elsewhere' }),
      'The token was issued for another audience, not for this server.',
    ],
    ['without audience', () => ({ aud: undefined }), "The token has no claim 'aud', which is required."],
    ['without expiry', () => ({ exp: undefined }), "The token has no claim 'exp', which is required."],
    ['without issuer', () => ({ iss: undefined }), "The token has no claim 'iss', which is required."],
    ['without subject', () => ({ sub: undefined }), "The token has no claim 'sub', which is required."],
    [
      'of another issuer',
      () => ({ iss: 'https://evil.example.com' }),
      'The token comes from an issuer that this server does not trust.',
    ],
    [
      'of nearly the same issuer',
      () => ({ iss: `${issuer.url}/` }),
      'The token comes from an issuer that this server does not trust.',
    ],
  ])('a token %s', async (_, claims, sentence) => {
    expect(await refusal(await issuer.token(key, { claims: claims() }))).toBe(`UNAUTHENTICATED: ${sentence}`);
  });

  test('a token without the configured user claim', async () => {
    expect(await refusal(await issuer.token(key), 'user_claim = "preferred_username"')).toBe(
      "UNAUTHENTICATED: The token has no claim 'preferred_username', which names the user.",
    );
  });

  test.each(['not.a.real.jwt', 'rubbish', '', 'a.b', 'a.b.c', `${base64url([])}.${base64url({})}.x`])(
    'rubbish: %j',
    async (token) => {
      expect(await refusal(token)).toMatch(/^UNAUTHENTICATED: The token is (no JSON Web Token|malformed)/);
    },
  );

  test('a token whose signature was changed, or whose claims were', async () => {
    const [header, payload, signature] = (await issuer.token(key)).split('.') as [string, string, string];
    const flipped = `${signature[0] === 'A' ? 'B' : 'A'}${signature.slice(1)}`;
    expect(await refusal(`${header}.${payload}.${flipped}`)).toBe("UNAUTHENTICATED: The token's signature is wrong.");
    const claims = { ...JSON.parse(Buffer.from(payload, 'base64url').toString()), sub: 'admin' };
    expect(await refusal(`${header}.${base64url(claims)}.${signature}`)).toBe(
      "UNAUTHENTICATED: The token's signature is wrong.",
    );
  });

  test('an unsigned token', async () => {
    const [, payload] = (await issuer.token(key)).split('.');
    expect(await refusal(`${base64url({ alg: 'none' })}.${payload}.`)).toBe(
      'UNAUTHENTICATED: The token is not signed.',
    );
  });

  test('a token that is signed with the public key as an HMAC secret', async () => {
    const [, payload] = (await issuer.token(key)).split('.');
    const pem = await exportSPKI(
      (await importJWK({ ...key.jwk, ext: true }, 'RS256', { extractable: true })) as Parameters<typeof exportSPKI>[0],
    );
    const signed = `${base64url({ alg: 'HS256', kid: 'k-RS256' })}.${payload}`;
    const token = `${signed}.${createHmac('sha256', pem).update(signed).digest('base64url')}`;
    expect(await refusal(token)).toBe("UNAUTHENTICATED: The token's signature algorithm 'HS256' is not allowed.");
  });

  test('an algorithm that is not in the allow-list', async () => {
    expect(await refusal(await issuer.token(key), 'algorithms = ["ES256"]')).toBe(
      "UNAUTHENTICATED: The token's signature algorithm 'RS256' is not allowed.",
    );
  });

  test('an algorithm that its key is not for', async () => {
    const token = await issuer.token(keys.get('PS256') as SigningKey, { header: { kid: 'k-RS256' } });
    expect(await refusal(token)).toBe("UNAUTHENTICATED: The token's signature algorithm 'PS256' does not fit its key.");
  });

  test('a key that is published for encryption', async () => {
    const own = new TestIssuer();
    await own.start();
    const encryption = await signingKey('RS256', 'enc', { use: 'enc' });
    own.keys = [encryption.jwk];
    await expect(createAuthenticator([own.config()]).authenticate(await own.token(encryption))).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
    });
    await own.stop();
  });

  test('a key that the issuer does not publish', async () => {
    const stranger = await signingKey('RS256', 'stranger');
    expect(await refusal(await issuer.token(stranger))).toBe(
      'UNAUTHENTICATED: The token is signed with a key that its issuer does not publish.',
    );
  });

  test('a token for another purpose, an encrypted one, and one with an unknown critical extension', async () => {
    expect(await refusal(await issuer.token(key, { header: { typ: 'logout+jwt' } }))).toMatch(/not an access token/);
    expect(await refusal(`${base64url({ alg: 'dir' })}.a.b.c.d`)).toMatch(/is encrypted/);
    const [, payload, signature] = (await issuer.token(key)).split('.');
    const header = base64url({ alg: 'RS256', kid: 'k-RS256', crit: ['x'], x: 1 });
    expect(await refusal(`${header}.${payload}.${signature}`)).toMatch(/needs an extension/);
  });
});
