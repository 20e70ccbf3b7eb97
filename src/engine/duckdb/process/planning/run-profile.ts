/** What the engine counted of the last statement of a connection. */
import { withoutLiterals } from '../../../../sql/index.js';
import type { EngineProfile } from '../../contract.js';
import type { Connection } from '../native/database.js';
import { duckdb, type Pointer } from '../native/library.js';
import { Slot, takeText } from '../native/memory.js';
import { type ExplainedNode, type Read, shownPlan } from './explained-plan.js';

/** Of one detail of an operator: values, and characters of each. */
const MOST_VALUES = 50;
const LONGEST_VALUE = 500;

/** Of a connection that is told to keep count; see `profileStatements`. */
export function readProfile(connection: Connection, read: Read): EngineProfile {
  const root = duckdb().duckdb_get_profiling_info(connection.pointer);
  return {
    plan: shownPlan(nodeOf(root), read),
    spilledBytes: numberIn(metricOf(root, 'SYSTEM_PEAK_TEMP_DIR_SIZE')) ?? 0,
  };
}

function nodeOf(info: Pointer): ExplainedNode {
  const library = duckdb();
  const count = library.duckdb_profiling_info_get_child_count(info);
  const children = Array.from({ length: count }, (_, index) =>
    nodeOf(library.duckdb_profiling_info_get_child(info, index)),
  );
  const rows = numberIn(metricOf(info, 'OPERATOR_CARDINALITY'));
  const seconds = numberIn(metricOf(info, 'OPERATOR_TIMING'));
  return {
    operator_name: metricOf(info, 'OPERATOR_NAME'),
    ...(rows !== undefined && { operator_cardinality: rows }),
    ...(seconds !== undefined && { operator_timing: seconds }),
    extra_info: Object.fromEntries([...mapIn(metricOf(info, 'EXTRA_INFO'))].map(detailOf)),
    children,
  };
}

/** Empty where there is none. */
function metricOf(info: Pointer, metric: string): string {
  const library = duckdb();
  const value = library.duckdb_profiling_info_get_value(info, metric);
  if (value === 0) return '';
  try {
    return takeText(library.duckdb_get_varchar(value));
  } finally {
    library.duckdb_destroy_value(Slot.holding(value).memory);
  }
}

function numberIn(text: string): number | undefined {
  return text === '' ? undefined : Number(text);
}

/** Entries of a map as the engine writes it: `{key=value, other='a value, quoted'}`, with `\\` before quotes inside. */
export function* mapIn(text: string): Generator<[string, string]> {
  const entry = /\s*('(?:[^'\\]|\\.)*'|[^=']*)=('(?:[^'\\]|\\.)*'|[^,}]*)(?:,|\}$)/gsy;
  entry.lastIndex = 1;
  for (let found = entry.exec(text); found; found = entry.exec(text)) {
    yield [unquoted(found[1] as string), unquoted(found[2] as string)];
  }
}

function unquoted(text: string): string {
  return text.startsWith("'") ? text.slice(1, -1).replace(/\\(.)/gs, '$1') : text;
}

/** By the names that EXPLAIN has; values stand one a line. */
function detailOf([key, value]: [string, string]): [string, string[]] {
  const name = key.replaceAll('__', '').replaceAll('_', ' ');
  const isNumber = /^__estimated_cardinality__$/.test(key);
  const values = isNumber ? [value] : linesOf(hidden(value));
  return [key === name ? key : name.replace(/\b[a-z]/g, (letter) => letter.toUpperCase()), values];
}

/** Names that the engine made of expressions may quote literals of theirs. */
function hidden(value: string): string {
  const separated = value.replaceAll('\n', ` ${SEPARATOR} `);
  return withoutLiterals(separated.replace(/"(?:[^"]|"")*'(?:[^"]|"")*"/g, '"…"')).replaceAll('#?', '#');
}

const SEPARATOR = '¦';

function linesOf(text: string): string[] {
  return text
    .split(SEPARATOR)
    .slice(0, MOST_VALUES)
    .map((line) => line.trim().slice(0, LONGEST_VALUE));
}
