/**
 * What Skua asks of an SQL engine: a bound statement with pinned tables in; a schema and a stream of Arrow record batches out. How an engine
 * finds the rows of a table, and what it fetches, keeps and runs for that, is its own affair.
 */
import type { Schema } from 'apache-arrow';
import type { ColumnarBatch } from '../arrow/index.js';
import type { Filter, TableColumn } from '../expressions/index.js';
import type { MaskedField, ReadRestrictions } from '../governance/index.js';
import type { AskForPlan, FileTask, ScanPlan, ScanStatistics } from '../iceberg/contract.js';
import type { DataFile, DeleteFile, SortOrder, TableMetadata, Schema as TableSchema } from '../iceberg/types.js';
import type { Storage, StorageAccess } from '../storage/contract.js';
import type { FunctionCorrection, FunctionDefinition, SqlParser } from './syntax.js';

export type * from './syntax.js';

export interface Engine {
  /** A place for the statements of one session; nothing that one session does is seen in another. */
  open(options: SessionOptions): Promise<EngineSession>;
  /** What it keeps of files besides the caches that it is given. */
  caches?(): EngineCache[];
  /** The processes that run at this moment. */
  processes(): EngineProcessStatus[];
  close(): Promise<void>;
}

export interface EngineCache {
  cache: string;
  hits: number;
  misses: number;
  bytes: number;
}

export interface EngineProcessStatus {
  /** Of the operating system. */
  pid: number;
  /** `spare`: started, and waiting for its first session. */
  role: 'shared' | 'own' | 'spare';
  sessions: number;
  /** Requests under way. */
  requests: number;
}

export interface SessionOptions {
  /** Whose statements run in it: a word that is the same for all sessions of one principal, and of nobody else. */
  principal: string;
  /** Memory that the session may use before it spills or refuses with RESOURCE_EXHAUSTED, in bytes. */
  memoryLimit: number;
  /** Disk space that it may fill with what does not fit in memory, in bytes. */
  spillLimit?: number | undefined;
  /** Threads for one statement. */
  threads: number;
}

/** Aborting a signal ends what it was given to: CANCELLED. */
export interface EngineSession {
  /** The syntax of a text: what a single SELECT refers to. Never touches data. */
  readonly parser: SqlParser;
  /**
   * Binds and types a statement without reading data. Unknown column, or values bound that it can do nothing with: INVALID_ARGUMENT.
   * Restrictions of a table that don't fit its schema: PERMISSION_DENIED.
   */
  describe(statement: BoundStatement, options?: DescribeOptions): Promise<QueryDescription>;
  /** Starts a query; comes back when its first rows are there, or are sure to come. */
  run(statement: BoundStatement, options: RunOptions): Promise<ResultStream>;
  /** What the scans of a query would read, by the metadata of its tables alone. */
  plan(statement: BoundStatement, options: StatementOptions): Promise<ScanProfile[]>;
  /** Plans a query; with `analyze`, runs it and drops its rows. */
  explain(statement: BoundStatement, options: ExplainOptions): Promise<Explanation>;
  /** Runs a query once and keeps its rows, to be read by other statements of the session as often as they like. */
  keep(statement: BoundStatement, options: KeepOptions): Promise<KeptRows>;
  /**
   * Writes the rows of a query as data files of a table, through its storage; they are not yet part of any snapshot. The query's columns go to the
   * given ones by position, and are cast. A value that would lose more by it than digits behind its point, or that the column can't hold:
   * INVALID_ARGUMENT naming the path to it.
   */
  writeDataFiles(statement: BoundStatement, options: WriteOptions): Promise<DataFile[]>;
  /**
   * Writes the rows of a query, which are locations of data files and positions in them, as position delete files of a table, sorted (Iceberg
   * spec, "Position Delete Files").
   */
  writePositionDeletes(statement: BoundStatement, options: PositionDeleteOptions): Promise<DeleteFile[]>;
  close(): Promise<void>;
}

