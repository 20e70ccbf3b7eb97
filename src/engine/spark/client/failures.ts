/** What a cluster says when it fails, as the error that the client sees. */
import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { type ErrorCode, messageOf, SkuaError } from '../../../errors.js';
import { type ErrorDetail, type ErrorDetails, type ErrorInfo, readErrorInfo, readStatus } from './protocol.js';

/** A failure as far as it is known: the status, and the errors from the outermost to the first cause. */
export interface ClusterFailure {
  status: number;
  message: string;
  errors: Pick<ErrorDetail, 'error_type_hierarchy' | 'message'>[];
  /** `INVALID_HANDLE.SESSION_NOT_FOUND`, … */
  errorClass?: string | undefined;
  /** Of the standard, five characters. */
  sqlState?: string | undefined;
}

/** What the trailers of a failed call say. */
export function errorInfoOf(error: unknown): ErrorInfo | undefined {
  const [bytes] = metadataOf(error)?.get('grpc-status-details-bin') ?? [];
  if (!Buffer.isBuffer(bytes)) return undefined;
  try {
    const info = readStatus(bytes).details.find(({ type_url }) => type_url.endsWith('google.rpc.ErrorInfo'));
    return info && readErrorInfo(info.value);
  } catch {
    // Details that can't be read tell nothing.
    return undefined;
  }
}

function metadataOf(error: unknown): Metadata | undefined {
  const { metadata } = error as { metadata?: unknown };
  return metadata instanceof Metadata ? metadata : undefined;
}

/** `details`: what the cluster has told of the failure when it was asked. */
export function clusterFailure(error: unknown, details?: ErrorDetails): ClusterFailure {
  const info = errorInfoOf(error);
  const { code = status.UNKNOWN, details: message = messageOf(error) } = error as Partial<ServiceError>;
  const errors = chainOf(details);
  const [first] = errors;
  return {
    status: code,
    message: first?.message || message,
    errors: errors.length > 0 ? errors : [{ error_type_hierarchy: classesIn(info), message }],
    errorClass: first?.spark_throwable?.error_class ?? info?.metadata.errorClass,
    sqlState: first?.spark_throwable?.sql_state ?? info?.metadata.sqlState,
  };
}

function classesIn(info: ErrorInfo | undefined): string[] {
  try {
    return JSON.parse(info?.metadata.classes ?? '[]') as string[];
  } catch {
    return [];
  }
}

function chainOf({ errors, root_error_idx }: ErrorDetails = { errors: [] }): ErrorDetail[] {
  const chain: ErrorDetail[] = [];
  for (let index = root_error_idx ?? 0; chain.length < errors.length; ) {
    const error = errors[index];
    if (error === undefined) break;
    chain.push(error);
    if (error.cause_idx === undefined || error.cause_idx === null) break;
    index = error.cause_idx;
  }
  return chain;
}

/** The session or the execution is no longer known there: what has not given a row yet can be begun anew. */
export function isForgotten({ errorClass = '' }: ClusterFailure): boolean {
  return (
    /^INVALID_HANDLE\.(?:SESSION_|OPERATION_(?:NOT_FOUND|ABANDONED))/.test(errorClass) ||
    errorClass.startsWith('SESSION_')
  );
}

/** The cluster could not be reached, or the way to it broke. */
export function isLost({ status: code, errorClass }: ClusterFailure): boolean {
  return errorClass === undefined && (code === status.UNAVAILABLE || code === status.DEADLINE_EXCEEDED);
}

/** What an Iceberg catalog refuses with, by the class of the error in Iceberg's own library. */
const REFUSALS: Record<string, ErrorCode> = {
  ForbiddenException: 'PERMISSION_DENIED',
  NotAuthorizedException: 'UNAUTHENTICATED',
  NoSuchTableException: 'NOT_FOUND',
  NoSuchNamespaceException: 'NOT_FOUND',
  ServiceUnavailableException: 'UNAVAILABLE',
  ServiceFailureException: 'UNAVAILABLE',
  RESTException: 'UNAVAILABLE',
};

/**
 * The error of a statement. Refusals of a catalog are given in its own words. `hide` takes what nobody may read out of a message.
 */
export function statementError(engine: string, failure: ClusterFailure, hide: (text: string) => string): SkuaError {
  for (const { error_type_hierarchy, message } of failure.errors) {
    for (const name of error_type_hierarchy) {
      const code = name.startsWith('org.apache.iceberg.') && REFUSALS[name.slice(name.lastIndexOf('.') + 1)];
      if (code) return new SkuaError(code, hide(withoutPrefix(message)));
    }
  }
  const sentence = hide(firstLines(failure.message));
  if (isLost(failure))
    return new SkuaError('UNAVAILABLE', `The cluster of engine "${engine}" can't be reached: ${sentence}`);
  if (isForgotten(failure)) {
    return new SkuaError(
      'UNAVAILABLE',
      `The cluster of engine "${engine}" has ended the session: ${sentence}; run the statement again`,
    );
  }
  return new SkuaError(codeOf(failure), `Engine "${engine}": ${sentence}`);
}

const BY_STATUS: Record<number, ErrorCode> = {
  [status.CANCELLED]: 'CANCELLED',
  [status.DEADLINE_EXCEEDED]: 'DEADLINE_EXCEEDED',
  [status.PERMISSION_DENIED]: 'PERMISSION_DENIED',
  [status.UNAUTHENTICATED]: 'UNAUTHENTICATED',
  [status.RESOURCE_EXHAUSTED]: 'RESOURCE_EXHAUSTED',
  [status.UNAVAILABLE]: 'UNAVAILABLE',
  [status.UNIMPLEMENTED]: 'UNIMPLEMENTED',
};

/** Classes of SQL states (ISO 9075-2, "Status codes"). */
const BY_STATE: Record<string, ErrorCode> = {
  '07': 'INVALID_ARGUMENT',
  '21': 'INVALID_ARGUMENT',
  '22': 'INVALID_ARGUMENT',
  // The local engine has bound the statement: what is not understood is a limit of the cluster's.
  '0A': 'UNIMPLEMENTED',
  '42': 'UNIMPLEMENTED',
  '53': 'RESOURCE_EXHAUSTED',
  '54': 'RESOURCE_EXHAUSTED',
};

function codeOf({ status: code, sqlState = '', errorClass, errors }: ClusterFailure): ErrorCode {
  const classes = errors.flatMap(({ error_type_hierarchy }) => error_type_hierarchy);
  if (errorClass === 'OPERATION_CANCELED' || sqlState === 'HY008') return 'CANCELLED';
  if (classes.some((name) => /\.(?:OutOfMemoryError|SparkOutOfMemoryError)$/.test(name))) return 'RESOURCE_EXHAUSTED';
  return BY_STATE[sqlState.slice(0, 2)] ?? BY_STATUS[code] ?? 'UNKNOWN';
}

/** Iceberg puts what it makes of an answer in front of the catalog's words. */
function withoutPrefix(message: string): string {
  return message.replace(/^(?:Forbidden|Not authorized): /, '');
}

/** Without the plan and the trace that follow. */
function firstLines(message: string): string {
  const [text = ''] = message.split(/\n\s*(?:==|at |'|\+-|\n)/);
  return text.trim();
}
