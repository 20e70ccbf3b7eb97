/** What has to be read of a restricted table, so that what is asked of it can be told behind its barrier. */

import { SkuaError } from '../../../errors.js';
import type { Filter } from '../../../expressions/index.js';
import type { ReadBarrier } from '../../../governance/index.js';
import type { ScanDemand } from '../contract.js';
import { allOf } from './join-keys.js';
import type { ReadableTable } from './readable-table.js';

/**
 * The demand on the table's own rows and values. What is asked of masked columns prunes nothing, nothing is answered from statistics, and no
 * limit counts rows that the condition may drop. Where restrictions were not bound before: INTERNAL.
 */
export function demandBelow({ displayName, restrictions, barrier }: ReadableTable, demand: ScanDemand): ScanDemand {
  if (!restrictions) return demand;
  if (!barrier) throw new SkuaError('INTERNAL', `The restrictions of ${displayName} are not in place`);
  const masked = new Set(barrier.masks.map((mask) => mask.name));
  const filter = allOf([barrier.filter, demand.filter && withoutColumns(demand.filter, masked)]);
  const joins = demand.joins?.filter(({ column }) => !masked.has(column)) ?? [];
  return {
    table: demand.table,
    columns: [...new Set([...demand.columns, ...barrier.conditionColumns])],
    ...(filter && { filter }),
    ...(joins.length > 0 && { joins }),
    ...limitOf(barrier, demand),
  };
}

function limitOf({ condition }: ReadBarrier, { limit }: ScanDemand): Pick<ScanDemand, 'limit'> {
  return limit === undefined || condition !== undefined ? {} : { limit };
}

/** What the filter says without the columns; undefined where that is nothing. */
function withoutColumns(filter: Filter, columns: ReadonlySet<string>): Filter | undefined {
  switch (filter.op) {
    case 'and':
      return allOf(filter.operands.map((operand) => withoutColumns(operand, columns)));
    case 'or':
    case 'not':
      return mentions(filter, columns) ? undefined : filter;
    default:
      return columns.has(filter.column) ? undefined : filter;
  }
}

function mentions(filter: Filter, columns: ReadonlySet<string>): boolean {
  switch (filter.op) {
    case 'and':
    case 'or':
      return filter.operands.some((operand) => mentions(operand, columns));
    case 'not':
      return mentions(filter.operand, columns);
    default:
      return columns.has(filter.column);
  }
}
