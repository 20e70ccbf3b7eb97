import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it, vi } from 'vitest';
import { Turns } from '../../../src/query/committing/turns.js';

afterEach(() => {
  vi.useRealTimers();
});

const never = new AbortController().signal;

/** Takes a turn that lasts until it is told to end. */
function turn(turns: Turns, tables: string[], owner: string, signal = never) {
  let end: () => void = () => undefined;
  const begun: string[] = [];
  const over = turns.take(tables, owner, signal, async () => {
    begun.push(owner);
    await new Promise<void>((resolve) => {
      end = resolve;
    });
  });
  return { over, end: () => end(), hasBegun: () => begun.length > 0 };
}

const settled = () => sleep(0);

it('writers of one table take turns, those of others go on', async () => {
  const turns = new Turns();
  const [first, second, other] = [turn(turns, ['a'], '1'), turn(turns, ['a'], '2'), turn(turns, ['b'], '3')];
  await settled();
  expect([first, second, other].map((one) => one.hasBegun())).toEqual([true, false, true]);
  first.end();
  await first.over;
  await settled();
  expect(second.hasBegun()).toBe(true);
  second.end();
  other.end();
  await Promise.all([second.over, other.over]);
});

it('a writer with many commits does not keep another one waiting for all of them', async () => {
  const turns = new Turns();
  const order: string[] = [];
  const work = (owner: string) => turns.take(['a'], owner, never, async () => void order.push(owner));
  await Promise.all([...Array.from({ length: 5 }, () => work('many')), work('one')]);
  expect(order).toEqual(['many', 'one', 'many', 'many', 'many', 'many']);
});

it('a turn that fails is over', async () => {
  const turns = new Turns();
  const failing = turns.take(['a'], '1', never, () => Promise.reject(new Error('no')));
  await expect(failing).rejects.toThrow('no');
  expect(await turns.take(['a'], '1', never, async () => 'next')).toBe('next');
});

it('a call that ends while it waits leaves the line', async () => {
  const turns = new Turns();
  const first = turn(turns, ['a'], '1');
  const call = new AbortController();
  const waiting = turn(turns, ['a'], '2', call.signal);
  const third = turn(turns, ['a'], '3');
  await settled();
  call.abort(new Error('the client went away'));
  await expect(waiting.over).rejects.toThrow('the client went away');
  first.end();
  await first.over;
  await settled();
  expect(third.hasBegun()).toBe(true);
  third.end();
  await third.over;
});

it('nobody holds a table for ever: after a while the next one begins', async () => {
  vi.useFakeTimers();
  const turns = new Turns();
  const hung = turn(turns, ['a'], '1');
  const next = turn(turns, ['a'], '2');
  await vi.advanceTimersByTimeAsync(4_000);
  expect(next.hasBegun()).toBe(false);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(next.hasBegun()).toBe(true);
  const third = turn(turns, ['a'], '3');
  hung.end();
  await hung.over;
  await vi.advanceTimersByTimeAsync(0);
  expect(third.hasBegun()).toBe(false);
  next.end();
  await vi.advanceTimersByTimeAsync(0);
  expect(third.hasBegun()).toBe(true);
  third.end();
});

it('those who want the same two tables never wait for each other', async () => {
  const turns = new Turns();
  const order: number[] = [];
  const work = (tables: string[], number: number) =>
    turns.take(tables, String(number), never, async () => {
      await settled();
      order.push(number);
    });
  await Promise.all([work(['a', 'b'], 1), work(['b', 'a'], 2), work(['b'], 3), work(['a', 'a'], 4)]);
  expect(order.sort()).toEqual([1, 2, 3, 4]);
});

it('it is known whether a table has been committed to since it was loaded', async () => {
  const turns = new Turns();
  const before = performance.now();
  expect(turns.hasCommitted('a', before)).toBe(false);
  turns.committed('a', undefined);
  expect(turns.hasCommitted('a', before)).toBe(true);
  expect(turns.hasCommitted('b', before)).toBe(false);
  await sleep(2);
  expect(turns.hasCommitted('a', performance.now())).toBe(false);
});
