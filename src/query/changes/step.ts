/** One run of a statement on one state of its table: what the next snapshot adds and removes. */
import type { SnapshotChange } from '../../iceberg/contract.js';
import type { DataFile, DeleteFile } from '../../iceberg/types.js';
import { quoteName } from '../../sql/index.js';
import type { StatementContext } from '../environment.js';
import { Binder } from '../reading/bind.js';
import { statementOf, valuesOf } from '../reading/bound-query.js';
import { filesForChange } from '../reading/planned-by-catalog.js';
import { schemaName } from '../tables/names.js';
import type { PinnedTable } from '../tables/tables.js';
import type { ChangeQuery } from './change-query.js';
import { type ChangedRows, type ChangeParameters, computeRows } from './changed-rows.js';
import { deleteRows } from './deletes.js';
import { allFiles, type Reads } from './reads.js';
import type { ReturnedRows } from './returning.js';
import { rewriteFiles, writeComingRows } from './rewrite-files.js';

export interface Step {
  affectedRows: number;
  /** Absent where nothing changes. */
  change?: SnapshotChange;
  reads: Reads;
  /** What the statement returns of the rows. */
  returned?: ReturnedRows | undefined;
}

export async function changeStep(
  context: StatementContext,
  table: PinnedTable,
  query: ChangeQuery,
  options: {
    mode: 'copy-on-write' | 'merge-on-read';
    parameters: ChangeParameters;
    /** Reads from the rows what the statement returns. */
    returning?: ((rows: ChangedRows) => Promise<ReturnedRows>) | undefined;
  },
): Promise<Step> {
  const rows = await computeRows(context, table, query, options.parameters);
  const { count, reads } = rows;
  try {
    const returned = await options.returning?.(rows);
    if (count === 0) return { affectedRows: 0, reads, returned };
    if (options.mode === 'copy-on-write') {
      const rewritten = await rewriteFiles(context, table, rows, query.writes);
      return { affectedRows: count, change: changeOf(rewritten), reads, returned };
    }
    const added = query.writes ? await writeComingRows(context, table, rows) : [];
    const removal = await deleteRows(context, table, rows);
    return { affectedRows: count, change: changeOf({ added, ...removal }), reads, returned };
  } finally {
    await rows.release();
  }
}

/** Takes all rows away, with every file. */
export async function clearStep(context: StatementContext, table: PinnedTable): Promise<Step> {
  const tasks = await filesForChange(context, table);
  const reads = allFiles(table, tasks, filesForChange);
  const isUnknown = tasks.some(({ file, deletes }) => deletes.length > 0 || file.recordCount < 0);
  const affectedRows = isUnknown
    ? await countRows(context, table)
    : tasks.reduce((sum, { file }) => sum + file.recordCount, 0);
  if (tasks.length === 0) return { affectedRows, reads };
  const removed = tasks.flatMap(({ file, deletes }) => [file, ...deletes].map(({ location }) => location));
  return { affectedRows, change: changeOf({ added: [], addedDeletes: [], removed: [...new Set(removed)] }), reads };
}

async function countRows(context: StatementContext, table: PinnedTable): Promise<number> {
  const { catalog, namespace, name } = table.name;
  const from = [catalog, schemaName(namespace), name].map(quoteName).join('.');
  const bound = await new Binder(context, {}, [table]).bind(`SELECT count(*) FROM ${from}`);
  const engine = await context.environment.engine(context.call);
  const [row] = await valuesOf(engine, statementOf(context, bound), context.call.signal);
  return Number(row?.[0]);
}

function changeOf(parts: { added: DataFile[]; addedDeletes: DeleteFile[]; removed: string[] }): SnapshotChange {
  const { added, addedDeletes, removed } = parts;
  const takes = addedDeletes.length > 0 || removed.length > 0;
  const operation = added.length === 0 ? 'delete' : takes ? 'overwrite' : 'append';
  return { operation, added, addedDeletes, removed: [...new Set(removed)] };
}
