/** A bound query's tables as the engine takes them. */
import type { TableBinding, TableScan } from '../../engine/contract.js';
import { columnsOf, type ListedTable, type RowsTable } from '../rows.js';
import { columnsOfTable, type PinnedTable } from '../tables/tables.js';

/** A query whose every table is known. */
export interface BoundQuery {
  sql: string;
  /** Iceberg tables by binding name. */
  tables: Map<string, PinnedTable>;
  /** Tables of rows that Skua itself computes: information_schema and metadata tables. */
  rows: Map<string, RowsTable | ListedTable>;
  /** The functions that answer for the session, and those of the escapes, where the text calls any. */
  functions: TableScan[];
  parameterCount: number;
}

/** The bindings under which the engine knows a bound query's tables. */
export function bindingsOf(bound: BoundQuery): TableBinding[] {
  return [
    ...[...bound.tables].map(([name, table]) => ({ name, columns: columnsOfTable(table) })),
    ...[...bound.rows].map(([name, table]) => ({ name, columns: columnsOf(table.schema) })),
    ...bound.functions,
  ];
}
