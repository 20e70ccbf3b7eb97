/**
 * What the server's side asks of an engine process: SQL text and local files in; the columns and filters that each scan needs, and a stream of
 * record batches out. Table names in the text have already been replaced by the binding names given here.
 */
import type { Schema } from 'apache-arrow';
import type { ColumnarBatch } from '../../arrow/index.js';
import type { Barrier, ComparedColumn, Filter, Literal, PhysicalColumn, TableColumn } from '../../expressions/index.js';
import type { BloomFilterOptions, WrittenFile } from '../../parquet/index.js';
import type {
  BoundParameters,
  BoundStatement,
  CheckedColumns,
  FunctionDefinition,
  ParameterRow,
  PlanOperator,
  QueryDescription,
  SessionOptions,
  SqlParser,
} from '../contract.js';

export type {
  BoundParameters,
  CheckedColumns,
  ColumnReference,
  EngineProcessStatus,
  EngineProfile,
  FunctionCorrection,
  FunctionDefinition,
  ParameterRow,
  ParsedQuery,
  ParseOptions,
  PlanOperator,
  QueryDescription,
  QueryScope,
  SqlParser,
  StarReference,
  SyntaxNode,
  SyntaxValue,
  TableReference,
  TextEdit,
} from '../contract.js';

export interface InstanceOptions extends SessionOptions {
  /** A folder that belongs to this instance alone: its SQL can read files below it, and nothing else on the machine. */
  directory: string;
  /** Rules of the engine's optimiser to go without, separated by commas: for one whose answers others are compared with. */
  disabledOptimizers?: string;
}

/** A table as the SQL text names it. */
export interface TableBinding {
  /** Identifier used in the text, always written quoted: `"t0"`. */
  name: string;
  columns: readonly TableColumn[];
  /** The table has the columns `_file` (location, VARCHAR) and `_pos` (position of the row in its file, BIGINT) besides. */
  rowColumns?: boolean;
  /** False where rows of the table that find no partner in a join are read all the same: nothing of it can be left out. */
  mayLeaveOut?: boolean;
  /** Instead of a table: functions that take the place of the engine's own. */
  functions?: FunctionDefinition[];
}

