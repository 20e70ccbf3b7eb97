import { illegalArgument } from '../request/error.js';
import {
  asObject,
  longField,
  optionalInteger,
  optionalLong,
  optionalString,
  stringField,
  stringMap,
} from '../request/fields.js';
import type { KeptReference, KeptSnapshot, StatisticsFile } from './model.js';

/** Reads a snapshot (spec, Appendix C, "Snapshots"). */
export function readSnapshot(value: unknown): KeptSnapshot {
  const object = asObject(value, 'snapshot');
  const snapshotId = longField(object, 'snapshot-id');
  const parentSnapshotId = optionalLong(object, 'parent-snapshot-id');
  const sequenceNumber = Number(optionalLong(object, 'sequence-number') ?? 0n);
  const timestampMs = Number(longField(object, 'timestamp-ms'));
  const summary = object.summary == null ? undefined : stringMap(object.summary, 'summary');
  if (summary !== undefined && summary.operation === undefined) {
    throw illegalArgument('Cannot parse missing string: operation');
  }
  if (object['manifest-list'] == null && object.manifests == null) {
    throw illegalArgument('Cannot parse missing string: manifest-list');
  }
  const firstRowId = optionalLong(object, 'first-row-id');
  const addedRows = optionalLong(object, 'added-rows');
  const entries: [string, unknown][] = [
    ['sequence-number', sequenceNumber > 0 ? sequenceNumber : undefined],
    ['snapshot-id', snapshotId],
    ['parent-snapshot-id', parentSnapshotId],
    ['timestamp-ms', timestampMs],
    ['summary', summary],
    ['manifest-list', optionalString(object, 'manifest-list')],
    ['manifests', object.manifests],
    ['schema-id', optionalInteger(object, 'schema-id')],
    ['first-row-id', firstRowId],
    ['added-rows', addedRows],
    ['key-id', optionalString(object, 'key-id')],
  ];
  const json = Object.fromEntries(entries.filter(([, entry]) => entry !== undefined && entry !== null));
  return { snapshotId, parentSnapshotId, sequenceNumber, timestampMs, firstRowId, addedRows, json };
}

/** Reads a branch or tag (spec, "Snapshot References"). */
export function readReference(value: unknown): KeptReference {
  const object = asObject(value, 'snapshot reference');
  const type = stringField(object, 'type').toLowerCase();
  if (type !== 'branch' && type !== 'tag') throw illegalArgument(`Invalid snapshot ref type: ${type}`);
  const reference: KeptReference = { snapshotId: longField(object, 'snapshot-id'), type };
  const minSnapshotsToKeep = optionalInteger(object, 'min-snapshots-to-keep');
  const maxSnapshotAgeMs = optionalInteger(object, 'max-snapshot-age-ms');
  const maxRefAgeMs = optionalInteger(object, 'max-ref-age-ms');
  if (type === 'tag' && (minSnapshotsToKeep !== undefined || maxSnapshotAgeMs !== undefined)) {
    throw illegalArgument('Tags do not support setting minSnapshotsToKeep or maxSnapshotAgeMs');
  }
  if (minSnapshotsToKeep !== undefined) reference.minSnapshotsToKeep = minSnapshotsToKeep;
  if (maxSnapshotAgeMs !== undefined) reference.maxSnapshotAgeMs = maxSnapshotAgeMs;
  if (maxRefAgeMs !== undefined) reference.maxRefAgeMs = maxRefAgeMs;
  return reference;
}

export function referenceDocument(reference: KeptReference): Record<string, unknown> {
  const { minSnapshotsToKeep, maxSnapshotAgeMs, maxRefAgeMs } = reference;
  return {
    'snapshot-id': reference.snapshotId,
    type: reference.type,
    ...(minSnapshotsToKeep === undefined ? {} : { 'min-snapshots-to-keep': minSnapshotsToKeep }),
    ...(maxSnapshotAgeMs === undefined ? {} : { 'max-snapshot-age-ms': maxSnapshotAgeMs }),
    ...(maxRefAgeMs === undefined ? {} : { 'max-ref-age-ms': maxRefAgeMs }),
  };
}

/** Reads a statistics or partition statistics file (spec, "Table Statistics"). */
export function readStatistics(value: unknown): StatisticsFile {
  const json = asObject(value, 'statistics');
  stringField(json, 'statistics-path');
  return { snapshotId: longField(json, 'snapshot-id'), json };
}
