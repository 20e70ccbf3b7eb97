/** Tables of a statement as the engine process knows them. */
import { Field, Int64, type Schema } from 'apache-arrow';
import type { TableColumn } from '../../expressions/index.js';
import { positionDeleteColumns } from '../../iceberg/index.js';
import type { BoundStatement, BoundTable, RowsSource } from '../contract.js';
import type { TableBinding, TableScan } from './contract.js';
import { mayLeaveOut, sizeOfSnapshot } from './staging/join-keys.js';
import { columnsOfTable, readableTable } from './staging/readable-table.js';
import { transformFunctions } from './transforms/functions.js';

/** All of a statement. Restrictions that don't fit their table's schema: PERMISSION_DENIED. */
export function bindingsOf(statement: BoundStatement): TableBinding[] {
  for (const bound of statement.tables) if ('table' in bound) readableTable(bound.table, statement);
  return [
    ...statement.tables.map((bound) => ({
      name: bound.name,
      columns: columnsOf(bound),
      mayLeaveOut: bound.kind === 'iceberg' && mayLeaveOut(sizeOfSnapshot(bound.table)),
    })),
    ...functionScans(statement),
  ];
}

function columnsOf(bound: BoundTable): readonly TableColumn[] {
  switch (bound.kind) {
    case 'iceberg':
    case 'files':
      return columnsOfTable(bound.table);
    case 'position-deletes':
      return readDeleteColumns;
    case 'kept':
      return [...bound.rows.columns];
    case 'rows':
    case 'listed':
      return columnsOfRows(bound.schema);
  }
}

/** The columns of position delete files as statements read them, the last of which is the place of the file among them. */
export const readDeleteColumns: readonly TableColumn[] = [
  ...positionDeleteColumns,
  { field: new Field('file', new Int64(), false), fieldId: 1 },
];

/** Columns that have no field ids of their own. */
function columnsOfRows(schema: Schema): TableColumn[] {
  return schema.fields.map((field, index) => ({ field, fieldId: index + 1 }));
}

export function rowsScan(
  name: string,
  { schema, batches }: Pick<RowsSource, 'schema' | 'batches'>,
  columns = columnsOfRows(schema),
): TableScan {
  return { name, columns, source: { kind: 'batches', schema, batches } };
}

/** A table that only carries the functions of a statement; none where there are none. */
export function functionScans(statement: BoundStatement): TableScan[] {
  const functions = [...statement.functions, ...transformFunctions(statement.sql)];
  if (functions.length === 0) return [];
  return [{ name: 'functions', columns: [], source: { kind: 'count', rowCount: 0 }, functions }];
}
