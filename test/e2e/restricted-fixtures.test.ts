/**
 * Random restrictions of the tables that others wrote: what is seen of them is what the specification leaves. With `SKUA_TEST_POLICIES` so many of each table in
 * each way, else of every table one, in one way.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  fieldsAt,
  isReadable,
  Random,
  type RestrictedState,
  randomRestrictions,
  rowOf,
  rowsProblem,
  seen,
} from '../../scripts/fuzz/policies/index.mjs';
import { type FixtureTable, fixtureTables } from '../fixtures/index.js';
import { type Fixtures, startFixtures } from './support/fixtures.js';
import { randomFrom } from './support/random-rows.js';

const seed = process.env.SKUA_TEST_SEED ?? '1';
const policies = Number(process.env.SKUA_TEST_POLICIES ?? 0);
const user = 'testuser';
const tables = fixtureTables().filter(({ kind, unsupported }) => kind === 'table' && unsupported === undefined);

describe.each([
  ['planned here', {}],
  ['planned by the catalog, by signed addresses', { planning: { pageSize: 2, signed: true } }],
])('%s', (how, { planning }: { planning?: { pageSize: number; signed: boolean } }) => {
  const own = tables.filter((_, index) => policies > 0 || index % 2 === Number(planning !== undefined));
  let fixtures: Fixtures;
  beforeAll(async () => {
    fixtures = await startFixtures({ cold: true, restrictedUser: user, ...(planning && { planning }) });
  });
  afterAll(() => fixtures?.stop());

  /** How the table is seen whole, and how under the policies, where it differs from what they leave. */
  async function problemsOf(table: FixtureTable): Promise<string[]> {
    const path = ['fixtures', ...table.namespace, table.name]
      .map((part) => `"${part.replaceAll('"', '""')}"`)
      .join('.');
    const metadata = await fixtures.metadata(table);
    const now = fieldsAt(metadata, undefined);
    const snapshots = (metadata.snapshots ?? []) as { 'snapshot-id': unknown }[];
    const random = new Random(randomFrom(`${seed}.${how}.${path}`));
    const states = [
      undefined,
      ...snapshots.slice(0, policies > 0 ? 2 : 1).map((snapshot) => String(snapshot['snapshot-id'])),
    ];
    const problems: string[] = [];
    const whole = new Map<string | undefined, RestrictedState & { sql: string }>();
    for (const state of states) {
      const fields = fieldsAt(metadata, state);
      const sql = `SELECT * FROM ${path}${state === undefined ? '' : ` FOR VERSION AS OF ${state}`}`;
      const { rows } = await fixtures.ask(sql).catch(() => ({ rows: undefined }));
      if (rows) whole.set(state, { metadata, sql, fields, rows: rows.map((row) => rowOf(fields, row)) });
    }
    const current = whole.get(undefined);
    for (let left = current ? Math.max(policies, 1) : 0; left > 0; left--) {
      const policy = randomRestrictions(random, current as RestrictedState);
      fixtures.relay?.restrictions.set(table.name, policy.json);
      for (const { sql, fields, rows } of whole.values()) {
        const readable = isReadable(policy, now, fields);
        if (readable === undefined) continue;
        const found = await fixtures.ask(sql, user).catch((error: unknown) => ({ error }));
        const wanted = readable ? seen(policy, fields, rows) : 'refused';
        const problem = rowsProblem(fields, found, wanted);
        if (problem !== undefined) problems.push(`${problem}\n  in ${sql}\n  under ${policy.json}`);
        if (!Array.isArray(wanted) || random.chance(0.5)) continue;
        const counted = await fixtures.ask(sql.replace('*', 'count(*)'), user).catch((error: unknown) => ({ error }));
        if ('rows' in counted && Number(counted.rows[0]?.[0]) !== wanted.length) {
          problems.push(
            `counts ${counted.rows[0]?.[0]} rows instead of ${wanted.length}\n  in ${sql}\n  under ${policy.json}`,
          );
        }
      }
    }
    fixtures.relay?.restrictions.clear();
    return problems;
  }

  it.each(own.map((table) => [[...table.namespace, table.name].join('.'), table] as const))('%s', async (_, table) => {
    expect(await problemsOf(table)).toEqual([]);
  });
});
