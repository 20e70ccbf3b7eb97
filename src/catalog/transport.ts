import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import type { BearerToken } from '../auth/index.js';
import { SkuaError } from '../errors.js';
import { parseJson, writeJson } from '../json.js';
import { retryAfter } from '../retry-after.js';
import { endsWithin } from '../time-limit.js';
import { answerText } from './answer-text.js';
import { type Conflict, parseFailure, toError, UnusableAnswer } from './errors.js';

export interface CatalogRequest {
  method: 'GET' | 'POST' | 'DELETE';
  /** Below the catalog's URI, encoded, with its query. */
  path: string;
  /** Another URI that the path is below; who asks has seen that the token may go there. */
  base?: string | undefined;
  body?: unknown;
  headers?: Record<string, string>;
  /** `none`: whatever body a success has is not read. Default `json`. */
  answer?: 'json' | 'none';
  /** What a 409 means. Default `exists`. */
  conflict?: Conflict;
  /** The catalog tells a repetition from another request, so that it may be sent again. Default: GETs alone. */
  isRepeatable?: boolean;
  /** An earlier answer: one that has the same text has the same body. */
  read?: ReadAnswer | undefined;
}

export interface ReadAnswer {
  text: string;
  body: unknown;
}

export interface CatalogAnswer {
  /** 2xx, or 304 to a conditional GET. */
  status: number;
  /** A JSON object, or undefined where none was to be had. */
  body: unknown;
  text: string;
  etag: string | undefined;
  /** The header Cache-Control (RFC 9111), in lower case. */
  cacheControl: string;
}

/** One failed exchange: whether the request may have reached the catalog tells whether it may have taken effect. */
export class ExchangeFailure {
  constructor(
    readonly error: SkuaError,
    readonly outcome: 'refused' | 'not-sent' | 'unknown',
    /** Absent where there was no answer. */
    readonly status: number | undefined,
    /** What the catalog calls the failure. */
    readonly type?: string | undefined,
    /** How long the catalog asks to be left alone, in milliseconds. */
    readonly retryAfter?: number | undefined,
  ) {}
}

export interface Transport {
  /** Sends one request with the caller's token. Every failure is an `ExchangeFailure`. */
  exchange(token: BearerToken, request: CatalogRequest): Promise<CatalogAnswer>;
  close(): Promise<void>;
}

export interface TransportOptions {
  name: string;
  uri: string;
  connectTimeout: number;
  requestTimeout: number;
  maxConnections: number;
  /** Told of every request. */
  onRequest?: ((request: CatalogExchange) => void) | undefined;
  /** Headers besides the request's own. */
  headers?: (() => Record<string, string>) | undefined;
}

/** One request that was answered, or not. */
export interface CatalogExchange {
  method: CatalogRequest['method'];
  /** Of HTTP; `none` where there was no answer. */
  status: number | 'none';
  milliseconds: number;
}

/** What can be repeated is sent this often in all, unless the catalog says when to come again. */
const MOST_ATTEMPTS = 3;
/** The longest wait before the first retry, in milliseconds; doubles each time. */
const RETRY_DELAY = 75;

/** How long requests that are under way may take when the catalog is closed, in milliseconds. */
const CLOSE_GRACE = 5_000;

