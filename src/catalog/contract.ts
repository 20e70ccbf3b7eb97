/** The Iceberg REST catalog as Skua uses it (Iceberg REST specification). Every request carries the caller's own token. */
import type { BearerToken } from '../auth/index.js';
import type { TableCommit } from '../iceberg/contract.js';
import type { StorageAccess } from '../storage/contract.js';
import type { ReadTerms } from './read-terms.js';
import type { RequestKey } from './request-key.js';
import type { ViewCommit } from './updates.js';

/** A namespace path, one entry a level. */
export type Namespace = readonly string[];

export interface TableIdentifier {
  namespace: Namespace;
  name: string;
}

/** A configured catalog, shared by all callers; holds no token. */
export interface Catalog {
  readonly name: string;
  /** How its files are reached with what is configured alone, without anybody's token. */
  configuredAccess(): StorageAccess;
  /** The catalog as one caller sees it. */
  as(token: BearerToken): CatalogSession;
}

/**
 * Failures are `SkuaError`s: 401 UNAUTHENTICATED, 403 PERMISSION_DENIED, 404 NOT_FOUND, 409 ALREADY_EXISTS (creations) or ABORTED (commits),
 * 5xx and unreachable UNAVAILABLE; the message is the catalog's own sentence and nothing else of the answer.
 */
export interface CatalogSession {
  readonly catalog: string;
  listNamespaces(parent?: Namespace): Promise<Namespace[]>;
  loadNamespace(namespace: Namespace): Promise<Record<string, string>>;
  createNamespace(namespace: Namespace, properties?: Record<string, string>): Promise<void>;
  dropNamespace(namespace: Namespace): Promise<void>;
  /** Sets and removes properties. Catalogs need not take both in one request. */
  updateNamespace(
    namespace: Namespace,
    changes: { updates?: Record<string, string>; removals?: string[] },
  ): Promise<void>;
  listTables(namespace: Namespace): Promise<TableIdentifier[]>;
  listViews(namespace: Namespace): Promise<TableIdentifier[]>;
  loadTable(identifier: TableIdentifier, options?: LoadOptions): Promise<LoadedTable>;
  createTable(namespace: Namespace, request: CreateTableRequest): Promise<LoadedTable>;
  /**
   * Says what the table would be like, with credentials for the place where it will lie; a commit with the requirement `assert-create` then
   * makes it. A catalog that knows no staged creation: UNIMPLEMENTED, or it makes the table at once, and its answer has a `metadataLocation`.
   */
  stageTable(namespace: Namespace, request: CreateTableRequest): Promise<LoadedTable>;
  /** Makes a table of a metadata file that is there. */
  registerTable(namespace: Namespace, request: { name: string; metadataLocation: string }): Promise<LoadedTable>;
  dropTable(identifier: TableIdentifier, options: { purge: boolean }): Promise<void>;
  renameTable(from: TableIdentifier, to: TableIdentifier): Promise<void>;
  /**
   * Commits to one table, with one request. Whatever the answer is but a success, the table is read, and the commit counts if the table holds
   * it. `CommitRefused`, if it doesn't: ABORTED after a lost race or a failed requirement. `CommitStateUnknown`, if that can't be told, upon
   * which no file may be removed.
   */
  commitTable(identifier: TableIdentifier, commit: TableCommit, sending?: Sending): Promise<void>;
  /** Commits to several tables at once; all or nothing. Fails in the same way. */
  commitTransaction(commits: IdentifiedCommit[], sending?: Sending): Promise<void>;
  /** Asks whether the caller may commit to a table, by a commit that changes nothing. A failed requirement: ABORTED. */
  probeTable(identifier: TableIdentifier, commit: TableCommit): Promise<void>;
  /**
   * Tells the catalog of a scan or a commit (`ReportMetricsRequest` of the specification), where it takes reports. Returns at once; a report
   * that can't be delivered is dropped.
   */
  report(identifier: TableIdentifier, report: unknown): void;
  loadView(identifier: TableIdentifier): Promise<LoadedView>;
  createView(namespace: Namespace, request: unknown): Promise<LoadedView>;
  /** Commits to a view. A lost race or a failed requirement: ABORTED. */
  commitView(identifier: TableIdentifier, commit: ViewCommit): Promise<LoadedView>;
  dropView(identifier: TableIdentifier): Promise<void>;
  renameView(from: TableIdentifier, to: TableIdentifier): Promise<void>;
}

export interface LoadOptions {
  /** `refs`: of the snapshots, only those that a branch or tag names. Default `all`. */
  snapshots?: 'all' | 'refs';
  /** The views of the same catalog that led to the table, the outermost first: what may be read of it can depend on them. */
  referencedBy?: readonly TableIdentifier[];
}

/** The terms are those of this one answer: they are the caller's own, and the next answer may have others. */
export interface LoadedTable extends ReadTerms {
  identifier: TableIdentifier;
  metadataLocation: string | undefined;
  /** Table metadata as JSON (Iceberg spec, "Table Metadata"), 64-bit integers kept exact; `parseTableMetadata` gives it its types. */
  metadata: unknown;
  /** The metadata may lack snapshots that no branch or tag names. */
  lacksSnapshots?: boolean;
  /** How to read and write the table's files as this caller. */
  storage: StorageAccess;
  /** The catalog plans scans of the table: since it demands to, or since that is configured. */
  planScan?: PlanScan;
}

/** A plan as it was answered, all parts of it. */
export interface PlannedFiles {
  pages: { 'file-scan-tasks'?: unknown; 'delete-files'?: unknown }[];
  /** With the plan's own credentials, where it has some; those hold for its files. */
  access: StorageAccess;
}

/**
 * Has the catalog plan a scan; `request` is the body of a PlanTableScanRequest. A plan that failed fails as the catalog says. A signal that
 * fires ends the plan at the catalog, too.
 */
export type PlanScan = (request: Record<string, unknown>, signal: AbortSignal | undefined) => Promise<PlannedFiles>;

export interface LoadedView {
  identifier: TableIdentifier;
  metadataLocation: string | undefined;
  /** View metadata as JSON (Iceberg view spec). */
  metadata: unknown;
}

export interface CreateTableRequest {
  name: string;
  schema: unknown;
  partitionSpec?: unknown;
  writeOrder?: unknown;
  location?: string | undefined;
  properties?: Record<string, string> | undefined;
}

export interface IdentifiedCommit {
  identifier: TableIdentifier;
  commit: TableCommit;
}

/** How a commit is sent. */
export interface Sending {
  /** When a table is asked for what became of it: the first time at once, then after random times up to these, in milliseconds. */
  waits: readonly number[];
  /** The same for every try of the same commit. */
  key?: RequestKey;
}
