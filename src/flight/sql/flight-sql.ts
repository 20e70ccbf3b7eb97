/** Flight SQL as an interface: one typed method for each command and action. */
import type { Schema } from 'apache-arrow';
import { SkuaError } from '../../errors.js';
import type { FlightCall } from '../flight-call.js';
import type {
  CancelStatus,
  CloseSessionResult,
  FlightDescriptor,
  FlightEndpoint,
  FlightInfo,
  GetSessionOptionsResult,
  SetSessionOptionsRequest,
  SetSessionOptionsResult,
} from '../messages.js';
import type { PutStream } from '../put-stream.js';
import type { ResultStream } from '../result-stream.js';
import type * as sql from './messages.js';

/** A planned query: its schema, and the ticket that fetches it. */
export interface PlannedResult {
  schema: Schema;
  ticket: Uint8Array;
  /** Milliseconds since the epoch. */
  expires: number;
  /** What together is the same, where several servers may answer: a ticket for each. */
  shares?: readonly { server: string; ticket: Uint8Array }[];
}

/** A statement that was started by PollFlightInfo. */
export interface PolledResult extends PlannedResult {
  /** The client's own descriptor. */
  descriptor: FlightDescriptor;
  /** The result can be fetched. */
  complete: boolean;
  /** 0 to 1, where the engine knows it. */
  progress: number | undefined;
  /** Address of the server that has it, where there are others. */
  server: string | undefined;
  /** What the statement is polled with, and until when, in milliseconds since the epoch. */
  poll: Uint8Array;
  pollExpires: number;
}

export type Row = readonly unknown[];

export interface FlightSql {
  planStatement(call: FlightCall, command: sql.CommandStatement): Promise<PlannedResult>;
  planPreparedStatement(call: FlightCall, command: sql.PreparedStatementReference): Promise<PlannedResult>;
  /** Starts a planned statement, and waits for a moment. */
  startStatement(call: FlightCall, planned: PlannedResult, descriptor: FlightDescriptor): Promise<PolledResult>;
  /** Waits for news of a statement that was started; the handle is the sealed poll descriptor. */
  pollStatement(call: FlightCall, started: sql.TicketStatementQuery): Promise<PolledResult>;
  describeStatement(call: FlightCall, command: sql.CommandStatement): Promise<Schema>;
  describePreparedStatement(call: FlightCall, command: sql.PreparedStatementReference): Promise<Schema>;
  streamStatement(call: FlightCall, ticket: sql.TicketStatementQuery): Promise<ResultStream>;
  streamPreparedStatement(call: FlightCall, command: sql.PreparedStatementReference): Promise<ResultStream>;

  /** Metadata: rows in the shape of the reference schema. */
  getCatalogs(call: FlightCall): Promise<Row[]>;
  getDbSchemas(call: FlightCall, command: sql.CommandGetDbSchemas): Promise<Row[]>;
  getTables(call: FlightCall, command: sql.CommandGetTables): Promise<Row[]>;
  getTableTypes(call: FlightCall): Promise<Row[]>;
  getPrimaryKeys(call: FlightCall, command: sql.CommandGetKeys): Promise<Row[]>;
  getExportedKeys(call: FlightCall, command: sql.CommandGetKeys): Promise<Row[]>;
  getImportedKeys(call: FlightCall, command: sql.CommandGetKeys): Promise<Row[]>;
  getCrossReference(call: FlightCall, command: sql.CommandGetCrossReference): Promise<Row[]>;
  getSqlInfo(call: FlightCall, command: sql.CommandGetSqlInfo): Promise<Row[]>;
  getXdbcTypeInfo(call: FlightCall, command: sql.CommandGetXdbcTypeInfo): Promise<Row[]>;

  /** Changes: the affected rows, -1 where there is no count. */
  updateStatement(call: FlightCall, command: sql.CommandStatement): Promise<number>;
  updatePreparedStatement(
    call: FlightCall,
    command: sql.PreparedStatementReference,
    stream: PutStream,
  ): Promise<number>;
  ingest(call: FlightCall, command: sql.CommandStatementIngest, stream: PutStream): Promise<number>;
  /** The handle that the client shall use from now on. */
  bindPreparedStatement(
    call: FlightCall,
    command: sql.PreparedStatementReference,
    stream: PutStream,
  ): Promise<Uint8Array>;

  createPreparedStatement(
    call: FlightCall,
    request: sql.ActionCreatePreparedStatementRequest,
  ): Promise<sql.ActionCreatePreparedStatementResult>;
  closePreparedStatement(call: FlightCall, request: sql.PreparedStatementReference): Promise<void>;
  beginTransaction(call: FlightCall): Promise<Uint8Array>;
  endTransaction(call: FlightCall, request: sql.ActionEndTransactionRequest): Promise<void>;
  cancelFlightInfo(call: FlightCall, info: FlightInfo): Promise<CancelStatus>;
  renewFlightEndpoint(call: FlightCall, endpoint: FlightEndpoint): Promise<FlightEndpoint>;
  setSessionOptions(call: FlightCall, request: SetSessionOptionsRequest): Promise<SetSessionOptionsResult>;
  getSessionOptions(call: FlightCall): Promise<GetSessionOptionsResult>;
  closeSession(call: FlightCall): Promise<CloseSessionResult['status']>;
}

/** Answers UNIMPLEMENTED to everything; a server spreads what it knows over it. */
export const unimplementedFlightSql: FlightSql = {
  planStatement: refuse('CommandStatementQuery'),
  planPreparedStatement: refuse('CommandPreparedStatementQuery'),
  startStatement: refuse('PollFlightInfo'),
  pollStatement: refuse('PollFlightInfo'),
  describeStatement: refuse('CommandStatementQuery'),
  describePreparedStatement: refuse('CommandPreparedStatementQuery'),
  streamStatement: refuse('TicketStatementQuery'),
  streamPreparedStatement: refuse('CommandPreparedStatementQuery'),
  getCatalogs: refuse('CommandGetCatalogs'),
  getDbSchemas: refuse('CommandGetDbSchemas'),
  getTables: refuse('CommandGetTables'),
  getTableTypes: refuse('CommandGetTableTypes'),
  getPrimaryKeys: refuse('CommandGetPrimaryKeys'),
  getExportedKeys: refuse('CommandGetExportedKeys'),
  getImportedKeys: refuse('CommandGetImportedKeys'),
  getCrossReference: refuse('CommandGetCrossReference'),
  getSqlInfo: refuse('CommandGetSqlInfo'),
  getXdbcTypeInfo: refuse('CommandGetXdbcTypeInfo'),
  updateStatement: refuse('CommandStatementUpdate'),
  updatePreparedStatement: refuse('CommandPreparedStatementUpdate'),
  ingest: refuse('CommandStatementIngest'),
  bindPreparedStatement: refuse('CommandPreparedStatementQuery'),
  createPreparedStatement: refuse('CreatePreparedStatement'),
  closePreparedStatement: refuse('ClosePreparedStatement'),
  beginTransaction: refuse('BeginTransaction'),
  endTransaction: refuse('EndTransaction'),
  cancelFlightInfo: refuse('CancelFlightInfo'),
  renewFlightEndpoint: refuse('RenewFlightEndpoint'),
  setSessionOptions: refuse('SetSessionOptions'),
  getSessionOptions: refuse('GetSessionOptions'),
  closeSession: refuse('CloseSession'),
};

function refuse(name: string): () => Promise<never> {
  return async () => {
    throw unimplemented(name);
  };
}

export function unimplemented(name: string): SkuaError {
  return new SkuaError('UNIMPLEMENTED', `${name} is not supported`);
}
