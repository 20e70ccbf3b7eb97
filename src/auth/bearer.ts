import { TokenRefused } from './refusal.js';

/**
 * The token of an `authorization` header: `Bearer …`, or `Basic …` of a tool that has only user and password fields, with the token as
 * password (RFC 6750, section 2.1; RFC 7617, padded or not).
 * @throws SkuaError UNAUTHENTICATED that says what is expected.
 */
export function bearerFrom(header: string | undefined): string {
  if (header === undefined || header.trim() === '') {
    throw new TokenRefused('missing', "The call has no token: the header 'authorization: Bearer <token>' is missing.");
  }
  const [, scheme, credentials] = /^\s*([A-Za-z0-9-]+)(?:\s+(.*?))?\s*$/s.exec(header) ?? [];
  switch (scheme?.toLowerCase()) {
    case 'bearer':
      if (credentials === undefined || credentials === '') {
        throw new TokenRefused('missing', "The header 'authorization: Bearer' holds no token.");
      }
      return credentials;
    case 'basic':
      return passwordToken(credentials ?? '');
    default:
      throw new TokenRefused(
        'malformed',
        "The header 'authorization' must be 'Bearer <token>', or Basic with the token as password.",
      );
  }
}

function passwordToken(credentials: string): string {
  const decoded = /^[A-Za-z0-9+/_-]*={0,2}$/.test(credentials)
    ? Buffer.from(credentials, 'base64').toString('utf8')
    : '';
  const colon = decoded.indexOf(':');
  if (colon === -1) {
    throw new TokenRefused('malformed', "The header 'authorization: Basic' is malformed.");
  }
  const user = decoded.slice(0, colon);
  const password = decoded.slice(colon + 1);
  if (password !== '' && (user === '' || user === 'token' || looksLikeJwt(password))) return password;
  throw new TokenRefused(
    'malformed',
    "This server takes no passwords. Log in with the user 'token' and an access token of your identity provider as password.",
  );
}

function looksLikeJwt(text: string): boolean {
  return /^eyJ[\w-]*\.[\w-]+\.[\w-]+$/.test(text);
}
