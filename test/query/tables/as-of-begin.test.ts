import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { SkuaError } from '../../../src/errors.js';
import { asOfBegin } from '../../../src/query/tables/as-of-begin.js';
import type { PinnedTable } from '../../../src/query/tables/pinned-table.js';
import { Transaction } from '../../../src/query/tables/transaction.js';

const MINUTE = 60_000;

interface Past {
  /** When the current state was written, in milliseconds after BEGIN. */
  changed: number;
  /** When those before it were, likewise. */
  before?: number[];
  isChangedHere?: boolean;
  isRestricted?: boolean;
  read?: () => Promise<Buffer>;
}

/** The name of the state that a transaction sees which began a few minutes ago. */
async function seen({ changed, before = [-MINUTE], isChangedHere = false, ...table }: Past): Promise<string> {
  const transaction = new Transaction(true);
  const begin = Date.now() - 5 * MINUTE;
  transaction.moment.wall = begin;
  const stateOf = (name: string) => ({ tableUuid: 'u', name });
  const current = {
    metadata: {
      ...stateOf('current'),
      lastUpdatedMs: begin + changed,
      metadataLog: before.map((at) => ({ timestampMs: begin + at, metadataFile: `state ${at}` })),
    },
    loaded: {},
    storage: { read: table.read ?? (async (location: string) => Buffer.from(JSON.stringify(stateOf(location)))) },
    ...(table.isRestricted && { restrictions: {} }),
  } as unknown as PinnedTable;
  const found = await asOfBegin(transaction, current, {
    isChangedHere,
    pin: (loaded) => ({ ...current, metadata: loaded.metadata }) as unknown as PinnedTable,
    signal: new AbortController().signal,
  });
  return (found.metadata as unknown as { name: string }).name;
}

describe('a transaction sees a table', () => {
  it('as it is, where nobody has changed it since BEGIN', async () => {
    expect(await seen({ changed: -1 })).toBe('current');
  });

  it('as it was at BEGIN, where this server has changed it since', async () => {
    expect(await seen({ changed: 5, isChangedHere: true })).toBe(`state ${-MINUTE}`);
    expect(await seen({ changed: MINUTE, before: [-2, 3], isChangedHere: true })).toBe('state -2');
  });

  it('with what its user has committed by another server whose clock is ahead', async () => {
    expect(await seen({ changed: 2_000 })).toBe('current');
    expect(await seen({ changed: MINUTE, before: [-MINUTE, 2_000] })).toBe('state 2000');
  });

  it('without what another server has committed well after BEGIN', async () => {
    expect(await seen({ changed: MINUTE })).toBe(`state ${-MINUTE}`);
  });

  it('as it is, where nothing can be told by its time', async () => {
    expect(await seen({ changed: 10 * MINUTE })).toBe('current');
    expect(await seen({ changed: MINUTE, before: [] })).toBe('current');
  });

  it('as it is, where the catalog shows only a part of it', async () => {
    expect(await seen({ changed: MINUTE, isRestricted: true })).toBe('current');
  });

  it('as it is, where its former state has been removed or may not be read', async () => {
    for (const code of ['NOT_FOUND', 'PERMISSION_DENIED'] as const) {
      const read = () => Promise.reject(new SkuaError(code, 'gone'));
      expect(await seen({ changed: MINUTE, read })).toBe('current');
    }
    const read = () => Promise.reject(new SkuaError('UNAVAILABLE', 'the store is away'));
    await expect(seen({ changed: MINUTE, read })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('in metadata that is compressed, too', async () => {
    const read = async () => gzipSync(JSON.stringify({ tableUuid: 'u', name: 'unpacked' }));
    expect(await seen({ changed: MINUTE, read })).toBe('unpacked');
  });
});
