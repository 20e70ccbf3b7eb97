/** The messages of Spark Connect, as `proto/SparkConnect.proto` has them. */
import { fileURLToPath } from 'node:url';
import type { ServiceDefinition } from '@grpc/grpc-js';
import { loadSync, type MessageTypeDefinition } from '@grpc/proto-loader';

const definitions = loadSync(['SparkConnect.proto', 'ErrorDetails.proto'], {
  includeDirs: [fileURLToPath(new URL('../../../../proto', import.meta.url))],
  keepCase: true,
  longs: Number,
  enums: String,
  defaults: true,
  arrays: true,
  objects: true,
});

export const sparkConnectService = definitions['spark.connect.SparkConnectService'] as ServiceDefinition;

/** What every request says of its session. */
export interface SessionFields {
  session_id: string;
  user_context: { user_id: string; user_name: string };
  client_type: string;
}

export interface PlanMessage {
  root: { sql: { query: string } };
}

/** One of the three, or another kind that tells a reader of rows nothing. */
export interface ExecuteResponse {
  response_id: string;
  arrow_batch?: ArrowBatch | null;
  result_complete?: object | null;
  execution_progress?: { stages: { num_tasks: number; num_completed_tasks: number }[] } | null;
}

export interface ArrowBatch {
  row_count: number;
  /** An Arrow IPC stream of its own. */
  data: Uint8Array;
  /** Number of rows before it. */
  start_offset?: number | null;
}

export interface ErrorDetails {
  root_error_idx?: number | null;
  /** The root error and its causes. */
  errors: ErrorDetail[];
}

export interface ErrorDetail {
  /** Names of its class and of the classes above it. */
  error_type_hierarchy: string[];
  message: string;
  cause_idx?: number | null;
  spark_throwable?: { error_class?: string | null; sql_state?: string | null } | null;
}

export interface StatusMessage {
  code: number;
  message: string;
  details: { type_url: string; value: Buffer }[];
}

export interface ErrorInfo {
  reason: string;
  metadata: Record<string, string>;
}

export const readStatus = reader<StatusMessage>('google.rpc.Status');
export const readErrorInfo = reader<ErrorInfo>('google.rpc.ErrorInfo');

function reader<T>(name: string): (bytes: Buffer) => T {
  const { deserialize } = definitions[name] as MessageTypeDefinition<object, object>;
  return (bytes) => deserialize(bytes) as T;
}
