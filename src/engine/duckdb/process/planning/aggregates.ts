import type { Aggregates, TableBinding } from '../../contract.js';
import {
  columnOf,
  filters,
  type LogicalExpression,
  type LogicalNode,
  operatorsOf,
  pathToScan,
  tableOf,
} from './logical-plan.js';

/**
 * By the place of a table: what is asked of it, where that is nothing but counts and extremes of its columns as they are, or a count of
 * the rows that pass a filter. A table that the plan reads twice is left out.
 */
export function aggregatesOf(plan: LogicalNode, tables: readonly TableBinding[]): Map<number, Aggregates> {
  const found = new Map<number, Aggregates>();
  const readings = [...operatorsOf(plan)].map(tableOf);
  for (const node of operatorsOf(plan)) {
    if (
      node.type !== 'LOGICAL_AGGREGATE_AND_GROUP_BY' ||
      node.groups?.length ||
      (node.grouping_sets?.length ?? 0) > 1
    ) {
      continue;
    }
    const path = pathToScan(node);
    const table = path ? tableOf(path.at(-1) as LogicalNode) : -1;
    const binding = tables[table];
    if (!path || !binding || readings.filter((reading) => reading === table).length > 1) continue;
    const aggregates = ofColumns(node.expressions ?? [], path, binding);
    if (aggregates) found.set(table, aggregates);
  }
  return found;
}

function ofColumns(
  expressions: readonly LogicalExpression[],
  path: readonly LogicalNode[],
  table: TableBinding,
): Aggregates | undefined {
  const extremes = new Set<string>();
  const counts = new Set<string>();
  let rows = false;
  for (const expression of expressions) {
    const { name = '', children = [] } = expression;
    if (expression.aggregate_type === 'DISTINCT' && name === 'count') return undefined;
    if (expression.filter || expression.order_bys) return undefined;
    if (name === 'count_star' && children.length === 0) {
      rows = true;
      continue;
    }
    const column = children.length === 1 && children[0] ? columnOf(children[0], path, table) : undefined;
    if (column === undefined) return undefined;
    if (name === 'min' || name === 'max') extremes.add(column);
    else if (name === 'count') counts.add(column);
    else return undefined;
  }
  if (filters(path) && extremes.size + counts.size > 0) return undefined;
  return { rows, extremes: [...extremes], counts: [...counts] };
}
