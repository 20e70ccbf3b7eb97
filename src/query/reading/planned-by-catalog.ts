/** Tables whose scans their catalog plans. */
import { SkuaError } from '../../errors.js';
import type { AskForPlan, FileTask, ScanPlan } from '../../iceberg/contract.js';
import { planScan, planScanAtCatalog, recordedFiles } from '../../iceberg/index.js';
import type { StatementContext } from '../environment.js';
import { displayName } from '../tables/names.js';
import { metadataCacheOf, type PinnedTable } from '../tables/tables.js';

const LAST_UPDATED = '_last_updated_sequence_number';

/**
 * How the catalog is asked to plan a scan of the table; undefined where it is planned here. What it can't plan is planned here, where it leaves
 * that open: a state that is not committed yet, and what a plan of the specification does not tell. Else: UNIMPLEMENTED.
 */
export function planningOf({ environment }: StatementContext, table: PinnedTable): AskForPlan | undefined {
  const { planScan, scanPlanningMode } = table.loaded;
  if (!planScan) return undefined;
  const reason = reasonAgainst(table);
  if (reason === undefined) {
    return async (request, signal) => ({ ...(await planScan(request, signal)), open: environment.openStorage });
  }
  if (scanPlanningMode !== 'server') return undefined;
  throw new SkuaError(
    'UNIMPLEMENTED',
    `The catalog plans the scans of ${displayName(table.name)}, and can't plan this one: ${reason}`,
  );
}

function reasonAgainst({ hidden, isChanged }: PinnedTable): string | undefined {
  if (hidden?.includes(LAST_UPDATED)) return `a plan does not tell what ${LAST_UPDATED} is made of`;
  return isChanged ? 'the statement or its transaction has changed the table, and not committed that' : undefined;
}

/** The table for a change of its rows, whose scans the catalog plans only where it demands to: a change reads the manifests anyway. */
export function forChange(table: PinnedTable): PinnedTable {
  if (table.loaded.scanPlanningMode === 'server') return table;
  const { planScan: _, ...loaded } = table.loaded;
  return { ...table, loaded };
}

/** All files of the table, for a change that removes them. */
export async function filesForChange(context: StatementContext, table: PinnedTable): Promise<FileTask[]> {
  const { metadata, snapshotId, storage } = table;
  const { signal } = context.call;
  const ask = planningOf(context, forChange(table));
  const request = { metadata, snapshotId, storage, signal, cache: metadataCacheOf(context, table) };
  if (!ask) return (await planScan(request)).tasks;
  const { tasks, read } = await planScanAtCatalog(request, ask);
  return asRecorded(context, table, tasks, read);
}

/**
 * Files that a plan of the catalog's names, with all that a change has to know of them: their sequence numbers and row ids, and their locations
 * where the plan gives addresses. A plan tells these in part or not at all; the manifests, which the change's commit needs besides, tell all. Files that
 * they don't list by the location that the plan gives: UNIMPLEMENTED.
 */
export async function asRecorded(
  context: StatementContext,
  table: PinnedTable,
  tasks: readonly FileTask[],
  read: ScanPlan['read'],
): Promise<FileTask[]> {
  const { metadata, snapshotId, storage } = table;
  const isTold = read === undefined || (metadata.formatVersion < 3 && read.access.signed === undefined);
  if (isTold || snapshotId === undefined || tasks.length === 0) return [...tasks];
  const source = { metadata, storage, signal: context.call.signal, cache: metadataCacheOf(context, table) };
  const locations = tasks.map(({ file }) => file.location);
  const recorded = await recordedFiles(source, snapshotId, locations);
  return tasks.map(({ file, deletes }) => {
    const own = recorded.get(file.location);
    if (own && own.firstRowId === file.firstRowId) return { file: own, deletes };
    const lacks = own ? 'the first row ids of its files' : 'its files by their locations in the store';
    throw new SkuaError(
      'UNIMPLEMENTED',
      `The catalog plans the scans of ${displayName(table.name)}, and does not tell ${lacks}, which a change has to know`,
    );
  });
}
