import { expect, it } from 'vitest';
import { SkuaError } from '../../../src/errors.js';
import type { StatementContext } from '../../../src/query/environment.js';
import { mayRetry } from '../../../src/query/writing/retries.js';

const lostRace = new SkuaError('ABORTED', 'somebody was faster');

const contextOf = (signal = new AbortController().signal, commitRetries = 2) =>
  ({ environment: { limits: { commitRetries } }, call: { signal } }) as unknown as StatementContext;

it('a commit that lost a race is made again, as often as is allowed', async () => {
  const attempts = await Promise.all([0, 1, 2].map((attempt) => mayRetry(contextOf(), attempt, lostRace)));
  expect(attempts).toEqual([true, true, false]);
});

it('a commit that was refused is not made again', async () => {
  expect(await mayRetry(contextOf(), 0, new SkuaError('PERMISSION_DENIED', 'no'))).toBe(false);
});

it('a commit that waits to be made again is given up with its call', async () => {
  const call = new AbortController();
  const waiting = mayRetry(contextOf(call.signal, 100), 20, lostRace);
  call.abort();
  expect(await waiting).toBe(false);
});
