/** The public face of the table format: what planning a read and preparing a commit take and give. */
import type { Filter } from '../expressions/index.js';
import type { Storage } from '../storage/contract.js';
import type { MetadataCache } from './metadata-cache.js';
import type { DataFile, DeleteFile, NestedField, Schema, Snapshot, TableMetadata } from './types.js';

export interface ScanRequest {
  metadata: TableMetadata;
  /** Absent: the current snapshot of the main branch. */
  snapshotId?: bigint;
  /** The schema whose column names the filter uses; default: the snapshot's own for time travel, else the current one. */
  schema?: Schema;
  /** What prunes files; rows are not filtered by it. */
  filter?: Filter;
  /** What else prunes files: that rows have a partner in a table that they are joined with. */
  joinKeys?: Filter;
  /** Only the first rows in the order of a column are wanted; its statistics have to be kept. */
  top?: TopRequest;
  storage: Storage;
  signal?: AbortSignal;
  cache?: MetadataCache;
  /** Field ids of columns whose counts and bounds the planned files are to keep, for MIN, MAX and COUNT from metadata. Default: none. */
  statistics?: readonly number[];
}

export interface TopRequest {
  field: NestedField;
  rows: number;
  descending: boolean;
  nullsFirst: boolean;
}

/** A value that can be printed and tested without a server. */
export interface ScanPlan {
  snapshot: Snapshot | undefined;
  /** The schema that the rows are read with: the request's. */
  schema: Schema;
  tasks: FileTask[];
  statistics: ScanStatistics;
}

export interface FileTask {
  file: DataFile;
  /** Position deletes, equality deletes and deletion vectors that apply to the file by sequence number and partition. */
  deletes: DeleteFile[];
}

export interface ScanStatistics {
  manifestsTotal: number;
  manifestsRead: number;
  filesTotal: number;
  filesPlanned: number;
  bytesTotal: number;
  bytesPlanned: number;
  deleteFiles: number;
  /** What pruned, in words, most effective first. */
  prunedBy: { reason: 'partition' | 'statistics' | 'manifest' | 'join keys' | 'order and limit'; files: number }[];
}

/** New files for one snapshot. Paths are locations in the store. */
export interface SnapshotChange {
  operation: 'append' | 'overwrite' | 'delete' | 'replace';
  added: DataFile[];
  addedDeletes?: DeleteFile[];
  /**
   * Data and delete files that the new snapshot no longer holds, by location; `removalKey` names one deletion vector of a Puffin file that
   * holds several.
   */
  removed?: string[];
  branch?: string;
  summary?: Record<string, string>;
}

/** Iceberg REST specification, `TableRequirement` and `TableUpdate`: what a snapshot asks for. */
export type SnapshotRequirement =
  | { type: 'assert-table-uuid'; uuid: string }
  | { type: 'assert-ref-snapshot-id'; ref: string; 'snapshot-id': bigint | null };

export type SnapshotUpdate =
  | { action: 'add-snapshot'; snapshot: Record<string, unknown> & { 'snapshot-id': bigint } }
  | { action: 'set-snapshot-ref'; 'ref-name': string; type: 'branch'; 'snapshot-id': bigint };

/** A snapshot whose manifests are written and which waits for its commit. */
export interface PreparedSnapshot {
  snapshotId: bigint;
  snapshot: Snapshot;
  /** The branch that will point to it. */
  branch: string;
  requirements: SnapshotRequirement[];
  updates: SnapshotUpdate[];
  /** Manifests and manifest list that were written; to be removed when the commit is refused. */
  written: string[];
}
