/** Data files of a change: the rows that come and, for copy on write, those that stay of the files that rows go from. */
import type { BoundTable } from '../../engine/contract.js';
import type { DataFile } from '../../iceberg/types.js';
import { quoteName } from '../../sql/index.js';
import type { StatementContext } from '../environment.js';
import { statementOver } from '../reading/bound-query.js';
import { engineTable, type PinnedTable } from '../tables/tables.js';
import { hasRowIds, writtenColumns } from '../writing/lineage.js';
import { type RowSource, writeDataFiles } from '../writing/write.js';
import { changed } from './change-query.js';
import type { ChangedRows } from './changed-rows.js';
import { type Removal, withItsDeletes } from './removal.js';
import { wholeFiles } from './stored-rows.js';
import { rowColumns } from './target.js';

/** New values were checked when they were computed. */
const none = { fieldIds: new Set<number>() };

/** Rows that come. One that replaces another has its id, and inherits the snapshot's sequence number for its last change. */
function comingSql(table: PinnedTable, rows: ChangedRows): string {
  const values = table.schema.fields.map(({ name }) => quoteName(name));
  const lineage = hasRowIds(table) ? [quoteName(changed.rowId), 'CAST(NULL AS BIGINT)'] : [];
  return `SELECT ${[...values, ...lineage].join(', ')} FROM ${rows.from} WHERE ${quoteName(changed.writes)}`;
}

export function writeComingRows(context: StatementContext, table: PinnedTable, rows: ChangedRows): Promise<DataFile[]> {
  return writeDataFiles(
    context,
    table,
    { statement: statementOver(context, comingSql(table, rows), [rows.table]), checked: none },
    { columns: hasRowIds(table) ? writtenColumns(table) : undefined },
  );
}

/** Copy on write: files that rows go from are replaced by files of the rows that stay and those that come. */
export async function rewriteFiles(
  context: StatementContext,
  table: PinnedTable,
  rows: ChangedRows,
  writes: boolean,
): Promise<Removal & { added: DataFile[] }> {
  const { touched, readable } = rows;
  const tables: BoundTable[] = [rows.table];
  const parts = writes ? [comingSql(table, rows)] : [];
  const whole = wholeFiles(rows);
  const left = touched.filter((task) => !whole.has(task));
  if (left.length > 0) {
    const name = 'rows that stay';
    tables.push({ kind: 'files', name, table: engineTable({ ...readable, hidden: rowColumns(table) }), tasks: left });
    const columns = writtenColumns(table).map(({ field }) => `t.${quoteName(field.name)}`);
    const gone = `r.${quoteName(changed.file)} = t._file AND r.${quoteName(changed.position)} = t._pos`;
    parts.unshift(`SELECT ${columns.join(', ')} FROM ${quoteName(name)} AS t ANTI JOIN ${rows.from} AS r ON ${gone}`);
  }
  const statement = statementOver(context, parts.join(' UNION ALL '), tables);
  const source: RowSource = { statement, checked: none };
  const added =
    parts.length > 0 ? await writeDataFiles(context, table, source, { columns: writtenColumns(table) }) : [];
  return { added, addedDeletes: [], removed: touched.flatMap(withItsDeletes) };
}