/** A text, and what each table name in it stands for. Names are written quoted. */
export interface BoundStatement {
  /** Under which the log speaks of it. */
  id?: string | undefined;
  sql: string;
  tables: readonly BoundTable[];
  /** What takes the place of the engine's own functions, of which `iceberg_bucket` and `iceberg_truncate` are two. */
  functions: readonly (FunctionDefinition | FunctionCorrection)[];
  /** In hexadecimal digits: of hashes that are the same throughout the statement, and in no other. */
  salt: () => string;
  /** Told when everything that the plan reads is there, with a look at what the scans have come to: one for each Iceberg table, in order. */
  onStaged?: ((profiles: () => ScanProfile[]) => void) | undefined;
  /**
   * Asks for the engine's own account of what it ran, told once for each text that ran to its end. Never told of a statement that reads a
   * restricted table, whose operators count what is hidden.
   */
  onProfile?: ((profile: EngineProfile) => void) | undefined;
  /** Each row of the result is made of one row of its only table: what its data files give one after the other is the result, up to `limit` rows. */
  rowByRow?: { limit?: number | undefined } | undefined;
  /** Another engine may run it; absent where this one must. */
  routing?: Routing | undefined;
  /** The session's, as a name of the IANA database: of casts between times with zone and what has none, and of results. Default: UTC. */
  timeZone?: string | undefined;
}

/** Which engine a statement asks for, where it does. */
export interface Routing {
  /** By its configured name, or `local`. */
  engine?: { name: string; by: 'hint' | 'setting' } | undefined;
}

export type BoundTable = { name: string } & (
  | { kind: 'iceberg'; table: PinnedTable }
  /** All rows of some files of a table, its hidden columns included. `columns` are fetched before it is known what the statement reads; default: all. */
  | { kind: 'files'; table: PinnedTable; tasks: readonly FileTask[]; columns?: readonly string[] | undefined }
  /** What delete files of a table say, with the columns `file_path` and `pos`. */
  | { kind: 'position-deletes'; table: PinnedTable; files: readonly DeleteFile[] }
  | RowsSource
  /** Rows that are computed once it is known which of them the statement needs. */
  | { kind: 'listed'; schema: Schema; list: (demand: RowsDemand) => Promise<readonly ColumnarBatch[]> }
  | { kind: 'kept'; rows: KeptRows }
);

/** Rows that are handed to the engine. What can be iterated only once serves one statement. */
export interface RowsSource {
  kind: 'rows';
  schema: Schema;
  batches: Iterable<ColumnarBatch> | AsyncIterable<ColumnarBatch>;
}

/** Rows that the filter would drop may be given all the same, and columns that are not asked for be null. */
export interface RowsDemand {
  columns: readonly string[];
  filter?: Filter | undefined;
}

/** An Iceberg table as one statement sees it. */
export interface PinnedTable {
  identifier: { catalog: string; namespace: readonly string[]; name: string };
  /** The identifier as users read it. */
  displayName: string;
  metadata: TableMetadata;
  /** Absent for a table without snapshots. */
  snapshotId: bigint | undefined;
  /** What its columns are. */
  schema: TableSchema;
  /** The state is one of a transaction's, which its catalog does not know. */
  isUncommitted?: boolean | undefined;
  /** Only a part of the rows. */
  part?: PartOfTable | undefined;
  /** Names of hidden columns that it has besides: `_file`, `_pos`, … */
  hidden?: readonly string[] | undefined;
  /** How the caller reaches the table's files, and the files reached that way. */
  access: StorageAccess;
  storage: Storage;
  /** What its catalog lets the caller read of it; absent where that is all. Nothing of the text is computed on what is hidden. */
  restrictions?: ReadRestrictions | undefined;
  /** Its catalog plans its scans. */
  planScan?: AskForPlan | undefined;
  /** Told of each scan of it that was planned. */
  onPlanned?: ((scan: PlannedScan) => void) | undefined;
}

