/** What outlives one call. */
export { clearCookie, SESSION_COOKIE, sessionIdFrom, setCookie } from './cookie.js';
export type { Session, SessionOption } from './session.js';
export { createSessionStore, type SessionLease, type SessionStore, type SessionStoreOptions } from './store.js';
