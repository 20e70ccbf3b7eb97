import { SkuaError } from '../../../../errors.js';
import { isNode, nodesOf, type SyntaxNode, type SyntaxValue, textOf } from './syntax-tree.js';

/** Time to plan doubles with each level of these, and planning does not hear that it shall stop. */
const deepestSubqueries = 12;
/** Joins are ordered in a time that grows with the fourth power of their number. */
const mostTables = 64;
/** An alias stands for its whole expression wherever the same SELECT refers to it. */
const largestExpression = 20_000;

/** Refuses what takes longer to plan than anyone waits: INVALID_ARGUMENT that names the limit. */
export function checkComplexity(value: SyntaxValue | undefined, depth = 0): void {
  if (Array.isArray(value)) {
    for (const item of value) checkComplexity(item, depth);
    return;
  }
  if (!isNode(value)) return;
  let inside = depth;
  if (value.class === 'SUBQUERY' || (value.type === 'SELECT_NODE' && isNode(value.having))) inside++;
  if (inside > deepestSubqueries) {
    refuse(`subqueries in expressions and queries with HAVING are nested more than ${deepestSubqueries} deep`);
  }
  if (value.type === 'SELECT_NODE') {
    if (tablesOf(value.from_table) > mostTables) refuse(`more than ${mostTables} tables are joined in one SELECT`);
    checkAliases(value);
  }
  for (const child of Object.values(value)) checkComplexity(child, inside);
}

function refuse(what: string): never {
  throw new SkuaError('INVALID_ARGUMENT', `the statement is too complex: ${what}`);
}

function tablesOf(from: SyntaxValue | undefined): number {
  if (!isNode(from)) return 0;
  return from.type === 'JOIN' ? tablesOf(from.left) + tablesOf(from.right) : 1;
}

function checkAliases(select: SyntaxNode): void {
  const sizes = new Map<string, number>();
  for (const item of nodesOf(select.select_list)) {
    const size = sizeOf(item, sizes);
    if (size > largestExpression && sizes.size > 0) {
      refuse(`aliases that refer to aliases make an expression of more than ${largestExpression} parts`);
    }
    const alias = textOf(item.alias).toLowerCase();
    if (alias !== '' && !sizes.has(alias)) sizes.set(alias, size);
  }
}

/** Parts of an expression, with what its aliases stand for. */
function sizeOf(value: SyntaxValue | undefined, aliases: ReadonlyMap<string, number>): number {
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + sizeOf(item, aliases), 0);
  if (!isNode(value)) return 0;
  if (value.class === 'COLUMN_REF') {
    const names = Array.isArray(value.column_names) ? value.column_names : [];
    return 1 + (names.length === 1 ? (aliases.get(textOf(names[0]).toLowerCase()) ?? 0) : 0);
  }
  const own = typeof value.class === 'string' ? 1 : 0;
  return Object.values(value).reduce((sum: number, child) => sum + sizeOf(child, aliases), own);
}
