import { SkuaError } from '../errors.js';

/** A bearer token, or what gives one: asked before every call, so it should keep what it got until that expires. */
export type TokenSource = string | (() => string | Promise<string>);

/** The value of the header `authorization`. What can't stand in a header: INVALID_ARGUMENT. */
export async function authorizationOf(source: TokenSource): Promise<string> {
  const given = typeof source === 'string' ? source : await source();
  const token = given.trim().replace(/^bearer\s+/i, '');
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new SkuaError('INVALID_ARGUMENT', 'The token is empty or has characters that a token can not have.');
  }
  return `Bearer ${token}`;
}