/** HTTP to one catalog over kept-alive connections. Redirects are not followed: the token is meant for this address only. */
export function createTransport(options: TransportOptions): Transport {
  const base = options.uri.replace(/\/+$/, '');
  const agent = new Agent({
    connections: options.maxConnections,
    connect: { timeout: options.connectTimeout },
    headersTimeout: options.requestTimeout,
    bodyTimeout: options.requestTimeout,
    keepAliveTimeout: 30_000,
  });

  async function once(token: BearerToken, what: CatalogRequest): Promise<CatalogAnswer> {
    const started = performance.now();
    const told = (status: number | 'none') =>
      options.onRequest?.({ method: what.method, status, milliseconds: performance.now() - started });
    const { status, headers, text } = await send(token, what).catch((error) => {
      told('none');
      throw error;
    });
    told(status);
    if (status === 304 || (status >= 200 && status < 300)) {
      const etag = headers.etag;
      return {
        status,
        body: status === 304 || what.answer === 'none' ? undefined : bodyOf(what, text, status),
        text,
        etag: typeof etag === 'string' ? etag : undefined,
        cacheControl: String(headers['cache-control'] ?? '').toLowerCase(),
      };
    }
    const failure = parseFailure(status, text, token.header());
    const error = toError(options.name, failure, what.conflict ?? 'exists');
    const outcome = status >= 500 && status !== 501 ? 'unknown' : 'refused';
    throw new ExchangeFailure(error, outcome, status, failure.type, retryAfter(headers['retry-after']));
  }

  async function send(token: BearerToken, what: CatalogRequest) {
    try {
      const answer = await request(`${what.base ?? base}/${what.path}`, {
        dispatcher: agent,
        method: what.method,
        headers: {
          accept: 'application/json',
          ...(what.body === undefined ? {} : { 'content-type': 'application/json' }),
          ...what.headers,
          ...options.headers?.(),
          authorization: token.header(),
        },
        body: what.body === undefined ? null : writeJson(what.body),
      });
      return { status: answer.statusCode, headers: answer.headers, text: await answerText(answer.body) };
    } catch (error) {
      throw unreachable(error);
    }
  }

  function bodyOf({ read }: CatalogRequest, text: string, status: number): unknown {
    return read?.text === text ? read.body : parseBody(text, status);
  }

  function parseBody(text: string, status: number): unknown {
    try {
      const body = parseJson(text);
      if (typeof body !== 'object' || body === null) throw new TypeError('no object');
      return body;
    } catch {
      const sentence = `The catalog '${options.name}' answered with something that is no JSON object.`;
      throw new ExchangeFailure(new UnusableAnswer(sentence, status), 'unknown', status);
    }
  }

  /** The cause is left out: an error of the HTTP client can hold the request, and with it the token. */
  function unreachable(error: unknown): ExchangeFailure {
    if (error instanceof SkuaError) return new ExchangeFailure(error, 'unknown', undefined);
    const code = (error as NodeJS.ErrnoException)?.code ?? '';
    const reason = /^[A-Z0-9_]{2,40}$/.test(code) ? ` (${code})` : '';
    const notSent = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT)$/.test(code);
    const sentence = /TIMEOUT/.test(code) ? 'did not answer in time' : 'could not be reached';
    return new ExchangeFailure(
      new SkuaError('UNAVAILABLE', `The catalog '${options.name}' ${sentence}${reason}.`),
      notSent ? 'not-sent' : 'unknown',
      undefined,
    );
  }

  return {
    async exchange(token, what) {
      const deadline = Date.now() + options.requestTimeout;
      for (let attempt = 1; ; attempt++) {
        try {
          return await once(token, what);
        } catch (failure) {
          const isRepeatable = what.isRepeatable ?? what.method === 'GET';
          if (!(failure instanceof ExchangeFailure) || !isRepeatable) throw failure;
          const wait = waitBeforeRetry(failure, attempt);
          if (wait === undefined || Date.now() + wait > deadline) throw failure;
          await sleep(wait);
        }
      }
    },
    async close() {
      if (!(await endsWithin(CLOSE_GRACE, agent.close()))) await agent.destroy();
    },
  };
}

/** Undefined where it is not worth another try. */
function waitBeforeRetry(failure: ExchangeFailure, attempt: number): number | undefined {
  if (!isTransient(failure)) return undefined;
  const backoff = Math.random() * RETRY_DELAY * 2 ** attempt;
  if (failure.retryAfter !== undefined) return failure.retryAfter + backoff;
  return attempt < MOST_ATTEMPTS ? backoff : undefined;
}

function isTransient({ status, error }: ExchangeFailure): boolean {
  if (status === undefined) return !error.message.includes('in time');
  return status === 429 || status === 502 || status === 503 || status === 504;
}
