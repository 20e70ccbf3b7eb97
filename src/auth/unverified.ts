import type { JWTHeaderParameters, JWTPayload } from 'jose';
import { parse } from 'lossless-json';
import { checkClaimForms } from './claim-forms.js';
import { type RefusalReason, TokenRefused } from './refusal.js';

/** What a token says about itself before anything of it was checked; good only for finding out how to check it. */
export interface UnverifiedToken {
  text: string;
  issuer: string;
  algorithm: string;
  keyId: string | undefined;
}

/** `typ` of access tokens: none, RFC 7519, section 5.1, and RFC 9068, section 2.1. Other types are tokens for other purposes. */
const TYPES = new Set(['jwt', 'at+jwt']);

/** @throws SkuaError UNAUTHENTICATED where the text is no signed JWT whose registered claims have the form that they must have. */
export function readUnverified(token: string): UnverifiedToken {
  const parts = token.split('.');
  if (parts.length === 5) throw refused('The token is encrypted; this server takes signed JSON Web Tokens.');
  if (parts.length !== 3) throw refused('The token is no JSON Web Token, which has three parts separated by dots.');
  const [header, payload] = parts.slice(0, 2).map(readObject) as [Partial<JWTHeaderParameters>, JWTPayload];
  const { alg, typ, kid } = header;
  if (typ !== undefined && !(typeof typ === 'string' && TYPES.has(typ.toLowerCase().replace(/^application\//, '')))) {
    throw refused('The token is of another type, not an access token.');
  }
  if (alg === 'none') throw refused('The token is not signed.', 'algorithm');
  if (typeof alg !== 'string' || !/^[\w-]{1,32}$/.test(alg))
    throw refused('The token does not name its signature algorithm.', 'algorithm');
  if (kid !== undefined && typeof kid !== 'string') throw refused("The token's key id, 'kid', has a wrong type.");
  if (!BASE64URL.test(parts[2] as string)) throw refused("The token's signature is malformed.");
  checkClaimForms(payload);
  return { text: token, issuer: payload.iss as string, algorithm: alg, keyId: kid };
}

const BASE64URL = /^[A-Za-z0-9_-]+$/;
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** One part, which is JSON in UTF-8 without padding. Names that come twice would mean one thing here and maybe another at the catalog. */
function readObject(part: string): object {
  let value: unknown;
  try {
    if (!BASE64URL.test(part)) throw new Error('no base64url');
    const text = UTF8.decode(Buffer.from(part, 'base64url'));
    value = JSON.parse(text);
    refuseDuplicates(text);
  } catch (error) {
    if (error instanceof TokenRefused) throw error;
    throw new TokenRefused('malformed', 'The token is malformed: its header and claims are no JSON.', {
      cause: error,
    });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw refused('The token is malformed: its header and claims are no JSON objects.');
}

function refuseDuplicates(text: string): void {
  parse(text, undefined, {
    onDuplicateKey: () => {
      throw refused('The token is malformed: it has a claim or a header twice.');
    },
  });
}

function refused(message: string, reason: RefusalReason = 'malformed'): TokenRefused {
  return new TokenRefused(reason, message);
}
