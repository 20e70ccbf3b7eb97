import type { Aggregates, TableBinding } from '../contract.js';
import { type LogicalExpression, type LogicalNode, operatorsOf, tableOf } from './logical-plan.js';

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

/** The operators below an aggregate down to its scan, where they are projections and filters. */
function pathToScan({ children }: LogicalNode): LogicalNode[] | undefined {
  const path: LogicalNode[] = [];
  for (let node = children?.[0]; node; node = node.children?.[0]) {
    path.push(node);
    if (node.type === 'LOGICAL_GET') return node.extra_info?.sample_options ? undefined : path;
    if (node.type !== 'LOGICAL_PROJECTION' && node.type !== 'LOGICAL_FILTER') return undefined;
  }
  return undefined;
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
  const isFiltered = path.some(
    ({ type, table_filters: filters }) => type === 'LOGICAL_FILTER' || (filters?.filters.length ?? 0) > 0,
  );
  if (isFiltered && extremes.size + counts.size > 0) return undefined;
  return { rows, extremes: [...extremes], counts: [...counts] };
}

/** The column that an expression is, followed down through projections. */
function columnOf(
  expression: LogicalExpression,
  path: readonly LogicalNode[],
  { columns }: TableBinding,
): string | undefined {
  let current: LogicalExpression | undefined = expression;
  for (const node of path) {
    if (current?.expression_class !== 'BOUND_REF' || current.index === undefined) return undefined;
    const { index }: { index?: number } = current;
    if (node.type === 'LOGICAL_PROJECTION') current = node.expressions?.[index];
    else if (node.type === 'LOGICAL_FILTER') current = { ...current, index: node.projection_map?.[index] ?? index };
    else {
      const entry = node.column_indexes?.[node.projection_ids?.length ? (node.projection_ids[index] ?? -1) : index];
      const column = entry?.child_indexes.length === 0 ? columns[entry.index] : undefined;
      return column && !column.computed ? column.field.name : undefined;
    }
  }
  return undefined;
}
