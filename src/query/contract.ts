/** The life of a statement, as the Flight SQL room and the embedding server use it. */
import type { Schema } from 'apache-arrow';
import type { ColumnarBatch } from '../arrow/index.js';
import type { Principal } from '../auth/index.js';
import type { Session } from '../session/index.js';
import type { StatementRun } from './statement-run.js';

/** One caller's call: the checked token, its session, and a signal that fires when the client goes away or the deadline passes. */
export interface Call {
  /** Of the statement that it runs. */
  id?: string;
  principal: Principal;
  session: Session;
  signal: AbortSignal;
  /** Runs a callback when the call is over, however it ended. */
  onEnd?(callback: () => void): void;
  /** Given, before a query runs, a function that says how much of it is done, 0 to 1, where the engine knows it. */
  onProgress?(read: () => number | undefined): void;
  /** Filled as the call goes on, for the one log line that it ends in. */
  report: CallReport;
}

export interface CallReport {
  /** `SELECT`, `INSERT`, `CREATE TABLE`, … or the Flight SQL command. Never the text. */
  statement?: string;
  rows?: number;
  bytes?: number;
  /** The call left state in its session that the client's later calls count on: USE, BEGIN, session options. */
  keepsState?: boolean;
  /** It waits for a place among the running statements. */
  isWaiting?: boolean;
  /** The statement that the call runs, where somebody watches over it. */
  run?: StatementRun;
}

/** A table whose snapshot and schema were fixed when the statement was planned. */
export interface SnapshotPin {
  catalog: string;
  namespace: string[];
  table: string;
  tableUuid: string;
  /** Absent for a table without snapshots. */
  snapshotId?: bigint | undefined;
  /** Whose columns the statement was typed with. */
  schemaId?: number | undefined;
  /** The time travel clause that chose the snapshot; a table that is referred to with several has a pin for each. */
  at?: string | undefined;
}

/** A view or a variable that the statement read when it was planned. */
export interface NamePin {
  /** With what it is, as users read it: `view lake.demo.v`. */
  name: string;
  /** Of a view's text, of where names in it are looked up, and of its columns; of a variable's value. */
  digest: string;
}

/** What a plan saw. */
export interface PlannedState {
  pins?: SnapshotPin[] | undefined;
  /** The views and variables; absent where any will do. */
  namePins?: NamePin[] | undefined;
}

export interface StatementDescription {
  /** `query` returns rows; `update` changes data, definitions or the session. */
  kind: 'query' | 'update';
  /** `SELECT`, `INSERT`, `CREATE TABLE`, … */
  statement: string;
  /** Of the result. An update that is run as a query answers one row: `affected_rows` BIGINT; one with RETURNING the rows that it names. */
  schema: Schema;
  /** An update with RETURNING: clients fetch its result as that of a query. */
  returnsRows?: boolean;
  /** One field per parameter. */
  parameters: Schema;
  /** What GetFlightInfo saw; handed back to `query` so that DoGet sees the same state. */
  pins: SnapshotPin[];
  /** The views and variables that it read, of the session's and of catalogs; handed back, too. */
  namePins?: NamePin[] | undefined;
  /** Where servers may divide it among themselves, each with the data files that are its own: the bytes of all files of its table. */
  divisibleBytes?: number | undefined;
  /** Names what was planned, for the next call of the same statement; see `StatementRequest.plan`. */
  plan?: string | undefined;
}

export interface StatementRequest extends PlannedState {
  sql: string;
  /**
   * `StatementDescription.plan` of an earlier call for the same statement, in the same session and with the same parameters, if any. Where it
   * is known no more, or opens nothing any more, the statement is planned anew.
   */
  plan?: string | undefined;
  /** The part of a divisible query that one of several servers answers; the same servers, in the same order, for all parts. */
  share?: { servers: readonly string[]; index: number } | undefined;
  /** Bound parameters: one execution for each row of all batches. */
  parameters?: { schema: Schema; batches: ColumnarBatch[] } | undefined;
  transaction?: string | undefined;
  /**
   * Makes a change happen once: where the table has a snapshot that was committed under this id, also by another server, nothing is run, and
   * the count is the one of that time. Changes that touched no rows leave no snapshot, so they run again.
   */
  executionId?: string | undefined;
}

export interface StatementStream {
  schema: Schema;
  /** Each batch is good only until the next one is asked for, or the stream is left. */
  batches: AsyncIterable<ColumnarBatch>;
}

export interface StatementService {
  /** Classifies, resolves and types one statement. Runs nothing and changes nothing. Several statements in one text: INVALID_ARGUMENT. */
  describe(call: Call, request: StatementRequest): Promise<StatementDescription>;
  /** Runs a statement and streams its rows; an update takes effect before the promise settles and streams one row with its count. */
  query(call: Call, request: StatementRequest): Promise<StatementStream>;
  /**
   * Runs an update; the affected rows (Flight SQL, DoPutUpdateResult). 0 for definitions: clients take the contract's -1 for a result that
   * they must still fetch, and run the statement again. A query: INVALID_ARGUMENT.
   */
  update(call: Call, request: StatementRequest): Promise<number>;
  /** Bulk ingest (CommandStatementIngest). All batches or nothing. The rows written. */
  ingest(call: Call, target: IngestTarget, schema: Schema, batches: AsyncIterable<ColumnarBatch>): Promise<number>;
  begin(call: Call): Promise<string>;
  commit(call: Call, transaction: string): Promise<void>;
  rollback(call: Call, transaction: string): Promise<void>;
  readonly metadata: MetadataService;
}

export interface IngestTarget {
  catalog?: string;
  schema?: string;
  table: string;
  temporary: boolean;
  ifNotExists: 'create' | 'fail';
  ifExists: 'fail' | 'append' | 'replace';
  transaction?: string;
}

/** Names as the token's owner may see them. An outage is an error, never an empty list. */
export interface MetadataService {
  catalogs(call: Call): Promise<string[]>;
  schemas(
    call: Call,
    filter: { catalog?: string; schemaPattern?: string },
  ): Promise<{ catalog: string; schema: string }[]>;
  tables(call: Call, filter: TableFilter): Promise<TableEntry[]>;
  /** Iceberg identifier fields of one table. */
  primaryKeys(call: Call, table: { catalog?: string; schema?: string; table: string }): Promise<PrimaryKeyColumn[]>;
}

/** SQL LIKE patterns with `%`, `_` and backslash as escape. An absent filter matches all; an empty catalog or schema matches only those without. */
export interface TableFilter {
  catalog?: string;
  schemaPattern?: string;
  tablePattern?: string;
  tableTypes: string[];
  /** Loads each table for its schema. */
  includeSchema: boolean;
}

export interface TableEntry {
  catalog: string;
  schema: string;
  table: string;
  type: 'TABLE' | 'VIEW';
  /** With `includeSchema`: fields carry the `ARROW:FLIGHT:SQL:*` metadata. */
  arrowSchema?: Schema;
}

export interface PrimaryKeyColumn {
  catalog: string;
  schema: string;
  table: string;
  column: string;
  /** From 1. */
  sequence: number;
}
