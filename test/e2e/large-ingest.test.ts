import { Field, Int64, Schema } from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ColumnarBatch } from '../../src/arrow/index.js';
import { type FaultyCatalog, startFaultyCatalog } from './support/faulty-catalog.js';

let catalog: FaultyCatalog;
beforeAll(async () => {
  // A quarter of it is what the engine holds of an ingest at a time.
  catalog = await startFaultyCatalog('[limits]\nmemory_per_session = "32MiB"');
});
afterAll(() => catalog?.stop());

const schema = new Schema([new Field('id', new Int64(), true)]);
const rowsOfBatch = 100_000;

/** Batches of ascending numbers; breaks before the one that `breaksAt` says. */
async function* numbers(count: number, breaksAt = count): AsyncGenerator<ColumnarBatch> {
  for (let index = 0; index < count; index++) {
    if (index === breaksAt) throw new Error('the client went away');
    const values = BigInt64Array.from({ length: rowsOfBatch }, (_, row) => BigInt(index * rowsOfBatch + row));
    const nodes = [{ length: rowsOfBatch, nullCount: 0 }];
    yield { length: rowsOfBatch, nodes, buffers: [new Uint8Array(0), new Uint8Array(values.buffer)] };
  }
}

const target = (table: string, ifExists: 'fail' | 'append' | 'replace') =>
  ({ table, temporary: false, ifNotExists: 'create', ifExists }) as const;
const ingest = (table: string, ifExists: 'fail' | 'append' | 'replace', batches: AsyncIterable<ColumnarBatch>) =>
  catalog.statements.ingest(catalog.call(), target(table, ifExists), schema, batches);
const rows = async (table: string) => (await catalog.rows(`SELECT count(*), sum(id)::BIGINT FROM ${table}`))[0];
const sumTo = (count: bigint) => (count * (count - 1n)) / 2n;

describe('an ingest of more rows than the engine holds at a time', () => {
  it('arrives whole, in one snapshot', async () => {
    expect(await ingest('whole', 'fail', numbers(30))).toBe(3_000_000);
    expect(await rows('whole')).toEqual([3_000_000n, sumTo(3_000_000n)]);
    expect(await catalog.rows('SELECT count(*) > 1 FROM "whole$files"')).toEqual([[true]]);
    expect(await catalog.rows('SELECT count(*) FROM "whole$snapshots"')).toEqual([[1n]]);
  });

  it('that breaks half way leaves no table and no file', async () => {
    const before = await catalog.files();
    await expect(ingest('half', 'fail', numbers(30, 25))).rejects.toThrow('the client went away');
    expect(await catalog.files()).toEqual(before);
    await expect(catalog.rows('SELECT 1 FROM half')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it.each(['append', 'replace'] as const)('that breaks half way leaves the table as it was: %s', async (mode) => {
    await catalog.update(`CREATE TABLE kept_${mode} AS SELECT 7::BIGINT AS id`);
    const before = await catalog.files();
    await expect(ingest(`kept_${mode}`, mode, numbers(30, 25))).rejects.toThrow('the client went away');
    expect(await catalog.files()).toEqual(before);
    expect(await rows(`kept_${mode}`)).toEqual([1n, 7n]);
  });
});
