/**
 * A change as a query: one row for each row that goes, comes or is replaced, so that reading it prunes, applies deletes, and finds columns,
 * views and versions as any query does.
 */
import { Bool, Field, Int64, Utf8 } from 'apache-arrow';
import type { BoundParameters, CheckedColumns, QueryDescription } from '../../engine/contract.js';
import type { TableColumn } from '../../expressions/index.js';
import { tableColumns } from '../../iceberg/index.js';
import type { PinnedTable } from '../tables/tables.js';
import { hasRowIds } from '../writing/lineage.js';

export interface ChangeQuery {
  sql: string;
  /** The columns of the query: the named ones below, then the table's where rows come, or where those that go are returned. */
  columns: TableColumn[];
  checked: CheckedColumns;
  /** What the parameters are, where another statement than this query says it. */
  describe?: (bound: BoundParameters) => Promise<QueryDescription>;
  /** Rows come as well as go. */
  writes: boolean;
  /** What a row that is touched several times does. */
  twice: 'refuse' | 'never' | 'last';
}

/** Names of the query's own columns. */
export const changed = {
  /** Location of the data file that holds the row that goes; null for one that only comes. */
  file: 'skua file',
  position: 'skua position',
  /** Id of the row that is replaced (spec, "Row Lineage"). */
  rowId: 'skua row id',
  /** Whether a row comes. */
  writes: 'skua writes',
  /** Which of the bound rows asks for it. */
  ordinal: 'skua ordinal',
} as const;

export function changeColumns(
  table: PinnedTable,
  options: { writes: boolean; ordinal: boolean; values?: boolean },
): TableColumn[] {
  const own: Field[] = [new Field(changed.file, new Utf8(), true), new Field(changed.position, new Int64(), true)];
  if (options.ordinal) own.push(new Field(changed.ordinal, new Int64(), true));
  if (options.writes) {
    if (hasRowIds(table)) own.push(new Field(changed.rowId, new Int64(), true));
    own.push(new Field(changed.writes, new Bool(), true));
  }
  const values = options.writes || options.values ? tableColumns(table.schema) : [];
  return [...own.map((field, index) => ({ field, fieldId: OWN_FIELD_IDS - index })), ...values];
}

/** The columns that the statement gives values; a row that only goes may have any. */
export function assignedColumns(fieldIds: Iterable<number>): CheckedColumns {
  return { fieldIds: new Set(fieldIds), where: changed.writes };
}

/** Above those of columns, below the reserved ones. */
const OWN_FIELD_IDS = 2147483000;
