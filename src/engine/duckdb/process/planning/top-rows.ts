import type { TableBinding, TopRows } from '../../contract.js';
import { columnOf, filters, type LogicalNode, operatorsOf, pathToScan, tableOf } from './logical-plan.js';

/** By the place of a table: the first rows in the order of a column, where nothing else is asked of it (`ORDER BY column LIMIT n`). */
export function topRowsOf(plan: LogicalNode, tables: readonly TableBinding[]): Map<number, TopRows> {
  const found = new Map<number, TopRows>();
  const readings = [...operatorsOf(plan)].map(tableOf);
  for (const node of operatorsOf(plan)) {
    const [order] = node.type === 'LOGICAL_TOP_N' ? (node.orders ?? []) : [];
    const path = order && pathToScan(node);
    const scan = path?.at(-1);
    if (!path || !scan || filters(path)) continue;
    const table = tableOf(scan);
    const binding = tables[table];
    const column = binding && columnOf(order.expression, path, binding);
    const rows = (node.limit ?? Number.NaN) + (node.offset ?? 0);
    if (column === undefined || !Number.isSafeInteger(rows)) continue;
    if (readings.filter((reading) => reading === table).length > 1) continue;
    found.set(table, {
      column,
      rows,
      descending: order.type === 'DESCENDING',
      nullsFirst: order.null_order !== 'NULLS LAST',
    });
  }
  return found;
}
