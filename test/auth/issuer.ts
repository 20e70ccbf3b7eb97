/** An issuer for tests: keys, a JWKS server, and tokens of every kind, good and bad. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, type GenerateKeyPairResult, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';
import { type AuthConfig, loadConfig } from '../../src/config/index.js';

export interface SigningKey {
  algorithm: string;
  privateKey: GenerateKeyPairResult['privateKey'];
  jwk: JWK;
}

export async function signingKey(algorithm: string, keyId: string | undefined, extra: JWK = {}): Promise<SigningKey> {
  const options = algorithm.startsWith('Ed') ? { crv: 'Ed25519', extractable: true } : { extractable: true };
  const { privateKey, publicKey } = await generateKeyPair(algorithm, options);
  const jwk: JWK = { ...(await exportJWK(publicKey)), alg: algorithm, use: 'sig', ...extra };
  if (keyId !== undefined) jwk.kid = keyId;
  return { algorithm, privateKey, jwk };
}

export interface TokenParts {
  /** Undefined: without it. */
  claims?: { [name in keyof JWTPayload]: JWTPayload[name] | undefined };
  header?: Record<string, unknown>;
}

export class TestIssuer {
  keys: JWK[] = [];
  /** Requests for the JWKS. */
  requests = 0;
  /** Answers instead of the issuer. */
  override: RequestListener | undefined;
  #server: Server | undefined;
  #port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    this.#server = createServer((request, response) => {
      if (request.url === '/jwks') this.requests++;
      if (this.override !== undefined) return this.override(request, response);
      response.setHeader('content-type', 'application/json');
      if (request.url === '/jwks') response.end(JSON.stringify({ keys: this.keys }));
      else if (request.url === '/.well-known/openid-configuration') {
        response.end(JSON.stringify({ issuer: this.url, jwks_uri: `${this.url}/jwks` }));
      } else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => this.#server?.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise<void>((resolve) =>
      this.#server === undefined ? resolve() : this.#server.close(() => resolve()),
    );
    this.#server = undefined;
  }

  /** A good token; what `claims` sets to undefined is left out. */
  async token(key: SigningKey, { claims, header }: TokenParts = {}): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const payload = { iss: this.url, aud: 'account', sub: 's-1', iat: now, exp: now + 300, ...claims };
    return new SignJWT(payload as JWTPayload)
      .setProtectedHeader({
        alg: key.algorithm,
        typ: 'JWT',
        ...(key.jwk.kid === undefined ? {} : { kid: key.jwk.kid }),
        ...header,
      })
      .sign(key.privateKey);
  }

  config(settings = ''): AuthConfig {
    const text = `
      [[auth]]
      issuer = "${this.url}"
      allow_insecure_jwks = true
      ${settings.includes('allow_any_audience') ? '' : 'audience = "account"'}
      ${settings}
      [catalogs.any]
      uri = "http://127.0.0.1:1"`;
    const [config] = loadConfig({ text, env: {} }).auth;
    if (config === undefined) throw new Error('no [[auth]]');
    return config;
  }
}
