/** The Iceberg REST catalog as Skua uses it (Iceberg REST specification). Every request carries the caller's own token. */
import type { BearerToken } from '../auth/index.js';
import type { StorageAccess } from '../storage/contract.js';
import type { ReadTerms } from './read-terms.js';
import type { TableCommit, ViewCommit } from './updates.js';

/** A namespace path, one entry a level. */
export type Namespace = readonly string[];

export interface TableIdentifier {
  namespace: Namespace;
  name: string;
}

/** A configured catalog, shared by all callers; holds no token. */
export interface Catalog {
  readonly name: string;
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
  loadTable(identifier: TableIdentifier): Promise<LoadedTable>;
  createTable(namespace: Namespace, request: CreateTableRequest): Promise<LoadedTable>;
  /**
   * Says what the table would be like, with credentials for the place where it will lie; a commit with the requirement `assert-create` then
   * makes it. A catalog that knows no staged creation: UNIMPLEMENTED, or it makes the table at once, and its answer has a `metadataLocation`.
   */
  stageTable(namespace: Namespace, request: CreateTableRequest): Promise<LoadedTable>;
  dropTable(identifier: TableIdentifier, options: { purge: boolean }): Promise<void>;
  renameTable(from: TableIdentifier, to: TableIdentifier): Promise<void>;
  /**
   * Commits to one table, with one request. Whatever the answer is but a success, the table is read, and the commit counts if the table holds
   * it. `CommitRefused`, if it doesn't: ABORTED after a lost race or a failed requirement. `CommitStateUnknown`, if that can't be told, upon
   * which no file may be removed.
   */
  commitTable(identifier: TableIdentifier, commit: TableCommit, look?: Look): Promise<void>;
  /** Commits to several tables at once; all or nothing. Fails in the same way. */
  commitTransaction(commits: IdentifiedCommit[], look?: Look): Promise<void>;
  /** Asks whether the caller may commit to a table, by a commit that changes nothing. A failed requirement: ABORTED. */
  probeTable(identifier: TableIdentifier, commit: TableCommit): Promise<void>;
  loadView(identifier: TableIdentifier): Promise<LoadedView>;
  createView(namespace: Namespace, request: unknown): Promise<LoadedView>;
  /** Commits to a view. A lost race or a failed requirement: ABORTED. */
  commitView(identifier: TableIdentifier, commit: ViewCommit): Promise<LoadedView>;
  dropView(identifier: TableIdentifier): Promise<void>;
  renameView(from: TableIdentifier, to: TableIdentifier): Promise<void>;
}

/** The terms are those of this one answer: they are the caller's own, and the next answer may have others. */
export interface LoadedTable extends ReadTerms {
  identifier: TableIdentifier;
  metadataLocation: string | undefined;
  /** Table metadata as JSON (Iceberg spec, "Table Metadata"), 64-bit integers kept exact; `parseTableMetadata` gives it its types. */
  metadata: unknown;
  /** How to read and write the table's files as this caller. */
  storage: StorageAccess;
}

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
  location?: string;
  properties?: Record<string, string>;
}

export interface IdentifiedCommit {
  identifier: TableIdentifier;
  commit: TableCommit;
}

/** How long a table is asked for what became of a commit: the first time at once, then after random times up to these, in milliseconds. */
export interface Look {
  waits: readonly number[];
}
