import type { Connection } from '../native/database.js';
import { widthOfFixed } from '../native/named-types.js';
import { readSerialized } from '../parsing/serialized.js';

/** Operators that hand values on as they come, or compute them by expressions that are looked at. */
const operators = new Set(
  [
    ...['AGGREGATE_AND_GROUP_BY', 'ANY_JOIN', 'ASOF_JOIN', 'COMPARISON_JOIN', 'CROSS_PRODUCT', 'CTE_REF', 'DELIM_GET'],
    ...['DELIM_JOIN', 'DEPENDENT_JOIN', 'DISTINCT', 'DUMMY_SCAN', 'EMPTY_RESULT', 'EXCEPT', 'EXPRESSION_GET', 'FILTER'],
    ...['GET', 'INTERSECT', 'LIMIT', 'MATERIALIZED_CTE', 'ORDER_BY', 'POSITIONAL_JOIN', 'PROJECTION', 'RECURSIVE_CTE'],
    ...['SAMPLE', 'TOP_N', 'UNION', 'UNNEST', 'WINDOW'],
  ].map((name) => `LOGICAL_${name}`),
);

/** Parts of operators through which no value reaches the result. */
const besidesValues = new Set(['conditions', 'orders', 'table_filters', 'return_type', 'function_data', 'aggregate']);

/** Functions and aggregates that give what they were given, whole or in parts; `error` gives nothing. */
const selecting = new Set([
  ...['any_value', 'approx_top_k', 'arbitrary', 'arg_max', 'arg_max_null', 'arg_max_nulls_last'],
  ...[
    'arg_min',
    'arg_min_null',
    'arg_min_nulls_last',
    'array_agg',
    'array_extract',
    'array_value',
    'element_at',
    'error',
    'first',
    'greatest',
    'last',
    'least',
    'list',
    'list_append',
  ],
  ...['list_cat', 'list_concat', 'list_distinct', 'list_element', 'list_extract', 'list_intersect', 'list_pack'],
  ...['list_prepend', 'list_resize', 'list_reverse', 'list_reverse_sort', 'list_select', 'list_slice', 'list_sort'],
  ...['list_value', 'list_where', 'list_zip', 'map', 'map_concat', 'map_entries', 'map_extract', 'map_extract_value'],
  ...['map_from_entries', 'map_keys', 'map_values', 'max', 'max_by', 'min', 'min_by', 'mode', 'quantile_disc', 'row'],
  ...[
    'struct_concat',
    'struct_extract',
    'struct_extract_at',
    'struct_insert',
    'struct_pack',
    'struct_update',
    'unnest',
  ],
  ...['"first"', '"last"', 'remap_struct'],
]);

type Json = { readonly [key: string]: unknown };

/**
 * Whether all values of the planner's types for bytes of one length that the query gives are values of such columns, as they were. True only
 * where each operator and function on their way is known to change nothing.
 */
export async function keepsFixedValues(connection: Connection, sql: string): Promise<boolean> {
  // Only the optimised plan is without what nobody asks for; of some queries it can't be written down.
  return (await planKeeps(connection, sql, false)) || (await planKeeps(connection, sql, true));
}

async function planKeeps(connection: Connection, sql: string, optimize: boolean): Promise<boolean> {
  const rows = await connection.rows(`SELECT json_serialize_plan($1::VARCHAR, optimize := ${optimize})`, [sql]);
  const answer = readSerialized(rows[0]?.[0] ?? '{"error":true}') as { error: boolean; plans?: unknown[] };
  return !answer.error && answer.plans !== undefined && keeps(answer.plans);
}

function keeps(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(keeps);
  if (typeof value !== 'object' || value === null) return true;
  const node = value as Json;
  if (typeof node.expression_class === 'string') return !namesFixed(node.return_type) || expressionKeeps(node);
  if (typeof node.type === 'string' && node.type.startsWith('LOGICAL_')) {
    if (!operators.has(node.type)) return false;
    if (node.type === 'LOGICAL_GET' && node.name !== 'seq_scan') return !namesFixed(node.returned_types);
    if (node.type === 'LOGICAL_GET' && !extractsKeep(node)) return false;
  }
  return partsKeep(node);
}

function partsKeep(node: Json): boolean {
  return Object.entries(node).every(([key, part]) => besidesValues.has(key) || keeps(part));
}

/** Whether the fields of structs that a scan extracts have the types that they have in the table: a cast of them becomes part of the scan. */
function extractsKeep({ returned_types, column_indexes }: Json): boolean {
  const types = (returned_types ?? []) as unknown[];
  return ((column_indexes ?? []) as Json[]).every((column) => extractKeeps(column, types[Number(column.index)]));
}

function extractKeeps(column: Json, type: unknown): boolean {
  const children = (column.child_indexes ?? []) as Json[];
  if (children.length === 0) return !namesFixed(column.type) || namesFixed(type);
  const fields = (((type as Json | undefined)?.type_info as Json | undefined)?.child_types ?? []) as Json[];
  return children.every((child) => extractKeeps(child, fields[Number(child.index)]?.second));
}

/** An expression whose type is, or holds, bytes of one length. */
function expressionKeeps(node: Json): boolean {
  switch (node.expression_class) {
    case 'BOUND_REF':
    case 'BOUND_COLUMN_REF':
      return true;
    case 'BOUND_CONSTANT':
      return (node.value as Json | undefined)?.is_null === true;
    case 'BOUND_CAST':
      return isNull(node.child);
    case 'BOUND_FUNCTION':
    case 'BOUND_AGGREGATE':
      return selecting.has(String(node.name)) && partsKeep(node);
    case 'BOUND_WINDOW':
      return (node.type !== 'WINDOW_AGGREGATE' || selecting.has(String(node.name))) && partsKeep(node);
    case 'BOUND_CASE':
    case 'BOUND_OPERATOR':
    case 'BOUND_UNNEST':
      return partsKeep(node);
    default:
      return false;
  }
}

function isNull(value: unknown): boolean {
  const node = (value ?? {}) as Json;
  if (node.expression_class === 'BOUND_CAST') return isNull(node.child);
  return node.expression_class === 'BOUND_CONSTANT' && (node.value as Json | undefined)?.is_null === true;
}

function namesFixed(type: unknown): boolean {
  if (Array.isArray(type)) return type.some(namesFixed);
  if (typeof type !== 'object' || type === null) return false;
  return Object.entries(type).some(([key, part]) =>
    key === 'alias' && typeof part === 'string' ? widthOfFixed(part) !== undefined : namesFixed(part),
  );
}
