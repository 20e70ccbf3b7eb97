import type { Filter } from '../../../../expressions/index.js';
import { type Token, tokenize } from '../../../../sql/index.js';
import type { Aggregates, JoinKey, ParameterRow, ScanDemand, TableBinding, TopRows } from '../../contract.js';
import type { Connection } from '../native/database.js';
import { quoteIdentifier } from '../native/text.js';
import { isNode, nodesOf, type SyntaxNode, syntaxTree } from '../parsing/syntax-tree.js';
import { defineFunctions } from '../scans/define-functions.js';
import { isDate, mayBecomeDate } from '../types/dates.js';
import { holds } from '../types/nested.js';
import { bindParameters, textFor } from '../types/parameters.js';
import { sqlTypeOf } from '../types/sql-type.js';
import { traversableSql } from '../types/variants.js';
import { aggregatesOf } from './aggregates.js';
import { columnsIn, filterOf } from './filter.js';
import { filtersOf, filtersOfScan, isReadable, skipsNulls } from './filter-texts.js';
import { joinKeysOf } from './join-keys.js';
import { logicalPlan } from './logical-plan.js';
import { listOf, type PlanNode } from './plan.js';
import { topRowsOf } from './top-rows.js';

/** Without these the plan over empty tables keeps its scans. */
export const planningDisabledOptimizers = 'statistics_propagation,join_order,empty_result_pullup,late_materialization';

/**
 * Gives the connection a view for each binding over an empty table whose columns are `c0`, `c1`, …: EXPLAIN writes names without quotes,
 * and these need none.
 */
async function attachPlanned(connection: Connection, tables: readonly TableBinding[]): Promise<void> {
  const statements: string[] = [];
  for (const [index, table] of tables.entries()) {
    if (table.functions) {
      await defineFunctions(connection, table.functions);
      continue;
    }
    const columns = table.columns.map(({ field }) => ({ name: field.name, type: sqlTypeOf(field) }));
    if (table.rowColumns) columns.push({ name: '_file', type: 'VARCHAR' }, { name: '_pos', type: 'BIGINT' });
    const definitions = columns.map(({ type }, column) => `c${column} ${type}`);
    const outputs = columns.map(({ name }, column) => {
      const field = table.columns[column]?.field;
      return `${field ? traversableSql(field, `c${column}`) : `c${column}`} AS ${quoteIdentifier(name)}`;
    });
    statements.push(
      `CREATE TEMP TABLE p${index} (${definitions.join(', ')})`,
      `CREATE TEMP VIEW ${quoteIdentifier(table.name)} AS SELECT ${outputs.join(', ')} FROM p${index}`,
    );
  }
  if (statements.length > 0) await connection.execute(statements.join(';\n'));
}

/** What the optimised plan reads. The connection is used up: its temporary tables stay. */
export async function demandOf(
  connection: Connection,
  sql: string,
  tables: readonly TableBinding[],
  parameters: ParameterRow | undefined,
): Promise<ScanDemand[]> {
  await attachPlanned(connection, tables);
  const { text, source } = textFor(sql, parameters, 'EXPLAIN (FORMAT json) ');
  const statement = await connection.prepare(text, source);
  let plan: PlanNode[];
  try {
    bindParameters(statement, parameters);
    const rows = await statement.rows(source);
    plan = JSON.parse(rows[0]?.at(-1) ?? '[]') as PlanNode[];
  } finally {
    statement.close();
  }
  const demands = new Map<number, Demand>();
  const expressions = await expressionsOf(connection, plan.flatMap(filterTexts));
  for (const root of plan) visit(root, [], { tables, expressions }, demands);
  const limit = await limitOf(connection, sql, plan);
  const zonesDates = plan.some((node) => casts(node, 'TIMESTAMP WITH TIME ZONE'));
  const makesDates = zonesDates && plan.some((node) => casts(node, 'DATE'));
  const isZoned = makesDates ? mayBecomeDate : isDate;
  const mayJoin = demands.size > 1 && tables.some(({ mayLeaveOut = true }) => mayLeaveOut);
  const logical = mayJoin || plan.some(asksLittle) ? await logicalPlan(connection, sql) : undefined;
  const joinKeys = logical ? joinKeysOf(logical, tables) : [];
  const aggregated = logical ? aggregatesOf(logical, tables) : new Map<number, Aggregates>();
  const tops = logical ? topRowsOf(logical, tables) : new Map<number, TopRows>();
  return [...demands].map(([index, demand]) => ({
    table: (tables[index] as TableBinding).name,
    columns: (tables[index] as TableBinding).columns
      .map(({ field }) => field.name)
      .filter((_, column) => demand.columns.has(`c${column}`)),
    ...(demand.filter ? { filter: demand.filter } : {}),
    ...joinsOf(joinKeys.flatMap(({ table, key }) => (table === index ? [key] : []))),
    ...(demand.filter && demand.isExact ? { isExact: true } : {}),
    ...aggregatesIn(aggregated.get(index)),
    ...topIn(tops.get(index)),
    ...(limit !== undefined && demands.size === 1 && !demand.filtered ? { limit } : {}),
    ...(demand.skipsNulls ? { skipsNulls: true } : {}),
    ...(zonesDates && (tables[index] as TableBinding).columns.some(({ field }) => holds(field, isZoned))
      ? { zonesDates }
      : {}),
  }));
}

