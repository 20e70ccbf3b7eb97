import { Field, Int32, Schema } from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { batchToRows, rowsToBatch } from '../../../src/arrow/index.js';
import type {
  BoundStatement,
  EngineSession,
  ResultStream,
  RunOptions,
  ScanProfile,
} from '../../../src/engine/contract.js';
import { type ClusterPlace, type ClusterRule, RoutedSession } from '../../../src/engine/routing/index.js';
import { SkuaError } from '../../../src/errors.js';

const schema = new Schema([new Field('engine', new Int32(), true)]);
const LOCAL = 1;
const THERE = 2;

function streamOf(value: number, failure?: { before?: Error; behind?: Error }): ResultStream {
  async function* batches() {
    if (failure?.before) throw failure.before;
    yield rowsToBatch(schema, [[value]]);
    if (failure?.behind) throw failure.behind;
  }
  return { schema, batches: batches(), close: async () => undefined };
}

interface Trial {
  routing?: BoundStatement['routing'];
  /** Of the table, as its snapshot says, and as they are planned. */
  bytes?: { total?: number; planned: number };
  local?: { before?: Error; behind?: Error };
  there?: Error;
  /** What stands in the way there. */
  obstacle?: string;
  rule?: Partial<ClusterRule>;
}

function sessionFor({ bytes = { planned: 10 }, local, there, obstacle, rule }: Trial): RoutedSession {
  const profile = {
    columns: [],
    read: { kind: 'figures', plan: { bytesPlanned: bytes.planned } },
  } as unknown as ScanProfile;
  const engine = {
    parser: { syntaxTree: async () => ({}) },
    describe: async () => ({ schema }),
    run: async () => streamOf(LOCAL, local),
    plan: async () => [profile],
    explain: async () => ({ scans: [profile], plan: 'local plan', times: { staging: 0, engine: 0 } }),
  } as unknown as EngineSession;
  const place: ClusterPlace = {
    query: () =>
      obstacle ?? {
        run: async () => {
          if (there) throw there;
          return streamOf(THERE);
        },
        explain: async () => 'plan there',
      },
    close: async () => undefined,
  };
  const rules = { place, minimumScan: undefined, takesOutOfMemory: true, ...rule };
  return new RoutedSession(engine, new Map([['spark', rules]]), { user: 'ada', authorization: 'Bearer x' });
}

const options = { signal: new AbortController().signal, batchBytes: 1 << 20 } as RunOptions;

function statementFor({ routing, bytes }: Trial): BoundStatement {
  const summary = bytes?.total === undefined ? {} : { 'total-files-size': String(bytes.total) };
  const table = { snapshotId: 1n, metadata: { snapshots: [{ snapshotId: 1n, summary }] } };
  return {
    sql: 'SELECT 1',
    tables: [{ kind: 'iceberg', name: 't', table: table as never }],
    functions: [],
    salt: () => '',
    routing,
  };
}

async function ran(trial: Trial): Promise<unknown> {
  const { batches } = await sessionFor(trial).run(statementFor(trial), options);
  const values: unknown[] = [];
  for await (const batch of batches) values.push(...batchToRows(schema, batch).flat());
  return values[0];
}

const noMemory = new SkuaError('RESOURCE_EXHAUSTED', 'no memory');
const asked = (by: 'hint' | 'setting', name = 'spark') => ({ engine: { name, by } });

describe('a query runs', () => {
  it.each([
    ['here, where it must', {}, LOCAL],
    ['here, where nothing sends it elsewhere', { routing: {} }, LOCAL],
    ['there, where its hint says so', { routing: asked('hint') }, THERE],
    ['there, where the session says so', { routing: asked('setting') }, THERE],
    ['here, where the session says so and it can not run there', { routing: asked('setting'), obstacle: 'no' }, LOCAL],
    ['here, where it asks for that', { routing: asked('hint', 'local'), rule: { minimumScan: 1 } }, LOCAL],
    ['there, where it plans to read as much as a rule says', { routing: {}, rule: { minimumScan: 10 } }, THERE],
    ['here, where it plans to read less', { routing: {}, rule: { minimumScan: 11 } }, LOCAL],
    [
      'here, where it is large and can not run there',
      { routing: {}, rule: { minimumScan: 10 }, obstacle: 'no' },
      LOCAL,
    ],
    ['there, where memory runs out here before the first rows', { routing: {}, local: { before: noMemory } }, THERE],
    [
      'here, where the cluster does not understand it after all',
      { routing: asked('setting'), there: new SkuaError('UNIMPLEMENTED', 'no') },
      LOCAL,
    ],
  ] as [string, Trial, number][])('%s', async (_, trial, expected) => {
    expect(await ran(trial)).toBe(expected);
  });

  it('here without being planned, where the snapshots of its tables are smaller than any rule', async () => {
    expect(await ran({ routing: {}, bytes: { total: 9, planned: 10 }, rule: { minimumScan: 10 } })).toBe(LOCAL);
  });
});

describe('a query fails', () => {
  it.each([
    [
      'where its hint asks for what can not be',
      { routing: asked('hint'), obstacle: 'it is restricted' },
      'UNIMPLEMENTED',
      'spark": it is restricted',
    ],
    ['where there is no such engine', { routing: asked('hint', 'flink') }, 'INVALID_ARGUMENT', 'flink'],
    [
      'with what the cluster fails with',
      { routing: asked('setting'), there: new SkuaError('UNAVAILABLE', 'lost') },
      'UNAVAILABLE',
      'lost',
    ],
    [
      'where memory runs out behind the first rows',
      { routing: {}, local: { behind: noMemory } },
      'RESOURCE_EXHAUSTED',
      'no memory',
    ],
    [
      'where memory runs out and no cluster takes it',
      { routing: {}, local: { before: noMemory }, rule: { takesOutOfMemory: false } },
      'RESOURCE_EXHAUSTED',
      'no memory',
    ],
    [
      'where memory runs out and it can not run there',
      { routing: {}, local: { before: noMemory }, obstacle: 'no' },
      'RESOURCE_EXHAUSTED',
      'no memory',
    ],
    [
      'where memory runs out in the engine that it asks for',
      { routing: asked('hint', 'local'), local: { before: noMemory } },
      'RESOURCE_EXHAUSTED',
      'no memory',
    ],
  ] as [string, Trial, string, string][])('%s', async (_, trial, code, message) => {
    await expect(ran(trial)).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
  });
});

describe('EXPLAIN says which engine and why', () => {
  it.each([
    [{ routing: {} }, 'local', 'no rule sends it elsewhere', 'local plan'],
    [{ routing: asked('hint') }, 'spark', 'asked for by its hint', 'plan there'],
    [
      { routing: asked('setting'), obstacle: 'the function f is not translated' },
      'local',
      'it can\'t run in engine "spark": the function f is not translated',
      'local plan',
    ],
    [
      { routing: {}, rule: { minimumScan: 10 } },
      'spark',
      '10 bytes are planned to be read, of 10 from which on it takes statements',
      'plan there',
    ],
    [
      { routing: {}, rule: { minimumScan: 10 }, obstacle: 'no' },
      'local',
      '10 bytes are planned to be read, but it can\'t run in engine "spark": no',
      'local plan',
    ],
  ] as [Trial, string, string, string][])('%j', async (trial, name, reason, plan) => {
    const explanation = await sessionFor(trial).explain(statementFor(trial), { ...options, analyze: false });
    expect(explanation).toMatchObject({ engine: { name, reason }, plan });
    expect(explanation.scans).toHaveLength(1);
  });
});
