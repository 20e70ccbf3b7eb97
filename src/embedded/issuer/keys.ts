import { randomUUID } from 'node:crypto';
import { type CryptoKey, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose';
import { SkuaError } from '../../errors.js';

export type SigningAlgorithm = 'RS256' | 'PS256' | 'ES256' | 'ES384' | 'ES512' | 'EdDSA';

export interface SigningKey {
  kid: string;
  algorithm: SigningAlgorithm;
  /** With its private part. */
  jwk: JWK;
  privateKey: CryptoKey;
}

/** How a key is kept on disk. */
export interface StoredKey {
  kid: string;
  algorithm: SigningAlgorithm;
  jwk: JWK;
}

export async function createKey(algorithm: SigningAlgorithm): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair(algorithm, {
    extractable: true,
    ...(algorithm === 'EdDSA' ? { crv: 'Ed25519' } : {}),
  });
  return { kid: randomUUID(), algorithm, jwk: await exportJWK(privateKey), privateKey };
}

export async function restoreKey(stored: StoredKey): Promise<SigningKey> {
  const privateKey = await importJWK(stored.jwk, stored.algorithm);
  if (privateKey instanceof Uint8Array) {
    throw new SkuaError('FAILED_PRECONDITION', `the stored signing key ${stored.kid} is not an asymmetric key`);
  }
  return { ...stored, privateKey };
}

/** The keys of an issuer, newest first; the newest of an algorithm signs, all verify. */
export class KeyRing {
  #keys: SigningKey[];

  constructor(keys: SigningKey[]) {
    this.#keys = keys;
  }

  signing(algorithm?: SigningAlgorithm): SigningKey {
    const key = algorithm === undefined ? this.#keys[0] : this.#keys.find((one) => one.algorithm === algorithm);
    if (key === undefined) throw new SkuaError('NOT_FOUND', `the issuer has no ${algorithm ?? 'signing'} key`);
    return key;
  }

  get algorithms(): SigningAlgorithm[] {
    return [...new Set(this.#keys.map((key) => key.algorithm))];
  }

  /** Puts a new key of the same algorithm before the newest one, which goes on verifying unless `keepOld` is false. */
  async rotate(options: { algorithm?: SigningAlgorithm; keepOld?: boolean }): Promise<SigningKey> {
    const algorithm = options.algorithm ?? this.signing().algorithm;
    const fresh = await createKey(algorithm);
    const kept = options.keepOld === false ? this.#keys.filter((key) => key.algorithm !== algorithm) : this.#keys;
    this.#keys = [fresh, ...kept];
    return fresh;
  }

  /** JSON Web Key Set (RFC 7517), public parts only. */
  publicSet(): { keys: JWK[] } {
    return {
      keys: this.#keys.map(({ kid, algorithm, jwk }) => {
        const { kty, n, e, crv, x, y } = jwk;
        const parts = Object.entries({ kty, n, e, crv, x, y }).filter(([, part]) => part !== undefined);
        return { kid, alg: algorithm, use: 'sig', ...Object.fromEntries(parts) } as JWK;
      }),
    };
  }

  stored(): StoredKey[] {
    return this.#keys.map(({ kid, algorithm, jwk }) => ({ kid, algorithm, jwk }));
  }
}