/** Whether an operator of the plan has a cast to the type. */
function casts({ extra_info: info, children }: PlanNode, type: string): boolean {
  return JSON.stringify(info).includes(` AS ${type})`) || children.some((child) => casts(child, type));
}

function joinsOf(joins: JoinKey[]): { joins?: JoinKey[] } {
  return joins.length > 0 ? { joins } : {};
}

function aggregatesIn(aggregates: Aggregates | undefined): { aggregates?: Aggregates } {
  return aggregates ? { aggregates } : {};
}

function topIn(top: TopRows | undefined): { top?: TopRows } {
  return top ? { top } : {};
}

/** Whether the plan has operators of which the logical plan may say that they need little. */
function asksLittle(node: PlanNode): boolean {
  const { children, extra_info: info } = node;
  const name = node.name.trim();
  if (name === 'UNGROUPED_AGGREGATE' && isAboveScan(node) && listOf(info.Aggregates).every(isOfMetadata)) return true;
  return (name === 'TOP_N' && isAboveScan(node)) || children.some(asksLittle);
}

function isAboveScan({ children: [child, ...others] }: PlanNode): boolean {
  if (!child || others.length > 0) return false;
  return child.name.trim() === 'SEQ_SCAN' || isAboveScan(child);
}

/** Whether an aggregate is one that counts and bounds of files may answer. */
function isOfMetadata(aggregate: string): boolean {
  return /^"?(?:count_star|count|min|max)"?\(/.test(aggregate.trim());
}

interface Demand {
  columns: Set<string>;
  filter?: Filter;
  filtered: boolean;
  /** The filter is all that the filters of the plan say. */
  isExact: boolean;
  skipsNulls: boolean;
}

interface PlanContext {
  tables: readonly TableBinding[];
  /** Of the filters' texts; without those that DuckDB prints and cannot parse. */
  expressions: ReadonlyMap<string, SyntaxNode>;
}

function visit(node: PlanNode, filtersAbove: string[], context: PlanContext, demands: Map<number, Demand>): void {
  const { tables } = context;
  if (node.name.trim() === 'SEQ_SCAN') {
    const index = tableIndex(String(node.extra_info.Table ?? ''));
    const table = tables[index];
    if (!table) return;
    const demand = scanDemand(table, node, filtersAbove, context);
    const known = demands.get(index);
    demands.set(index, known ? union(known, demand) : demand);
    return;
  }
  const filters = node.name.trim() === 'FILTER' ? [...filtersAbove, ...filtersOf(node.extra_info.Expression)] : [];
  for (const child of node.children) visit(child, filters, context, demands);
}

function filterTexts({ name, children, extra_info: info }: PlanNode): string[] {
  const own = filtersOf(name.trim() === 'FILTER' ? info.Expression : info.Filters);
  return [...own.filter(isReadable), ...children.flatMap(filterTexts)];
}

function scanDemand(table: TableBinding, scan: PlanNode, filtersAbove: string[], { expressions }: PlanContext): Demand {
  // A field of a struct is written down with its path.
  const columns = new Set(listOf(scan.extra_info.Projections).map((path) => /^c\d+/.exec(path)?.[0] ?? path));
  const parts: Filter[] = [];
  let isExact = true;
  const own = filtersOfScan(
    scan.extra_info.Filters,
    table.columns.map(({ field }) => field),
  );
  const filters = [...filtersAbove, ...own];
  const fields = (name: string) => table.columns[Number(/^c(\d+)$/.exec(name)?.[1] ?? -1)]?.field;
  for (const text of filters) {
    const expression = expressions.get(text);
    if (!expression) {
      for (const index of table.columns.keys()) columns.add(`c${index}`);
      isExact = false;
      continue;
    }
    columnsIn(expression, columns);
    const converted = filterOf(expression, fields);
    if (converted) parts.push(converted.filter);
    if (!converted?.exact) isExact = false;
  }
  return {
    columns,
    filtered: filters.length > 0,
    isExact,
    skipsNulls: skipsNulls(scan.extra_info.Filters),
    ...(parts.length > 0 ? { filter: allOf(parts) } : {}),
  };
}

function allOf(filters: Filter[]): Filter {
  return filters.length === 1 ? (filters[0] as Filter) : { op: 'and', operands: filters };
}

function union(a: Demand, b: Demand): Demand {
  return {
    columns: new Set([...a.columns, ...b.columns]),
    filtered: true,
    isExact: false,
    skipsNulls: a.skipsNulls || b.skipsNulls,
    ...(a.filter && b.filter ? { filter: { op: 'or', operands: [a.filter, b.filter] } } : {}),
  };
}

/** The syntax trees of filter texts: all at once, or one by one where there is one among them that does not parse. */
async function expressionsOf(connection: Connection, texts: readonly string[]): Promise<Map<string, SyntaxNode>> {
  const different = [...new Set(texts)];
  if (different.length === 0) return new Map();
  const found = await selectedBy(connection, different);
  if (found.length === different.length) {
    return new Map(different.map((text, index) => [text, found[index] as SyntaxNode]));
  }
  const expressions = new Map<string, SyntaxNode>();
  for (const text of different) {
    const expression = await expressionOf(connection, text);
    if (expression) expressions.set(text, expression);
  }
  return expressions;
}

/** The syntax tree of a filter text of EXPLAIN; undefined where DuckDB prints what it cannot parse. */
async function expressionOf(connection: Connection, text: string): Promise<SyntaxNode | undefined> {
  const [expression, more] = await selectedBy(connection, [text]);
  return more === undefined ? expression : undefined;
}

/** The syntax trees of texts in a row; none where they do not parse: they are for people, and then prune nothing. */
async function selectedBy(connection: Connection, texts: readonly string[]): Promise<SyntaxNode[]> {
  try {
    const tree = await syntaxTree(connection, `SELECT ${texts.map(withoutAnnotations).join('\n, ')}`);
    return nodesOf(tree.select_list);
  } catch {
    return [];
  }
}

/** Takes away `optional:` and turns filters that are only known at run time into a call that no one can express. */
function withoutAnnotations(text: string): string {
  const tokens = tokenize(text);
  let plain = '';
  let position = 0;
  for (let index = 0; index < tokens.length; index++) {
    const { keyword, start, end } = tokens.at(index) as Token;
    const isOptional = keyword === 'OPTIONAL' && tokens.isSymbol(index + 1, ':');
    if (!isOptional && (keyword !== 'DYNAMIC' || tokens.at(index + 1)?.keyword !== 'FILTER')) continue;
    plain += text.slice(position, start) + (isOptional ? '' : 'dynamic_filter');
    position = tokens.at(++index)?.end ?? end;
  }
  return plain + text.slice(position);
}

function tableIndex(table: string): number {
  const tokens = tokenize(table);
  const match = /^p(\d+)$/.exec(tokens.at(tokens.length - 1)?.text ?? '');
  return match ? Number(match[1]) : -1;
}

/** The rows that a bare `SELECT … FROM table LIMIT n` needs of its table. */
async function limitOf(connection: Connection, sql: string, plan: PlanNode[]): Promise<number | undefined> {
  let node = plan[0];
  if (!node || !/LIMIT$/.test(node.name.trim()) || node.name.includes('PERCENT')) return undefined;
  for (node = node.children[0]; node?.name.trim() === 'PROJECTION'; node = node.children[0]);
  if (node?.name.trim() !== 'SEQ_SCAN') return undefined;
  const tree = await syntaxTree(connection, sql).catch(() => undefined);
  const modifiers = nodesOf(tree?.modifiers);
  const [modifier] = modifiers;
  if (!modifier || modifiers.length > 1 || modifier.type !== 'LIMIT_MODIFIER') return undefined;
  const limit = countOf(modifier.limit);
  const offset = modifier.offset === null || modifier.offset === undefined ? 0 : countOf(modifier.offset);
  return limit === undefined || offset === undefined ? undefined : limit + offset;
}

function countOf(value: SyntaxNode[string] | undefined): number | undefined {
  if (!isNode(value) || value.type !== 'VALUE_CONSTANT' || !isNode(value.value)) return undefined;
  return typeof value.value.value === 'number' ? value.value.value : undefined;
}
