/** What the table functions `iceberg_snapshots`, `iceberg_metadata` and `iceberg_load_table_response` of DuckDB show, with its columns. */
import { writeJson } from '../../json.js';
import { inParallel } from '../../parallel.js';
import { loadEntries, loadManifests } from '../manifest/load.js';
import { column, timestamp } from './column.js';
import type { MetadataTable } from './table.js';

const manifestsAtATime = 8;
export const contentNames = {
  data: 'DATA',
  'position-deletes': 'POSITION_DELETES',
  'equality-deletes': 'EQUALITY_DELETES',
};

export const icebergSnapshots: MetadataTable = {
  columns: () => [
    column('sequence_number', 'long', true),
    column('snapshot_id', 'long', true),
    column('timestamp_ms', 'timestamp', true),
    column('manifest_list', 'string'),
    column('operation', 'string'),
  ],
  rows: ({ metadata }) =>
    metadata.snapshots.map(({ sequenceNumber, snapshotId, timestampMs, manifestList, summary }) => [
      BigInt(sequenceNumber),
      snapshotId,
      timestamp(timestampMs),
      manifestList ?? null,
      summary.operation ?? null,
    ]),
};

export const icebergMetadata: MetadataTable = {
  columns: () => [
    column('manifest_path', 'string', true),
    column('manifest_sequence_number', 'long', true),
    column('manifest_content', 'string', true),
    column('status', 'string', true),
    column('content', 'string', true),
    column('file_path', 'string', true),
    column('file_format', 'string', true),
    column('record_count', 'long', true),
    column('data_sequence_number', 'long'),
    column('file_sequence_number', 'long'),
  ],
  rows: async (source) => {
    const manifests = await loadManifests(source, source.snapshot);
    const rows = await inParallel(manifests, manifestsAtATime, async (manifest) =>
      (await loadEntries(source, manifest)).map(({ status, file }) => [
        manifest.location,
        BigInt(manifest.sequenceNumber),
        manifest.content === 'data' ? 'DATA' : 'DELETE',
        status.toUpperCase(),
        contentNames[file.content],
        file.location,
        file.format,
        file.recordCount,
        file.sequenceNumber ?? null,
        file.fileSequenceNumber ?? null,
      ]),
    );
    return rows.flat();
  },
};

/** The catalog's answer to one who loads the table, without what it says of access to the store. */
export const icebergLoadTableResponse: MetadataTable = {
  columns: () => [column('metadata_location', 'string'), column('metadata', 'string', true)],
  rows: ({ metadataLocation, metadataJson }) =>
    metadataJson === undefined ? [] : [[metadataLocation ?? null, writeJson(metadataJson)]],
};
