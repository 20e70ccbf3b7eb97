/** Expressions, node by node of the syntax tree: what their values are made of. */
import { isAggregate } from './aggregates.js';
import { typeAfterCast } from './casts.js';
import { CONDITIONAL, FILTER, type Lineage, NOTHING, SORT, UNKNOWN, union, untraceable, WINDOW } from './lineage.js';
import { NO_TABLES, partOf, Scope, structOf, type Value } from './scope.js';
import { starColumns } from './stars.js';
import {
  argumentsOf,
  calledBy,
  constantOf,
  nodeOf,
  nodesOf,
  queryOf,
  type SyntaxNode,
  type SyntaxValue,
  textOf,
  textsOf,
} from './tree.js';

/** A query that stands in an expression. */
export interface InnerQuery {
  columns: readonly Value[];
  /** What decides which rows there are. */
  rows: Lineage;
}

export interface ExpressionContext {
  scope: Scope;
  query(node: SyntaxNode, outer: Scope): InnerQuery;
  /** Counts what is done, and stops what would take too long. Default: 1. */
  step(cost?: number): void;
  /** The column that COLUMNS stands for in one of the expressions that it becomes. */
  each?: Value | undefined;
  /** Names of the SELECT list may come before those of the tables. */
  mayPreferAliases?: boolean | undefined;
}

/** Functions that call a lambda for the elements of a list. Elsewhere the arrow is that of JSON. */
const TAKE_LAMBDAS = new Set(
  ['transform', 'filter', 'reduce']
    .flatMap((verb) => [`list_${verb}`, `array_${verb}`, verb])
    .concat(['apply', 'list_apply', 'array_apply']),
);

/** Functions that give a list, whatever they are given. */
const GIVE_LISTS = new Set([
  'list_value',
  'list_distinct',
  'list_filter',
  'list_sort',
  'list_reverse_sort',
  'list_concat',
  'list_transform',
  'range',
  'generate_series',
  'string_split',
  'str_split',
  'split',
  'regexp_extract_all',
  'map_keys',
  'map_values',
  'list',
  'array_agg',
]);

export function isList(node: SyntaxNode | undefined, value: Value): boolean {
  return value.type?.kind === 'list' || GIVE_LISTS.has(calledBy(node) ?? '');
}

/** The value of an expression. */
export function traceValue(value: SyntaxValue | undefined, context: ExpressionContext): Value {
  const node = nodeOf(value);
  if (!node) return { lineage: NOTHING };
  const traced = valueOfNode(node, context);
  context.step(1 + traced.lineage.inputs.size);
  return traced;
}

function valueOfNode(node: SyntaxNode, context: ExpressionContext): Value {
  switch (node.class) {
    case 'COLUMN_REF': {
      const path = textsOf(node.column_names);
      return context.mayPreferAliases ? context.scope.columnOrAlias(path) : context.scope.column(path);
    }
    case 'CAST': {
      const given = traceValue(node.child, context);
      const type = typeAfterCast(given.type, node);
      return { lineage: type ? given.lineage : given.lineage.transformed(), type };
    }
    case 'CASE':
      return caseOf(node, context);
    case 'OPERATOR':
      return operatorOf(node, context);
    case 'FUNCTION':
      return calledBy(node) === 'struct_pack' ? packed(node, context) : { lineage: functionOf(node, context) };
    default:
      return { lineage: lineageOf(node, context) };
  }
}

/** What lists of expressions are made of, together. */
export function lineageOfAll(values: SyntaxValue | undefined, context: ExpressionContext): Lineage {
  return union(nodesOf(values).map((node) => traceValue(node, context).lineage));
}

function lineageOf(node: SyntaxNode, context: ExpressionContext): Lineage {
  const one = (value: SyntaxValue | undefined) => traceValue(value, context).lineage;
  switch (node.class) {
    case 'CONSTANT':
    case 'PARAMETER':
    case 'DEFAULT':
      return NOTHING;
    case 'COMPARISON':
      return union([one(node.left), one(node.right)]).transformed();
    case 'CONJUNCTION':
      return lineageOfAll(node.children, context).transformed();
    case 'BETWEEN':
      return union([one(node.input), one(node.lower), one(node.upper)]).transformed();
    case 'COLLATE':
      return one(node.child);
    case 'SUBQUERY':
      return subquery(node, context);
    case 'WINDOW':
      return overWindow(node, context);
    case 'STAR':
      return star(node, context);
    case 'LAMBDA':
      return union([one(node.lhs), one(node.expr)]).transformed();
    default:
      return UNKNOWN;
  }
}

/** Terms of an ORDER BY. */
export function ordersOf(value: SyntaxValue | undefined): SyntaxNode[] {
  return nodesOf(nodesOf(value).map(({ expression }) => expression ?? null));
}

function star(node: SyntaxNode, context: ExpressionContext): Lineage {
  if (node.columns !== true) return untraceable('a star in an expression');
  if (context.each) return context.each.lineage;
  return union(starColumns(node, context, traceValue).map(({ lineage }) => lineage));
}

/** The one whose condition holds; a branch that fails gives no value, so that its condition decides on none. */
function caseOf(node: SyntaxNode, context: ExpressionContext): Value {
  const checks = nodesOf(node.case_checks).filter(({ then_expr }) => calledBy(nodeOf(then_expr)) !== 'error');
  const conditions = checks.map(({ when_expr }) => traceValue(when_expr, context).lineage.as(CONDITIONAL));
  const values = [...checks.map(({ then_expr }) => then_expr), node.else_expr].map((one) => traceValue(one, context));
  const type = values.length === 1 ? values[0]?.type : undefined;
  return { lineage: union([...conditions, ...values.map(({ lineage }) => lineage)]), type };
}

