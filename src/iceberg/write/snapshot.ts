/** Prepares a snapshot: writes its manifests and manifest list, and says what the catalog is to be asked for. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { Storage } from '../../storage/contract.js';
import type { PreparedSnapshot, SnapshotChange } from '../contract.js';
import { loadManifests } from '../manifest/load.js';
import { encodeManifestList } from '../manifest/writer.js';
import { MAIN_BRANCH, referenceNamed, requireBranch, setReference } from '../references.js';
import { currentSnapshot, snapshotById } from '../snapshots.js';
import type { ManifestFile, Snapshot, TableMetadata } from '../types.js';
import { metadataLocation } from './locations.js';
import { type ManifestOrder, reorderedManifests } from './manifest-order.js';
import { mergeManifests } from './merging.js';
import { type Preparation, writeAdded, writeFile } from './preparation.js';
import { withoutRemoved } from './removal.js';
import { summarizeChange } from './summary.js';

/**
 * Writes manifests for added files, rewrites the manifests that hold removed files, and carries the others over. A removed file that the
 * table no longer holds: ABORTED. Delete files in a version 1 table: FAILED_PRECONDITION. On failure nothing that was written stays.
 */
export function prepareSnapshot(
  metadata: TableMetadata,
  change: SnapshotChange,
  storage: Storage,
): Promise<PreparedSnapshot> {
  return preparing(metadata, storage, (preparation) => prepare(preparation, change));
}

/**
 * A snapshot of the same files, in other manifests; undefined where the manifests are as wanted already. The counts are of manifests that go, also
 * those that have only removed files, and come.
 */
export async function prepareManifests(
  metadata: TableMetadata,
  wanted: ManifestOrder,
  storage: Storage,
): Promise<{ prepared: PreparedSnapshot; rewritten: number; added: number } | undefined> {
  let counts: { rewritten: number; added: number } | undefined;
  const prepared = await preparing(metadata, storage, async (preparation) => {
    const parent = currentSnapshot(metadata);
    const inherited = await loadManifests(preparation, parent);
    const live = inherited.filter(hasLiveFiles);
    const { manifests, rewritten, added, entries } = await reorderedManifests(preparation, live, wanted);
    counts = { rewritten: rewritten + inherited.length - live.length, added };
    const summary = {
      ...summarizeChange('replace', [], [], parent),
      'manifests-created': String(added),
      'manifests-kept': String(manifests.length - added),
      'manifests-replaced': String(counts.rewritten),
      'entries-processed': String(entries),
    };
    return finish(preparation, { branch: MAIN_BRANCH, parent, manifests, summary });
  });
  if (counts && counts.rewritten > 0) return { prepared, ...counts };
  await storage.remove(prepared.written);
  return undefined;
}

async function preparing(
  metadata: TableMetadata,
  storage: Storage,
  work: (preparation: Preparation) => Promise<PreparedSnapshot>,
): Promise<PreparedSnapshot> {
  const preparation: Preparation = {
    metadata,
    storage,
    snapshotId: newSnapshotId(metadata),
    sequenceNumber: metadata.formatVersion === 1 ? 0 : metadata.lastSequenceNumber + 1,
    commitId: randomUUID(),
    written: [],
  };
  try {
    return await work(preparation);
  } catch (error) {
    await storage.remove(preparation.written);
    throw error;
  }
}

async function prepare(preparation: Preparation, change: SnapshotChange): Promise<PreparedSnapshot> {
  const { metadata } = preparation;
  const branch = change.branch ?? MAIN_BRANCH;
  const parentId = requireBranch(metadata, branch)?.snapshotId ?? metadata.currentSnapshotId;
  const parent = parentId === undefined ? undefined : snapshotById(metadata, parentId);
  const added = [...change.added, ...(change.addedDeletes ?? [])];
  const inherited = (await loadManifests(preparation, parent)).filter(hasLiveFiles);
  const { manifests: kept, removed } = await withoutRemoved(preparation, inherited, change.removed ?? []);
  const manifests = await mergeManifests(preparation, [...(await writeAdded(preparation, added)), ...kept]);
  const summary = { ...change.summary, ...summarizeChange(change.operation, added, removed, parent) };
  return finish(preparation, { branch, isStaged: change.isStaged, parent, manifests, summary });
}

interface Finished {
  branch: string;
  isStaged?: boolean | undefined;
  parent: Snapshot | undefined;
  manifests: ManifestFile[];
  summary: Record<string, string>;
}

