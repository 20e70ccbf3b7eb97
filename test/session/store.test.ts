import { afterEach, describe, expect, it } from 'vitest';
import {
  createSessionStore,
  SESSION_COOKIE,
  type SessionStore,
  type SessionStoreOptions,
  sessionIdFrom,
  setCookie,
} from '../../src/session/index.js';

const HOUR = 3_600_000;
const alice = { issuer: 'https://issuer', subject: 'alice', expiresAt: 10 * HOUR };
const bob = { ...alice, subject: 'bob' };

let now = 0;
let store: SessionStore;

function open(options: Partial<SessionStoreOptions> = {}): SessionStore {
  now = 0;
  store = createSessionStore({ idleTimeout: HOUR, perPrincipal: 3, total: 4, now: () => now, ...options });
  return store;
}

afterEach(() => store.close());

/** Holds a resource in the session and says which values were disposed of. */
async function withResource(session: ReturnType<SessionStore['acquire']>['session'], value: string, gone: string[]) {
  return session.resource(
    RESOURCE,
    async () => value,
    async (disposed) => {
      gone.push(disposed);
    },
  );
}
const RESOURCE = Symbol('resource');

describe('sessions', () => {
  it('are one for all calls of a principal without a cookie, and another for another principal', () => {
    open();
    const first = store.acquire(alice, undefined);
    expect(store.acquire(alice, undefined).session).toBe(first.session);
    expect(store.acquire(bob, undefined).session).not.toBe(first.session);
    expect(store.acquire({ ...alice, issuer: 'https://other' }, undefined).session).not.toBe(first.session);
  });

  it('have their own state for each cookie', () => {
    open();
    const { newId } = store.acquire(alice, undefined);
    const mine = store.acquire(alice, newId);
    expect(mine.newId).toBeUndefined();
    expect(mine.session).not.toBe(store.acquire(alice, undefined).session);
    expect(store.acquire(alice, newId).session).toBe(mine.session);
  });

  it("never honour another principal's cookie, nor one that was made up", () => {
    open();
    const { newId } = store.acquire(alice, undefined);
    const mine = store.acquire(alice, newId);
    const theirs = store.acquire(bob, newId);
    expect(theirs.session).not.toBe(mine.session);
    expect(theirs.session.owner.subject).toBe('bob');
    expect(theirs.newId).toBeDefined();
    expect(store.acquire(alice, 'made.up').session).toBe(store.acquire(alice, undefined).session);
  });

  it('begin with the configured catalog and schema', () => {
    open({ catalog: 'lake', schema: ['a', 'b'] });
    const { session } = store.acquire(alice, undefined);
    expect([session.catalog, session.schema]).toEqual(['lake', ['a', 'b']]);
  });

  it('make a resource once, and again after a failure', async () => {
    open();
    const { session } = store.acquire(alice, undefined);
    let made = 0;
    const make = () =>
      session.resource(
        RESOURCE,
        async () => {
          made++;
          if (made === 1) throw new Error('not yet');
          return made;
        },
        async () => {},
      );
    await expect(make()).rejects.toThrow('not yet');
    expect(await Promise.all([make(), make()])).toEqual([2, 2]);
  });

  it('end after idling, with their resources', async () => {
    open();
    const gone: string[] = [];
    const lease = store.acquire(alice, undefined);
    await withResource(lease.session, 'engine', gone);
    now = 2 * HOUR;
    await store.sweep();
    expect(gone).toEqual([]);
    lease.release();
    now = 3 * HOUR - 1;
    await store.sweep();
    expect(gone).toEqual([]);
    now = 3 * HOUR;
    await store.sweep();
    expect(gone).toEqual(['engine']);
    expect(store.acquire(alice, undefined).session).not.toBe(lease.session);
  });

  it('end when the newest token expired, but not under a running call', async () => {
    open({ idleTimeout: 100 * HOUR });
    const gone: string[] = [];
    const first = store.acquire(alice, undefined);
    await withResource(first.session, 'engine', gone);
    const renewed = store.acquire({ ...alice, expiresAt: 20 * HOUR }, undefined);
    first.release();
    renewed.release();
    now = 11 * HOUR;
    await store.sweep();
    expect(gone).toEqual([]);
    now = 20 * HOUR;
    await store.sweep();
    expect(gone).toEqual(['engine']);
  });

  it('are refused where all that a principal, or all of them, may have are in use', () => {
    open();
    const [one, two, three] = [1, 2, 3].map(() => store.acquire(alice, undefined).newId);
    store.acquire(alice, one);
    store.acquire(alice, two);
    const refused = expect.objectContaining({ code: 'RESOURCE_EXHAUSTED' });
    expect(() => store.acquire(alice, three)).toThrowError(refused);
    store.acquire(bob, undefined);
    expect(() => store.acquire({ ...alice, subject: 'carol' }, undefined)).toThrowError(refused);
    expect(store.size).toBe(4);
  });

  it('that are idle give way to new ones', async () => {
    open();
    const gone: string[] = [];
    const ids = [1, 2, 3, 4].map(() => {
      const lease = store.acquire(alice, undefined);
      lease.release();
      return lease.newId;
    });
    for (const id of ids) {
      now++;
      const lease = store.acquire(alice, id);
      await withResource(lease.session, id as string, gone);
      lease.release();
    }
    await store.sweep();
    expect(gone).toEqual([ids[0]]);
    expect(store.size).toBe(3);
  });

  it('end on request when their calls are over; the shared one of calls without a cookie does not', async () => {
    open();
    const gone: string[] = [];
    const shared = store.acquire(alice, undefined);
    expect(shared.end()).toBe(false);
    const lease = store.acquire(alice, shared.newId);
    await withResource(lease.session, 'engine', gone);
    expect(lease.end()).toBe(true);
    expect(gone).toEqual([]);
    lease.release();
    await store.sweep();
    expect(gone).toEqual(['engine']);
    expect(store.acquire(alice, shared.newId).session).not.toBe(lease.session);
  });
});

describe('the session cookie', () => {
  it('is found among others', () => {
    expect(sessionIdFrom(['a=b; c=d', `x=y;${setCookie('id.signature')}; z=1`])).toBe('id.signature');
    expect(sessionIdFrom([`${SESSION_COOKIE}="quoted"`])).toBe('quoted');
    expect(sessionIdFrom(['a=b'])).toBeUndefined();
    expect(sessionIdFrom([])).toBeUndefined();
  });
});
