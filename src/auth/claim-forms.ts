/**
 * What the registered claims of a token must look like (RFC 7519, section 4.1), whether or not they are right. Whoever is let in is told
 * apart by issuer and subject, so a subject that is no text, or that is not the same text everywhere, is nobody's.
 */
import type { JWTPayload } from 'jose';
import { TokenRefused } from './refusal.js';

/** Longest name of a subject, user or role, in UTF-16 code units. */
const LONGEST_NAME = 1024;

/** The last second of the year 9999 since the epoch: what is later is no time that anything could hold. */
const LATEST = 253_402_300_799;

/** @throws SkuaError UNAUTHENTICATED for the first claim that is missing or has a wrong form. */
export function checkClaimForms(payload: JWTPayload): void {
  if (typeof required(payload, 'iss') !== 'string') throw wrongType('iss');
  checkName(required(payload, 'sub'), "The claim 'sub' of the token");
  required(payload, 'exp');
  for (const claim of ['exp', 'nbf', 'iat']) checkTime(payload[claim], claim);
  const { aud, cnf } = payload;
  if (aud !== undefined && typeof aud !== 'string' && !(Array.isArray(aud) && aud.every(isString))) {
    throw wrongType('aud');
  }
  if (cnf !== undefined) {
    throw refused("The token is bound to a key of its holder (claim 'cnf'), which this server can't check.");
  }
}

/**
 * A name by which somebody is known, here and at the catalog. `what` begins the sentence of the refusal.
 * @throws SkuaError UNAUTHENTICATED for everything but text of a sane length without control characters.
 */
export function checkName(value: unknown, what: string): string {
  if (typeof value !== 'string') throw refused(`${what} has a wrong type: it must be text.`);
  if (value.trim() === '') throw refused(`${what} is empty.`);
  if (value.length > LONGEST_NAME) throw refused(`${what} is longer than ${LONGEST_NAME} characters.`);
  if (CONTROL.test(value)) throw refused(`${what} has control characters.`);
  if (HALF_PAIR.test(value)) throw refused(`${what} is no valid Unicode.`);
  return value;
}

/** Control characters, and those that end a line. */
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]/u;

/** Half of a surrogate pair, in the place of which others would read one and the same character. */
const HALF_PAIR = /\p{Cs}/u;

function required(payload: JWTPayload, claim: string): unknown {
  const value = payload[claim];
  if (value === undefined) throw refused(`The token has no claim '${claim}', which is required.`);
  return value;
}

/** Seconds since the epoch, with or without a fraction (RFC 7519, section 2, NumericDate). */
function checkTime(value: unknown, claim: string): void {
  if (value === undefined) return;
  if (typeof value !== 'number') throw wrongType(claim);
  if (!(Math.abs(value) <= LATEST)) throw refused(`The claim '${claim}' of the token is no time.`);
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

function wrongType(claim: string): TokenRefused {
  return refused(`The claim '${claim}' of the token has a wrong type.`);
}

function refused(message: string): TokenRefused {
  return new TokenRefused('claims', message);
}
