import { expect, it } from 'vitest';
import { Sealer } from '../../src/flight/seal.js';
import { createSessionStore } from '../../src/session/index.js';

const owner = { issuer: 'https://issuer', subject: 'alice' };
const later = Date.now() + 60_000;
const [OLD, NEW] = ['the old key, which has many characters', 'the new key, which has many characters'];

it('what an earlier key sealed is opened while that key is kept, and for its owner alone', () => {
  const sealed = new Sealer(OLD).seal('ticket', owner, { a: 1 }, later);
  const rotated = new Sealer(NEW, Date.now, [OLD]);
  expect(rotated.open('ticket', owner, sealed).payload).toEqual({ a: 1 });
  expect(() => rotated.open('ticket', { ...owner, subject: 'bob' }, sealed)).toThrow(/somebody else/);
  expect(() => new Sealer(NEW).open('ticket', owner, sealed)).toThrow(/not issued by this server/);
});

it('nothing more is sealed with an earlier key', () => {
  const sealed = new Sealer(NEW, Date.now, [OLD]).seal('ticket', owner, { a: 1 }, later);
  expect(() => new Sealer(OLD).open('ticket', owner, sealed)).toThrow(/not issued by this server/);
});

it('a session id that an earlier key signed is still good', async () => {
  const settings = { idleTimeout: 60_000, perPrincipal: 8, total: 8 };
  const before = createSessionStore({ ...settings, key: Buffer.from(OLD) });
  const after = createSessionStore({ ...settings, key: Buffer.from(NEW), previousKeys: [Buffer.from(OLD)] });
  const id = before.acquire({ ...owner, expiresAt: later }, undefined).newId;
  expect(after.acquire({ ...owner, expiresAt: later }, id).newId).toBeUndefined();
  expect(after.acquire({ ...owner, subject: 'bob', expiresAt: later }, id).newId).toBeDefined();
  await Promise.all([before.close(), after.close()]);
});
