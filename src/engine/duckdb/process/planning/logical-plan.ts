import type { TableBinding } from '../../contract.js';
import type { Connection } from '../native/database.js';

/** An operator of the optimised logical plan, as `json_serialize_plan` writes it: columns are referred to by their place in what the children give. */
export interface LogicalNode {
  type: string;
  children?: LogicalNode[];
  /** LOGICAL_GET: what it scans, and by place which of its columns it reads and gives. */
  name?: string;
  function_data?: { table?: string } | null;
  returned_types?: { id: string }[];
  column_indexes?: { index: number; child_indexes: unknown[] }[];
  projection_ids?: number[];
  extra_info?: { sample_options?: unknown };
  table_filters?: { filters: { value: { filter_type: string } }[] };
  /** Of joins. */
  join_type?: string;
  conditions?: LogicalCondition[];
  left_projection_map?: number[];
  right_projection_map?: number[];
  /** Of filters and of sorts: the columns of the child that they give, all where it is empty. */
  projection_map?: number[];
  projections?: number[];
  expressions?: LogicalExpression[];
  /** Of aggregates. */
  groups?: LogicalExpression[];
  grouping_sets?: number[][];
  grouping_functions?: unknown[];
  distinct_type?: string;
  /** Of LOGICAL_TOP_N. */
  orders?: { type: string; null_order: string; expression: LogicalExpression }[];
  limit?: number;
  offset?: number;
  /** Of what is read from elsewhere in the plan: the types of its columns. */
  chunk_types?: unknown[];
  /** Of a common table expression, and of a reference to it. */
  table_index?: number;
  cte_index?: number;
}

export interface LogicalCondition {
  left?: LogicalExpression;
  right?: LogicalExpression;
  comparison?: string;
}

export interface LogicalExpression {
  expression_class: string;
  index?: number;
  child?: LogicalExpression;
  children?: LogicalExpression[];
  name?: string;
  return_type?: { id: string };
  /** Of aggregates. */
  aggregate_type?: string;
  filter?: unknown;
  order_bys?: unknown;
}

/** The plan of a query; undefined where DuckDB can't write it down. */
export async function logicalPlan(connection: Connection, sql: string): Promise<LogicalNode | undefined> {
  const rows = await connection.rows('SELECT json_serialize_plan($1::VARCHAR, optimize := true)', [sql]);
  const [plan, ...more] = plansIn(rows[0]?.[0] ?? '');
  return more.length === 0 ? plan : undefined;
}

function plansIn(text: string): LogicalNode[] {
  try {
    const answer = JSON.parse(text) as { error: boolean; plans?: LogicalNode[] };
    return answer.error ? [] : (answer.plans ?? []);
  } catch {
    // DuckDB writes the constants NaN and Infinity, which JSON does not have.
    return [];
  }
}

/** The binding that an operator scans, by its place; -1 for others. */
export function tableOf({ type, function_data }: LogicalNode): number {
  const match = type === 'LOGICAL_GET' && /^p(\d+)$/.exec(function_data?.table ?? '');
  return match ? Number(match[1]) : -1;
}

/** Every operator of a plan. */
export function* operatorsOf(node: LogicalNode): Generator<LogicalNode> {
  yield node;
  for (const child of node.children ?? []) yield* operatorsOf(child);
}

/** The operators below another down to its scan, where they are projections and filters. */
export function pathToScan({ children }: LogicalNode): LogicalNode[] | undefined {
  const path: LogicalNode[] = [];
  for (let node = children?.[0]; node; node = node.children?.[0]) {
    path.push(node);
    if (node.type === 'LOGICAL_GET') return node.extra_info?.sample_options ? undefined : path;
    if (node.type !== 'LOGICAL_PROJECTION' && node.type !== 'LOGICAL_FILTER') return undefined;
  }
  return undefined;
}

/** The column that an expression is, followed down through projections. */
export function columnOf(
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

/** Whether operators filter rows. An optional filter only leaves out what does not matter. */
export function filters(path: readonly LogicalNode[]): boolean {
  return path.some(({ type, table_filters: own }) => {
    const lasting = own?.filters.filter(({ value }) => value.filter_type !== 'OPTIONAL_FILTER') ?? [];
    return type === 'LOGICAL_FILTER' || lasting.length > 0;
  });
}
