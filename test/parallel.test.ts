import { expect, it } from 'vitest';
import { inParallel } from '../src/parallel.js';

it('gives results in order', async () => {
  expect(await inParallel([3, 1, 2], 2, async (item) => item * 2)).toEqual([6, 2, 4]);
});

it('fails with the first failure once nothing is under way any more, and begins nothing more', async () => {
  let finish: () => void = () => {};
  const slow = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const begun: number[] = [];
  const ended: number[] = [];
  const all = inParallel([0, 1, 2, 3], 2, async (item) => {
    begun.push(item);
    if (item === 0) throw new Error('first');
    await slow;
    ended.push(item);
    throw new Error('later');
  });
  let settled = false;
  const outcome = all.catch((error: Error) => {
    settled = true;
    return error.message;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(settled).toBe(false);
  finish();
  expect(await outcome).toBe('first');
  expect({ begun, ended }).toEqual({ begun: [0, 1], ended: [1] });
});
