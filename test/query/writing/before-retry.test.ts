import { expect, it } from 'vitest';
import { beforeRetry } from '../../../src/query/writing/before-retry.js';

it('a commit that is to be made again waits, and then goes on', async () => {
  await expect(beforeRetry(0, new AbortController().signal)).resolves.toBeUndefined();
});

it('a commit that waits to be made again is given up with its call', async () => {
  const call = new AbortController();
  const waiting = beforeRetry(20, call.signal);
  const reason = new Error('the client went away');
  call.abort(reason);
  await expect(waiting).rejects.toBe(reason);
});
