/** Updates of snapshots, references and statistics (REST specification, `TableUpdate`). */
import { commitFailed, illegalArgument, invalid } from '../request/error.js';
import { asObject, type JsonObject, longField, longsField, stringField } from '../request/fields.js';
import type { Draft } from './draft.js';
import { readReference, readSnapshot, readStatistics } from './snapshot.js';

const MAIN = 'main';

export function addSnapshot(draft: Draft, update: JsonObject): void {
  const { metadata } = draft;
  const snapshot = readSnapshot(update.snapshot);
  if (metadata.schemas.length === 0) throw invalid('Attempting to add a snapshot before a schema is added');
  if (metadata.partitionSpecs.length === 0) {
    throw invalid('Attempting to add a snapshot before a partition spec is added');
  }
  if (metadata.sortOrders.length === 0) throw invalid('Attempting to add a snapshot before a sort order is added');
  if (metadata.snapshots.some((one) => one.snapshotId === snapshot.snapshotId)) {
    throw invalid(`Snapshot already exists for id: ${snapshot.snapshotId}`);
  }
  if (
    metadata.formatVersion > 1 &&
    snapshot.parentSnapshotId !== undefined &&
    snapshot.sequenceNumber <= metadata.lastSequenceNumber
  ) {
    throw commitFailed(
      `Validation failed, please retry: Cannot add snapshot with sequence number ${snapshot.sequenceNumber} ` +
        `older than last sequence number ${metadata.lastSequenceNumber}`,
    );
  }
  if (metadata.formatVersion >= 3) {
    if (snapshot.firstRowId === undefined) throw invalid('Cannot add a snapshot: first-row-id is null');
    if (snapshot.addedRows === undefined) throw invalid('Cannot add a snapshot: added-rows is null');
    if (snapshot.firstRowId < metadata.nextRowId) {
      throw commitFailed(
        'Validation failed, please retry: Cannot add a snapshot, first-row-id is behind table next-row-id: ' +
          `${snapshot.firstRowId} < ${metadata.nextRowId}`,
      );
    }
    metadata.nextRowId += snapshot.addedRows;
  }
  metadata.lastSequenceNumber = snapshot.sequenceNumber;
  metadata.snapshots.push(snapshot);
  draft.addedSnapshotIds.add(snapshot.snapshotId);
  draft.changed = true;
}

export function setSnapshotRef(draft: Draft, update: JsonObject): void {
  const { metadata } = draft;
  const name = stringField(update, 'ref-name');
  const reference = readReference(update);
  const known = metadata.refs[name];
  if (
    known !== undefined &&
    known.snapshotId === reference.snapshotId &&
    known.type === reference.type &&
    known.minSnapshotsToKeep === reference.minSnapshotsToKeep &&
    known.maxSnapshotAgeMs === reference.maxSnapshotAgeMs &&
    known.maxRefAgeMs === reference.maxRefAgeMs
  ) {
    return;
  }
  const snapshot = metadata.snapshots.find((one) => one.snapshotId === reference.snapshotId);
  if (snapshot === undefined) throw invalid(`Cannot set ${name} to unknown snapshot: ${reference.snapshotId}`);
  if (name === MAIN) {
    if (reference.type !== 'branch') throw invalid(`Cannot set ${MAIN} to a tag, it must be a branch`);
    const added = draft.addedSnapshotIds.has(snapshot.snapshotId);
    metadata.currentSnapshotId = snapshot.snapshotId;
    metadata.snapshotLog.push({
      timestampMs: added ? snapshot.timestampMs : draft.now,
      snapshotId: snapshot.snapshotId,
    });
    if (added) draft.madeCurrent.add(snapshot.snapshotId);
  }
  metadata.refs[name] = reference;
  draft.changed = true;
}

export function removeSnapshotRef(draft: Draft, update: JsonObject): void {
  removeReference(draft, stringField(update, 'ref-name'));
}

function removeReference(draft: Draft, name: string): void {
  const { metadata } = draft;
  if (metadata.refs[name] === undefined) return;
  delete metadata.refs[name];
  if (name === MAIN) delete metadata.currentSnapshotId;
  draft.changed = true;
}

export function removeSnapshots(draft: Draft, update: JsonObject): void {
  const { metadata } = draft;
  const ids = new Set(longsField(update, 'snapshot-ids'));
  const kept = metadata.snapshots.filter((snapshot) => !ids.has(snapshot.snapshotId));
  if (kept.length === metadata.snapshots.length) return;
  metadata.snapshots = kept;
  metadata.statistics = metadata.statistics.filter((file) => !ids.has(file.snapshotId));
  metadata.partitionStatistics = metadata.partitionStatistics.filter((file) => !ids.has(file.snapshotId));
  for (const [name, reference] of Object.entries(metadata.refs)) {
    if (ids.has(reference.snapshotId)) removeReference(draft, name);
  }
  draft.snapshotsRemoved = true;
  draft.changed = true;
}

/** One file a snapshot; a new one takes the place of the old. */
export function setStatistics(draft: Draft, update: JsonObject): void {
  const file = readStatistics(update.statistics);
  const { metadata } = draft;
  metadata.statistics = [...metadata.statistics.filter((one) => one.snapshotId !== file.snapshotId), file];
  draft.changed = true;
}

export function removeStatistics(draft: Draft, update: JsonObject): void {
  const id = longField(update, 'snapshot-id');
  draft.metadata.statistics = draft.metadata.statistics.filter((one) => one.snapshotId !== id);
  draft.changed = true;
}

export function setPartitionStatistics(draft: Draft, update: JsonObject): void {
  const file = readStatistics(update['partition-statistics']);
  const { metadata } = draft;
  metadata.partitionStatistics = [
    ...metadata.partitionStatistics.filter((one) => one.snapshotId !== file.snapshotId),
    file,
  ];
  draft.changed = true;
}

export function removePartitionStatistics(draft: Draft, update: JsonObject): void {
  const id = longField(update, 'snapshot-id');
  draft.metadata.partitionStatistics = draft.metadata.partitionStatistics.filter((one) => one.snapshotId !== id);
  draft.changed = true;
}

export function addEncryptionKey(draft: Draft, update: JsonObject): void {
  const key = asObject(update['encryption-key'], 'encryption key');
  if (draft.metadata.formatVersion < 3) throw illegalArgument('Encryption keys are not supported until v3');
  const id = stringField(key, 'key-id');
  if (draft.metadata.encryptionKeys.some((one) => one['key-id'] === id)) return;
  draft.metadata.encryptionKeys.push(key);
  draft.changed = true;
}

export function removeEncryptionKey(draft: Draft, update: JsonObject): void {
  const id = stringField(update, 'key-id');
  draft.metadata.encryptionKeys = draft.metadata.encryptionKeys.filter((one) => one['key-id'] !== id);
  draft.changed = true;
}
