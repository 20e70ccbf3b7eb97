/** Rows of a query, kept in local files while others are made of them. */
import type { BoundStatement, KeepOptions, KeptRows, TableRead } from '../../contract.js';
import { KeptFiles } from '../kept-rows.js';
import { type Workplace, whileStaged } from '../staging/over-staged.js';
import { planTable } from '../staging/plan-table.js';
import type { StagedTable } from '../staging/stage-statement.js';
import { makeFolder, writeStaged } from './local-parquet.js';

/** In bytes, of one local file. */
const KEPT_FILE_SIZE = 512 * 2 ** 20;

export async function keepRows(
  place: Workplace,
  statement: BoundStatement,
  { columns, checked, ...input }: KeepOptions,
): Promise<KeptRows> {
  const folder = await makeFolder(place);
  try {
    const { files, reads } = await whileStaged(place, statement, input, async (staged) => ({
      files: await writeStaged(staged, folder.path, {
        ...input,
        columns: [...columns],
        checked,
        partitions: [],
        targetFileSize: KEPT_FILE_SIZE,
        compression: 'snappy',
      }),
      reads: staged.tables.map((table) => readOf(place, table)),
    }));
    return new KeptFiles(files, columns, reads, () => folder.remove());
  } catch (error) {
    await folder.remove();
    throw error;
  }
}

/** The scan of a table that the optimiser removed has read nothing of it. */
function readOf({ caches }: Workplace, { table, demand, wanted, plan, learnt, files }: StagedTable): TableRead {
  if (!demand) return { tasks: [], stored: new Map(), tasksOf: async () => [] };
  return {
    tasks: plan.tasks,
    stored: new Map(files.map(({ source: { location, rowCount } }) => [location, rowCount])),
    ...(plan.read && { read: plan.read }),
    async tasksOf({ metadata, snapshotId, storage, access }, signal) {
      const state = { ...table, metadata, snapshotId, storage, access };
      return (await planTable(state, wanted, caches, { signal, learnt })).tasks;
    },
  };
}
