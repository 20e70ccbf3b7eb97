/** Tables whose rows Skua computes itself: SHOW, information_schema, metadata tables. */
import type { Schema } from 'apache-arrow';
import { type ColumnarBatch, rowsToBatch } from '../arrow/index.js';
import type { BatchSource, ScanDemand, TableScan } from '../engine/contract.js';
import type { TableColumn } from '../expressions/index.js';

export interface RowsTable {
  /** Binding name. */
  name: string;
  schema: Schema;
  batches: ColumnarBatch[];
}

/** A table whose rows are computed once it is known which of them a statement needs. */
export interface ListedTable {
  /** Binding name. */
  name: string;
  schema: Schema;
  /** Rows that the demand's filter would drop may be among them. */
  list(demand: ScanDemand): Promise<unknown[][]>;
}

export function isListed(table: RowsTable | ListedTable): table is ListedTable {
  return 'list' in table;
}

export function rowsTable(name: string, schema: Schema, rows: unknown[][]): RowsTable {
  return { name, schema, batches: rows.length > 0 ? [rowsToBatch(schema, rows)] : [] };
}

/** The columns of a table that has no field ids of its own. */
export function columnsOf(schema: Schema): TableColumn[] {
  return schema.fields.map((field, index) => ({ field, fieldId: index + 1 }));
}

export function rowsScan(table: Omit<RowsTable, 'batches'> & Pick<BatchSource, 'batches'>): TableScan {
  return {
    name: table.name,
    columns: columnsOf(table.schema),
    source: { kind: 'batches', schema: table.schema, batches: table.batches },
  };
}

/** What SHOW and its like answer with. */
export interface Rows {
  schema: Schema;
  rows: unknown[][];
}
