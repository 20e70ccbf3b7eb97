/**
 * What Skua asks of an SQL engine: SQL text and pinned tables in; a schema, the columns and filters that each scan needs, and a stream
 * of Arrow batches out. Table names in the text have already been replaced by the binding names given here.
 */
import type { Schema } from 'apache-arrow';
import type { ColumnarBatch } from '../arrow/index.js';
import type { Barrier, ComparedColumn, Filter, Literal, PhysicalColumn, TableColumn } from '../expressions/index.js';
import type { WrittenFile } from '../parquet/index.js';

export interface Engine {
  /** Opens an isolated instance whose SQL can read files below `directory` and nothing else on the machine. */
  open(options: InstanceOptions): Promise<EngineInstance>;
  /** The processes that run at this moment. */
  processes(): EngineProcessStatus[];
  close(): Promise<void>;
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

export interface InstanceOptions {
  /** Whose statements run in it: a word that is the same for all instances of one principal, and of nobody else. */
  principal: string;
  /** A folder that belongs to this instance alone. */
  directory: string;
  /** Memory that the instance may use before it spills or refuses with RESOURCE_EXHAUSTED, in bytes. */
  memoryLimit: number;
  /** Disk space that it may fill below `directory` with what does not fit in memory, in bytes. */
  spillLimit?: number;
  /** Threads for one query. */
  threads: number;
}

export interface SqlParser {
  /**
   * Parses one SELECT, VALUES or FROM-first query. Throws INVALID_ARGUMENT with line and column on a syntax error, and
   * PERMISSION_DENIED for a table function that could reach outside the tables (`read_parquet`, `glob`, `duckdb_settings`, `query`, …).
   */
  parseQuery(sql: string): Promise<ParsedQuery>;
}

export interface ParsedQuery {
  /** References to tables that are not common table expressions of the query, in order of position. */
  tables: TableReference[];
  /** Column references of three names or more, which may name a table by its full path: `catalog.schema.table.column`. */
  qualifiedColumns: ColumnReference[];
  /** Parameters as they are numbered: 1 to n. */
  parameterCount: number;
  /** The SELECTs of the query; `TableReference.scope` is an index into them. */
  scopes: QueryScope[];
}

/** One SELECT. */
export interface QueryScope {
  /** Columns that it and the subqueries in it refer to, as written and unquoted: `[column]`, `[table, column]`, … */
  columns: string[][];
  /** `*`, `table.*` and `COLUMNS(*)` of its own. */
  stars: StarReference[];
  /** Joins tables by the names of all their columns. */
  joinsNaturally: boolean;
}

export interface StarReference {
  /** The table of `table.*`. */
  table?: string;
  /**
   * Where an EXCLUDE list can be written: behind the star, or inside the list that is there. Absent where a text has no star and yet
   * means one (`FROM t`); `start` is then where the FROM begins.
   */
  exclude: { kind: 'none' | 'list' | 'name' | 'implicit'; start: number; end: number };
}

export interface TableReference {
  /** The names as written, unquoted: `[table]`, `[schema, table]` or `[catalog, schema, table]`. */
  path: string[];
  alias?: string;
  /** The SELECT whose FROM clause holds it. */
  scope: number;
  /** Characters [start, end) of the whole name in the text, without its alias and AT clause. */
  start: number;
  end: number;
  /** `AT (VERSION => …)` or `AT (TIMESTAMP => …)`; `text` is the value as SQL text; [start, end) spans the clause. */
  at?: { unit: 'version' | 'timestamp'; text: string; start: number; end: number };
}

export interface ColumnReference {
  path: string[];
  start: number;
  end: number;
}

/** A table as the SQL text names it. */
export interface TableBinding {
  /** Identifier used in the text, always written quoted: `"t0"`. */
  name: string;
  columns: TableColumn[];
  /** The table has the columns `_file` (location, VARCHAR) and `_pos` (position of the row in its file, BIGINT) besides. */
  rowColumns?: boolean;
  /** Instead of a table: functions that take the place of the engine's own. */
  functions?: FunctionDefinition[];
}

export interface FunctionDefinition {
  name: string;
  /** One for each number of parameters, or for each type of theirs; one without types is for all others. */
  overloads: {
    parameters: (string | { name: string; type: string })[];
    /** SQL over the parameters. */
    body: string;
  }[];
}

/** What the optimised plan wants of one table. A table that is referenced twice has the union of both. */
export interface ScanDemand {
  /** `TableBinding.name`. */
  table: string;
  /** Columns that are read, those of filters included. Empty for a bare COUNT(*). */
  columns: string[];
  filter?: Filter;
  /** Joins by which rows without a partner may be left out, where the table is read once. */
  joins?: JoinKey[];
  /** True where the filter says just which rows are wanted, and not only of some that they are not. */
  isExact?: boolean;
  /** Where nothing else is asked of the table. */
  aggregates?: Aggregates;
  top?: TopRows;
  /** True where the scan sits below nothing but projections and a LIMIT of this many rows. */
  limit?: number;
}

/** The first rows in the order of a column, ties and other terms of the order left aside. */
export interface TopRows {
  column: string;
  rows: number;
  descending: boolean;
  nullsFirst: boolean;
}

/** What a query asks of all rows of a table; with a filter, only the number of the wanted ones. */
export interface Aggregates {
  /** Whether the number of rows is asked. */
  rows: boolean;
  /** Columns whose smallest or largest value is asked, and whose number of values. */
  extremes: string[];
  counts: string[];
}

/** Rows whose `column` is none of the values that `tableColumn` of the binding `table` has, in rows for that table's filter, don't matter. */
export interface JoinKey {
  column: string;
  table: string;
  tableColumn: string;
  /** Rows whose column is null matter too. */
  orNull?: boolean;
}

/** Values of a column but null: each of them, in order, or the ends of their range where they are many. */
export type ColumnValues = { values: Literal[] } | { min: Literal; max: Literal };

export interface QueryDescription {
  schema: Schema;
  /** One field per parameter: what it takes, or without bound values, what the engine would choose for it. */
  parameters: Schema;
  /** SQL types that the parameters are cast to; see `ParameterRow`. */
  types: readonly (string | undefined)[];
}

export interface DescribeOptions {
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

export interface EngineInstance {
  /** The syntax of a text: its statements and what a single SELECT refers to. Never touches data. */
  readonly parser: SqlParser;
  /**
   * Binds and types a query without reading data. Unknown column, or values bound that it can do nothing with: INVALID_ARGUMENT.
   * Aborting the signal interrupts it: CANCELLED.
   */
  describe(
    sql: string,
    tables: TableBinding[],
    signal?: AbortSignal,
    options?: DescribeOptions,
  ): Promise<QueryDescription>;
  /** The columns and filters that the optimised plan reads. */
  demand(sql: string, tables: TableBinding[], parameters?: ParameterRow, signal?: AbortSignal): Promise<ScanDemand[]>;
  /**
   * The values that a column of a scan has in the rows for a filter: all of them if there are at most `most`. Undefined where its type has none
   * that a Literal can name.
   */
  columnValues(scan: TableScan, request: ColumnRequest, signal?: AbortSignal): Promise<ColumnValues | undefined>;
  /** The engine's own plan as text, for EXPLAIN. */
  explain(sql: string, scans: TableScan[], options: ExplainOptions, parameters?: ParameterRow): Promise<string>;
  /** The local files of a scan that can't be read, those of deletes included, and why; holes are left alone. */
  unreadable(scan: TableScan, signal?: AbortSignal): Promise<UnreadableFile[]>;
  /** Starts a query. Aborting the signal interrupts it; the stream then fails with CANCELLED. */
  run(sql: string, scans: TableScan[], options: RunOptions): Promise<ResultStream>;
  /** Writes the rows of a query as Parquet files with Iceberg field ids, split by partition and at about `targetFileSize` bytes. */
  writeParquet(sql: string, scans: TableScan[], options: WriteOptions): Promise<WrittenFile[]>;
  close(): Promise<void>;
}

/**
 * What a plan reads of a local file and that is not there. Before a text runs over files of which only some columns are there, the plan of
 * that very text is asked what it reads; what the demand did not foresee is then asked for once, and is there when the promise is fulfilled.
 */
export interface MissingColumns {
  /** `ParquetSource.path`. */
  path: string;
  /** The file's own names. */
  columns: string[];
  /** Row groups that were left out are wanted after all. */
  allRowGroups?: boolean;
}

export interface UnreadableFile {
  path: string;
  reason: string;
}

export type FetchMissing = (missing: MissingColumns[]) => Promise<void>;

export interface ColumnRequest {
  column: string;
  filter?: Filter | undefined;
  most: number;
  fetch?: FetchMissing;
}

export interface ExplainOptions {
  analyze: boolean;
  signal?: AbortSignal;
  fetch?: FetchMissing;
}

/** Values for the parameters of one execution: row `index` of a batch with one column per parameter. */
export interface ParameterRow {
  schema: Schema;
  batch: ColumnarBatch;
  index: number;
  /** What the values are cast to, as the statement was described with them. Default: what they are. */
  types?: readonly (string | undefined)[] | undefined;
}

export interface RunOptions {
  signal: AbortSignal;
  parameters?: ParameterRow | undefined;
  fetch?: FetchMissing;
  /**
   * Columns that the result has been announced with. Where the engine gives a column of another type, it is cast; a value that would not be
   * the same then: INVALID_ARGUMENT.
   */
  schema?: Schema | undefined;
  /** Batches are coalesced to about this many bytes. */
  batchBytes: number;
  /** Each batch is good only until the next one is asked for, or the stream is left: for readers that keep none. */
  lend?: boolean;
  /** Given a function that says how much of the query is done, 0 to 1, where the engine knows it; before the query begins. */
  onProgress?: ((read: () => number | undefined) => void) | undefined;
}

export interface ResultStream {
  schema: Schema;
  /** Pulled, never pushed: no more than a few batches are computed ahead of the consumer. Leaving the loop early stops the query. */
  batches: AsyncIterable<ColumnarBatch>;
}

/** What one table binding stands for: local files, rows, or just so many rows of which no column is read. */
export interface TableScan extends TableBinding {
  /** What lies between the rows of a source of Parquet files and the text. */
  barrier?: Barrier;
  /** Columns that equality deletes compare and that the scan does not give: dropped ones, and fields inside structs. */
  comparedColumns?: ComparedColumn[];
  source: /** Local files, and rows that stand for files that need not be read. */
    | { kind: 'parquet'; files: ParquetSource[]; counted?: CountedRows[] }
    | BatchSource
    | { kind: 'count'; rowCount: number }
    /** Local Parquet files whose own columns are the table's, as `writeParquet` left them. */
    | { kind: 'local'; paths: string[] };
}

/** Rows of which only some values matter; the other columns are null. */
export interface CountedRows {
  rowCount: number;
  /** By field id. */
  columns: Map<number, CountedColumn>;
}

/** So many rows have a value: one has `min`, the others have `max`. */
export interface CountedColumn {
  count: number;
  min: Literal;
  max: Literal;
}

/** Rows that are handed to the engine. What can be iterated only once serves one statement. */
export interface BatchSource {
  kind: 'batches';
  schema: Schema;
  batches: Iterable<ColumnarBatch> | AsyncIterable<ColumnarBatch>;
}

export interface ParquetSource {
  /** A local path inside the instance's directory; possibly sparse, holding the footer and the wanted column chunks. */
  path: string;
  /** Names of the file's own columns that are there; without it, the whole file is. */
  held?: ReadonlySet<string>;
  /** The location that the table's metadata gives, for the `_file` column and for position deletes. */
  location: string;
  rowCount: number;
  /** Row groups without rows for these comparisons, all of which every wanted row satisfies, are a hole: the file is read with them. */
  partialFor?: Filter[];
  /** Only so many rows are wanted; row groups behind them are a hole. */
  firstRows?: number;
  /** The file's own columns as its footer has them, nested children included, each with its field id where it has one. */
  columns: PhysicalColumn[];
  /** Values that all rows of the file have, by field id, whatever the file holds: identity partition values. */
  constants: Map<number, Literal | null>;
  /** What a column that is computed as `partition` is, one value for each of its fields. */
  partition?: (Literal | null)[];
  /** Id of the file's first row, for `rowId`; without it the file's rows have no ids but those that it holds. */
  firstRowId?: bigint;
  /** Field ids of floating-point columns that are known to hold no NaN; of others a writer's bounds may leave NaNs out. */
  withoutNan?: ReadonlySet<number>;
  /** Names of the file's own columns whose bloom filters must not be asked; see `misleadingBloomFilters`. */
  misleadingBloomFilters?: ReadonlySet<string>;
  /** Deleted row positions within this file, ascending. */
  deletedPositions?: BigInt64Array;
  /** Local Parquet files of position deletes (columns `file_path`, `pos`) that apply to this file's `location`. */
  positionDeletes: string[];
  /** Local Parquet files of equality deletes that apply to this file. */
  equalityDeletes: EqualityDeletes[];
}

export interface EqualityDeletes {
  path: string;
  fieldIds: number[];
  /** The file's own columns, as of a data file. */
  columns: PhysicalColumn[];
}

/** Columns that get new values, and the name of the column of the query that is true in the rows where they do; all rows without it. */
export interface CheckedColumns {
  fieldIds: ReadonlySet<number>;
  where?: string;
}

export interface WriteOptions {
  signal: AbortSignal;
  parameters?: ParameterRow;
  fetch?: FetchMissing | undefined;
  /** Folder for the files, inside the instance's directory. */
  directory: string;
  /**
   * Target columns in table order; the query's columns are assigned by position, and cast. A value that would lose more by it than digits
   * behind its point, or that the column can't hold: INVALID_ARGUMENT naming the path to it.
   */
  columns: TableColumn[];
  /** Where values are new and may be such that their column can't hold them; others come from files, as they are. Default: all columns. */
  checked?: CheckedColumns | undefined;
  /** Expressions whose values, as text, split the rows into files: SQL over the target columns as `c0`, `c1`, … in their order. */
  partitions: { name: string; expression: string }[];
  /** Columns of the Null type: stored as nulls, or no part of the files, in which case they may hold nothing else. Default: stored. */
  unknown?: 'store' | 'leave out';
  /** Terms of an ORDER BY over the same columns. Default: no order, whatever that of the query. */
  sortedBy?: string[];
  /** In bytes. */
  targetFileSize: number;
  /** Gives pages checksums, by which damage is noticed where the file is read. */
  checksums?: boolean;
  compression: 'zstd' | 'snappy' | 'gzip' | 'uncompressed';
  /** Of zstd, 1 to 22. Default: the engine's. */
  compressionLevel?: number;
}
