/** What rows take with them from file to file (Iceberg spec, "Row Lineage"). */
import type { TableColumn } from '../../expressions/index.js';
import { hiddenColumns, tableColumns } from '../../iceberg/index.js';
import type { PinnedTable } from '../tables/tables.js';

const lineageColumns = ['_row_id', '_last_updated_sequence_number'];

/** From format version 3 on. */
export function hasRowIds(table: PinnedTable): boolean {
  return table.metadata.formatVersion >= 3;
}

/** The columns of files that hold rows of other files: the table's, the ids of the rows, and when they were last changed. */
export function writtenColumns(table: PinnedTable): TableColumn[] {
  const lineage = hasRowIds(table) ? hiddenColumns(table.metadata, lineageColumns) : [];
  return [...tableColumns(table.schema), ...lineage.map(({ field, fieldId }) => ({ field, fieldId }))];
}
