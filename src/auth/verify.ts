/** Checks one token against the keys and the configuration of its issuer, and says in one sentence what is wrong with it. */
import { errors, type JWTPayload, type JWTVerifyGetKey, type JWTVerifyOptions, jwtVerify } from 'jose';
import type { AuthConfig } from '../config/index.js';
import type { KeySet, KeySnapshot } from './key-set.js';
import { type RefusalReason, TokenRefused } from './refusal.js';
import type { UnverifiedToken } from './unverified.js';

export interface VerifiedToken {
  payload: JWTPayload;
  /** The keys that the signature was checked with. */
  keys: KeySnapshot;
}

/** Rejects with UNAUTHENTICATED and the reason, or with UNAVAILABLE where the keys can't be had. */
export async function verifyToken(
  token: UnverifiedToken,
  config: AuthConfig,
  keySet: KeySet,
  now: number,
): Promise<VerifiedToken> {
  const { algorithm, keyId } = token;
  if (!(config.algorithms as readonly string[]).includes(algorithm)) {
    throw refused('algorithm', `The token's signature algorithm '${algorithm}' is not allowed.`);
  }
  let keys = await keySet.current();
  for (;;) {
    const attempt = await tryKeys(token.text, config, keys, now);
    if (attempt.failure === undefined) return { payload: attempt.payload, keys };
    const { failure } = attempt;
    const mayBeRotated = failure instanceof errors.JWKSNoMatchingKey || keyId === undefined;
    if (!mayBeRotated || !isKeyFailure(failure)) throw explain(failure);
    if (keyId !== undefined && keys.hasKeyId(keyId)) {
      throw refused('algorithm', `The token's signature algorithm '${algorithm}' does not fit its key.`);
    }
    const newer = await keySet.newerThan(keys);
    if (newer === undefined) throw explain(failure);
    keys = newer;
  }
}

type Attempt = { payload: JWTPayload; failure?: undefined } | { failure: errors.JOSEError };

async function tryKeys(token: string, config: AuthConfig, keys: KeySnapshot, now: number): Promise<Attempt> {
  try {
    return await verifyWith(token, config, keys.getKey, now);
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) return { failure: joseError(error) };
    for await (const key of error) {
      try {
        return await verifyWith(token, config, () => key, now);
      } catch (failure) {
        if (!(failure instanceof errors.JWSSignatureVerificationFailed)) return { failure: joseError(failure) };
      }
    }
    return { failure: new errors.JWSSignatureVerificationFailed() };
  }
}

async function verifyWith(
  token: string,
  config: AuthConfig,
  getKey: JWTVerifyGetKey,
  now: number,
): Promise<{ payload: JWTPayload }> {
  const options: JWTVerifyOptions = {
    algorithms: [...config.algorithms],
    issuer: config.issuer,
    requiredClaims: ['iss', 'exp', 'sub'],
    clockTolerance: config.leeway / 1000,
    currentDate: new Date(now),
  };
  if (!config.allowAnyAudience) options.audience = config.audience;
  const { payload } = await jwtVerify(token, getKey, options);
  return { payload };
}

function joseError(error: unknown): errors.JOSEError {
  if (error instanceof errors.JOSEError) return error;
  throw new TokenRefused('key', "The token's key can't be used.", { cause: error });
}

function isKeyFailure(error: errors.JOSEError): boolean {
  return error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWSSignatureVerificationFailed;
}

function explain(error: errors.JOSEError): TokenRefused {
  if (error instanceof errors.JWTExpired) return refused('expired', 'The token has expired. Fetch a new one.');
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.reason === 'missing')
      return refused('claims', `The token has no claim '${error.claim}', which is required.`);
    if (error.reason === 'invalid')
      return refused('claims', `The claim '${error.claim}' of the token has a wrong type.`);
    if (error.claim === 'nbf') return refused('early', 'The token is not valid yet.');
    if (error.claim === 'aud')
      return refused('audience', 'The token was issued for another audience, not for this server.');
    if (error.claim === 'iss')
      return refused('issuer', 'The token comes from an issuer that this server does not trust.');
    return refused('claims', `The claim '${error.claim}' of the token is not accepted.`);
  }
  if (error instanceof errors.JWKSNoMatchingKey)
    return refused('key', 'The token is signed with a key that its issuer does not publish.');
  if (error instanceof errors.JWSSignatureVerificationFailed)
    return refused('signature', "The token's signature is wrong.");
  if (error instanceof errors.JOSEAlgNotAllowed)
    return refused('algorithm', "The token's signature algorithm is not allowed.");
  if (error instanceof errors.JWKSInvalid) return refused('key', "The token's key can't be used.");
  if (error instanceof errors.JOSENotSupported)
    return refused('malformed', 'The token needs an extension that this server does not know.');
  return refused('malformed', 'The token is malformed.');
}

function refused(reason: RefusalReason, message: string): TokenRefused {
  return new TokenRefused(reason, message);
}
