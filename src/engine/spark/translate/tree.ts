/** DuckDB's syntax tree of a query, as `json_serialize_sql` gives it. */
import type { SyntaxNode, SyntaxValue } from '../../contract.js';

export type { SyntaxNode, SyntaxValue } from '../../contract.js';

export function isNode(value: SyntaxValue | undefined): value is SyntaxNode {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function textOf(value: SyntaxValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

export function nodesOf(value: SyntaxValue | undefined): SyntaxNode[] {
  return Array.isArray(value) ? value.filter(isNode) : [];
}

export function nodeOf(value: SyntaxValue | undefined): SyntaxNode | undefined {
  return isNode(value) ? value : undefined;
}

export function textsOf(value: SyntaxValue | undefined): string[] {
  return Array.isArray(value) ? value.map(textOf) : [];
}

/** The query of a subquery, a common table expression or a derived table. */
export function queryOf(value: SyntaxValue | undefined): SyntaxNode {
  const node = nodeOf(value);
  return nodeOf(node?.node) ?? node ?? {};
}
