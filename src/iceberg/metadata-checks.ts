/** Table metadata that contradicts itself where the specification leaves no side to win. */
import { malformed } from './json-reader.js';
import type { TableMetadata } from './types.js';

/** What the reference implementation refuses to load too: DATA_LOSS naming the key. */
export function refuseContradictions(metadata: TableMetadata): void {
  const { schemas, partitionSpecs, snapshots, currentSnapshotId, refs } = metadata;
  refuseRepeated(schemas, ({ schemaId }) => schemaId, 'schemas', 'schema-id');
  refuseRepeated(partitionSpecs, ({ specId }) => specId, 'partition-specs', 'spec-id');
  refuseRepeated(snapshots, ({ snapshotId }) => snapshotId, 'snapshots', 'snapshot-id');
  for (const { specId, fields } of partitionSpecs) {
    refuseRepeated(fields, ({ fieldId }) => fieldId, `partition-specs (spec-id ${specId})`, 'field-id');
    refuseRepeated(fields, ({ name }) => name, `partition-specs (spec-id ${specId})`, 'field name');
  }
  if (currentSnapshotId !== undefined && !snapshots.some(({ snapshotId }) => snapshotId === currentSnapshotId)) {
    throw malformed('current-snapshot-id', `the id of a snapshot of the table: ${currentSnapshotId}`);
  }
  const main = refs.main?.snapshotId;
  if (main !== currentSnapshotId) {
    throw malformed(
      'current-snapshot-id',
      `what the branch main points to: ${currentSnapshotId ?? 'none'}, not ${main}`,
    );
  }
  refuseLaterSnapshots(metadata);
}

/** Deletes go by sequence numbers, and the next commit takes the one behind the last. */
function refuseLaterSnapshots({ formatVersion, snapshots, lastSequenceNumber }: TableMetadata): void {
  if (formatVersion === 1) return;
  const later = snapshots.find(({ sequenceNumber }) => sequenceNumber > lastSequenceNumber);
  if (!later) return;
  const what = `the highest: snapshot ${later.snapshotId} has the sequence number ${later.sequenceNumber}`;
  throw malformed('last-sequence-number', what);
}

function refuseRepeated<T>(items: readonly T[], keyOf: (item: T) => unknown, where: string, what: string): void {
  const seen = new Set<unknown>();
  for (const item of items) {
    const key = keyOf(item);
    if (seen.has(key)) throw malformed(where, `sound: the ${what} ${key} is there twice`);
    seen.add(key);
  }
}