/** What the optimised plan wants of one table. A table that is referenced twice has the union of both. */
export interface ScanDemand {
  /** `TableBinding.name`. */
  table: string;
  /** Columns that are read, those of filters included. Empty for a bare COUNT(*). */
  columns: string[];
  filter?: Filter | undefined;
  /** Joins by which rows without a partner may be left out, where the table is read once. */
  joins?: JoinKey[] | undefined;
  /** True where the filter says just which rows are wanted, and not only of some that they are not. */
  isExact?: boolean | undefined;
  /** Where nothing else is asked of the table. */
  aggregates?: Aggregates | undefined;
  top?: TopRows | undefined;
  /** True where the scan sits below nothing but projections and a LIMIT of this many rows. */
  limit?: number | undefined;
  /** True where the engine would take rows for unwanted by their nulls that are wanted. */
  skipsNulls?: boolean | undefined;
  /** True where dates may become moments, which hangs on the time zone. */
  zonesDates?: boolean | undefined;
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

export interface DescribeOptions {
  bound?: BoundParameters | undefined;
  /** Columns that the rows go to, in the order of the query's. Parameters that stand for one of them have its type. */
  into?: readonly TableColumn[] | undefined;
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
  /** The engine's own plan, for EXPLAIN. */
  explain(sql: string, scans: TableScan[], options: ExplainOptions, parameters?: ParameterRow): Promise<PlanOperator>;
  /** The local files of a scan that can't be read, those of deletes included, and why; holes are left alone. */
  unreadable(scan: TableScan, signal?: AbortSignal): Promise<UnreadableFile[]>;
  /** Starts a query. Aborting the signal interrupts it; the stream then fails with CANCELLED. */
  run(sql: string, scans: TableScan[], options: RunOptions): Promise<ResultStream>;
  /** Writes the rows of a query as Parquet files with Iceberg field ids, split by partition and at about `targetFileSize` bytes. */
  writeParquet(sql: string, scans: TableScan[], options: WriteOptions): Promise<WrittenFile[]>;
  /**
   * Writes the columns of a scan of one file, as they lie there, as a database of the engine's own format to a path inside the instance's
   * directory; see `DecodedColumns`. Aborting the signal stops it: CANCELLED.
   */
  decode(scan: TableScan, path: string, signal?: AbortSignal): Promise<void>;
  /** The same instance, for one statement: the log names its id where the process ends, its texts have its time zone, and it is told of their profiles. */
  forStatement(statement: Pick<BoundStatement, 'id' | 'timeZone' | 'onProfile'>): EngineInstance;
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

export interface RunOptions {
  signal: AbortSignal;
  parameters?: ParameterRow | undefined;
  fetch?: FetchMissing | undefined;
  /**
   * Columns that the result has been announced with. Where the engine gives a column of another type, it is cast; a value that would not be
   * the same then: INVALID_ARGUMENT.
   */
  schema?: Schema | undefined;
  /** Batches are coalesced to about this many bytes. */
  batchBytes: number;
  /** Each batch is good only until the next one is asked for, or the stream is left: for readers that keep none. */
  lend?: boolean | undefined;
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
  /** The text's filters stay out of the scan: the engine would read too little by them. */
  isApart?: boolean;
  /** The engine knows nothing of the range of its dates. */
  hidesDates?: boolean;
  /** Columns that equality deletes compare and that the scan does not give: dropped ones, and fields inside structs. */
  comparedColumns?: ComparedColumn[];
  source: /** Local files, and rows that stand for files that need not be read. */
    | { kind: 'parquet'; files: ParquetSource[]; counted?: CountedRows[] }
    | BatchSource
    | { kind: 'count'; rowCount: number }
    /** Local Parquet files whose own columns are the table's, as `writeParquet` left them; `fileNumber` names a column that counts the files. */
    | { kind: 'local'; paths: string[]; fileNumber?: string };
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

/**
 * Columns of a data file in a database of the engine's own format. Its one table has the rows of the file in their order, so that `rowid` is a
 * row's position in the file.
 */
export interface DecodedColumns {
  /** A local path inside the instance's directory. */
  path: string;
  /** Names of the table's columns, by the file's own names. */
  columns: ReadonlyMap<string, string>;
}

export interface ParquetSource {
  /** A local path inside the instance's directory; possibly sparse, holding the footer and the wanted column chunks. */
  path: string;
  /** Read instead of the file, all of whose rows are in it. */
  decoded?: DecodedColumns;
  /** Names of the file's own columns that are there; without it, the whole file is. */
  held?: ReadonlySet<string>;
  /** The location that the table's metadata gives, for the `_file` column and for position deletes. */
  location: string;
  rowCount: number;
  /** Row groups without rows for these comparisons, all of which every wanted row satisfies, are a hole: the file is read with them. */
  partialFor?: Filter[];
  /** Only the rows at the positions from `from` to before `to` are wanted; row groups without any of them are a hole. */
  rows?: { from: number; to: number };
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

export interface WriteOptions {
  signal: AbortSignal;
  parameters?: ParameterRow | undefined;
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
  unknown?: 'store' | 'leave out' | undefined;
  /** Terms of an ORDER BY over the same columns. Default: no order, whatever that of the query. */
  sortedBy?: string[] | undefined;
  /** In bytes. */
  targetFileSize: number;
  /** Gives pages checksums, by which damage is noticed where the file is read. */
  checksums?: boolean | undefined;
  compression: 'zstd' | 'snappy' | 'gzip' | 'uncompressed';
  /** Of zstd, 1 to 22. Default: the engine's. */
  compressionLevel?: number | undefined;
  /** Bytes of the values of a row group, before they are encoded. Default: the engine's number of rows. */
  rowGroupSize?: number | undefined;
  /** Columns that are to have bloom filters, by field id. Default: those that the engine gives one, which have a dictionary. */
  bloomFilters?: [number, BloomFilterOptions][] | undefined;
}
