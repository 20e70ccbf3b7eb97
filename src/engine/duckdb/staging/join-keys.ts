/** Join keys learnt at run time: what a small table holds tells which files of a large one it can be joined with. */

import type { Filter, Literal } from '../../../expressions/index.js';
import { resolveSnapshot } from '../../../iceberg/index.js';
import type { PinnedTable } from '../../contract.js';
import type { ColumnValues, EngineInstance, FetchMissing, JoinKey, TableScan } from '../contract.js';

/** What a scan would read, as far as is known before its data is read. */
export interface ScanSize {
  rows: number;
  /** Of whole files. */
  bytes: number;
  files: number;
}

/** The keys that one table's rows were pruned by. */
export interface LearntKeys {
  key: JoinKey;
  found: ColumnValues;
}

/** More keys than this are a range. */
const listedKeys = 1000;

const mostRows = 1_000_000;
const mostBytes = 64 << 20;

/** Rows of a table without a filter from which on its keys are likely to be all there are. */
const mostUnfilteredRows = 10_000;

/** A single file from this size on may have row groups that can be left out. */
const largeFile = 4 << 20;

/** Rows of the table that is pruned for each one whose key is read: with fewer, reading both at once takes less time. */
const fewestRowsForOne = 8;

/** As the table's current metadata has it, before any filter; undefined where that does not say. */
export function sizeOfSnapshot({ metadata, snapshotId, part }: PinnedTable): ScanSize | undefined {
  if (snapshotId === undefined || part) return undefined;
  const { summary } = resolveSnapshot(metadata, { snapshotId });
  const [rows, bytes, files] = ['total-records', 'total-files-size', 'total-data-files'].map((name) =>
    /^\d+$/.test(summary[name] ?? '') ? Number(summary[name]) : undefined,
  );
  return rows === undefined || bytes === undefined || files === undefined ? undefined : { rows, bytes, files };
}

/** Whether keys could leave out files or row groups of a table of that size at all. */
export function mayLeaveOut(size: Pick<ScanSize, 'bytes' | 'files'> | undefined): boolean {
  return size === undefined || size.files > 1 || size.bytes >= largeFile;
}

/** Whether waiting for one table's keys is likely to pay: they come at the price of reading one table after the other. */
export function isWorthWaiting(
  { size: source, isReduced }: { size: ScanSize; isReduced: boolean },
  target: ScanSize,
): boolean {
  if (source.rows > (isReduced ? mostRows : mostUnfilteredRows) || source.bytes > mostBytes) return false;
  if (target.rows < fewestRowsForOne * source.rows) return false;
  return target.bytes >= 2 * source.bytes && mayLeaveOut(target);
}

/** Reads the keys of a staged table, in its rows for the filter. */
export async function learnKeys(
  engine: EngineInstance,
  key: JoinKey,
  scan: TableScan,
  filter: Filter | undefined,
  local: { signal: AbortSignal; fetchMissing: FetchMissing },
): Promise<LearntKeys | undefined> {
  const request = { column: key.tableColumn, most: listedKeys, filter, fetch: local.fetchMissing };
  const found = await engine.columnValues(scan, request, local.signal);
  return found && { key, found };
}

/** The filter that rows with a partner satisfy. */
export function filterOfKeys(learnt: readonly LearntKeys[]): Filter | undefined {
  return allOf(
    learnt.map(({ key: { column, orNull }, found }): Filter => {
      const filter: Filter = 'values' in found ? { op: 'in', column, values: found.values } : range(column, found);
      return orNull ? { op: 'or', operands: [filter, { op: 'isNull', column }] } : filter;
    }),
  );
}

/** The ranges that rows with a partner are in, for statistics that are only asked for ranges. */
export function rangesOfKeys(learnt: readonly LearntKeys[]): Filter | undefined {
  return allOf(
    learnt.map(({ key: { column, orNull }, found }) => {
      const [min, max] = 'values' in found ? [found.values[0], found.values.at(-1)] : [found.min, found.max];
      return min && max && !orNull ? range(column, { min, max }) : undefined;
    }),
  );
}

function range(column: string, { min, max }: { min: Literal; max: Literal }): Filter {
  const operands: Filter[] = [
    { op: 'ge', column, value: min },
    { op: 'le', column, value: max },
  ];
  return { op: 'and', operands };
}

/** All of the filters together. */
export function allOf(filters: readonly (Filter | undefined)[]): Filter | undefined {
  const known = filters.filter((filter) => filter !== undefined);
  return known.length > 1 ? { op: 'and', operands: known } : known[0];
}

/** For EXPLAIN. */
export function describeKeys(learnt: readonly LearntKeys[]): string[] {
  return learnt.map(({ key, found }) => {
    const what = 'values' in found ? `${found.values.length} values` : `${found.min.text} to ${found.max.text}`;
    return `${key.column} of ${key.table}.${key.tableColumn}, ${what}`;
  });
}
