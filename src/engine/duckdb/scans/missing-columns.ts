import { SkuaError } from '../../../errors.js';
import type { FetchMissing, MissingColumns, ParameterRow, ParquetSource, TableScan } from '../../contract.js';
import type { Connection } from '../native/database.js';
import { listOf, type PlanNode } from '../planning/plan.js';
import { bindParameters } from '../types/parameters.js';
import type { ReadNames } from './read-names.js';

/** A text that is about to run over attached scans. */
export interface ReadyText {
  sql: string;
  parameters?: ParameterRow | undefined;
  scans: readonly TableScan[];
  /** The names that the scans' columns are read under. */
  names: ReadNames;
}

/** Has fetched what the text's own plan reads and the files lack. Where all files are whole, nothing is planned. */
export async function fetchMissing(
  connection: Connection,
  text: ReadyText,
  fetch: FetchMissing | undefined,
): Promise<void> {
  if (!text.scans.some(hasHoles)) return;
  const missing = missingColumns(await readsOf(connection, text), text);
  if (missing.length === 0) return;
  if (process.env.DBG)
    console.error('MISSING', text.sql, JSON.stringify(missing.map((m) => [m.columns, m.allRowGroups])));
  if (!fetch) throw new SkuaError('INTERNAL', 'a statement reads columns that nobody fetches');
  await fetch(missing);
}

function hasHoles({ source }: TableScan): boolean {
  return source.kind === 'parquet' && source.files.some(({ held }) => held !== undefined);
}

/** What each scan of Parquet files in a plan reads: the names of columns that it gives or filters by, and those that it filters by. */
interface Read {
  columns: ReadonlySet<string>;
  filtered: ReadonlySet<string>;
}

async function readsOf(connection: Connection, { sql, parameters }: ReadyText): Promise<Read[]> {
  const prefix = 'EXPLAIN (FORMAT json) ';
  const source = { sql, prefixBytes: prefix.length };
  const statement = await connection.prepare(prefix + sql, source);
  try {
    bindParameters(statement, parameters);
    const rows = await statement.rows(source);
    const roots = JSON.parse(rows[0]?.at(-1) ?? '[]') as PlanNode[];
    return roots.flatMap(readsBelow);
  } finally {
    statement.close();
  }
}

function readsBelow({ name, children, extra_info: info }: PlanNode): Read[] {
  const below = children.flatMap(readsBelow);
  if (name.trim() !== 'READ_PARQUET') return below;
  const filtered = namesIn(listOf(info.Filters));
  return [...below, { columns: new Set([...namesIn(listOf(info.Projections)), ...filtered]), filtered }];
}

/** Whatever may be a name of `ReadNames`. One that only stands in a constant does no harm. */
function namesIn(texts: readonly string[]): Set<string> {
  return new Set(texts.flatMap((text) => text.match(/\bc\d+\b/g) ?? []));
}

function missingColumns(reads: readonly Read[], { names, scans }: ReadyText): MissingColumns[] {
  const partial = new Map(scans.flatMap(partialFiles));
  const missing = new Map<string, { columns: Set<string>; allRowGroups: boolean }>();
  for (const { columns, filtered } of reads) {
    const read = [...columns].flatMap((name) => names.get(name) ?? []);
    const tested = new Set([...filtered].flatMap((name) => names.get(name)?.column ?? []));
    for (const { files, column } of read) {
      for (const file of files) {
        if (file.held === undefined) continue;
        const allRowGroups = partial.get(file)?.some((name) => !tested.has(name)) ?? false;
        if (file.held.has(column) && !allRowGroups) continue;
        const entry = missing.get(file.path) ?? { columns: new Set(), allRowGroups: false };
        entry.columns.add(column);
        entry.allRowGroups ||= allRowGroups;
        missing.set(file.path, entry);
      }
    }
  }
  return [...missing].map(([path, { columns, allRowGroups }]) => ({
    path,
    columns: [...columns],
    ...(allRowGroups && { allRowGroups }),
  }));
}

/** Files of which row groups are a hole, each with the columns that the reader has to compare in order to skip them. */
function partialFiles({ source, columns }: TableScan): [ParquetSource, string[]][] {
  if (source.kind !== 'parquet') return [];
  return source.files.flatMap((file): [ParquetSource, string[]][] => {
    if (!file.partialFor) return [];
    const compared = file.partialFor.map((filter) => {
      const name = 'column' in filter ? filter.column : undefined;
      const fieldId = columns.find(({ field }) => field.name === name)?.fieldId;
      return file.columns.find((column) => column.fieldId === fieldId)?.name ?? '';
    });
    return [[file, compared]];
  });
}
