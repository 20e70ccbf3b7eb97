/** What a client can do, whatever the transport. */
import type { RecordBatch, Schema, Table } from 'apache-arrow';
import type { ColumnarBatch } from '../arrow/index.js';
import type { Parameters } from './parameters.js';
import type { QueryResult } from './result.js';

export interface CallOptions {
  /** Stops the call here and on the server; what awaits it rejects with CANCELLED. */
  signal?: AbortSignal;
}

export interface StatementOptions extends CallOptions {
  /** A value for each `?`, in order. */
  parameters?: Parameters;
  /**
   * Told, while a query has no row yet, how much of its work is done, 0 to 1, where the server knows. The query is then started by PollFlightInfo, where the
   * server has it.
   */
  onProgress?: (done: number | undefined) => void;
}

export type StatementOutcome = QueryResult | { kind: 'update'; affectedRows: number };

/** Statements that run at once, over whatever transport. */
export interface Queries {
  /** Runs a query. */
  execute(sql: string, options?: StatementOptions): Promise<QueryResult>;
  /** Runs a change or a definition. The affected rows, or -1 where the server has no count. */
  executeUpdate(sql: string, options?: StatementOptions): Promise<number>;
  /** Runs any statement, after asking the server which kind it is. */
  run(sql: string, options?: StatementOptions): Promise<StatementOutcome>;
}

/** Statements, at once or prepared; each in a transaction of its own, or all of them in that of a `Transaction`. */
export interface Statements extends Queries {
  prepare(sql: string, options?: CallOptions): Promise<PreparedStatement>;
  /** Writes record batches into a table, as one commit. The rows written, or -1 where the server has no count. */
  ingest(table: string | TableName, data: ArrowData, options?: IngestOptions): Promise<number>;
}

export interface PreparedStatement {
  /** False for statements that return rows. */
  isUpdate: boolean;
  /** Of the result; without fields for an update. */
  schema: Schema;
  /** One field for each parameter, with the type that the server would choose. */
  parameters: Schema;
  execute(options?: StatementOptions): Promise<QueryResult>;
  /** Once for each row of parameters, all in one commit. The affected rows, or -1 where the server has no count. */
  executeUpdate(options?: StatementOptions & { rows?: readonly Parameters[] }): Promise<number>;
  /** Forgets it on the server. */
  close(): Promise<void>;
}

export interface Transaction extends Statements {
  commit(options?: CallOptions): Promise<void>;
  rollback(options?: CallOptions): Promise<void>;
}

export interface TableName {
  /** Default: the session's. */
  catalog?: string;
  /** Levels of a namespace are joined by dots. Default: the session's. */
  schema?: string;
  table: string;
}

/** apache-arrow's tables and batches, dictionaries and all. */
export type ArrowData = Table | Iterable<RecordBatch> | AsyncIterable<RecordBatch> | ColumnarData;

/** Batches as buffers, as `QueryResult` has them. */
export interface ColumnarData {
  schema: Schema;
  batches: Iterable<ColumnarBatch> | AsyncIterable<ColumnarBatch>;
}

export interface IngestOptions extends CallOptions {
  /**
   * `create`: the table must not be there. `append`: it must. `create_append`: made where it is not there. `replace`: made, whatever was there.
   * Default: `create`.
   */
  mode?: 'create' | 'append' | 'create_append' | 'replace';
  /** The table ends with the session. Default: false. */
  temporary?: boolean;
  /** Called whenever a batch has been handed to the connection, with what has been sent so far. */
  onProgress?: (sent: { rows: number; bytes: number }) => void;
}