/**
 * Rows that appends added after a snapshot, those in files that another snapshot does not hold alike, or those in the data files that belong to
 * one of several servers (see `Rendezvous`).
 */
export type PartOfTable =
  | { kind: 'appendedAfter' | 'notIn'; snapshotId: bigint }
  | { kind: 'share'; servers: readonly string[]; index: number };

/** A scan, with what the text asks of the table: what else prunes is not told, since it may come from other tables or from restrictions. */
export interface PlannedScan {
  plan: ScanPlan;
  filter: Filter | undefined;
  /** Names of the columns that are read. */
  columns: readonly string[];
  /** Milliseconds that planning took. */
  duration: number;
}

export interface QueryDescription {
  schema: Schema;
  /** One field per parameter: what it takes, or without bound values, what the engine would choose for it. */
  parameters: Schema;
  /** SQL types that the parameters are cast to; see `ParameterRow`. */
  types: readonly (string | undefined)[];
}

export interface DescribeOptions {
  signal?: AbortSignal | undefined;
  bound?: BoundParameters | undefined;
  /** Columns that the rows go to, in the order of the query's. Parameters that stand for one of them have its type. */
  into?: readonly TableColumn[] | undefined;
}

/** Rows of values for the parameters of a statement, one column per parameter. */
export interface BoundParameters {
  schema: Schema;
  batches: readonly ColumnarBatch[];
  /** Numbers, from 1, of the parameters that are only cast where no value is lost. */
  exact?: readonly number[] | undefined;
}

/** Values for the parameters of one execution: row `index` of a batch with one column per parameter. */
export interface ParameterRow {
  schema: Schema;
  batch: ColumnarBatch;
  index: number;
  /** What the values are cast to, as the statement was described with them. Default: what they are. */
  types?: readonly (string | undefined)[] | undefined;
}

export interface StatementOptions {
  signal: AbortSignal;
  parameters?: ParameterRow | undefined;
}

export interface RunOptions extends StatementOptions {
  /**
   * Columns that the result has been announced with. Where the engine gives a column of another type, it is cast; a value that would not be
   * the same then: INVALID_ARGUMENT.
   */
  schema?: Schema | undefined;
  /** Batches are coalesced to about this many bytes. */
  batchBytes: number;
  /** Each batch is good only until the next one is asked for, or the stream is left: for readers that keep none. */
  lend?: boolean | undefined;
  /**
   * Given a function that says how much of the query is done, 0 to 1, where the engine knows it; before the query begins. Never of a query that
   * reads a restricted table, since that tells how many rows are hidden.
   */
  onProgress?: ((read: () => number | undefined) => void) | undefined;
}

export interface ResultStream {
  schema: Schema;
  /** Pulled, never pushed: no more than a few batches are computed ahead of the consumer. Leaving the loop early stops the query. */
  batches: AsyncIterable<ColumnarBatch>;
  /** Ends what still runs, and lets go of what it holds, also where nobody ever read the batches. */
  close(): Promise<void>;
}

export interface ExplainOptions extends StatementOptions {
  analyze: boolean;
}

export interface Explanation {
  /** One for each Iceberg table of the statement, in order. */
  scans: ScanProfile[];
  /** The plan of an engine that tells its operators; that of another in its own words. */
  plan: PlanOperator | string;
  /** Which engine runs it and why, where there are several. */
  engine?: { name: string; reason: string } | undefined;
  /** In milliseconds: until everything that the plan reads was there, and from then on. */
  times: { staging: number; engine: number };
}

/** An operator of a plan, and those that it has its rows from. */
export interface PlanOperator {
  /** As the engine calls it; `TABLE_SCAN` for what reads an Iceberg table. */
  operator: string;
  /** Of a scan: the table's name in the statement's text. */
  table?: string | undefined;
  /** What it does, by the engine's words for it. */
  details: Record<string, string[]>;
  estimatedRows?: number | undefined;
  /** Where the statement was run: the rows that it gave, and the seconds that it took by itself, of all threads together. */
  rows?: number | undefined;
  seconds?: number | undefined;
  children: PlanOperator[];
}