function operatorOf(node: SyntaxNode, context: ExpressionContext): Value {
  const children = nodesOf(node.children);
  switch (node.type) {
    // Hangs on which columns are grouped by, and on none of their values.
    case 'GROUPING_FUNCTION':
      return { lineage: NOTHING };
    case 'OPERATOR_COALESCE': {
      const values = children.map((child) => traceValue(child, context).lineage);
      // Several columns may stand in the last place.
      const decisive = children.at(-1)?.type === 'OPERATOR_UNPACK' ? values : values.slice(0, -1);
      return { lineage: union([...values, ...decisive.map((value) => value.as(CONDITIONAL))]) };
    }
    case 'OPERATOR_UNPACK':
      return { lineage: lineageOfAll(children, { ...context, each: undefined }) };
    case 'ARRAY_EXTRACT': {
      const once = computedOnce(children, context);
      if (once || typeof constantOf(children[1]) !== 'string') {
        return once ?? { lineage: lineageOfAll(children, context).transformed() };
      }
      return partOf(traceValue(children[0], context), [String(constantOf(children[1])).toLowerCase()]);
    }
    case 'STRUCT_EXTRACT': {
      const name = constantOf(children[1]);
      const outer = traceValue(children[0], context);
      return typeof name === 'string'
        ? partOf(outer, [name.toLowerCase()])
        : { lineage: lineageOfAll(children, context).transformed() };
    }
    default:
      return { lineage: lineageOfAll(children, context).transformed() };
  }
}

/** `list_transform([x], lambda v: …)[1]`, which is how a value is looked at several times and computed once. */
function computedOnce([list, place]: readonly SyntaxNode[], context: ExpressionContext): Value | undefined {
  if (calledBy(list) !== 'list_transform' || constantOf(place) !== 1) return undefined;
  const [values, lambda] = argumentsOf(list);
  const [value, ...others] = calledBy(values) === 'list_value' ? argumentsOf(values) : [];
  const [name, ...more] = parametersOf(lambda);
  if (!value || others.length > 0 || name === undefined || more.length > 0) return undefined;
  return traceValue(lambda?.expr, within(context, new Map([[name, traceValue(value, context)]])));
}

function parametersOf(lambda: SyntaxNode | undefined): string[] {
  if (lambda?.class !== 'LAMBDA') return [];
  const left = nodeOf(lambda.lhs);
  const nodes = left?.class === 'COLUMN_REF' ? [left] : nodesOf(left?.children);
  return nodes.map(({ column_names }) => textsOf(column_names).join('.').toLowerCase());
}

function within(context: ExpressionContext, parameters: ReadonlyMap<string, Value>): ExpressionContext {
  const scope = new Scope(NO_TABLES, context.scope);
  scope.parameters = parameters;
  return { ...context, scope };
}

/** A struct of values with names. */
function packed(node: SyntaxNode, context: ExpressionContext): Value {
  return structOf(argumentsOf(node).map((child) => ({ name: textOf(child.alias), ...traceValue(child, context) })));
}

function functionOf(node: SyntaxNode, context: ExpressionContext): Lineage {
  const name = calledBy(node) as string;
  const children = argumentsOf(node);
  const orders = ordersOf(nodeOf(node.order_bys)?.orders);
  const filter = nodeOf(node.filter);
  if (isAggregate(name) || filter || orders.length > 0 || node.distinct === true) {
    return union([
      lineageOfAll(children, context).aggregated(),
      traceValue(filter, context).lineage.as(FILTER),
      lineageOfAll(orders, context).as(SORT),
    ]);
  }
  const lambda = TAKE_LAMBDAS.has(name) ? children.find((child) => child.class === 'LAMBDA') : undefined;
  if (!lambda) return lineageOfAll(children, context).transformed();
  const given = lineageOfAll(
    children.filter((child) => child !== lambda),
    context,
  ).transformed();
  const parameters = new Map(parametersOf(lambda).map((parameter) => [parameter, { lineage: given }]));
  return union([given, traceValue(lambda.expr, within(context, parameters)).lineage.transformed()]);
}

/** What a query decides by the rows that it has, it decides for the value alone. */
function subquery(node: SyntaxNode, context: ExpressionContext): Lineage {
  const { columns, rows } = context.query(queryOf(node.subquery), context.scope);
  switch (node.subquery_type) {
    case 'EXISTS':
    case 'NOT_EXISTS':
      return rows;
    case 'SCALAR':
      return columns.length === 1 ? union([columns[0]?.lineage ?? UNKNOWN, rows]) : UNKNOWN;
    case 'ANY': {
      const values = columns.map(({ lineage }) => lineage);
      return union([union([traceValue(node.child, context).lineage, ...values]).transformed(), rows]);
    }
    default:
      return UNKNOWN;
  }
}

function overWindow(node: SyntaxNode, context: ExpressionContext): Lineage {
  const one = (value: SyntaxValue | undefined) => traceValue(value, context).lineage;
  const values = lineageOfAll(argumentsOf(node), context);
  const frame = [
    lineageOfAll(node.partitions, context),
    ...[node.orders, node.arg_orders].map((orders) => lineageOfAll(ordersOf(orders), context)),
    ...[node.start_expr, node.end_expr, node.offset_expr].map(one),
  ];
  return union([
    textOf(node.type) === 'WINDOW_AGGREGATE' ? values.aggregated() : values.transformed(),
    one(node.default_expr).transformed(),
    one(node.filter_expr).as(FILTER),
    union(frame).as(WINDOW),
  ]);
}
