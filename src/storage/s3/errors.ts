import { SkuaError } from '../../errors.js';

/** What was tried, for the sentence of a failure. Locations are no secrets; keys, headers and signed addresses never get in. */
export interface Attempt {
  verb: 'read' | 'write' | 'remove' | 'list';
  location: string;
  host: string;
  /** The request was signed with a session token, or by the catalog. */
  session: boolean;
}

interface ServiceFailure {
  name: string;
  code: string | undefined;
  status: number | undefined;
  message: string;
}

/**
 * Refusals for the moment: a request that was too slow in coming, another one for the same object under way, too early, too many. The first has
 * 400 in the S3 API, the second is also ConditionalRequestConflict.
 */
const FOR_THE_MOMENT: ReadonlySet<number> = new Set([408, 409, 425, 429]);
const NAMES_FOR_THE_MOMENT = /^(?:RequestTimeout|OperationAborted|ConditionalRequestConflict|SlowDown)$/;

/** Worth another try: throttling, server faults, broken or slow connections, requests that met another one. */
export function isTransient(error: unknown): boolean {
  if (error instanceof SkuaError || isAbort(error)) return false;
  const { status, name } = describe(error);
  if (status === undefined || FOR_THE_MOMENT.has(status) || NAMES_FOR_THE_MOMENT.test(name)) return true;
  return status >= 500 && status !== 501;
}

/**
 * The credentials are no longer, or not, good: other ones may be. RustFS answers an expired session with 400 InvalidRequest "check key
 * failed", and one with a wrong session token with 500.
 */
export function isStaleCredential(error: unknown, session: boolean): boolean {
  const { name, status, message } = describe(error);
  if (/^(ExpiredToken|ExpiredTokenException|InvalidToken|TokenRefreshRequired|InvalidAccessKeyId)$/.test(name))
    return true;
  if (!session) return false;
  if (/^(RequestTimeTooSkewed|RequestExpired|SignatureDoesNotMatch)$/.test(name)) return true;
  return (status === 400 && /check key failed/i.test(message)) || status === 500;
}

export function isNotImplemented(error: unknown): boolean {
  const { name, status } = describe(error);
  return status === 501 || name === 'NotImplemented' || status === 405;
}

export function isPreconditionFailed(error: unknown): boolean {
  const { name, status } = describe(error);
  return status === 412 || name === 'PreconditionFailed';
}

export function isMissing(error: unknown): boolean {
  const { name, status } = describe(error);
  return name === 'NoSuchKey' || name === 'NotFound' || (status === 404 && name !== 'NoSuchBucket');
}

export function mapS3Error(error: unknown, attempt: Attempt): SkuaError {
  if (error instanceof SkuaError) return error;
  if (isAbort(error)) return new SkuaError('CANCELLED', 'The request was cancelled.');
  const { name, status } = describe(error);
  const what = `${attempt.verb} '${attempt.location}'`;
  if (name === 'NoSuchBucket') return new SkuaError('NOT_FOUND', `The bucket of '${attempt.location}' does not exist.`);
  if (isMissing(error)) return new SkuaError('NOT_FOUND', `The object '${attempt.location}' does not exist.`);
  if (isPreconditionFailed(error))
    return new SkuaError('ALREADY_EXISTS', `The object '${attempt.location}' exists already.`);
  if (status !== 500 && isStaleCredential(error, attempt.session)) {
    return new SkuaError(
      'UNAUTHENTICATED',
      `The store did not accept the credentials to ${what}; they may have expired.`,
    );
  }
  if (status === 401 || status === 403)
    return new SkuaError('PERMISSION_DENIED', `The store refused to ${what} (${name}).`);
  if (status === 416) return new SkuaError('OUT_OF_RANGE', `'${attempt.location}' is shorter than its metadata says.`);
  if (status === 429 || name === 'SlowDown') return new SkuaError('UNAVAILABLE', `The store is too busy to ${what}.`);
  if (status === undefined) {
    return new SkuaError(
      'UNAVAILABLE',
      `The store at ${attempt.host} could not be reached to ${what} (${networkReason(error)}).`,
    );
  }
  if (status >= 500 || isTransient(error)) {
    const hint = attempt.session ? '; this can also mean that it did not accept the session credentials' : '';
    return new SkuaError('UNAVAILABLE', `The store failed to ${what} (HTTP ${status}${hint}).`);
  }
  return new SkuaError('INTERNAL', `The store answered ${name} (HTTP ${status}) to ${what}.`);
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'CanceledError');
}

function describe(error: unknown): ServiceFailure {
  const failure = error as { name?: string; Code?: string; message?: string; $metadata?: { httpStatusCode?: number } };
  return {
    name: safeName(failure?.Code ?? failure?.name),
    code: failure?.Code,
    status: failure?.$metadata?.httpStatusCode,
    message: failure?.message ?? '',
  };
}

/** Error names are identifiers; anything else is not passed on. */
function safeName(name: string | undefined): string {
  return name && /^[A-Za-z0-9.]{1,64}$/.test(name) ? name : 'Error';
}

function networkReason(error: unknown): string {
  const code = (error as NodeJS.ErrnoException)?.code;
  if (code && /^[A-Z_]{2,40}$/.test(code)) return code;
  return (error as Error)?.name === 'TimeoutError' ? 'timeout' : 'connection failed';
}