export interface EngineProfile {
  /** With rows and seconds; `?` in the place of every literal. */
  plan: PlanOperator;
  /** The most bytes that the session had on disk meanwhile, of what did not fit in memory. */
  spilledBytes: number;
}

export interface ScanProfile {
  /** Columns that the plan reads, those of filters included. */
  columns: readonly string[];
  /** Of a restricted table, and of one joined with it, nothing is told that would count what is hidden. */
  read: ScanFigures | RestrictedScan | JoinedScan;
}

/** The scan of a table of which files may have been left out by the keys of a restricted one: whether, and how many, hangs on rows that are hidden. */
export interface JoinedScan {
  kind: 'joined with restricted';
}

export interface RestrictedScan {
  kind: 'restricted';
  /** Whether the caller sees only some of the rows. */
  filtersRows: boolean;
  masked: readonly MaskedField[];
}

export interface ScanFigures {
  kind: 'figures';
  plan: ScanStatistics;
  /** Keys of smaller tables that files were pruned by, in words. */
  joinKeys: readonly string[];
  /** Files that are read, and planned files of which the metadata told enough. */
  filesRead: number;
  filesUnread: number;
  /** Of the files that are read. */
  rowGroups: number;
  rowGroupsSkipped: number;
  /** Files that are read by copies in the engine's own format. */
  filesDecoded?: number;
  /** From the store, and from the cache. */
  bytesFetched: number;
  bytesCached: number;
}

export interface KeepOptions extends StatementOptions {
  /** What the rows are written to, by position. */
  columns: readonly TableColumn[];
  checked?: CheckedColumns | undefined;
}

/** Rows that the engine holds until they are released. */
export interface KeptRows {
  readonly columns: readonly TableColumn[];
  readonly count: number;
  /** What was read of each Iceberg table of the statement, in order. */
  readonly reads: readonly TableRead[];
  release(): Promise<void>;
}

export interface TableRead {
  /** The files that were looked at, each with the deletes that apply to it. */
  tasks: readonly FileTask[];
  /** How many rows files hold, deleted ones included, by their location; of all that were read. */
  stored: ReadonlyMap<string, number>;
  /** How they are read, where not by the table's own access. */
  read?: ScanPlan['read'];
  /** Those that the same scan looks at in another state of the table. */
  tasksOf(state: PinnedTable, signal: AbortSignal): Promise<readonly FileTask[]>;
}

/** Columns that get new values, and the name of the column of the query that is true in the rows where they do; all rows without it. */
export interface CheckedColumns {
  fieldIds: ReadonlySet<number>;
  where?: string | undefined;
}

export interface WriteOptions extends StatementOptions {
  /** Whose partition spec, sort order and properties the files follow, and through whose storage they are written. */
  table: PinnedTable;
  /** Default: the table's. */
  columns?: readonly TableColumn[] | undefined;
  /** Default: the table's sort order. */
  order?: WriteOrder | undefined;
  /** Where values are new and may be such that their column can't hold them; others come from files, as they are. Default: all columns. */
  checked?: CheckedColumns | undefined;
  /** In bytes, unless the table's properties say another. */
  targetFileSize: number;
}

/** How rows are sorted before they are split into files. */
export type WriteOrder =
  /** Files that are sorted so bear the id, where the table knows the order by one. */
  | { kind: 'sort-order'; fields: SortOrder['fields']; orderId?: number | undefined }
  /** Along a curve, so that rows which are close to each other in several fields at once come to lie close to each other; fields that rows can be sorted by. */
  | { kind: 'z-order' | 'hilbert'; fieldIds: readonly number[] };

export interface PositionDeleteOptions {
  signal: AbortSignal;
  table: PinnedTable;
  /** The data files that the rows are about: those of one partition of one spec, or any that each get files of their own. */
  files: readonly [DataFile, ...DataFile[]];
  eachByItself?: boolean | undefined;
  targetFileSize: number;
}
