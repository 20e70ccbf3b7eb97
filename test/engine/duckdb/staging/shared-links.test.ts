import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { LINK_LIFETIME, SharedLinks } from '../../../../src/engine/duckdb/staging/shared-links.js';

const file = (form: string) => ({ store: 's', location: 'l', size: 1, form, storage: { read: vi.fn() } });
let removed: string[];
let links: SharedLinks;
beforeEach(() => {
  vi.useFakeTimers();
  removed = [];
  links = new SharedLinks(async (path) => {
    removed.push(path);
  });
});
afterEach(() => vi.useRealTimers());

it('a link is the next statement’s too, and goes some time after the last has left it', async () => {
  links.offer(file('a'), '/a');
  expect(links.take(file('a'))).toBe('/a');
  expect(links.take(file('b'))).toBeUndefined();
  expect(await links.leave('/a')).toBe(true);
  expect(await links.leave('/a')).toBe(true);
  await vi.advanceTimersByTimeAsync(LINK_LIFETIME - 1);
  expect(links.take(file('a'))).toBe('/a');
  await links.leave('/a');
  await vi.advanceTimersByTimeAsync(LINK_LIFETIME - 1);
  expect(removed).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(removed).toEqual(['/a']);
  expect(links.take(file('a'))).toBeUndefined();
  expect(await links.leave('/a')).toBe(false);
});

it('a second link of the same file, and any other, stays the statement’s own', async () => {
  links.offer(file('a'), '/a');
  links.offer(file('a'), '/second');
  expect(await links.leave('/second')).toBe(false);
  expect(await links.leave('/other')).toBe(false);
  expect(links.take(file('a'))).toBe('/a');
});

it('a file that is forgotten is given to nobody more, and goes when the last statement leaves it', async () => {
  links.offer(file('a'), '/a');
  links.forget(file('a'));
  expect(links.take(file('a'))).toBeUndefined();
  links.offer(file('a'), '/anew');
  expect(links.take(file('a'))).toBe('/anew');
  await links.leave('/a');
  expect(removed).toEqual(['/a']);
});

it('the end of the session removes what is idle at once, and the rest when it is left', async () => {
  links.offer(file('a'), '/a');
  links.offer(file('b'), '/b');
  await links.leave('/a');
  await links.close();
  expect(removed).toEqual(['/a']);
  links.offer(file('c'), '/c');
  expect(await links.leave('/c')).toBe(false);
  await links.leave('/b');
  expect(removed).toEqual(['/a', '/b']);
});
