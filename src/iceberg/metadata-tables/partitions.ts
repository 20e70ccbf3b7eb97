/** The metadata table of partitions: what each of them holds. */
import { partitionKey } from '../partition-types.js';
import type { DataFile, DeleteFile, PartitionValue, Snapshot } from '../types.js';
import { column, struct, timestamp } from './column.js';
import { entriesOf } from './files.js';
import { partitionColumns, unifiedPartition } from './partition-column.js';
import type { MetadataTable } from './table.js';

interface PartitionTotals {
  partition: PartitionValue[];
  specId: number;
  records: number;
  files: number;
  size: number;
  positionDeletes: number;
  positionDeleteFiles: number;
  equalityDeletes: number;
  equalityDeleteFiles: number;
  updated?: Snapshot;
}

export const partitions: MetadataTable = {
  columns: ({ metadata }) => {
    const partition = partitionColumns(metadata);
    return [
      ...(partition.length > 0 ? [column('partition', struct(partition), true), column('spec_id', 'int', true)] : []),
      column('record_count', 'long', true),
      column('file_count', 'int', true),
      column('total_data_file_size_in_bytes', 'long', true),
      column('position_delete_record_count', 'long', true),
      column('position_delete_file_count', 'int', true),
      column('equality_delete_record_count', 'long', true),
      column('equality_delete_file_count', 'int', true),
      column('last_updated_at', 'timestamptz'),
      column('last_updated_snapshot_id', 'long'),
    ];
  },
  rows: async (source) => {
    const { metadata } = source;
    const columns = partitionColumns(metadata);
    const snapshots = new Map(metadata.snapshots.map((snapshot) => [snapshot.snapshotId, snapshot]));
    const totals = new Map<string, PartitionTotals>();
    for (const { status, file } of await entriesOf(source)) {
      if (status === 'deleted') continue;
      const partition = unifiedPartition(metadata, columns, file);
      const key = partitionKey(partition);
      const total = totals.get(key) ?? emptyTotals(partition, file.specId);
      totals.set(key, total);
      addFile(total, file);
      const snapshot = snapshots.get(file.snapshotId ?? -1n);
      if (snapshot && snapshot.timestampMs >= (total.updated?.timestampMs ?? 0)) total.updated = snapshot;
    }
    return [...totals.values()].map((total) => [
      ...(columns.length > 0 ? [total.partition, total.specId] : []),
      total.records,
      total.files,
      total.size,
      total.positionDeletes,
      total.positionDeleteFiles,
      total.equalityDeletes,
      total.equalityDeleteFiles,
      total.updated ? timestamp(total.updated.timestampMs) : null,
      total.updated?.snapshotId ?? null,
    ]);
  },
};

function emptyTotals(partition: PartitionValue[], specId: number): PartitionTotals {
  return {
    partition,
    specId,
    records: 0,
    files: 0,
    size: 0,
    positionDeletes: 0,
    positionDeleteFiles: 0,
    equalityDeletes: 0,
    equalityDeleteFiles: 0,
  };
}

function addFile(total: PartitionTotals, file: DataFile | DeleteFile): void {
  if (file.content === 'data') {
    total.records += file.recordCount;
    total.files++;
    total.size += file.fileSize;
    total.specId = Math.max(total.specId, file.specId);
  } else if (file.content === 'position-deletes') {
    total.positionDeletes += file.recordCount;
    total.positionDeleteFiles++;
  } else {
    total.equalityDeletes += file.recordCount;
    total.equalityDeleteFiles++;
  }
}
