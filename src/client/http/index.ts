/** The client over HTTP, for browsers and Node: the package's entry `skua/client/http`. */
export { type ErrorCode, SkuaError } from '../../errors.js';
export type { CallOptions, Queries, StatementOptions, StatementOutcome } from '../contract.js';
export { isNumeric, textFormat } from '../format/index.js';
export type { Parameter, Parameters } from '../parameters.js';
export { QueryResult } from '../result.js';
export type { Row, Value } from '../rows.js';
export type { TokenSource } from '../token.js';
export { connectHttp as connect, HttpClient, type HttpConnectOptions as ConnectOptions } from './client.js';
