import { afterEach, expect, it } from 'vitest';
import { createSessionStore, type SessionStore } from '../../src/session/index.js';

const HOUR = 3_600_000;
const alice = { issuer: 'https://issuer', subject: 'alice', expiresAt: 10 * HOUR };
const bob = { ...alice, subject: 'bob' };
const KEY = Buffer.alloc(32, 1);
const KEPT = Symbol('kept');

const stores: SessionStore[] = [];
afterEach(() => Promise.all(stores.splice(0).map((store) => store.close())));

function server(key: Uint8Array = KEY): SessionStore {
  const store = createSessionStore({
    idleTimeout: HOUR,
    perPrincipal: 9,
    total: 9,
    catalog: 'c',
    schema: ['s'],
    key,
    now: () => 0,
  });
  stores.push(store);
  return store;
}

type Lease = ReturnType<SessionStore['acquire']>;

/** Keeps values in a session, and says which of them were disposed of. */
async function keep({ session }: Lease, values: string[]): Promise<string[]> {
  const gone: string[] = [];
  await session.resource(
    KEPT,
    async () => values,
    async (kept) => {
      gone.push(...kept);
    },
    (kept) => (kept.length > 0 ? 'its things' : undefined),
  );
  return gone;
}

/** What a client without a session begins with. */
function begin(store: SessionStore, change: (lease: Lease) => void = () => undefined): string {
  const lease = store.acquire(alice, undefined);
  change(lease);
  const sent = lease.toSend(true) as string;
  lease.keep();
  lease.release();
  return sent;
}

it('the names that a client chose hold at every server with the same key', () => {
  const [one, two] = [server(), server()];
  const begun = begin(one, ({ session }) => {
    session.schema = ['other', 'inner'];
    session.options.set('a', 1n).set('b', ['x', 'y']);
  });
  const lease = two.acquire(alice, begun);
  expect(lease.newId).toBeUndefined();
  expect(lease.session).toMatchObject({ catalog: 'c', schema: ['other', 'inner'] });
  expect([...lease.session.options]).toEqual([
    ['a', 1n],
    ['b', ['x', 'y']],
  ]);
  expect(lease.toSend(false)).toBeUndefined();
});

it('the last choice holds, wherever it was made, and older cookies take nothing back', () => {
  const [one, two] = [server(), server()];
  const begun = begin(one, ({ session }) => {
    session.schema = ['first'];
  });
  const there = two.acquire(alice, begun);
  there.session.schema = ['second'];
  const second = there.toSend(true) as string;
  expect(second).not.toBe(begun);
  const back = one.acquire(alice, second);
  expect(back.session.schema).toEqual(['second']);
  expect(back.toSend(false)).toBeUndefined();
  const older = one.acquire(alice, begun);
  expect(older.session.schema).toEqual(['second']);
  expect(older.toSend(false)).toBe(second);
});

it('a client that chose nothing carries only the id', () => {
  const [one, two] = [server(), server()];
  const { newId } = one.acquire(alice, undefined);
  expect(newId?.split('.')).toHaveLength(2);
  expect(one.acquire(alice, newId).toSend(false)).toBeUndefined();
  expect(two.acquire(alice, newId).session.schema).toEqual(['s']);
});

it('what can not be carried is told to be missing once, and is given up where it was', async () => {
  const [one, two] = [server(), server()];
  const { newId } = one.acquire(alice, undefined);
  const first = one.acquire(alice, newId);
  const gone = await keep(first, ['a table']);
  const holding = first.toSend(true) as string;
  first.release();
  expect(one.acquire(alice, holding).takeMissing()).toEqual([]);

  const there = two.acquire(alice, holding);
  expect(there.takeMissing()).toEqual(['its things']);
  expect(two.acquire(alice, holding).takeMissing()).toEqual([]);
  const without = there.toSend(false) as string;
  expect(two.acquire(alice, without).toSend(false)).toBeUndefined();

  const back = one.acquire(alice, without);
  expect(back.takeMissing()).toEqual([]);
  await one.sweep();
  expect(gone).toEqual(['a table']);
});

it('a session that ended says what it had when its client comes back', async () => {
  const store = server();
  const { newId } = store.acquire(alice, undefined);
  const lease = store.acquire(alice, newId);
  await keep(lease, ['a table']);
  const holding = lease.toSend(true) as string;
  lease.end();
  lease.release();
  expect(store.acquire(alice, holding).takeMissing()).toEqual(['its things']);
});

it('a client whose first call left something finds it, with the cookie that it was given', async () => {
  const store = server();
  const lease = store.acquire(alice, undefined);
  const gone = await keep(lease, ['a table']);
  const begun = lease.toSend(true) as string;
  lease.keep();
  lease.release();
  const again = store.acquire(alice, begun);
  expect(again.session).toBe(lease.session);
  expect(again.takeMissing()).toEqual([]);
  await store.sweep();
  expect(gone).toEqual([]);
});

it('names too long for a header are said to be missing at another server', () => {
  const [one, two] = [server(), server()];
  const begun = begin(one, ({ session }) => {
    session.options.set('a', 'x'.repeat(5000));
  });
  expect(begun.length).toBeLessThan(4000);
  expect(two.acquire(alice, begun).takeMissing()).toEqual(['the names and options that it had chosen']);
});

it('nothing is carried that was changed, that somebody else was given, or that was put together', () => {
  const [one, two] = [server(), server()];
  const mine = begin(one, ({ session }) => {
    session.schema = ['mine'];
  });
  const other = begin(one, ({ session }) => {
    session.schema = ['other'];
  });
  expect(two.acquire(bob, mine).newId).toBeDefined();
  expect(server(Buffer.alloc(32, 2)).acquire(alice, mine).newId).toBeDefined();
  const [random, signature] = mine.split('.');
  const [, , text, ofText] = other.split('.');
  for (const sent of [`${mine}x`, `${random}.${signature}.${text}.${ofText}`, `${random}.${signature}.${text}`]) {
    const lease = two.acquire(alice, sent);
    expect(lease.session.schema).toEqual(['s']);
  }
});
