import type { Connection } from './database.js';

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
  table_filters?: { filters: unknown[] };
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
