/** Metadata tables that need nothing but the table metadata. */
import type { TableMetadata } from '../types.js';
import { column, map, timestamp } from './column.js';
import type { MetadataTable } from './table.js';

export const snapshots: MetadataTable = {
  columns: () => [
    column('committed_at', 'timestamptz', true),
    column('snapshot_id', 'long', true),
    column('parent_id', 'long'),
    column('operation', 'string'),
    column('manifest_list', 'string'),
    column('summary', map('string', 'string')),
  ],
  rows: ({ metadata }) =>
    metadata.snapshots.map((snapshot) => {
      const { operation, ...summary } = snapshot.summary;
      return [
        timestamp(snapshot.timestampMs),
        snapshot.snapshotId,
        snapshot.parentSnapshotId ?? null,
        operation ?? null,
        snapshot.manifestList ?? null,
        new Map(Object.entries(summary)),
      ];
    }),
};

export const history: MetadataTable = {
  columns: () => [
    column('made_current_at', 'timestamptz', true),
    column('snapshot_id', 'long', true),
    column('parent_id', 'long'),
    column('is_current_ancestor', 'boolean', true),
  ],
  rows: ({ metadata }) => {
    const ancestors = currentAncestors(metadata);
    return metadata.snapshotLog.map(({ timestampMs, snapshotId }) => {
      const snapshot = metadata.snapshots.find((candidate) => candidate.snapshotId === snapshotId);
      return [timestamp(timestampMs), snapshotId, snapshot?.parentSnapshotId ?? null, ancestors.has(snapshotId)];
    });
  },
};

function currentAncestors(metadata: TableMetadata): Set<bigint> {
  const byId = new Map(metadata.snapshots.map((snapshot) => [snapshot.snapshotId, snapshot]));
  const ancestors = new Set<bigint>();
  let id = metadata.currentSnapshotId;
  while (id !== undefined && !ancestors.has(id)) {
    ancestors.add(id);
    id = byId.get(id)?.parentSnapshotId;
  }
  return ancestors;
}

export const refs: MetadataTable = {
  columns: () => [
    column('name', 'string', true),
    column('type', 'string', true),
    column('snapshot_id', 'long', true),
    column('max_reference_age_in_ms', 'long'),
    column('min_snapshots_to_keep', 'int'),
    column('max_snapshot_age_in_ms', 'long'),
  ],
  rows: ({ metadata }) =>
    Object.entries(metadata.refs).map(([name, ref]) => [
      name,
      ref.type.toUpperCase(),
      ref.snapshotId,
      ref.maxRefAgeMs ?? null,
      ref.minSnapshotsToKeep ?? null,
      ref.maxSnapshotAgeMs ?? null,
    ]),
};

export const metadataLogEntries: MetadataTable = {
  columns: () => [
    column('timestamp', 'timestamptz', true),
    column('file', 'string', true),
    column('latest_snapshot_id', 'long'),
    column('latest_schema_id', 'int'),
    column('latest_sequence_number', 'long'),
  ],
  rows: ({ metadata, metadataLocation }) => {
    const entries = [...metadata.metadataLog];
    if (metadataLocation) entries.push({ timestampMs: metadata.lastUpdatedMs, metadataFile: metadataLocation });
    return entries.map(({ timestampMs, metadataFile }) => {
      const latest = metadata.snapshotLog.filter((entry) => entry.timestampMs <= timestampMs).at(-1);
      const snapshot = metadata.snapshots.find(({ snapshotId }) => snapshotId === latest?.snapshotId);
      return [
        timestamp(timestampMs),
        metadataFile,
        latest?.snapshotId ?? null,
        snapshot?.schemaId ?? null,
        snapshot?.sequenceNumber ?? null,
      ];
    });
  },
};

export const properties: MetadataTable = {
  columns: () => [column('key', 'string', true), column('value', 'string', true)],
  rows: ({ metadata }) => Object.entries(metadata.properties),
};
