/** Metadata tables, with the columns that Spark shows for Iceberg's metadata tables (without `readable_metrics`). */
import { Schema as ArrowSchema } from 'apache-arrow';
import type { Storage } from '../../storage/contract.js';
import { fieldToArrow } from '../arrow-field.js';
import { assignFieldIds } from '../field-ids.js';
import type { MetadataCache } from '../metadata-cache.js';
import { currentSnapshot, snapshotById } from '../snapshots.js';
import type { TableMetadata } from '../types.js';
import { icebergLoadTableResponse, icebergMetadata, icebergSnapshots } from './engine-forms.js';
import { icebergColumnStats, icebergPartitionStats } from './engine-statistics.js';
import { allDataFiles, allDeleteFiles, allEntries, allFiles, dataFiles, deleteFiles, entries, files } from './files.js';
import { history, metadataLogEntries, properties, refs, snapshots } from './history.js';
import { allManifests, manifests } from './manifests.js';
import { partitions } from './partitions.js';
import type { MetadataTable } from './table.js';

const tables = {
  snapshots,
  history,
  files,
  all_files: allFiles,
  all_data_files: allDataFiles,
  all_delete_files: allDeleteFiles,
  data_files: dataFiles,
  delete_files: deleteFiles,
  manifests,
  all_manifests: allManifests,
  partitions,
  entries,
  all_entries: allEntries,
  refs,
  metadata_log_entries: metadataLogEntries,
  properties,
} satisfies Record<string, MetadataTable>;

/** Those that only a table function reaches. */
const functionTables = {
  iceberg_snapshots: icebergSnapshots,
  iceberg_metadata: icebergMetadata,
  iceberg_column_stats: icebergColumnStats,
  iceberg_partition_stats: icebergPartitionStats,
  iceberg_load_table_response: icebergLoadTableResponse,
} satisfies Record<string, MetadataTable>;

export type MetadataTableName = keyof typeof tables;
export type FunctionTableName = keyof typeof functionTables;

export const METADATA_TABLES = Object.keys(tables) as MetadataTableName[];
export const FUNCTION_TABLES = Object.keys(functionTables) as FunctionTableName[];

export interface MetadataTableOptions {
  storage: Storage;
  /** Default: the current snapshot. */
  snapshotId?: bigint | undefined;
  /** Of the current metadata file; with it, `metadata_log_entries` has its entry. */
  metadataLocation?: string | undefined;
  /** Of the current metadata file; with it, `iceberg_load_table_response` has its row. */
  metadataJson?: unknown;
  cache?: MetadataCache | undefined;
  signal?: AbortSignal | undefined;
}

/** The rows of a metadata table, one array a row, as `rowsToBatch` takes them. */
export async function metadataTable(
  name: MetadataTableName | FunctionTableName,
  metadata: TableMetadata,
  options: MetadataTableOptions,
): Promise<{ schema: ArrowSchema; rows: unknown[][] }> {
  const { snapshotId, ...rest } = options;
  const snapshot = snapshotId === undefined ? currentSnapshot(metadata) : snapshotById(metadata, snapshotId);
  const source = { ...rest, metadata, snapshot };
  const table: MetadataTable = { ...tables, ...functionTables }[name];
  const columns = assignFieldIds(table.columns(source));
  return { schema: new ArrowSchema(columns.map(fieldToArrow)), rows: await table.rows(source) };
}
