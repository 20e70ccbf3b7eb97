import { isNode, nodesOf, type SyntaxNode, type SyntaxValue, textOf } from './syntax-tree.js';

/** Expressions whose value hangs on the row alone, where those in them do. */
const CLASSES = new Set([
  'BETWEEN',
  'CASE',
  'CAST',
  'COLUMN_REF',
  'COMPARISON',
  'CONJUNCTION',
  'CONSTANT',
  'FUNCTION',
  'OPERATOR',
  'STAR',
]);

/** Names without parentheses that stand for a moment or for the caller. */
const MOMENTS = /^(?:current_\w+|localtime|localtimestamp|session_user|user)$/i;

/**
 * Whether each row of a query's result is made of one row of a single table, so that the results of parts of the table are the parts of the
 * result, but for how many rows a LIMIT leaves of it; and by which functions, in lower case, without operators. Undefined where it is not.
 */
export function rowByRow(tree: SyntaxNode): { functions: Set<string>; limit?: number } | undefined {
  const { type, from_table: from } = tree;
  if (type !== 'SELECT_NODE' || !isNode(from) || isNode(from.sample)) return undefined;
  const below = functionsBelow(from);
  if (!below) return undefined;
  const [modifier, ...others] = nodesOf(tree.modifiers);
  const limit = modifier && limitOf(modifier);
  const hasMore =
    (modifier && limit === undefined) ||
    others.length > 0 ||
    nodesOf(tree.group_expressions).length > 0 ||
    (Array.isArray(tree.group_sets) && tree.group_sets.length > 0) ||
    tree.aggregate_handling !== 'STANDARD_HANDLING' ||
    isNode(tree.having) ||
    isNode(tree.qualify) ||
    isNode(tree.sample) ||
    (isNode(tree.cte_map) && nodesOf(tree.cte_map.map).length > 0);
  const functions = new Set(below);
  if (hasMore || !isOfRow(tree.select_list, functions) || !isOfRow(tree.where_clause, functions)) return undefined;
  return { functions, ...(limit !== undefined && { limit }) };
}

/** Those of what a SELECT has its rows from: a table, or a subquery that is row by row itself. */
function functionsBelow({ type, subquery }: SyntaxNode): Set<string> | undefined {
  if (type === 'BASE_TABLE') return new Set();
  const node = type === 'SUBQUERY' && isNode(subquery) ? subquery.node : undefined;
  const { functions, limit } = (isNode(node) && rowByRow(node)) || {};
  return limit === undefined ? functions : undefined;
}

/** The rows of a LIMIT that is a constant and skips none. */
function limitOf({ type, limit, offset }: SyntaxNode): number | undefined {
  if (type !== 'LIMIT_MODIFIER' || offset !== null || !isNode(limit) || limit.class !== 'CONSTANT') return undefined;
  const value = isNode(limit.value) ? limit.value.value : undefined;
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

function isOfRow(value: SyntaxValue | undefined, functions: Set<string>): boolean {
  if (Array.isArray(value)) return value.every((item) => isOfRow(item, functions));
  if (!isNode(value)) return true;
  if (typeof value.class === 'string') {
    if (!CLASSES.has(value.class)) return false;
    if (value.class === 'CONSTANT') return true;
    if (value.class === 'COLUMN_REF') {
      const path = Array.isArray(value.column_names) ? value.column_names.map(textOf) : [];
      return path.length > 1 || !MOMENTS.test(path[0] ?? '');
    }
    if (value.class === 'FUNCTION') {
      const isPlain =
        value.filter === null && value.distinct === false && textOf(value.schema) === '' && !hasOrder(value.order_bys);
      if (!isPlain) return false;
      if (value.is_operator !== true) functions.add(textOf(value.function_name).toLowerCase());
    }
  }
  return Object.values(value).every((child) => isOfRow(child, functions));
}

function hasOrder(orders: SyntaxValue | undefined): boolean {
  return isNode(orders) && nodesOf(orders.orders).length > 0;
}
