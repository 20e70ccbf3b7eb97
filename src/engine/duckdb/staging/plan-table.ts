/** Which files of a table a scan reads, by the metadata alone. */
import type { AskForPlan, FileTask, ScanPlan, ScanRequest } from '../../../iceberg/contract.js';
import {
  differenceOf,
  floatingFieldIds,
  onlyTasks,
  planAppends,
  planAppendsAtCatalog,
  planDifference,
  planScan,
  planScanAtCatalog,
} from '../../../iceberg/index.js';
import type { NestedField } from '../../../iceberg/types.js';
import { Rendezvous } from '../../../rendezvous.js';
import type { PartOfTable, PinnedTable } from '../../contract.js';
import type { ScanDemand } from '../contract.js';
import type { Caches } from './caches.js';
import { statisticsWanted } from './from-metadata.js';
import { filterOfKeys, type LearntKeys } from './join-keys.js';
import { knownPlan, type NamedScanRequest } from './known-plans.js';
import { manifestsOf } from './readable-table.js';

/** `learnt`: keys that its rows are joined by. */
export function planTable(
  table: PinnedTable,
  demand: ScanDemand,
  { manifests }: Pick<Caches, 'manifests'>,
  { signal, learnt = [] }: { signal: AbortSignal; learnt?: readonly LearntKeys[] },
): Promise<ScanPlan> {
  const demandedFields = table.schema.fields.filter(({ name: column }) => demand.columns.includes(column));
  const topField = table.schema.fields.find(({ name }) => name === demand.top?.column);
  return planPart(table, {
    metadata: table.metadata,
    snapshotId: table.snapshotId,
    schema: table.schema,
    filter: demand.filter,
    joinKeys: filterOfKeys(learnt),
    top: topField && demand.top && { ...demand.top, field: topField },
    storage: table.storage,
    signal,
    cache: manifestsOf(manifests, table),
    columns: demandedFields.map(({ id }) => id),
    statistics: [
      ...statisticsWanted(table, demand),
      ...(topField ? [topField.id] : []),
      ...joinedFields(table, demand).map(({ id }) => id),
      // Of a restricted table nobody else is asked what its columns hold.
      ...(table.restrictions ? [] : floatingFieldIds(demandedFields)),
    ],
  });
}

/** Columns by whose values rows may be left out that find no partner. */
function joinedFields({ schema }: PinnedTable, { joins = [] }: ScanDemand): NestedField[] {
  return schema.fields.filter(({ name }) => joins.some(({ column }) => column === name));
}

/** By the catalog, where it plans the table's scans; else here. */
function planPart({ part, planScan: ask }: PinnedTable, request: NamedScanRequest): Promise<ScanPlan> {
  return ask ? planAtCatalog(part, request, ask) : planHere(part, request);
}

async function planAtCatalog(part: PinnedTable['part'], request: ScanRequest, ask: AskForPlan): Promise<ScanPlan> {
  switch (part?.kind) {
    case 'appendedAfter':
      return planAppendsAtCatalog({ ...request, after: part.snapshotId }, ask);
    case 'notIn': {
      const other = { ...request, snapshotId: part.snapshotId };
      return differenceOf(...(await Promise.all([planScanAtCatalog(request, ask), planScanAtCatalog(other, ask)])));
    }
    case 'share':
      return shareOf(await planScanAtCatalog(request, ask), part);
    case undefined:
      return planScanAtCatalog(request, ask);
  }
}

async function planHere(part: PinnedTable['part'], request: NamedScanRequest): Promise<ScanPlan> {
  switch (part?.kind) {
    case 'appendedAfter':
      return planAppends({ ...request, after: part.snapshotId });
    case 'notIn':
      return planDifference({ ...request, other: part.snapshotId });
    case 'share':
      return planScan({ ...request, share: part });
    case undefined:
      return knownPlan(request, planScan);
  }
}

/** The files that belong to one of the servers. */
function shareOf(plan: ScanPlan, { servers, index }: PartOfTable & { kind: 'share' }): ScanPlan {
  const rendezvous = new Rendezvous(servers);
  return onlyTasks(plan, ({ file }) => rendezvous.ownerOf(file.location) === index);
}

/** The first files that hold enough rows, for a bare LIMIT. */
export function limited(tasks: readonly FileTask[], demand: ScanDemand): readonly FileTask[] {
  if (demand.limit === undefined || demand.filter) return tasks;
  let rows = 0;
  const enough: FileTask[] = [];
  for (const task of tasks) {
    if (rows >= demand.limit) break;
    enough.push(task);
    if (task.deletes.length === 0) rows += Math.max(0, task.file.recordCount);
  }
  return enough;
}
