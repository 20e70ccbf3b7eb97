import type { Connection } from './database.js';
import { listOf, type PlanNode } from './plan.js';
import { isNode, type SyntaxNode, syntaxTree } from './syntax-tree.js';

/**
 * Whether a query is nothing but MIN and MAX of plain columns of one table, so that the smallest and largest value of each column stand for
 * all. By the plan it has no other aggregate and no filter; by its text no column is used but as it is: EXPLAIN hides expressions
 * behind their aliases.
 */
export async function asksExtremesOnly(connection: Connection, sql: string, plan: PlanNode[]): Promise<boolean> {
  let node = plan[0];
  while (node?.name.trim() === 'PROJECTION') node = node.children[0];
  if (node?.name.trim() !== 'UNGROUPED_AGGREGATE') return false;
  const aggregates = listOf(node.extra_info.Aggregates);
  if (aggregates.length === 0 || !aggregates.every((text) => /^(?:min|max)\(#\d+\)$/.test(text))) return false;
  for (node = node.children[0]; node?.name.trim() === 'PROJECTION'; node = node.children[0]);
  if (node?.name.trim() !== 'SEQ_SCAN' || node.extra_info.Filters) return false;
  const tree = await syntaxTree(connection, sql).catch(() => undefined);
  if (!tree || !isNode(tree.from_table) || tree.from_table.type !== 'BASE_TABLE') return false;
  return hasColumnsOnlyInExtremes(tree.select_list) && hasColumnsOnlyInExtremes(tree.having);
}

function hasColumnsOnlyInExtremes(value: SyntaxNode[string] | undefined): boolean {
  if (Array.isArray(value)) return value.every((item) => hasColumnsOnlyInExtremes(item as SyntaxNode[string]));
  if (!isNode(value)) return true;
  if (value.class === 'COLUMN_REF' || value.class === 'SUBQUERY' || value.class === 'STAR') return false;
  if (value.class === 'FUNCTION' && (value.function_name === 'min' || value.function_name === 'max')) {
    const [argument, ...more] = Array.isArray(value.children) ? value.children : [];
    return more.length === 0 && isNode(argument) && argument.class === 'COLUMN_REF' && !isNode(value.filter);
  }
  return Object.values(value).every((child) => hasColumnsOnlyInExtremes(child));
}
