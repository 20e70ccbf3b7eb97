/** What the metadata table `position_deletes` is made of; the positions themselves lie in the delete files. */
import { Schema as ArrowSchema } from 'apache-arrow';
import type { Storage } from '../../storage/contract.js';
import { fieldToArrow } from '../arrow-field.js';
import { assignFieldIds } from '../field-ids.js';
import type { MetadataCache } from '../metadata-cache.js';
import { currentSnapshot, snapshotById } from '../snapshots.js';
import type { DeleteFile, Schema, TableMetadata } from '../types.js';
import { column, struct } from './column.js';
import { entriesOf } from './files.js';
import { partitionColumns, unifiedPartition } from './partition-column.js';

/** Columns as in Iceberg's core library; without `partition` for a table that never was partitioned. */
export function positionDeletesSchema(metadata: TableMetadata, { fields }: Schema): ArrowSchema {
  const partition = partitionColumns(metadata);
  const columns = assignFieldIds([
    column('file_path', 'string', true),
    column('pos', 'long', true),
    column('row', struct(fields)),
    ...(partition.length > 0 ? [column('partition', struct(partition), true)] : []),
    column('spec_id', 'int', true),
    column('delete_file_path', 'string', true),
  ]);
  return new ArrowSchema(columns.map(fieldToArrow));
}

/** The files of position deletes and the deletion vectors of a snapshot, by default the current one, each with the columns behind `row`. */
export async function positionDeleteFiles(
  metadata: TableMetadata,
  options: { storage: Storage; snapshotId?: bigint | undefined; cache?: MetadataCache; signal?: AbortSignal },
): Promise<{ file: DeleteFile; rest: unknown[] }[]> {
  const { snapshotId, ...rest } = options;
  const snapshot = snapshotId === undefined ? currentSnapshot(metadata) : snapshotById(metadata, snapshotId);
  const partition = partitionColumns(metadata);
  const entries = await entriesOf({ ...rest, metadata, snapshot }, ({ content }) => content === 'deletes');
  return entries.flatMap(({ status, file }) => {
    if (status === 'deleted' || file.content !== 'position-deletes') return [];
    const partitionOf = partition.length > 0 ? [unifiedPartition(metadata, partition, file)] : [];
    return [{ file, rest: [...partitionOf, file.specId, file.location] }];
  });
}
