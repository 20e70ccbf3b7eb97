import { type ErrorCode, SkuaError } from '../errors.js';
import { parseJson } from '../json.js';
import type { LoadedTable } from './contract.js';

/**
 * Nobody knows whether the commit took effect. Files that it refers to must stay: the table may already hold them. The very same commit may be
 * sent again, since it can take effect only once.
 */
export class CommitStateUnknown extends SkuaError {}

type Refusal = Pick<CommitRefused, 'isOvertaken' | 'mayPass'> &
  Partial<Pick<CommitRefused, 'retryAfter' | 'rival' | 'tables'>>;

/** The commit did not take effect: the table was read after the catalog's answer, or the catalog was never reached. */
export class CommitRefused extends SkuaError {
  /** The table has moved on since, so that no copy of the commit can take effect any more. */
  readonly isOvertaken: boolean;
  /** The same commit, or one made of the table's newest state, may succeed. */
  readonly mayPass: boolean;
  /** How long the catalog wants to be left alone (RFC 9110, `Retry-After`), in milliseconds. */
  readonly retryAfter: number | undefined;
  /** The current snapshot of the table that has moved on. */
  readonly rival: bigint | undefined;
  /** The tables as they were read after the answer. */
  readonly tables: readonly LoadedTable[];

  constructor(error: SkuaError, { isOvertaken, mayPass, retryAfter, rival, tables = [] }: Refusal) {
    super(error.code, error.message, { cause: error });
    this.isOvertaken = isOvertaken;
    this.mayPass = mayPass;
    this.retryAfter = retryAfter;
    this.rival = rival;
    this.tables = tables;
  }
}

/**
 * The catalog was there, but its answer is of no use: no JSON, or a failure of the catalog's own (500). What was asked next to it may be
 * answered all the same.
 */
export class UnusableAnswer extends SkuaError {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super('UNAVAILABLE', message);
  }
}

/** What a conflict (409) means depends on what was asked. */
export type Conflict = 'exists' | 'commit' | 'not-empty';

/** What the catalog said of a failure (Iceberg REST specification, "ErrorModel"). */
export interface CatalogFailure {
  status: number;
  type: string | undefined;
  /** Undefined where the body was none of the specification's. */
  message: string | undefined;
}

/** The longest sentence that is passed on, in characters. */
const MAX_MESSAGE = 1_000;

/** `secret` went with the request; no part of it is passed on with the sentence. */
export function parseFailure(status: number, body: string, secret = ''): CatalogFailure {
  let parsed: unknown;
  try {
    parsed = parseJson(body);
  } catch {
    return { status, type: undefined, message: undefined };
  }
  const error = (parsed as { error?: { message?: unknown; type?: unknown } } | null)?.error;
  return {
    status,
    type: typeof error?.type === 'string' ? error.type : undefined,
    message: typeof error?.message === 'string' && error.message !== '' ? clean(error.message, secret) : undefined,
  };
}

/** The catalog's own sentence under the status that it stands for. */
export function toError(catalog: string, failure: CatalogFailure, conflict: Conflict): SkuaError {
  const { status, message } = failure;
  if (status === 401 || status === 419) {
    return new SkuaError('UNAUTHENTICATED', message ?? 'The catalog did not accept the token.');
  }
  if (status >= 300 && status < 400) {
    return new SkuaError('UNAVAILABLE', `The catalog '${catalog}' answered with a redirect, which is not followed.`);
  }
  const sentence = message ?? `The catalog '${catalog}' answered HTTP ${status}.`;
  return status === 500 ? new UnusableAnswer(sentence, status) : new SkuaError(codeOf(failure, conflict), sentence);
}

function codeOf({ status, type }: CatalogFailure, conflict: Conflict): ErrorCode {
  switch (status) {
    case 400:
    case 415:
    case 422:
      return type === 'NamespaceNotEmptyException' ? 'FAILED_PRECONDITION' : 'INVALID_ARGUMENT';
    case 403:
      return 'PERMISSION_DENIED';
    case 404:
      return 'NOT_FOUND';
    case 405:
    case 406:
    case 501:
      return 'UNIMPLEMENTED';
    case 409:
      if (type === 'NamespaceNotEmptyException' || conflict === 'not-empty') return 'FAILED_PRECONDITION';
      return type === 'AlreadyExistsException' || conflict === 'exists' ? 'ALREADY_EXISTS' : 'ABORTED';
    case 429:
      return 'RESOURCE_EXHAUSTED';
    default:
      return status >= 500 ? 'UNAVAILABLE' : 'UNKNOWN';
  }
}

/** One line, of bearable length, without anything that looks like a token. */
function clean(message: string, secret: string): string {
  const line = message
    .replace(/[\w+/=-]{8,}/g, (word) => (secret.includes(word) ? '[token]' : word))
    .replace(/eyJ[\w-]+\.[\w-]+(?:\.[\w-]*)*/g, '[token]')
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim();
  return line.length > MAX_MESSAGE ? `${line.slice(0, MAX_MESSAGE)}…` : line;
}
