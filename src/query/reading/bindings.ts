/** A bound query's tables as the engine takes them. */
import type { TableBinding } from '../../engine/contract.js';
import { columnsOf } from '../rows.js';
import { columnsOfTable } from '../tables/tables.js';
import type { BoundQuery } from './bind.js';

/** The bindings under which the engine knows a bound query's tables. */
export function bindingsOf(bound: BoundQuery): TableBinding[] {
  return [
    ...[...bound.tables].map(([name, table]) => ({ name, columns: columnsOfTable(table) })),
    ...[...bound.rows].map(([name, table]) => ({ name, columns: columnsOf(table.schema) })),
    ...bound.functions,
  ];
}
