/** Reads of what happened between two snapshots. */
import { SkuaError } from '../../errors.js';
import type { FileTask, ScanPlan, ScanRequest } from '../contract.js';
import { loadEntries, loadManifests } from '../manifest/load.js';
import { currentSnapshot, schemaOf, snapshotById } from '../snapshots.js';
import type { DataFile, Snapshot, TableMetadata } from '../types.js';
import { removalKey } from '../write/removal.js';
import { inParallel } from './in-parallel.js';
import { planScan } from './scan.js';

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
  let manifests = 0;
  const files = await inParallel(appends, snapshotsAtATime, async (append) => {
    request.signal?.throwIfAborted();
    const own = (await loadManifests(request, append)).filter(
      ({ content, addedSnapshotId }) => content === 'data' && addedSnapshotId === append.snapshotId,
    );
    manifests += own.length;
    const entries = (await Promise.all(own.map((manifest) => loadEntries(request, manifest)))).flat();
    return entries.flatMap(({ status, file }) => (status === 'added' && file.content === 'data' ? [file] : []));
  });
  const tasks = files
    .flat()
    .sort(byLocation)
    .map((file): FileTask => ({ file, deletes: [] }));
  const bytes = tasks.reduce((sum, { file }) => sum + file.fileSize, 0);
  return {
    snapshot,
    schema,
    tasks,
    statistics: {
      manifestsTotal: manifests,
      manifestsRead: manifests,
      filesTotal: tasks.length,
      filesPlanned: tasks.length,
      bytesTotal: bytes,
      bytesPlanned: bytes,
      deleteFiles: 0,
      prunedBy: [],
    },
  };
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
  const [plan, other] = await Promise.all([planScan(request), planScan({ ...request, snapshotId: request.other })]);
  const shared = new Set(other.tasks.map(taskKey));
  const tasks = plan.tasks.filter((task) => !shared.has(taskKey(task)));
  return {
    ...plan,
    tasks,
    statistics: {
      ...plan.statistics,
      filesPlanned: tasks.length,
      bytesPlanned: tasks.reduce((sum, { file }) => sum + file.fileSize, 0),
      deleteFiles: new Set(tasks.flatMap(({ deletes }) => deletes)).size,
    },
  };
}

function taskKey({ file, deletes }: FileTask): string {
  return JSON.stringify([file.location, ...deletes.map(removalKey).sort()]);
}

function byLocation(left: DataFile, right: DataFile): number {
  return left.location < right.location ? -1 : left.location > right.location ? 1 : 0;
}
