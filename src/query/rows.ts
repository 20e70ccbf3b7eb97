/** Tables whose rows Skua computes itself: SHOW, information_schema, metadata tables. */
import type { Schema } from 'apache-arrow';
import { type ColumnarBatch, rowsToBatch } from '../arrow/index.js';
import type { BoundTable, RowsDemand } from '../engine/contract.js';

/** Where rows come from, for those who ask what others are made of: a dataset of a catalog, `schema.table`, or values that a client sent. */
export type RowsOrigin = { catalog: string; dataset: string } | 'values';

export interface RowsTable {
  /** Binding name. */
  name: string;
  schema: Schema;
  /** Absent where nobody outside of the session could find it. */
  origin?: RowsOrigin | undefined;
  batches: ColumnarBatch[];
}

/** A table whose rows are computed once it is known which of them a statement needs. */
export interface ListedTable {
  /** Binding name. */
  name: string;
  schema: Schema;
  origin?: RowsOrigin | undefined;
  /** Rows that the demand's filter would drop may be among them. */
  list(demand: RowsDemand): Promise<unknown[][]>;
}

export function isListed(table: RowsTable | ListedTable): table is ListedTable {
  return 'list' in table;
}

export function rowsTable(name: string, schema: Schema, rows: unknown[][], origin?: RowsOrigin): RowsTable {
  return { name, schema, origin, batches: rows.length > 0 ? [rowsToBatch(schema, rows)] : [] };
}

/** The table as the engine takes it. */
export function boundRows(table: RowsTable | ListedTable): BoundTable {
  const { name, schema } = table;
  if (!isListed(table)) return { kind: 'rows', name, schema, batches: table.batches };
  const list = async (demand: RowsDemand) => rowsTable(name, schema, await table.list(demand)).batches;
  return { kind: 'listed', name, schema, list };
}

/** What SHOW and its like answer with. */
export interface Rows {
  schema: Schema;
  rows: unknown[][];
}
