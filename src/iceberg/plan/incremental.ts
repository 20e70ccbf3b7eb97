/** Reads of what happened between two snapshots. */
import { SkuaError } from '../../errors.js';
import { inParallel } from '../../parallel.js';
import type { FileTask, ScanPlan, ScanRequest } from '../contract.js';
import { loadManifests } from '../manifest/load.js';
import { currentSnapshot, schemaOf, snapshotById } from '../snapshots.js';
import type { DataFile, Snapshot, TableMetadata } from '../types.js';
import { removalKey } from '../write/removal.js';
import { planScan } from './scan.js';
import { countTasks, selectFromManifests } from './select-manifests.js';

const snapshotsAtATime = 8;

/**
 * The files that appends added after the snapshot `after`, up to the snapshot of the request; what overwrites, deletes and compactions did
 * is left out, and files removed later are there. INVALID_ARGUMENT where `after` is not an ancestor of the request's snapshot.
 */
export async function planAppends(request: ScanRequest & { after: bigint }): Promise<ScanPlan> {
  const { metadata, snapshotId, after } = request;
  const snapshot = snapshotId === undefined ? currentSnapshot(metadata) : snapshotById(metadata, snapshotId);
  const schema = request.schema ?? schemaOf(metadata, snapshot?.snapshotId);
  const appends = ancestorsAfter(metadata, snapshot, after).filter(({ summary }) => summary.operation === 'append');
  const manifests = await inParallel(appends, snapshotsAtATime, async (append) => {
    request.signal?.throwIfAborted();
    return (await loadManifests(request, append)).filter(
      ({ content, addedSnapshotId }) => content === 'data' && addedSnapshotId === append.snapshotId,
    );
  });
  const { selections, statistics } = await selectFromManifests(
    { ...request, schema, addedOnly: true },
    manifests.flat(),
  );
  const tasks = selections
    .flatMap(({ files }) => files.filter((file) => file.content === 'data'))
    .sort(byLocation)
    .map((file): FileTask => ({ file, deletes: [] }));
  return { snapshot, schema, tasks, statistics: countTasks(statistics, tasks) };
}

/** The snapshot and its ancestors down to `after`, which is not among them. */
function ancestorsAfter(metadata: TableMetadata, snapshot: Snapshot | undefined, after: bigint): Snapshot[] {
  const found: Snapshot[] = [];
  for (let next = snapshot; next && next.snapshotId !== after; ) {
    found.push(next);
    const parent: bigint | undefined = next.parentSnapshotId;
    if (parent === undefined || !metadata.snapshots.some(({ snapshotId }) => snapshotId === parent)) {
      throw new SkuaError(
        'INVALID_ARGUMENT',
        `Snapshot ${after} is not an ancestor of snapshot ${snapshot?.snapshotId}`,
      );
    }
    next = snapshotById(metadata, parent);
  }
  return found;
}

/** A scan of the request's snapshot without the files that the snapshot `other` holds with the same deletes: their rows are in both. */
export async function planDifference(request: ScanRequest & { other: bigint }): Promise<ScanPlan> {
  return differenceOf(...(await Promise.all([planScan(request), planScan({ ...request, snapshotId: request.other })])));
}

/** A plan without what the other one reads alike. */
export function differenceOf(plan: ScanPlan, other: ScanPlan): ScanPlan {
  const shared = new Set(other.tasks.map(taskKey));
  return onlyTasks(plan, (task) => !shared.has(taskKey(task)));
}

/** A plan of some of its tasks. */
export function onlyTasks(plan: ScanPlan, isWanted: (task: FileTask) => boolean): ScanPlan {
  const tasks = plan.tasks.filter(isWanted);
  return { ...plan, tasks, statistics: countTasks(plan.statistics, tasks) };
}

function taskKey({ file, deletes }: FileTask): string {
  return JSON.stringify([file.location, ...deletes.map(removalKey).sort()]);
}

function byLocation(left: DataFile, right: DataFile): number {
  return left.location < right.location ? -1 : left.location > right.location ? 1 : 0;
}
