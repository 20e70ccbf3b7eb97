/** Who calls: bearer tokens and how they are checked. */
export { type Authenticator, type AuthenticatorOptions, createAuthenticator } from './authenticator.js';
export { bearerFrom } from './bearer.js';
export { KeySet, type KeySetOptions } from './key-set.js';
export { BearerToken, type Principal } from './principal.js';
export { type RefusalReason, TokenRefused } from './refusal.js';
