/** What outlives one call. */
export { clearCookie, SESSION_COOKIE, sessionIdFrom, setCookie } from './cookie.js';
export { type ChosenNames, type Session, type SessionOption, withNames } from './session.js';
export {
  createSessionStore,
  type SessionLease,
  type SessionLimits,
  type SessionState,
  type SessionStore,
  type SessionStoreOptions,
} from './store.js';
