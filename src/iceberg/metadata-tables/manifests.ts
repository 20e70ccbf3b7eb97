/** Metadata tables of manifests. */

import { inParallel } from '../../parallel.js';
import { loadManifests } from '../manifest/load.js';
import { partitionText, partitionTypes } from '../partition-types.js';
import { partitionSpecById } from '../snapshots.js';
import type { ManifestFile, TableMetadata } from '../types.js';
import { decodeValue } from '../values/single-value.js';
import { column, list, struct } from './column.js';
import type { MetadataTable } from './table.js';

const snapshotsAtATime = 8;

const columns = () => [
  column('content', 'int', true),
  column('path', 'string', true),
  column('length', 'long', true),
  column('partition_spec_id', 'int', true),
  column('added_snapshot_id', 'long', true),
  column('added_data_files_count', 'int', true),
  column('existing_data_files_count', 'int', true),
  column('deleted_data_files_count', 'int', true),
  column('added_delete_files_count', 'int', true),
  column('existing_delete_files_count', 'int', true),
  column('deleted_delete_files_count', 'int', true),
  column(
    'partition_summaries',
    list(
      struct([
        column('contains_null', 'boolean', true),
        column('contains_nan', 'boolean'),
        column('lower_bound', 'string'),
        column('upper_bound', 'string'),
      ]),
    ),
    true,
  ),
];

function row(metadata: TableMetadata, manifest: ManifestFile): unknown[] {
  const isData = manifest.content === 'data';
  const counts = [manifest.addedFilesCount ?? 0, manifest.existingFilesCount ?? 0, manifest.deletedFilesCount ?? 0];
  const none = [0, 0, 0];
  return [
    isData ? 0 : 1,
    manifest.location,
    manifest.length,
    manifest.specId,
    manifest.addedSnapshotId,
    ...(isData ? counts : none),
    ...(isData ? none : counts),
    summariesOf(metadata, manifest),
  ];
}

/** Bounds as the text that stands in partition paths. */
function summariesOf(metadata: TableMetadata, manifest: ManifestFile): unknown[] {
  const spec = partitionSpecById(metadata, manifest.specId);
  const types = partitionTypes(metadata, spec);
  return (manifest.partitions ?? []).map((summary, index) => {
    const type = types[index];
    const transform = spec.fields[index]?.transform ?? 'identity';
    const text = (bytes: Uint8Array | undefined) => {
      const value = type && bytes && decodeValue(type, bytes);
      return type === undefined || value === undefined ? null : partitionText(transform, type, value);
    };
    return [summary.containsNull, summary.containsNan ?? null, text(summary.lowerBound), text(summary.upperBound)];
  });
}

export const manifests: MetadataTable = {
  columns,
  rows: async (source) =>
    (await loadManifests(source, source.snapshot)).map((manifest) => row(source.metadata, manifest)),
};

export const allManifests: MetadataTable = {
  columns: () => [...columns(), column('reference_snapshot_id', 'long', true)],
  rows: async (source) => {
    const { metadata } = source;
    const rows = await inParallel(metadata.snapshots, snapshotsAtATime, async (snapshot) =>
      (await loadManifests(source, snapshot)).map((manifest) => [...row(metadata, manifest), snapshot.snapshotId]),
    );
    return rows.flat();
  },
};
