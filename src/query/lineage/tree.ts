/** A query's syntax tree, as the engine's parser gives it. */
import type { SyntaxNode, SyntaxValue } from '../../engine/contract.js';

export type { SyntaxNode, SyntaxValue } from '../../engine/contract.js';

function isNode(value: SyntaxValue | undefined): value is SyntaxNode {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function nodeOf(value: SyntaxValue | undefined): SyntaxNode | undefined {
  return isNode(value) ? value : undefined;
}

export function nodesOf(value: SyntaxValue | undefined): SyntaxNode[] {
  return Array.isArray(value) ? value.filter(isNode) : [];
}

export function textOf(value: SyntaxValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

export function textsOf(value: SyntaxValue | undefined): string[] {
  return Array.isArray(value) ? value.map(textOf) : [];
}

/** The query of a subquery, a common table expression or a derived table. */
export function queryOf(value: SyntaxValue | undefined): SyntaxNode {
  const node = nodeOf(value);
  return nodeOf(node?.node) ?? node ?? {};
}

/** The value of a constant; undefined for any other expression. */
export function constantOf(node: SyntaxNode | undefined): SyntaxValue | undefined {
  return node?.class === 'CONSTANT' ? nodeOf(node.value)?.value : undefined;
}

/** The name of the function that an expression calls, in lower case. */
export function calledBy(node: SyntaxNode | undefined): string | undefined {
  return node?.class === 'FUNCTION' ? textOf(node.function_name).toLowerCase() : undefined;
}

/** Where the engine keeps its own functions. */
const FUNCTION_SCHEMAS = new Set(['', 'main', 'pg_catalog']);

/** What a function is given, also where it is written behind its first argument: `name.upper()`, which reads as a function of a schema. */
export function argumentsOf(node: SyntaxNode | undefined): SyntaxNode[] {
  const children = nodesOf(node?.children);
  const path = [node?.catalog, node?.schema].map(textOf);
  if (FUNCTION_SCHEMAS.has((path[1] as string).toLowerCase())) return children;
  const first = { class: 'COLUMN_REF', column_names: path.filter((name) => name !== '') };
  return [first, ...children];
}
