import { expect, it, vi } from 'vitest';
import { knownPlan } from '../../../../src/engine/duckdb/staging/known-plans.js';
import type { ScanPlan, ScanRequest } from '../../../../src/iceberg/contract.js';
import type { Schema, TableMetadata } from '../../../../src/iceberg/types.js';

const metadata = {} as TableMetadata;
const schema = { schemaId: 0, fields: [] } as unknown as Schema;
type Request = ScanRequest & { schema: Schema };
const request = (changed: Partial<Request> = {}) =>
  ({ metadata, schema, snapshotId: 1n, columns: [1], storage: {}, ...changed }) as Request;

function planner(files = 1) {
  return vi.fn(async () => ({ tasks: Array.from({ length: files }, () => ({})) }) as unknown as ScanPlan);
}

it('what was planned of a snapshot is not planned again', async () => {
  const make = planner();
  const plan = await knownPlan(request(), make);
  expect(await knownPlan(request({ signal: new AbortController().signal }), make)).toBe(plan);
  expect(make).toHaveBeenCalledOnce();
});

it.each<[string, Partial<Request>]>([
  ['another snapshot', { snapshotId: 2n }],
  ['other columns', { columns: [2] }],
  ['kept statistics', { statistics: [1] }],
  ['another schema', { schema: { ...schema } }],
  ['metadata that was loaded anew', { metadata: { ...metadata } }],
  ['a filter', { filter: { kind: 'isNull', column: 'a' } as unknown as NonNullable<ScanRequest['filter']> }],
  ['join keys', { joinKeys: { kind: 'isNull', column: 'a' } as unknown as NonNullable<ScanRequest['filter']> }],
])('%s is planned by itself', async (_, changed) => {
  const make = planner();
  await knownPlan(request(), planner());
  await knownPlan(request(changed), make);
  expect(make).toHaveBeenCalledOnce();
});

it('a plan that failed, or has many files, is made anew', async () => {
  const own = { metadata: {} as TableMetadata };
  await expect(knownPlan(request(own), () => Promise.reject(new Error('gone')))).rejects.toThrow('gone');
  const make = planner(1000);
  await knownPlan(request(own), make);
  await knownPlan(request(own), make);
  expect(make).toHaveBeenCalledTimes(2);
});
