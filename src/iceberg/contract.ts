/** The public face of the table format: what planning a read and preparing a commit take and give. */
import type { Filter } from '../expressions/index.js';
import type { Storage, StorageAccess } from '../storage/contract.js';
import type { MetadataCache } from './metadata-cache.js';
import type { TableRequirement, TableUpdate } from './rest/updates.js';
import type { DataFile, DeleteFile, NestedField, Schema, Snapshot, TableMetadata } from './types.js';

export type * from './rest/updates.js';

export interface ScanRequest {
  metadata: TableMetadata;
  /** Absent: the current snapshot of the main branch. */
  snapshotId?: bigint | undefined;
  /** The schema whose column names the filter uses; default: the snapshot's own for time travel, else the current one. */
  schema?: Schema | undefined;
  /** What prunes files; rows are not filtered by it. */
  filter?: Filter | undefined;
  /** What else prunes files: that rows have a partner in a table that they are joined with. */
  joinKeys?: Filter | undefined;
  /** Only the first rows in the order of a column are wanted; its statistics have to be kept. */
  top?: TopRequest | undefined;
  /** Only the data files that belong to one of several servers. Catalogs that plan scans are not asked by it. */
  share?: Share | undefined;
  storage: Storage;
  signal?: AbortSignal | undefined;
  cache?: MetadataCache | undefined;
  /** Field ids of the columns that are read, where a catalog that plans the scan may know them. Default: all. */
  columns?: readonly number[] | undefined;
  /** Field ids of columns whose counts and bounds the planned files are to keep, for MIN, MAX and COUNT from metadata. Default: none. */
  statistics?: readonly number[] | undefined;
}

/** What is one server's of several: each file belongs to one of them by its location (see `Rendezvous`). */
export interface Share {
  servers: readonly string[];
  /** Into `servers`. */
  index: number;
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
  /** How the planned files are read, where not by the table's own access. */
  read?: { access: StorageAccess; storage: Storage };
}

/** What a catalog answers that plans a scan (Iceberg REST specification, `PlanTableScanResult`), all pages of it. */
export interface CatalogPlan {
  pages: { 'file-scan-tasks'?: unknown; 'delete-files'?: unknown }[];
  /** With the plan's own credentials, where it has some. */
  access: StorageAccess;
  open(access: StorageAccess): Storage;
}

/** Asks a catalog for a plan; `request` is the body of `PlanTableScanRequest`. */
export type AskForPlan = (request: Record<string, unknown>, signal: AbortSignal | undefined) => Promise<CatalogPlan>;

export interface FileTask {
  file: DataFile;
  /** Position deletes, equality deletes and deletion vectors that apply to the file by sequence number and partition. */
  deletes: DeleteFile[];
  /** Only the row groups from `first` to before `end`, counted from 0. Default: all. */
  rowGroups?: { first: number; end: number };
}

export interface ScanStatistics {
  manifestsTotal: number;
  manifestsRead: number;
  /** Those of the manifests that list delete files. */
  deleteManifestsTotal: number;
  deleteManifestsRead: number;
  filesTotal: number;
  filesPlanned: number;
  bytesTotal: number;
  bytesPlanned: number;
  deleteFiles: number;
  /** What pruned, in words, most effective first. */
  prunedBy: {
    reason: 'partition' | 'statistics' | 'manifest' | 'join keys' | 'order and limit' | 'other servers';
    files: number;
  }[];
  /** The catalog planned, and tells nothing of manifests. */
  isPlannedByCatalog?: boolean;
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
  /** Default: main. One that the table does not have yet begins at the current snapshot. */
  branch?: string;
  /** No branch comes to the snapshot: it waits to be published. */
  isStaged?: boolean;
  summary?: Record<string, string>;
}

/** What a snapshot asks for. */
export type SnapshotRequirement = Extract<TableRequirement, { type: 'assert-table-uuid' | 'assert-ref-snapshot-id' }>;

export type SnapshotUpdate =
  | Extract<TableUpdate, { action: 'add-snapshot' }>
  | (Extract<TableUpdate, { action: 'set-snapshot-ref' }> & { type: 'branch' });

/** A snapshot whose manifests are written and which waits for its commit. */
export interface PreparedSnapshot {
  snapshotId: bigint;
  snapshot: Snapshot;
  /** The branch that will point to it; undefined for one that is staged. */
  branch: string | undefined;
  requirements: SnapshotRequirement[];
  updates: SnapshotUpdate[];
  /** Manifests and manifest list that were written; to be removed when the commit is refused. */
  written: string[];
}
