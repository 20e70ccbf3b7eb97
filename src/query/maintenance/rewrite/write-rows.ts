/** Writes the rows that are left in some files of a table as new files. */
import type { BoundTable, KeptRows } from '../../../engine/contract.js';
import type { FileTask } from '../../../iceberg/contract.js';
import type { DataFile } from '../../../iceberg/types.js';
import { inParallel } from '../../../parallel.js';
import { quoteName } from '../../../sql/index.js';
import { withFileSize } from '../../changes/kept-deletes.js';
import type { StatementContext } from '../../environment.js';
import { statementOver } from '../../reading/bound-query.js';
import { engineTable, type PinnedTable } from '../../tables/tables.js';
import { writtenColumns } from '../../writing/lineage.js';
import { type WriteFilesOptions, writeDataFiles } from '../../writing/write.js';

/** Files that the engine reads at once; the rows of more are gathered on local disk first. */
const FILES_AT_ONCE = 500;
/** So often at the same time: files of one part are staged while the engine reads those of another. */
const PARTS_AT_A_TIME = 2;

/** Values were checked when they were first written. */
const none = { fieldIds: new Set<number>() };

/** Rows keep their ids, and when they were last changed. `fileSize` is that of the new files at most, in bytes. */
export async function writeRowsOf(
  context: StatementContext,
  table: PinnedTable,
  tasks: readonly FileTask[],
  { order, fileSize }: Pick<WriteFilesOptions, 'order'> & { fileSize: number },
): Promise<DataFile[]> {
  const columns = writtenColumns(table);
  const write = (sql: string, tables: BoundTable[]) => {
    const source = { statement: statementOver(context, sql, tables), checked: none };
    return writeDataFiles(context, withFileSize(table, fileSize), source, { columns, order });
  };
  const values = columns.map(({ field }) => quoteName(field.name)).join(', ');
  const from = (name: string) => `SELECT ${values} FROM ${quoteName(name)}`;
  if (tasks.length <= 2 * FILES_AT_ONCE) return write(from(FILES), [filesOf(table, tasks)]);
  const engine = await context.environment.engine(context.call);
  const { signal } = context.call;
  const parts = Array.from({ length: Math.ceil(tasks.length / FILES_AT_ONCE) }, (_, part) =>
    filesOf(table, tasks.slice(part * FILES_AT_ONCE, (part + 1) * FILES_AT_ONCE)),
  );
  const kept = new Set<KeptRows>();
  try {
    const gathered = await inParallel(parts, PARTS_AT_A_TIME, async (files) => {
      const rows = await engine.keep(statementOver(context, from(FILES), [files]), { signal, columns, checked: none });
      kept.add(rows);
      return rows;
    });
    const tables = gathered.map((rows, index): BoundTable => ({ kind: 'kept', name: `rows ${index}`, rows }));
    return await write(tables.map(({ name }) => from(name)).join(' UNION ALL '), tables);
  } finally {
    for (const rows of kept) await rows.release();
  }
}

const FILES = 'files';

function filesOf(table: PinnedTable, tasks: readonly FileTask[]): BoundTable {
  const hidden = writtenColumns(table)
    .slice(table.schema.fields.length)
    .map(({ field }) => field.name);
  return { kind: 'files', name: FILES, table: engineTable({ ...table, hidden }), tasks };
}
