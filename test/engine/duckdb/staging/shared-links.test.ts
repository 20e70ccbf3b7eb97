import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { LINK_LIFETIME, SharedLinks } from '../../../../src/engine/duckdb/staging/shared-links.js';

let removed: string[];
let links: SharedLinks;
beforeEach(() => {
  vi.useFakeTimers();
  removed = [];
  links = new SharedLinks(async (path) => {
    removed.push(path);
  }, 25);
});
afterEach(() => vi.useRealTimers());

it('a link is the next statement’s too, and goes some time after the last has left it', async () => {
  links.offer('a', '/a', 10);
  expect(links.take('a')).toBe('/a');
  expect(links.take('b')).toBeUndefined();
  expect(await links.leave('/a')).toBe(true);
  expect(await links.leave('/a')).toBe(true);
  await vi.advanceTimersByTimeAsync(LINK_LIFETIME - 1);
  expect(links.take('a')).toBe('/a');
  await links.leave('/a');
  await vi.advanceTimersByTimeAsync(LINK_LIFETIME - 1);
  expect(removed).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(removed).toEqual(['/a']);
  expect(links.take('a')).toBeUndefined();
  expect(await links.leave('/a')).toBe(false);
});

it('a statement that has a link takes another one of the same file', async () => {
  links.offer('a', '/a', 10);
  links.offer('a', '/second', 10);
  const mine = new Set(['/a']);
  expect(links.take('a', (path) => !mine.has(path))).toBe('/second');
  mine.add('/second');
  expect(links.take('a', (path) => !mine.has(path))).toBeUndefined();
  expect(await links.leave('/other')).toBe(false);
});

it('links that nobody uses keep no more on disk than they may; what was left first goes first', async () => {
  for (const name of ['a', 'b', 'c']) links.offer(name, `/${name}`, 10);
  await links.leave('/b');
  await links.leave('/a');
  expect(removed).toEqual([]);
  await links.leave('/c');
  expect(removed).toEqual(['/b']);
  links.offer('d', '/d', 26);
  await links.leave('/d');
  expect(removed).toEqual(['/b', '/a', '/c', '/d']);
});

it('a file that is forgotten is given to nobody more, and goes when the last statement leaves it', async () => {
  links.offer('a', '/a', 10);
  links.forget('a');
  expect(links.take('a')).toBeUndefined();
  links.offer('a', '/anew', 10);
  expect(links.take('a')).toBe('/anew');
  await links.leave('/a');
  expect(removed).toEqual(['/a']);
});

it('the end of the session removes what is idle at once, and the rest when it is left', async () => {
  links.offer('a', '/a', 10);
  links.offer('b', '/b', 10);
  await links.leave('/a');
  await links.close();
  expect(removed).toEqual(['/a']);
  links.offer('c', '/c', 10);
  expect(await links.leave('/c')).toBe(false);
  await links.leave('/b');
  expect(removed).toEqual(['/a', '/b']);
});
