/** Data files of a change: the rows that come and, for copy on write, those that stay of the files that rows go from. */
import type { TableColumn } from '../../expressions/index.js';
import { hiddenColumns, tableColumns } from '../../iceberg/index.js';
import type { DataFile } from '../../iceberg/types.js';
import { quoteName } from '../../sql/index.js';
import type { StatementContext } from '../environment.js';
import type { PinnedTable } from '../tables/tables.js';
import { type RowSource, writeDataFiles } from '../writing/write.js';
import { changed, hasRowIds } from './change-query.js';
import type { ChangedRows } from './changed-rows.js';
import { type Removal, withItsDeletes } from './removal.js';
import { rowColumns } from './target.js';

const lineageColumns = ['_row_id', '_last_updated_sequence_number'];

/** From format version 3 on, rows keep their ids, and say when they were last changed (spec, "Row Lineage"). */
function writtenColumns(table: PinnedTable): TableColumn[] {
  const lineage = hasRowIds(table) ? hiddenColumns(table.metadata, lineageColumns) : [];
  return [...tableColumns(table.schema), ...lineage.map(({ field, fieldId }) => ({ field, fieldId }))];
}

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
    { sql: comingSql(table, rows), read: (work) => work([rows.scan]), checked: none },
    hasRowIds(table) ? writtenColumns(table) : undefined,
  );
}

/** Copy on write: files that rows go from are replaced by files of the rows that stay and those that come. */
export async function rewriteFiles(
  context: StatementContext,
  table: PinnedTable,
  rows: ChangedRows,
  writes: boolean,
): Promise<Removal & { added: DataFile[] }> {
  const touched = rows.tasks.filter(({ file }) => rows.byFile.has(file.location));
  const scans = [rows.scan];
  const parts = writes ? [comingSql(table, rows)] : [];
  const left = touched.filter(({ file }) => rows.byFile.get(file.location) !== file.recordCount);
  if (left.length > 0) {
    const name = 'rows that stay';
    scans.push(await rows.area.files(name, { ...table, hidden: rowColumns(table) }, left));
    const columns = writtenColumns(table).map(({ field }) => `t.${quoteName(field.name)}`);
    const gone = `r.${quoteName(changed.file)} = t._file AND r.${quoteName(changed.position)} = t._pos`;
    parts.unshift(`SELECT ${columns.join(', ')} FROM ${quoteName(name)} AS t ANTI JOIN ${rows.from} AS r ON ${gone}`);
  }
  const source: RowSource = {
    sql: parts.join(' UNION ALL '),
    checked: none,
    read: (work) =>
      work(scans, rows.area.fetch).catch(async (error) => {
        throw await rows.area.failureOf(error, rows.engine, scans);
      }),
  };
  const added = parts.length > 0 ? await writeDataFiles(context, table, source, writtenColumns(table)) : [];
  return { added, addedDeletes: [], removed: touched.flatMap(withItsDeletes) };
}
