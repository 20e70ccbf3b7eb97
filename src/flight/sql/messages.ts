/** The messages of FlightSql.proto as types, each with its codec. Enums are their names, 64-bit integers decimal strings. */
import { type Codec, codec } from '../proto.js';

type Optional<T> = T | null | undefined;

export interface CommandGetSqlInfo {
  info: number[];
}

export interface CommandGetXdbcTypeInfo {
  data_type?: Optional<number>;
}

export interface CommandGetDbSchemas {
  catalog?: Optional<string>;
  db_schema_filter_pattern?: Optional<string>;
}

export interface CommandGetTables {
  catalog?: Optional<string>;
  db_schema_filter_pattern?: Optional<string>;
  table_name_filter_pattern?: Optional<string>;
  table_types: string[];
  include_schema: boolean;
}

/** CommandGetPrimaryKeys, CommandGetExportedKeys and CommandGetImportedKeys. */
export interface CommandGetKeys {
  catalog?: Optional<string>;
  db_schema?: Optional<string>;
  table: string;
}

export interface CommandGetCrossReference {
  pk_catalog?: Optional<string>;
  pk_db_schema?: Optional<string>;
  pk_table: string;
  fk_catalog?: Optional<string>;
  fk_db_schema?: Optional<string>;
  fk_table: string;
}

/** CommandStatementQuery and CommandStatementUpdate. */
export interface CommandStatement {
  query: string;
  transaction_id?: Optional<Uint8Array>;
}

/** CommandPreparedStatementQuery, CommandPreparedStatementUpdate and ActionClosePreparedStatementRequest. */
export interface PreparedStatementReference {
  prepared_statement_handle: Uint8Array;
}

export interface TicketStatementQuery {
  statement_handle: Uint8Array;
}

export interface CommandStatementIngest {
  table_definition_options: {
    if_not_exist:
      | 'TABLE_NOT_EXIST_OPTION_UNSPECIFIED'
      | 'TABLE_NOT_EXIST_OPTION_CREATE'
      | 'TABLE_NOT_EXIST_OPTION_FAIL';
    if_exists:
      | 'TABLE_EXISTS_OPTION_UNSPECIFIED'
      | 'TABLE_EXISTS_OPTION_FAIL'
      | 'TABLE_EXISTS_OPTION_APPEND'
      | 'TABLE_EXISTS_OPTION_REPLACE';
  } | null;
  table: string;
  schema?: Optional<string>;
  catalog?: Optional<string>;
  temporary: boolean;
  transaction_id?: Optional<Uint8Array>;
  options: Record<string, string>;
}

export interface ActionCreatePreparedStatementRequest {
  query: string;
  transaction_id?: Optional<Uint8Array>;
}

export interface ActionCreatePreparedStatementResult {
  prepared_statement_handle: Uint8Array;
  dataset_schema: Uint8Array;
  parameter_schema: Uint8Array;
  is_update?: Optional<boolean>;
}

export interface ActionBeginTransactionResult {
  transaction_id: Uint8Array;
}

export interface ActionEndTransactionRequest {
  transaction_id: Uint8Array;
  action: 'END_TRANSACTION_UNSPECIFIED' | 'END_TRANSACTION_COMMIT' | 'END_TRANSACTION_ROLLBACK';
}

export interface DoPutUpdateResult {
  record_count: string;
}

export interface DoPutPreparedStatementResult {
  prepared_statement_handle?: Optional<Uint8Array>;
}

export interface ActionCancelQueryRequest {
  /** A serialised FlightInfo. */
  info: Uint8Array;
}

export interface ActionCancelQueryResult {
  result:
    | 'CANCEL_RESULT_UNSPECIFIED'
    | 'CANCEL_RESULT_CANCELLED'
    | 'CANCEL_RESULT_CANCELLING'
    | 'CANCEL_RESULT_NOT_CANCELLABLE';
}

function sql<T>(name: string): Codec<T> {
  return codec<T>(`arrow.flight.protocol.sql.${name}`);
}

export const CommandGetSqlInfo = sql<CommandGetSqlInfo>('CommandGetSqlInfo');
export const CommandGetXdbcTypeInfo = sql<CommandGetXdbcTypeInfo>('CommandGetXdbcTypeInfo');
export const CommandGetCatalogs = sql<object>('CommandGetCatalogs');
export const CommandGetDbSchemas = sql<CommandGetDbSchemas>('CommandGetDbSchemas');
export const CommandGetTables = sql<CommandGetTables>('CommandGetTables');
export const CommandGetTableTypes = sql<object>('CommandGetTableTypes');
export const CommandGetPrimaryKeys = sql<CommandGetKeys>('CommandGetPrimaryKeys');
export const CommandGetExportedKeys = sql<CommandGetKeys>('CommandGetExportedKeys');
export const CommandGetImportedKeys = sql<CommandGetKeys>('CommandGetImportedKeys');
export const CommandGetCrossReference = sql<CommandGetCrossReference>('CommandGetCrossReference');
export const CommandStatementQuery = sql<CommandStatement>('CommandStatementQuery');
export const CommandStatementUpdate = sql<CommandStatement>('CommandStatementUpdate');
export const CommandStatementSubstraitPlan = sql<object>('CommandStatementSubstraitPlan');
export const CommandStatementIngest = sql<CommandStatementIngest>('CommandStatementIngest');
export const CommandPreparedStatementQuery = sql<PreparedStatementReference>('CommandPreparedStatementQuery');
export const CommandPreparedStatementUpdate = sql<PreparedStatementReference>('CommandPreparedStatementUpdate');
export const TicketStatementQuery = sql<TicketStatementQuery>('TicketStatementQuery');
export const ActionCreatePreparedStatementRequest = sql<ActionCreatePreparedStatementRequest>(
  'ActionCreatePreparedStatementRequest',
);
export const ActionCreatePreparedStatementResult = sql<ActionCreatePreparedStatementResult>(
  'ActionCreatePreparedStatementResult',
);
export const ActionClosePreparedStatementRequest = sql<PreparedStatementReference>(
  'ActionClosePreparedStatementRequest',
);
export const ActionBeginTransactionRequest = sql<object>('ActionBeginTransactionRequest');
export const ActionBeginTransactionResult = sql<ActionBeginTransactionResult>('ActionBeginTransactionResult');
export const ActionEndTransactionRequest = sql<ActionEndTransactionRequest>('ActionEndTransactionRequest');
export const ActionCancelQueryRequest = sql<ActionCancelQueryRequest>('ActionCancelQueryRequest');
export const ActionCancelQueryResult = sql<ActionCancelQueryResult>('ActionCancelQueryResult');
export const DoPutUpdateResult = sql<DoPutUpdateResult>('DoPutUpdateResult');
export const DoPutPreparedStatementResult = sql<DoPutPreparedStatementResult>('DoPutPreparedStatementResult');
