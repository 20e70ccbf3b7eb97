/** Errors as HTTP answers (RFC 9457), with the name of the gRPC status that the same error has over Flight SQL. */
import type { Failure } from '../admission/index.js';
import type { ErrorCode } from '../errors.js';

export const PROBLEM_TYPE = 'application/problem+json';

/** As Google's API guide maps them. */
const STATUSES: Record<ErrorCode, number> = {
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  OUT_OF_RANGE: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  ABORTED: 409,
  ALREADY_EXISTS: 409,
  RESOURCE_EXHAUSTED: 429,
  CANCELLED: 499,
  INTERNAL: 500,
  UNKNOWN: 500,
  DATA_LOSS: 500,
  UNIMPLEMENTED: 501,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
};

export interface Problem {
  /** Of HTTP. */
  status: number;
  /** Name of the gRPC status. */
  code: ErrorCode;
  /** The sentence. */
  detail: string;
  /** The statement that failed. */
  statement?: string | undefined;
  /** Under which the server's log has the cause. */
  incident?: string | undefined;
}

/** Of what a client sent, so much is told it again, in characters. */
const TOLD = 200;

/** What a client sent, for a sentence about it: no more than says what was meant, and no token that came where none belongs. */
export function told(sent: string): string {
  const text = sent.replace(/eyJ[\w-]+(?:\.[\w-]*)*/g, '[token]');
  return text.length > TOLD ? `${text.slice(0, TOLD)}…` : text;
}

export function problemOf({ error, incident }: Failure, statement?: string): Problem {
  return { status: httpStatusOf(error.code), code: error.code, detail: error.message, statement, incident };
}

export function httpStatusOf(code: ErrorCode): number {
  return STATUSES[code];
}

export function problemResponse(problem: Problem): Response {
  return new Response(problemText(problem), { status: problem.status, headers: problemHeaders(problem) });
}

export function problemHeaders({ status }: Problem): Record<string, string> {
  // RFC 6750, section 3.
  return { 'content-type': PROBLEM_TYPE, ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}) };
}

export function problemText(problem: Problem): string {
  return JSON.stringify({ title: problem.code, ...problem });
}
