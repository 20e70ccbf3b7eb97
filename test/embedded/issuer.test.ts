import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Issuer, type SigningAlgorithm, startIssuer } from '../../src/embedded/index.js';

let issuer: Issuer;
beforeAll(async () => {
  issuer = await startIssuer();
});
afterAll(() => issuer.close());

async function grant(fields: Record<string, string>) {
  const response = await fetch(issuer.tokenUrl, { method: 'POST', body: new URLSearchParams(fields) });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

const login = { client_id: 'polaris-frontend-client', grant_type: 'password', username: 'testuser' };

describe('the issuer', () => {
  it('describes itself under the path of a Keycloak realm', async () => {
    const response = await fetch(`${issuer.issuer}/.well-known/openid-configuration`);
    expect(issuer.issuer).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/realms\/iceberg$/);
    expect(await response.json()).toMatchObject({
      issuer: issuer.issuer,
      jwks_uri: `${issuer.issuer}/protocol/openid-connect/certs`,
      token_endpoint: `${issuer.issuer}/protocol/openid-connect/token`,
    });
  });

  it('gives the public client a token for a right password, with the claims that Keycloak gives', async () => {
    const { status, body } = await grant({ ...login, password: 'testuser123' });
    expect(status).toBe(200);
    expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 300 });
    const { payload } = await jwtVerify(String(body.access_token), createRemoteJWKSet(new URL(issuer.jwksUrl)), {
      issuer: issuer.issuer,
      audience: 'account',
    });
    expect(payload).toMatchObject({ azp: 'polaris-frontend-client', preferred_username: 'testuser', typ: 'Bearer' });
    expect(payload.sub).toMatch(/^[0-9a-f-]{36}$/);
    expect(Number(payload.exp) - Number(payload.iat)).toBe(300);
    expect((payload.realm_access as { roles: string[] }).roles).toContain('table_reader');
    expect((payload.realm_access as { roles: string[] }).roles).not.toContain('data_writer');
  });

  it('refuses a wrong password, an unknown user, client and grant in the shape of OAuth', async () => {
    const wrong = { error: 'invalid_grant', error_description: 'Invalid user credentials' };
    expect(await grant({ ...login, password: 'x' })).toEqual({ status: 401, body: wrong });
    expect(await grant({ ...login, username: 'nobody', password: 'x' })).toEqual({ status: 401, body: wrong });
    expect(await grant({ ...login, client_id: 'other' })).toMatchObject({
      status: 401,
      body: { error: 'invalid_client' },
    });
    expect(await grant({ client_id: login.client_id, grant_type: 'client_credentials' })).toMatchObject({
      status: 400,
      body: { error: 'unsupported_grant_type' },
    });
  });

  it('renews a token for a refresh token, and for nothing else', async () => {
    const first = await grant({ ...login, password: 'testuser123' });
    const renew = (token: unknown) =>
      grant({ client_id: login.client_id, grant_type: 'refresh_token', refresh_token: String(token) });
    const renewed = await renew(first.body.refresh_token);
    expect(renewed.status).toBe(200);
    expect(decodeJwt(String(renewed.body.access_token)).sub).toBe(decodeJwt(String(first.body.access_token)).sub);
    expect(await renew(first.body.access_token)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
  });

  it('signs with each algorithm that it has a key for', async () => {
    const algorithms: SigningAlgorithm[] = ['RS256', 'PS256', 'ES256', 'ES384', 'ES512', 'EdDSA'];
    const many = await startIssuer({ algorithms });
    try {
      const keys = createRemoteJWKSet(new URL(many.jwksUrl));
      for (const algorithm of algorithms) {
        const token = await many.token('adminuser', { algorithm });
        expect((await jwtVerify(token, keys)).protectedHeader.alg).toBe(algorithm);
      }
      const { keys: published } = (await (await fetch(many.jwksUrl)).json()) as { keys: Record<string, unknown>[] };
      expect(published).toHaveLength(6);
      expect(published.some((key) => 'd' in key)).toBe(false);
    } finally {
      await many.close();
    }
  });

  it('rotates its key, and the old one verifies on unless it is dropped', async () => {
    const rotating = await startIssuer();
    try {
      const verify = (token: string) => jwtVerify(token, createRemoteJWKSet(new URL(rotating.jwksUrl)));
      const old = await rotating.token('testuser');
      const kid = await rotating.rotate();
      expect(decodeProtectedHeader(await rotating.token('testuser')).kid).toBe(kid);
      await verify(old);
      await rotating.rotate({ keepOld: false });
      await expect(verify(old)).rejects.toThrow('no applicable key');
      await verify(await rotating.token('testuser'));
    } finally {
      await rotating.close();
    }
  });

  it('issues tokens with claims of one’s choice: expired, for another audience, without a claim', async () => {
    const token = await issuer.issue({ aud: 'other', jti: undefined }, { user: 'testuser', lifetimeSeconds: -10 });
    const claims = decodeJwt(token);
    expect(claims).toMatchObject({ aud: 'other', preferred_username: 'testuser' });
    expect(claims.exp).toBeLessThan(Date.now() / 1000);
    expect(claims).not.toHaveProperty('jti');
  });
});
