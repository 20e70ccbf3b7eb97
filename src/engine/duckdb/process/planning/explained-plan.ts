/** The engine's plan as it is shown to people: by the names of their tables and columns, and without those of local files. */
import { SkuaError } from '../../../../errors.js';
import type { PlanOperator, TableScan } from '../../contract.js';
import { databaseName } from '../scans/decoded.js';
import type { ReadNames } from '../scans/read-names.js';
import { listOf } from './plan.js';

/** A node of `EXPLAIN (FORMAT json)`, or of `EXPLAIN (ANALYZE, FORMAT json)`, which has other names for the same. */
export interface ExplainedNode {
  name?: string;
  operator_name?: string;
  operator_cardinality?: number;
  operator_timing?: number;
  children: ExplainedNode[];
  extra_info: Record<string, string | string[]>;
}

export interface Read {
  scans: readonly TableScan[];
  /** The names that the scans' columns are read under. */
  names: ReadNames;
}

const READERS = new Set(['READ_PARQUET', 'PARQUET_SCAN', 'SEQ_SCAN', 'TABLE_SCAN']);
/** They give their rows as they got them, so that the names of what is read below still mean the same. */
const PASSING = new Set(['PROJECTION', 'FILTER']);
const ESTIMATE = 'Estimated Cardinality';
/** What is said otherwise, or names local files and databases. */
const UNTOLD = new Set([ESTIMATE, 'Function', 'Filename(s)', 'Table', 'Type']);

export function explainedPlan(json: string, read: Read): PlanOperator {
  const parsed = JSON.parse(json) as ExplainedNode | ExplainedNode[];
  return shownPlan(Array.isArray(parsed) ? parsed[0] : parsed, read);
}

/** The plan of a statement, by the engine's root of it. */
export function shownPlan(node: ExplainedNode | undefined, read: Read): PlanOperator {
  const root = below(node);
  if (!root) throw new SkuaError('INTERNAL', 'the engine explained nothing');
  return operatorOf(root, read);
}

/** What ran, below what stands for the statement and for EXPLAIN itself. */
function below(node: ExplainedNode | undefined): ExplainedNode | undefined {
  const name = node && nameOf(node);
  return name === '' || name === 'EXPLAIN_ANALYZE' ? below(node?.children[0]) : node;
}

function operatorOf(node: ExplainedNode, read: Read): PlanOperator {
  const { children, extra_info: info, operator_cardinality: rows, operator_timing: seconds } = node;
  const decoded = read.scans.find((scan) => readsDecoded(node, scan));
  const table = decoded?.name ?? tableOf(node, read);
  const estimate = Number(listOf(info[ESTIMATE])[0]);
  const isReader = READERS.has(nameOf(node));
  const shown = isAboveReader(node) ? (text: string) => withColumnNames(text, read) : (text: string) => text;
  const details = Object.entries(info)
    .filter(([key]) => !(isReader && UNTOLD.has(key)) && key !== ESTIMATE)
    .map(([key, value]): [string, string[]] => [key, listOf(value).map(shown)])
    .filter(([, values]) => values.length > 0);
  return {
    operator: table === undefined ? nameOf(node) : 'TABLE_SCAN',
    ...(table !== undefined && { table }),
    details: { ...(decoded && { Reads: ['decoded columns'] }), ...Object.fromEntries(details) },
    ...(Number.isFinite(estimate) && { estimatedRows: estimate }),
    ...(rows !== undefined && { rows }),
    ...(seconds !== undefined && { seconds }),
    children: children.map((child) => operatorOf(child, read)),
  };
}

function nameOf({ name, operator_name: analyzed }: ExplainedNode): string {
  return (name ?? analyzed ?? '').trim();
}

function isAboveReader(node: ExplainedNode): boolean {
  if (READERS.has(nameOf(node))) return true;
  const [child, ...others] = node.children;
  return PASSING.has(nameOf(node)) && child !== undefined && others.length === 0 && isAboveReader(child);
}

/** The name of the scan that a reader reads Parquet files for. */
function tableOf(node: ExplainedNode, { scans, names }: Read): string | undefined {
  if (!READERS.has(nameOf(node))) return undefined;
  const info = Object.values(node.extra_info).flatMap(listOf);
  for (const name of info.flatMap((text) => text.match(/\bc\d+\b/g) ?? [])) {
    const found = names.get(name)?.files.map((file) => scanOf(file, scans))[0];
    if (found) return found.name;
  }
  const given = listOf(node.extra_info.Projections);
  const plain = names.plain.filter(([first]) => {
    const own = new Set(first?.columns.map((column) => column.name));
    return given.every((name) => own.has(name));
  });
  // Tables that have columns of the same names can't be told apart.
  const tables = new Set(plain.flatMap(([first]) => (first ? (scanOf(first, scans)?.name ?? []) : [])));
  return tables.size === 1 ? [...tables][0] : undefined;
}

function readsDecoded({ extra_info: info }: ExplainedNode, { source }: TableScan): boolean {
  const [database] = listOf(info.Table);
  if (database === undefined || source.kind !== 'parquet') return false;
  return source.files.some(({ decoded }) => decoded && database.includes(databaseName(decoded.path)));
}

function scanOf(file: unknown, scans: readonly TableScan[]): TableScan | undefined {
  return scans.find(({ source }) => source.kind === 'parquet' && (source.files as readonly unknown[]).includes(file));
}

/** The columns of the table in the place of those that its files are read by. */
function withColumnNames(text: string, { scans, names }: Read): string {
  return text.replace(/\bc\d+\b/g, (name) => {
    const read = names.get(name);
    const [file] = read?.files ?? [];
    if (!read || !file) return name;
    const fieldId = file.columns.find((column) => column.name === read.column)?.fieldId;
    return scanOf(file, scans)?.columns.find((column) => column.fieldId === fieldId)?.field.name ?? read.column;
  });
}
