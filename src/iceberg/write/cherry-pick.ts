/** Takes over what another snapshot changed, as the reference implementation's cherry-pick does. */
import { SkuaError } from '../../errors.js';
import type { Storage } from '../../storage/contract.js';
import type { SnapshotChange } from '../contract.js';
import { loadEntries, loadManifests } from '../manifest/load.js';
import { partitionKey } from '../partition-types.js';
import { ancestorsOf, isAncestor } from '../references.js';
import { snapshotById } from '../snapshots.js';
import type { DataFile, ManifestEntry, Snapshot, TableMetadata } from '../types.js';

const SOURCE = 'source-snapshot-id';
const PUBLISHED = 'published-wap-id';
const WAP_ID = 'wap.id';

/** The staged snapshot of a write-audit-publish id. None: NOT_FOUND; several: FAILED_PRECONDITION. */
export function stagedSnapshot(metadata: TableMetadata, wapId: string): Snapshot {
  const [found, ...others] = metadata.snapshots.filter(({ summary }) => summary[WAP_ID] === wapId);
  if (!found) throw new SkuaError('NOT_FOUND', `The table has no snapshot with the WAP id '${wapId}'`);
  if (others.length > 0) {
    throw new SkuaError(
      'FAILED_PRECONDITION',
      `The table has ${others.length + 1} snapshots with the WAP id '${wapId}'`,
    );
  }
  return found;
}

/**
 * What has to become of the main branch for it to hold the changes of a snapshot: it can be moved to it where the snapshot was made of its
 * current one, else there is a change to be made. Of snapshots, only appends and replacements of whole partitions can be made again.
 */
export async function cherryPick(
  metadata: TableMetadata,
  snapshotId: bigint,
  storage: Storage,
): Promise<{ kind: 'move'; to: Snapshot } | { kind: 'change'; change: SnapshotChange }> {
  const picked = snapshotById(metadata, snapshotId);
  const { currentSnapshotId } = metadata;
  refusePublished(metadata, picked);
  if (picked.parentSnapshotId === currentSnapshotId) return { kind: 'move', to: picked };
  const { operation } = picked.summary;
  const replacesPartitions = operation === 'overwrite' && picked.summary['replace-partitions'] === 'true';
  if (operation !== 'append' && !replacesPartitions) {
    throw new SkuaError(
      'FAILED_PRECONDITION',
      `Snapshot ${snapshotId} can't be cherry-picked: it is neither an append, nor a replacement of partitions, nor made of the current snapshot`,
    );
  }
  const added = await addedBy(metadata, picked, storage);
  const live = await liveFiles(metadata, storage);
  refuseLive(picked, added, live);
  const wapId = picked.summary[WAP_ID];
  const summary = { [SOURCE]: String(snapshotId), ...(wapId !== undefined && { [PUBLISHED]: wapId }) };
  if (!replacesPartitions) return { kind: 'change', change: { operation: 'append', added, summary } };
  const removed = filesOfSamePartitions(metadata, picked, added, live);
  return {
    kind: 'change',
    change: { operation: 'overwrite', added, removed, summary: { ...summary, 'replace-partitions': 'true' } },
  };
}

/** FAILED_PRECONDITION of what the main branch holds already. */
function refusePublished(metadata: TableMetadata, picked: Snapshot): void {
  const { snapshotId } = picked;
  if (isAncestor(metadata, snapshotId, metadata.currentSnapshotId)) {
    throw new SkuaError('FAILED_PRECONDITION', `Snapshot ${snapshotId} is an ancestor of the current snapshot already`);
  }
  const wapId = picked.summary[WAP_ID];
  for (const { summary, snapshotId: by } of ancestorsOf(metadata, metadata.currentSnapshotId)) {
    if (summary[SOURCE] === String(snapshotId)) {
      throw new SkuaError('FAILED_PRECONDITION', `Snapshot ${snapshotId} was picked already, as snapshot ${by}`);
    }
    if (wapId !== undefined && (summary[PUBLISHED] === wapId || summary[WAP_ID] === wapId)) {
      throw new SkuaError('FAILED_PRECONDITION', `The WAP id '${wapId}' was published already, as snapshot ${by}`);
    }
  }
}

async function addedBy(metadata: TableMetadata, picked: Snapshot, storage: Storage): Promise<DataFile[]> {
  const entries = await entriesOf(
    metadata,
    picked,
    storage,
    ({ addedSnapshotId }) => addedSnapshotId === picked.snapshotId,
  );
  return entries.flatMap(({ status, file }) =>
    status === 'added' && file.snapshotId === picked.snapshotId && file.content === 'data' ? [asNew(file)] : [],
  );
}

async function liveFiles(metadata: TableMetadata, storage: Storage): Promise<DataFile[]> {
  const current = metadata.snapshots.find((one) => one.snapshotId === metadata.currentSnapshotId);
  const entries = current ? await entriesOf(metadata, current, storage) : [];
  return entries.flatMap(({ status, file }) => (status !== 'deleted' && file.content === 'data' ? [file] : []));
}

/** Snapshots that tell of an earlier pick may have been expired; its files are still there. */
function refuseLive({ snapshotId }: Snapshot, added: readonly DataFile[], live: readonly DataFile[]): void {
  const there = new Set(live.map(({ location }) => location));
  if (!added.some(({ location }) => there.has(location))) return;
  throw new SkuaError('FAILED_PRECONDITION', `Snapshot ${snapshotId} was picked already: the table has files of it`);
}

/** Numbers of the snapshot that adds it are to be given anew. */
function asNew(file: DataFile): DataFile {
  const { sequenceNumber: _, fileSequenceNumber: __, snapshotId: ___, firstRowId: ____, ...rest } = file;
  return rest;
}

/** Those that the picked snapshot took the place of, where nobody has changed these partitions since it was made. */
function filesOfSamePartitions(
  metadata: TableMetadata,
  picked: Snapshot,
  added: readonly DataFile[],
  live: readonly DataFile[],
): string[] {
  const { parentSnapshotId, snapshotId } = picked;
  if (parentSnapshotId !== undefined && !isAncestor(metadata, parentSnapshotId, metadata.currentSnapshotId)) {
    throw new SkuaError(
      'FAILED_PRECONDITION',
      `Snapshot ${snapshotId} can't be cherry-picked: it replaces partitions, and was not made of an ancestor of the current snapshot`,
    );
  }
  const keyOf = ({ specId, partition }: DataFile) => `${specId}:${partitionKey(partition)}`;
  const partitions = new Set(added.map(keyOf));
  const replaced = live.filter((file) => partitions.has(keyOf(file)));
  const since = metadata.snapshots.find((one) => one.snapshotId === parentSnapshotId)?.sequenceNumber ?? 0;
  if (replaced.some(({ sequenceNumber }) => (sequenceNumber ?? 0) > since)) {
    throw new SkuaError(
      'FAILED_PRECONDITION',
      `Snapshot ${snapshotId} can't be cherry-picked: partitions that it replaces have changed since it was made`,
    );
  }
  return replaced.map(({ location }) => location);
}

async function entriesOf(
  metadata: TableMetadata,
  snapshot: Snapshot,
  storage: Storage,
  isWanted: (manifest: { addedSnapshotId: bigint }) => boolean = () => true,
): Promise<ManifestEntry[]> {
  const source = { metadata, storage };
  const entries: ManifestEntry[] = [];
  for (const manifest of (await loadManifests(source, snapshot)).filter(isWanted)) {
    entries.push(...(await loadEntries(source, manifest)));
  }
  return entries;
}
