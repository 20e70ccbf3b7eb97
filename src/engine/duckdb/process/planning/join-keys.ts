import { DataType } from 'apache-arrow';
import type { JoinKey, TableBinding } from '../../contract.js';
import { sqlTypeOf } from '../types/sql-type.js';
import { type LogicalExpression, type LogicalNode, operatorsOf, tableOf } from './logical-plan.js';

/** Where an output column of an operator comes from: every value of it is one of that column's, or null. */
interface Origin {
  table: number;
  column: number;
  /** DuckDB's type of the output. */
  type: string | undefined;
  /** Leaving out rows of the table by this column leaves out the operator's rows with those values, and does nothing else. */
  removable: boolean;
}

type Output = Origin | undefined;

/** Undefined where it is not known how many there are. */
type Outputs = Output[] | undefined;

/** What a join gives, and on which of its sides a row without a partner means nothing. */
const joins: Record<
  string,
  { gives: ('left' | 'right')[]; preserves: ('left' | 'right')[]; reduces: ('left' | 'right')[] }
> = {
  INNER: { gives: ['left', 'right'], preserves: ['left', 'right'], reduces: ['left', 'right'] },
  SEMI: { gives: ['left'], preserves: ['left'], reduces: ['left', 'right'] },
  RIGHT_SEMI: { gives: ['right'], preserves: ['right'], reduces: ['left', 'right'] },
  LEFT: { gives: ['left', 'right'], preserves: ['left'], reduces: ['right'] },
  RIGHT: { gives: ['left', 'right'], preserves: ['right'], reduces: ['left'] },
  SINGLE: { gives: ['left', 'right'], preserves: ['left'], reduces: ['right'] },
  FULL: { gives: ['left', 'right'], preserves: [], reduces: [] },
  OUTER: { gives: ['left', 'right'], preserves: [], reduces: [] },
  ANTI: { gives: ['left'], preserves: ['left'], reduces: [] },
  RIGHT_ANTI: { gives: ['right'], preserves: ['right'], reduces: [] },
  MARK: { gives: ['left'], preserves: ['left'], reduces: [] },
};

/**
 * The equalities of a plan by which rows of one table may be left out that find no partner in another: of an inner or semi join on both
 * sides, of an outer join on the side that it does not preserve. A table that the plan reads twice is none of which rows are left out,
 * since the other reading may want them.
 */
export function joinKeysOf(plan: LogicalNode, tables: readonly TableBinding[]): { table: number; key: JoinKey }[] {
  const finder = new JoinKeyFinder(tables);
  finder.visit(plan);
  const readings = [...operatorsOf(plan)].map(tableOf);
  const once = (table: number) => readings.filter((reading) => reading === table).length === 1;
  return finder.found.filter(({ table }) => once(table));
}

class JoinKeyFinder {
  readonly #tables: readonly TableBinding[];
  readonly found: { table: number; key: JoinKey }[] = [];
  /** Outputs of the common table expressions, by their index. */
  readonly #expressions = new Map<number, Outputs>();

  constructor(tables: readonly TableBinding[]) {
    this.#tables = tables;
  }

  /** The operator's output columns. */
  visit(node: LogicalNode): Outputs {
    if (node.type === 'LOGICAL_MATERIALIZED_CTE') return this.#common(node);
    const children = (node.children ?? []).map((child) => this.visit(child));
    const [input] = children;
    switch (node.type) {
      case 'LOGICAL_GET':
        return scanOutputs(node, this.#tables);
      case 'LOGICAL_PROJECTION':
        return (node.expressions ?? []).map((expression) => originOf(expression, input));
      case 'LOGICAL_FILTER':
        return mapped(input, node.projection_map);
      case 'LOGICAL_ORDER_BY':
        return mapped(input, node.projections);
      case 'LOGICAL_AGGREGATE_AND_GROUP_BY': {
        const plain = (node.grouping_sets?.length ?? 0) <= 1;
        const groups = (node.groups ?? []).map((expression) => (plain ? originOf(expression, input) : undefined));
        return [...groups, ...unknown(node.expressions), ...unknown(node.grouping_functions)];
      }
      case 'LOGICAL_DISTINCT':
        return node.distinct_type === 'DISTINCT' ? input : input?.map(fixed);
      case 'LOGICAL_LIMIT':
      case 'LOGICAL_TOP_N':
      case 'LOGICAL_SAMPLE':
        return input?.map(fixed);
      case 'LOGICAL_WINDOW':
        return input && [...input.map(fixed), ...unknown(node.expressions)];
      case 'LOGICAL_CROSS_PRODUCT':
        return joined(node, 'INNER', children);
      case 'LOGICAL_ANY_JOIN':
        return joined(node, node.join_type ?? '', children);
      case 'LOGICAL_COMPARISON_JOIN':
      case 'LOGICAL_DELIM_JOIN':
        return this.#compared(node, children);
      case 'LOGICAL_CTE_REF':
        return this.#expressions.get(node.cte_index ?? -1)?.map(fixed) ?? unknown(node.chunk_types);
      default:
        return node.chunk_types && unknown(node.chunk_types);
    }
  }

  #common({ table_index, children = [] }: LogicalNode): Outputs {
    const [definition, query] = children;
    if (!definition || !query) return undefined;
    this.#expressions.set(table_index ?? -1, this.visit(definition));
    return this.visit(query);
  }

