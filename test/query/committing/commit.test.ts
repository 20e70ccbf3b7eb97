import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { CommitRefused } from '../../../src/catalog/index.js';
import { SkuaError } from '../../../src/errors.js';
import { commitParties } from '../../../src/query/committing/commit.js';
import { PendingFiles } from '../../../src/query/committing/pending-files.js';
import { Turns } from '../../../src/query/committing/turns.js';
import type { StatementContext } from '../../../src/query/environment.js';
import { loadTable, type PinnedTable } from '../../../src/query/tables/tables.js';

/** By the clock that the test turns. */
const sleep = vi.hoisted(
  () => (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds)),
);
vi.mock('node:timers/promises', () => ({ setTimeout: sleep }));

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

const name = { catalog: 'c', namespace: ['s'], name: 't' };

/** A catalog with one table, whose commits are good for the version that they were made of. */
function house() {
  let version = 1;
  let commits = 0;
  const loaded = () => ({ metadata: metadataOf(version), storage: { properties: {}, credentials: [] } });
  const session = {
    loadTable: async () => loaded(),
    async commitTable(_: unknown, { requirements }: { requirements: unknown }) {
      commits++;
      await sleep(50);
      if (requirements !== version) {
        throw new CommitRefused(new SkuaError('ABORTED', 'the table has moved on'), {
          isOvertaken: true,
          mayPass: true,
          retryAfter: undefined,
          rival: BigInt(version),
        });
      }
      version++;
    },
  };
  const entry = { adding() {}, removed() {}, sending() {}, close() {}, leave() {} };
  const environment = {
    catalogs: new Map([['c', { as: () => session }]]),
    turns: new Turns(),
    journal: { entry: () => entry },
    openStorage: () => ({ remove: async () => undefined }),
  };
  const contextOf = (subject: string) =>
    ({
      environment,
      call: {
        principal: { issuer: 'i', subject, token: undefined },
        signal: new AbortController().signal,
        report: {},
        session: {},
      },
    }) as unknown as StatementContext;

  /** A change that takes so long to compute, and is computed anew whenever the table has moved on. */
  async function change(subject: string, milliseconds: number): Promise<void> {
    const context = contextOf(subject);
    const table = await loadTable(context, name);
    const pending = new PendingFiles(table, environment.journal as never);
    const propose = async (_: StatementContext, { metadata }: PinnedTable) => {
      await sleep(milliseconds);
      const made = metadata.lastSequenceNumber;
      return { commit: { requirements: made as never, updates: [] }, after: undefined as never, written: [] };
    };
    await commitParties(context, [{ table, propose, pending }], { mayCompute: true });
  }
  return { change, commits: () => commits };
}

function metadataOf(version: number) {
  return {
    'format-version': 2,
    'table-uuid': '9c12d441-03fe-4693-9a96-a0705ddf69c1',
    location: 's3://b/t',
    'last-sequence-number': version,
    'last-updated-ms': version,
    'last-column-id': 1,
    'current-schema-id': 0,
    schemas: [{ type: 'struct', 'schema-id': 0, fields: [{ id: 1, name: 'x', required: false, type: 'int' }] }],
    'default-spec-id': 0,
    'partition-specs': [{ 'spec-id': 0, fields: [] }],
    'last-partition-id': 999,
    'default-sort-order-id': 0,
    'sort-orders': [{ 'order-id': 0, fields: [] }],
    properties: { 'commit.retry.num-retries': '20' },
  };
}

it('a change that takes minutes to compute stands, however many others write to its table without a pause', async () => {
  const { change, commits } = house();
  let isOver = false;
  let others = 0;
  const writer = async (subject: string) => {
    while (!isOver) {
      await change(subject, 500);
      others++;
    }
  };
  const writers = ['a', 'b', 'c'].map(writer);
  const long = change('long', 200_000).then(() => {
    isOver = true;
  });
  for (let minutes = 0; minutes < 30 && !isOver; minutes++) await vi.advanceTimersByTimeAsync(60_000);
  expect(isOver).toBe(true);
  await vi.advanceTimersByTimeAsync(10_000);
  await Promise.all([long, ...writers]);
  expect(others).toBeGreaterThan(50);
  expect(commits()).toBeLessThan(others + 20);
});