/** Writes the list of a snapshot's manifests. */
async function finish(
  preparation: Preparation,
  { branch, isStaged, parent, manifests, summary }: Finished,
): Promise<PreparedSnapshot> {
  const { metadata, snapshotId, sequenceNumber } = preparation;
  const parentSnapshotId = parent?.snapshotId;
  const rows = assignRowIds(metadata, manifests);
  const manifestList = metadataLocation(metadata, `snap-${snapshotId}-1-${preparation.commitId}.avro`);
  const header = {
    formatVersion: metadata.formatVersion,
    snapshotId,
    parentSnapshotId,
    sequenceNumber,
    firstRowId: rows?.firstRowId,
  };
  await writeFile(preparation, manifestList, encodeManifestList(header, manifests));
  const snapshot: Snapshot = {
    snapshotId,
    ...(parentSnapshotId !== undefined && { parentSnapshotId }),
    sequenceNumber,
    timestampMs: Math.max(Date.now(), metadata.lastUpdatedMs),
    manifestList,
    summary,
    schemaId: metadata.currentSchemaId,
    ...(rows && { firstRowId: rows.firstRowId, addedRows: rows.addedRows }),
  };
  return {
    snapshotId,
    snapshot,
    branch: isStaged ? undefined : branch,
    requirements: [
      { type: 'assert-table-uuid', uuid: metadata.tableUuid },
      {
        type: 'assert-ref-snapshot-id',
        ref: branch,
        'snapshot-id': referenceNamed(metadata, branch)?.snapshotId ?? null,
      },
    ],
    updates: [
      { action: 'add-snapshot', snapshot: snapshotToJson(snapshot, metadata.formatVersion) },
      ...(isStaged ? [] : [setReference(branch, movedBranch(metadata, branch, snapshotId))]),
    ],
    written: preparation.written,
  };
}

/** The metadata as it will be once the snapshot is committed; for reads within a transaction. */
export function applySnapshot(metadata: TableMetadata, prepared: PreparedSnapshot): TableMetadata {
  const { snapshot, branch } = prepared;
  const { snapshotId, timestampMs } = snapshot;
  const onMain = branch === MAIN_BRANCH;
  return {
    ...metadata,
    lastSequenceNumber: Math.max(metadata.lastSequenceNumber, snapshot.sequenceNumber),
    lastUpdatedMs: timestampMs,
    snapshots: [...metadata.snapshots, snapshot],
    ...(branch !== undefined && {
      refs: { ...metadata.refs, [branch]: movedBranch(metadata, branch, snapshotId) },
    }),
    ...(onMain && {
      currentSnapshotId: snapshotId,
      snapshotLog: [...metadata.snapshotLog, { timestampMs, snapshotId }],
    }),
    ...(snapshot.firstRowId !== undefined && { nextRowId: snapshot.firstRowId + (snapshot.addedRows ?? 0n) }),
  };
}

/** The branch at another snapshot, with the retention that it has. */
function movedBranch(metadata: TableMetadata, branch: string, snapshotId: bigint) {
  return { ...referenceNamed(metadata, branch), type: 'branch' as const, snapshotId };
}

/** Manifests with nothing but deleted entries of earlier snapshots have done their duty. */
function hasLiveFiles(manifest: ManifestFile): boolean {
  return manifest.addedFilesCount !== 0 || manifest.existingFilesCount !== 0;
}

/** Version 3: gives first row ids to data manifests that have none (spec, "First Row ID Assignment"). */
function assignRowIds(
  metadata: TableMetadata,
  manifests: ManifestFile[],
): { firstRowId: bigint; addedRows: bigint } | undefined {
  if (metadata.formatVersion < 3) return undefined;
  const firstRowId = metadata.nextRowId ?? 0n;
  let next = firstRowId;
  for (const manifest of manifests) {
    if (manifest.content !== 'data' || manifest.firstRowId !== undefined) continue;
    manifest.firstRowId = next;
    next += BigInt((manifest.addedRowsCount ?? 0) + (manifest.existingRowsCount ?? 0));
  }
  return { firstRowId, addedRows: next - firstRowId };
}

/** Positive and unused. */
function newSnapshotId(metadata: TableMetadata): bigint {
  for (;;) {
    const id = randomBytes(8).readBigUInt64BE() >> 1n;
    if (id > 0n && !metadata.snapshots.some(({ snapshotId }) => snapshotId === id)) return id;
  }
}

function snapshotToJson(
  snapshot: Snapshot,
  formatVersion: number,
): Record<string, unknown> & { 'snapshot-id': bigint } {
  return {
    'snapshot-id': snapshot.snapshotId,
    ...(snapshot.parentSnapshotId !== undefined && { 'parent-snapshot-id': snapshot.parentSnapshotId }),
    ...(formatVersion > 1 && { 'sequence-number': snapshot.sequenceNumber }),
    'timestamp-ms': snapshot.timestampMs,
    'manifest-list': snapshot.manifestList,
    summary: snapshot.summary,
    'schema-id': snapshot.schemaId,
    ...(snapshot.firstRowId !== undefined && { 'first-row-id': snapshot.firstRowId, 'added-rows': snapshot.addedRows }),
  };
}
