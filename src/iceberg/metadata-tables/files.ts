/** Metadata tables of files and manifest entries. */

import { inParallel } from '../../parallel.js';
import { loadEntries, loadManifests } from '../manifest/load.js';
import type { DataFile, DeleteFile, ManifestEntry, ManifestFile, NestedField, TableMetadata } from '../types.js';
import { column, list, map, struct } from './column.js';
import { partitionColumns, unifiedPartition } from './partition-column.js';
import type { MetadataTable, MetadataTableSource } from './table.js';

const contentNumbers = { data: 0, 'position-deletes': 1, 'equality-deletes': 2 };
const statusNumbers = { existing: 0, added: 1, deleted: 2 };
const manifestsAtATime = 8;

function fileColumns(metadata: TableMetadata): NestedField[] {
  const partition = partitionColumns(metadata);
  return [
    column('content', 'int'),
    column('file_path', 'string', true),
    column('file_format', 'string', true),
    column('spec_id', 'int'),
    ...(partition.length > 0 ? [column('partition', struct(partition), true)] : []),
    column('record_count', 'long', true),
    column('file_size_in_bytes', 'long', true),
    column('column_sizes', map('int', 'long')),
    column('value_counts', map('int', 'long')),
    column('null_value_counts', map('int', 'long')),
    column('nan_value_counts', map('int', 'long')),
    column('lower_bounds', map('int', 'binary')),
    column('upper_bounds', map('int', 'binary')),
    column('key_metadata', 'binary'),
    column('split_offsets', list('long')),
    column('equality_ids', list('int')),
    column('sort_order_id', 'int'),
    column('first_row_id', 'long'),
    column('referenced_data_file', 'string'),
    column('content_offset', 'long'),
    column('content_size_in_bytes', 'long'),
  ];
}

function fileRow(metadata: TableMetadata, partition: readonly NestedField[], file: DataFile | DeleteFile): unknown[] {
  const deletes = file.content === 'data' ? undefined : file;
  return [
    contentNumbers[file.content],
    file.location,
    file.format.toUpperCase(),
    file.specId,
    ...(partition.length > 0 ? [unifiedPartition(metadata, partition, file)] : []),
    file.recordCount,
    file.fileSize,
    file.columnSizes,
    file.valueCounts,
    file.nullCounts,
    file.nanCounts,
    file.lowerBounds,
    file.upperBounds,
    file.keyMetadata,
    file.splitOffsets,
    deletes?.equalityIds,
    file.sortOrderId,
    file.content === 'data' ? file.firstRowId : undefined,
    deletes?.referencedDataFile,
    deletes?.contentOffset,
    deletes?.contentSize,
  ];
}

/** All entries of a snapshot, those of deleted files included. */
export async function entriesOf(
  source: MetadataTableSource,
  accepts: (manifest: ManifestFile) => boolean = () => true,
): Promise<ManifestEntry[]> {
  const manifests = (await loadManifests(source, source.snapshot)).filter(accepts);
  return (await inParallel(manifests, manifestsAtATime, (manifest) => loadEntries(source, manifest))).flat();
}

/** The manifests that any snapshot of the table holds, each once. */
async function allManifestsOf(source: MetadataTableSource): Promise<ManifestFile[]> {
  const lists = await inParallel(source.metadata.snapshots, manifestsAtATime, (snapshot) =>
    loadManifests(source, snapshot),
  );
  return [...new Map(lists.flat().map((manifest) => [manifest.location, manifest])).values()];
}

function filesTable(accepts: (manifest: ManifestFile) => boolean): MetadataTable {
  return {
    columns: ({ metadata }) => fileColumns(metadata),
    rows: async (source) => {
      const partition = partitionColumns(source.metadata);
      const entries = await entriesOf(source, accepts);
      return entries
        .filter(({ status }) => status !== 'deleted')
        .map(({ file }) => fileRow(source.metadata, partition, file));
    },
  };
}

export const files = filesTable(() => true);
export const dataFiles = filesTable(({ content }) => content === 'data');
export const deleteFiles = filesTable(({ content }) => content === 'deletes');

/** Files that any snapshot of the table has. */
function allFilesTable(accepts: (manifest: ManifestFile) => boolean): MetadataTable {
  return {
    columns: ({ metadata }) => fileColumns(metadata),
    rows: async (source) => {
      const partition = partitionColumns(source.metadata);
      const entries = await allEntriesOf(source, accepts);
      return entries
        .filter(({ status }) => status !== 'deleted')
        .map(({ file }) => fileRow(source.metadata, partition, file));
    },
  };
}

async function allEntriesOf(
  source: MetadataTableSource,
  accepts: (manifest: ManifestFile) => boolean = () => true,
): Promise<ManifestEntry[]> {
  const manifests = (await allManifestsOf(source)).filter(accepts);
  return (await inParallel(manifests, manifestsAtATime, (manifest) => loadEntries(source, manifest))).flat();
}

export const allFiles = allFilesTable(() => true);
export const allDataFiles = allFilesTable(({ content }) => content === 'data');
export const allDeleteFiles = allFilesTable(({ content }) => content === 'deletes');

function entriesTable(entriesIn: (source: MetadataTableSource) => Promise<ManifestEntry[]>): MetadataTable {
  return {
    columns: ({ metadata }) => [
      column('status', 'int', true),
      column('snapshot_id', 'long'),
      column('sequence_number', 'long'),
      column('file_sequence_number', 'long'),
      column('data_file', struct(fileColumns(metadata)), true),
    ],
    rows: async (source) => {
      const partition = partitionColumns(source.metadata);
      return (await entriesIn(source)).map(({ status, file }) => [
        statusNumbers[status],
        file.snapshotId ?? null,
        file.sequenceNumber ?? null,
        file.fileSequenceNumber ?? null,
        fileRow(source.metadata, partition, file),
      ]);
    },
  };
}

export const entries = entriesTable((source) => entriesOf(source));
export const allEntries = entriesTable((source) => allEntriesOf(source));
