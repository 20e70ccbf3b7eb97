import { SkuaError } from '../../../../errors.js';
import type { FetchMissing, MissingColumns, ParquetSource, TableScan } from '../../contract.js';
import type { Connection } from '../native/database.js';
import { listOf, type PlanNode } from '../planning/plan.js';
import { bindParameters } from '../types/parameters.js';
import type { CompleteTexts } from './complete-texts.js';
import { readsUndecoded } from './decoded.js';
import { virtualNames } from './plain.js';
import type { ReadNames } from './read-names.js';
import type { ReadyText } from './ready-text.js';
import { type Skipping, skippingOf, skipsRowGroups } from './skipping-filters.js';

interface Fetching {
  fetch: FetchMissing | undefined;
  complete: CompleteTexts;
}

/**
 * Has fetched what the text's own plan reads and the files lack. Where all files are whole, or nothing was missing when the text was last planned
 * over them, nothing is planned.
 */
export async function fetchMissing(
  connection: Connection,
  text: ReadyText,
  { fetch, complete }: Fetching,
): Promise<void> {
  if (!text.scans.some(hasHoles) || complete.has(text)) return;
  const plan = await planOf(connection, text);
  if (readsUndecoded(plan)) throw new SkuaError('INTERNAL', 'a statement reads columns that were not decoded');
  const roots = JSON.parse(plan) as PlanNode[];
  const missing = missingColumns(roots.flatMap(readsBelow), text);
  if (missing.length === 0) {
    complete.add(text);
    return;
  }
  if (!fetch) throw new SkuaError('INTERNAL', 'a statement reads columns that nobody fetches');
  await fetch(missing);
}

function hasHoles({ source }: TableScan): boolean {
  return source.kind === 'parquet' && source.files.some((file) => file.held !== undefined || isPartlyDecoded(file));
}

function isPartlyDecoded({ decoded, columns }: ParquetSource): boolean {
  return decoded !== undefined && columns.some(({ name }) => !decoded.columns.has(name));
}

/** What each scan of Parquet files in a plan reads: the names of columns that it gives or filters by, and its filters as they are written. */
interface Read {
  columns: ReadonlySet<string>;
  filters: readonly string[];
  /** What it gives, as it is written down, and every word of what it filters by. */
  given: readonly string[];
  words: ReadonlySet<string>;
}

/** As JSON. */
async function planOf(connection: Connection, { sql, parameters }: ReadyText): Promise<string> {
  const prefix = 'EXPLAIN (FORMAT json) ';
  const source = { sql, prefixBytes: prefix.length };
  if (!parameters) return (await connection.rowsAtOnce(prefix + sql, source))[0]?.at(-1) ?? '[]';
  const statement = await connection.prepare(prefix + sql, source);
  try {
    bindParameters(statement, parameters);
    const rows = await statement.rows(source);
    return rows[0]?.at(-1) ?? '[]';
  } finally {
    statement.close();
  }
}

function readsBelow({ name, children, extra_info: info }: PlanNode): Read[] {
  const below = children.flatMap(readsBelow);
  if (name.trim() !== 'READ_PARQUET') return below;
  const filters = listOf(info.Filters);
  const given = listOf(info.Projections).filter((name) => !virtualNames.has(name));
  const words = new Set(filters.flatMap((text) => text.match(/\w+/g) ?? []));
  return [...below, { columns: namesIn([...listOf(info.Projections), ...filters]), filters, given, words }];
}

/** Whatever may be a name of `ReadNames`. One that only stands in a constant does no harm. */
function namesIn(texts: readonly string[]): Set<string> {
  return new Set(texts.flatMap((text) => text.match(/\bc\d+\b/g) ?? []));
}

/** By path. */
type Missing = Map<string, { columns: Set<string>; allRowGroups: boolean }>;

function missingColumns(reads: readonly Read[], { attached: { names }, scans }: ReadyText): MissingColumns[] {
  const partial = new Map(scans.flatMap(partialFiles));
  const missing: Missing = new Map();
  for (const read of reads) addPlain(read, names, missing);
  for (const { columns, filters } of reads) {
    const read = [...columns].flatMap((as) => {
      const found = names.get(as);
      return found ? [{ as, ...found }] : [];
    });
    for (const { files, column } of read) {
      // They are read together only if they are partial alike.
      const skipping = files[0] && partial.get(files[0]);
      const named = (name: string) => read.find((other) => other.files === files && other.column === name)?.as;
      const allRowGroups = skipping !== undefined && !skipsRowGroups(filters, skipping, named);
      for (const file of files) {
        if (file.held === undefined) continue;
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

/**
 * Which files a scan by their own names reads is told by the names alone. Where these are names of several groups, it is taken to read all of
 * them.
 */
function addPlain({ columns, given, words }: Read, names: ReadNames, missing: Missing): void {
  if (columns.size > 0) return;
  const all = names.plain.map((files) => ({ files, own: new Set(files[0]?.columns.map(({ name }) => name)) }));
  const fitting = all.filter(({ own }) => given.every((name) => own.has(name)));
  for (const { files, own } of fitting.length > 0 ? fitting : all) {
    const read = [...own].filter((name) => given.includes(name) || words.has(name));
    for (const file of files) {
      for (const column of read) {
        if (file.held === undefined || file.held.has(column)) continue;
        const entry = missing.get(file.path) ?? { columns: new Set(), allRowGroups: false };
        entry.columns.add(column);
        missing.set(file.path, entry);
      }
    }
  }
}

/** Files of which row groups are a hole, each with what the reader has to compare in order to skip them. */
function partialFiles({ source, columns }: TableScan): [ParquetSource, Skipping][] {
  if (source.kind !== 'parquet') return [];
  return source.files.flatMap((file): [ParquetSource, Skipping][] => {
    const skipping = skippingOf(file, (name) => {
      const fieldId = columns.find(({ field }) => field.name === name)?.fieldId;
      return file.columns.find((column) => column.fieldId === fieldId)?.name ?? '';
    });
    return skipping ? [[file, skipping]] : [];
  });
}
