/** Functions over windows. */
import { aggregate, isAggregate } from './aggregates.js';
import { refuse } from './refusal.js';
import type { Typed } from './scope.js';
import { isNode, type SyntaxNode, type SyntaxValue, textOf } from './tree.js';
import { BIGINT, DOUBLE, sparkType } from './types.js';

export interface WindowParts {
  values: Typed[];
  /** In Spark SQL. */
  partitions: readonly string[];
  orders: readonly string[];
  filter: string;
}

/** Functions that look at no frame: their results are 32 bits wide there. */
const RANKS: Record<string, string> = {
  WINDOW_ROW_NUMBER: 'row_number()',
  WINDOW_RANK: 'rank()',
  WINDOW_RANK_DENSE: 'dense_rank()',
};
const SHARES: Record<string, string> = {
  WINDOW_PERCENT_RANK: 'percent_rank()',
  WINDOW_CUME_DIST: 'cume_dist()',
};

export function overWindow(node: SyntaxNode, name: string, parts: WindowParts): Typed {
  const type = textOf(node.type);
  if (node.ignore_nulls === true || node.distinct === true)
    refuse(`${name} with IGNORE NULLS or DISTINCT is not translated`);
  if (Array.isArray(node.arg_orders) && node.arg_orders.length > 0) refuse(`ORDER BY in ${name} is not translated`);
  if (type in RANKS || type in SHARES) {
    if (parts.orders.length === 0 || parts.filter !== '') refuse(`${name} without an order is not translated`);
    const over = `OVER (${place(parts)})`;
    if (type in SHARES) return { sql: `${SHARES[type]} ${over}`, type: DOUBLE };
    return { sql: `CAST(${RANKS[type]} ${over} AS BIGINT)`, type: BIGINT };
  }
  const over = `OVER (${[place(parts), frame(node, parts)].filter((part) => part !== '').join(' ')})`;
  const write = (written: string, argument: string) => `${written}(${argument})${parts.filter} ${over}`;
  const [value] = parts.values;
  if (type === 'WINDOW_AGGREGATE' && isAggregate(name) && parts.values.length < 2) return aggregate(name, value, write);
  if ((type === 'WINDOW_FIRST_VALUE' || type === 'WINDOW_LAST_VALUE') && value && parts.orders.length > 0) {
    sparkType(value.type);
    return { sql: write(type === 'WINDOW_FIRST_VALUE' ? 'first_value' : 'last_value', value.sql), type: value.type };
  }
  if ((type === 'WINDOW_LAG' || type === 'WINDOW_LEAD') && value && parts.orders.length > 0) {
    sparkType(value.type);
    if (isNode(node.default_expr) || parts.filter !== '') refuse(`${name} with a default is not translated`);
    const offset = isNode(node.offset_expr) ? wholeNumber(node.offset_expr) : 1;
    const called = type === 'WINDOW_LAG' ? 'lag' : 'lead';
    return { sql: `${called}(${value.sql}, ${offset}) OVER (${place(parts)})`, type: value.type };
  }
  return refuse(`the window function ${name} is not translated`);
}

function place({ partitions, orders }: WindowParts): string {
  const by = partitions.length > 0 ? [`PARTITION BY ${partitions.join(', ')}`] : [];
  return [...by, ...(orders.length > 0 ? [`ORDER BY ${orders.join(', ')}`] : [])].join(' ');
}

function frame(node: SyntaxNode, { orders }: WindowParts): string {
  if (textOf(node.exclude_clause) !== 'NO_OTHER' && textOf(node.exclude_clause) !== '') {
    refuse('EXCLUDE in a window frame is not translated');
  }
  const [start, end] = [boundary(node.start, node.start_expr), boundary(node.end, node.end_expr)];
  const units = [start.unit, end.unit].filter((unit) => unit !== undefined);
  const unit = units[0] ?? 'RANGE';
  if (units.some((other) => other !== unit)) refuse('a window frame of two units is not translated');
  if (orders.length === 0) {
    // Then all rows are alike, and the whole partition is the frame.
    if (unit === 'RANGE') return '';
    refuse('ROWS without an order is not translated');
  }
  return `${unit} BETWEEN ${start.sql} AND ${end.sql}`;
}

/** `unit`: undefined where both units mean the same. */
function boundary(
  kind: SyntaxValue | undefined,
  offset: SyntaxValue | undefined,
): { sql: string; unit?: 'ROWS' | 'RANGE' } {
  switch (kind) {
    case 'UNBOUNDED_PRECEDING':
      return { sql: 'UNBOUNDED PRECEDING' };
    case 'UNBOUNDED_FOLLOWING':
      return { sql: 'UNBOUNDED FOLLOWING' };
    case 'CURRENT_ROW_ROWS':
      return { sql: 'CURRENT ROW', unit: 'ROWS' };
    case 'CURRENT_ROW_RANGE':
      return { sql: 'CURRENT ROW', unit: 'RANGE' };
    case 'EXPR_PRECEDING_ROWS':
      return { sql: `${wholeNumber(offset)} PRECEDING`, unit: 'ROWS' };
    case 'EXPR_FOLLOWING_ROWS':
      return { sql: `${wholeNumber(offset)} FOLLOWING`, unit: 'ROWS' };
    default:
      return refuse(`the window frame ${textOf(kind)} is not translated`);
  }
}

function wholeNumber(value: SyntaxValue | undefined): number {
  const constant = isNode(value) && value.class === 'CONSTANT' && isNode(value.value) ? value.value.value : undefined;
  return typeof constant === 'number' && Number.isInteger(constant) && constant >= 0
    ? constant
    : refuse('an offset that is computed or negative is not translated');
}
