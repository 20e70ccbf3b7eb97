import { expect, it, vi } from 'vitest';
import type { PinnedTable } from '../../../../src/engine/contract.js';
import type { LocalFiles } from '../../../../src/engine/duckdb/staging/local-files.js';
import { StagedDeletes } from '../../../../src/engine/duckdb/staging/staged-deletes.js';
import type { FileTask } from '../../../../src/iceberg/contract.js';
import type { DeleteFile } from '../../../../src/iceberg/types.js';

vi.mock('../../../../src/engine/duckdb/staging/readable-file.js', () => ({
  readableFile: async () => ({ columns: [], footer: {}, size: 1 }),
}));

const deletes = (number: number) =>
  ({ content: 'position-deletes', format: 'parquet', location: `d${number}`, fileSize: 1 }) as DeleteFile;

it('a delete file is brought to local disk once, however many data files it applies to', async () => {
  let fetched = 0;
  const local = {
    whole: async (_: unknown, { location }: DeleteFile) => `${location} copy ${++fetched}`,
  } as unknown as LocalFiles;
  const staged = new StagedDeletes(local, {} as PinnedTable);
  const of = (...numbers: number[]) => staged.of({ deletes: numbers.map(deletes) } as unknown as FileTask);
  const lists = await Promise.all([of(1, 2, 3), of(2, 3), of(1, 2, 3), of(3), of()]);
  const numbers = lists.map(({ positionDeletes }) => positionDeletes.map((path) => path.slice(0, 2)));
  expect(numbers).toEqual([['d1', 'd2', 'd3'], ['d2', 'd3'], ['d1', 'd2', 'd3'], ['d3'], []]);
  expect(fetched).toBe(3);
  // Lists are as many as data files, and long: equal ones are one.
  expect(lists[2]?.positionDeletes).toBe(lists[0]?.positionDeletes);
});
