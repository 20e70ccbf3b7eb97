/** What a restricted table costs to read. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type FaultyCatalog, startFaultyCatalog } from './support/faulty-catalog.js';

let catalog: FaultyCatalog;
beforeAll(async () => {
  catalog = await startFaultyCatalog();
  await catalog.update(
    "CREATE TABLE numbers AS SELECT range AS id, hash(range)::VARCHAR AS text, repeat('x', range % 50) AS filling FROM range(400000) ORDER BY id",
  );
  await catalog.update('CREATE TABLE parts (id BIGINT, part VARCHAR, text VARCHAR) PARTITIONED BY (part)');
  await catalog.update("INSERT INTO parts SELECT range, 'p' || range % 4, hash(range)::VARCHAR FROM range(40000)");
});
afterAll(() => catalog?.stop());

/** Bytes of data files that the work asked for, wherever they came from. */
async function bytesOf(work: () => Promise<unknown>): Promise<number> {
  let bytes = 0;
  const { rangeCache } = catalog;
  const ensure = rangeCache.ensure.bind(rangeCache);
  const spy = vi.spyOn(rangeCache, 'ensure').mockImplementation((file, ranges, ...rest) => {
    for (const { length } of ranges) bytes += length;
    return ensure(file, ranges, ...rest);
  });
  try {
    await work();
    return bytes;
  } finally {
    spy.mockRestore();
  }
}

function under<T>(restrictions: unknown, work: () => Promise<T>): Promise<T> {
  catalog.fault = ({ method, path }) =>
    method === 'GET' && /\/tables\/(?:numbers|parts)(?:\?|$)/.test(path)
      ? { rewrite: (answer) => ({ ...answer, 'read-restrictions': restrictions }) }
      : undefined;
  return work().finally(() => {
    catalog.fault = () => undefined;
  });
}

const id = { type: 'reference', id: 1 };
const masked = [{ 'field-id': 3, action: 'mask-alphanum' }];

describe('a restricted table', () => {
  it.each([
    ['of row groups', 'numbers', { type: 'lt', left: id, right: 1000 }, 'id < 1000'],
    [
      'of partitions',
      'parts',
      { type: 'eq', left: { type: 'reference', id: 2 }, right: { type: 'literal', value: 'p2' } },
      "part = 'p2'",
    ],
    ['of nothing', 'numbers', { type: 'false' }, 'false'],
  ])('with a filter %s reads no more than the same predicate written by hand', async (_, table, filter, predicate) => {
    const sql = `SELECT max(text) FROM ${table}`;
    const byHand = await bytesOf(() => catalog.rows(`${sql} WHERE ${predicate}`));
    const restricted = await bytesOf(() => under({ 'required-row-filter': filter }, () => catalog.rows(sql)));
    const whole = await bytesOf(() => catalog.rows(sql));
    expect(restricted).toBeLessThanOrEqual(byHand);
    expect(restricted).toBeLessThan(whole / 2);
  });

  it('is not pruned by keys that are joined with its masked columns, which are compared as they are shown', async () => {
    await catalog.update("CREATE TABLE picked AS SELECT 'XXXXXXXX' AS part UNION ALL SELECT 'p2'");
    const sql = 'SELECT count(*) FROM parts JOIN picked USING (part)';
    expect(await catalog.rows(sql)).toEqual([[10_000n]]);
    const fixed = { 'required-column-projections': [{ 'field-id': 2, action: 'mask-to-fixed-value' }] };
    expect(await under(fixed, () => catalog.rows(sql))).toEqual([[40_000n]]);
  });

  it('is pruned by predicates on columns that are not masked, and reads only the columns that are wanted', async () => {
    const sql = 'SELECT max(text) FROM numbers WHERE id < 1000';
    const open = await bytesOf(() => catalog.rows(sql));
    const restricted = await bytesOf(() => under({ 'required-column-projections': masked }, () => catalog.rows(sql)));
    expect(restricted).toBe(open);
  });
});
