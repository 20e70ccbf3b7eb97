/** A Flight SQL client for Node, without native code: the package's entry `skua/client`. */
export type { ColumnarBatch } from '../arrow/index.js';
export { type ErrorCode, SkuaError } from '../errors.js';
export type {
  ArrowData,
  CallOptions,
  ColumnarData,
  IngestOptions,
  PreparedStatement,
  StatementOptions,
  StatementOutcome,
  Statements,
  TableName,
  Transaction,
} from './contract.js';
export { DEFAULT_ADDRESS, parseAddress } from './flight/address.js';
export type { TlsOptions } from './flight/channel.js';
export { type ConnectOptions, connect, FlightSqlClient } from './flight/client.js';
export type {
  ForeignKeyColumn,
  KeyColumn,
  SchemaFilter,
  SchemaInfo,
  TableFilter,
  TableInfo,
} from './flight/metadata.js';
export * from './format/index.js';
export type { Parameter, Parameters } from './parameters.js';
export { QueryResult } from './result.js';
export type { Row, Value } from './rows.js';
export type { TokenSource } from './token.js';
