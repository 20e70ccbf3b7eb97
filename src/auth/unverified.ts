import { decodeJwt, decodeProtectedHeader } from 'jose';
import { SkuaError } from '../errors.js';

/** What a token says about itself before anything of it was checked; good only for finding out how to check it. */
export interface UnverifiedToken {
  text: string;
  issuer: string;
  algorithm: string;
  keyId: string | undefined;
}

/** `typ` of access tokens: none, RFC 7519, section 5.1, and RFC 9068, section 2.1. Other types are tokens for other purposes. */
const TYPES = new Set(['jwt', 'at+jwt']);

/** @throws SkuaError UNAUTHENTICATED where the text is no signed JWT that names its issuer. */
export function readUnverified(token: string): UnverifiedToken {
  const parts = token.split('.').length;
  if (parts === 5) throw refused('The token is encrypted; this server takes signed JSON Web Tokens.');
  if (parts !== 3) throw refused('The token is no JSON Web Token, which has three parts separated by dots.');
  let header: ReturnType<typeof decodeProtectedHeader>;
  let payload: ReturnType<typeof decodeJwt>;
  try {
    header = decodeProtectedHeader(token);
    payload = decodeJwt(token);
  } catch (error) {
    throw new SkuaError('UNAUTHENTICATED', 'The token is malformed: its header and claims are no JSON.', {
      cause: error,
    });
  }
  const { alg, typ, kid } = header;
  if (typ !== undefined && !(typeof typ === 'string' && TYPES.has(typ.toLowerCase().replace(/^application\//, '')))) {
    throw refused('The token is of another type, not an access token.');
  }
  if (alg === 'none') throw refused('The token is not signed.');
  if (typeof alg !== 'string' || !/^[\w-]{1,32}$/.test(alg))
    throw refused('The token does not name its signature algorithm.');
  if (payload.iss === undefined) throw refused("The token has no claim 'iss', which is required.");
  if (typeof payload.iss !== 'string') throw refused("The claim 'iss' of the token has a wrong type.");
  return { text: token, issuer: payload.iss, algorithm: alg, keyId: typeof kid === 'string' ? kid : undefined };
}

function refused(message: string): SkuaError {
  return new SkuaError('UNAUTHENTICATED', message);
}