  #compared(node: LogicalNode, children: Outputs[]): Outputs {
    const [left, right] = children;
    const type = node.join_type ?? '';
    for (const condition of node.conditions ?? []) {
      if (!condition.left || !condition.right) continue;
      const nullsMatch = condition.comparison === 'COMPARE_NOT_DISTINCT_FROM';
      if (condition.comparison !== 'COMPARE_EQUAL' && !nullsMatch) continue;
      const sides = { left: originOf(condition.left, left), right: originOf(condition.right, right) };
      for (const side of joins[type]?.reduces ?? []) {
        this.#add(sides[side], side === 'left' ? sides.right : sides.left, nullsMatch);
      }
      // Equal columns of an inner join have the same values: where one of them is of no table, the other tells its values.
      if (type === 'INNER' && !nullsMatch) {
        stand(condition.left, left, sides.right);
        stand(condition.right, right, sides.left);
      }
    }
    return joined(node, type, children);
  }

  #add(target: Output, source: Output, nullsMatch: boolean): void {
    if (!target?.removable || !source || target.table === source.table) return;
    const [table, other] = [this.#tables[target.table], this.#tables[source.table]];
    const [column, otherColumn] = [table?.columns[target.column], other?.columns[source.column]];
    if (!other || !column || !otherColumn || column.computed || otherColumn.computed) return;
    const sameType = sqlTypeOf(column.field) === sqlTypeOf(otherColumn.field);
    if (!sameType && !(DataType.isInt(column.field.type) && DataType.isInt(otherColumn.field.type))) return;
    const key: JoinKey = { column: column.field.name, table: other.name, tableColumn: otherColumn.field.name };
    if (nullsMatch) key.orNull = true;
    this.found.push({ table: target.table, key });
  }
}

function joined(node: LogicalNode, type: string, [left, right]: Outputs[]): Outputs {
  const kind = joins[type];
  const sides = { left: mapped(left, node.left_projection_map), right: mapped(right, node.right_projection_map) };
  const outputs: Output[] = [];
  for (const side of kind?.gives ?? []) {
    const given = sides[side];
    if (!given) return undefined;
    outputs.push(...(kind?.preserves.includes(side) ? given : given.map(fixed)));
  }
  return kind && outputs;
}

/** Only a cast to a wider integer keeps every value. */
function originOf(expression: LogicalExpression, input: Outputs): Output {
  const reference = withoutWidening(expression);
  const origin = reference && input?.[reference.index ?? -1];
  if (!origin || origin.type !== reference.return_type?.id) return undefined;
  return { ...origin, type: expression.return_type?.id };
}

/** The column reference that an expression is, possibly cast to a wider integer. */
function withoutWidening(expression: LogicalExpression): LogicalExpression | undefined {
  if (expression.expression_class === 'BOUND_REF') return expression;
  const { child } = expression;
  if (expression.expression_class !== 'BOUND_CAST' || child?.expression_class !== 'BOUND_REF') return undefined;
  const [from, to] = [child, expression].map(({ return_type: type }) => integerTypes.indexOf(type?.id ?? ''));
  return from !== undefined && to !== undefined && from >= 0 && from <= to ? child : undefined;
}

const integerTypes = ['TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT'];

function scanOutputs(node: LogicalNode, tables: readonly TableBinding[]): Output[] {
  const table = tableOf(node);
  const width = tables[table]?.columns.length ?? 0;
  const indexes = node.column_indexes ?? [];
  const removable = !node.extra_info?.sample_options;
  const given = node.projection_ids?.length ? node.projection_ids.map((id) => indexes[id]) : indexes;
  return given.map((entry) =>
    entry && entry.child_indexes.length === 0 && entry.index < width
      ? { table, column: entry.index, type: node.returned_types?.[entry.index]?.id, removable }
      : undefined,
  );
}

function mapped(outputs: Outputs, map: number[] | undefined): Outputs {
  return map && map.length > 0 ? map.map((index) => outputs?.[index]) : outputs;
}

function unknown(items: readonly unknown[] | undefined): Output[] {
  return (items ?? []).map(() => undefined);
}

/** The values are still the column's, but rows behind them must stay. */
function fixed(output: Output): Output {
  return output && { ...output, removable: false };
}

/** Lets an output whose values are from elsewhere have the origin of its equal. */
function stand(expression: LogicalExpression, outputs: Outputs, origin: Output): void {
  const { index, return_type: type } = withoutWidening(expression) ?? {};
  if (!outputs || !origin || index === undefined || index >= outputs.length) return;
  outputs[index] ??= { ...origin, type: type?.id, removable: false };
}
