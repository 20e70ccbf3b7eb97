import { expect, it } from 'vitest';
import { removeUncommitted } from '../../../src/query/committing/recovery.js';

/** One round over one entry: what was removed, what was told, and what became of the entry. */
async function round(sent: unknown[]) {
  const seen = { removed: [] as string[], told: [] as unknown[], entry: '' };
  const leftover = {
    table: { catalog: 'c', namespace: ['s'], name: 't' },
    locations: ['s3://b/1', 's3://b/2'],
    sent,
    done: async () => {
      seen.entry = 'done';
    },
    giveBack: async () => {
      seen.entry = 'given back';
    },
  };
  const environment = {
    journal: { take: async () => [leftover] },
    catalogs: new Map([['c', { configuredAccess: () => ({}) }]]),
    openStorage: () => ({ remove: async (locations: string[]) => void seen.removed.push(...locations) }),
    warn: (details: unknown) => void seen.told.push(details),
  };
  await removeUncommitted(environment as unknown as Parameters<typeof removeUncommitted>[0]);
  return seen;
}

it('files of a table are not removed while nobody knows whether it was dropped, and the log tells of them once', async () => {
  const drop = [{ drop: '9c12d441-03fe-4693-9a96-a0705ddf69c1' }];
  const told = [{ table: 'c.s.t', files: 2, first: 's3://b/1' }];
  expect(await round(drop)).toEqual({ removed: [], told, entry: 'given back' });
  expect(await round(drop)).toEqual({ removed: [], told: [], entry: 'given back' });
});

it('files of a table that was dropped, or of a change that was never sent, are removed', async () => {
  expect(await round([])).toEqual({ removed: ['s3://b/1', 's3://b/2'], told: [], entry: 'done' });
});
