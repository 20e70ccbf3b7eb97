/** Statements over HTTP, answered as Arrow streams: for browsers, and wherever gRPC does not get through. */
import type { Schema } from 'apache-arrow';
import { type ColumnarBatch, readStream } from '../../arrow/index.js';
import { type ErrorCode, messageOf, SkuaError } from '../../errors.js';
import type { Queries, StatementOptions, StatementOutcome } from '../contract.js';
import type { Parameter } from '../parameters.js';
import { QueryResult } from '../result.js';
import { authorizationOf, type TokenSource } from '../token.js';

export interface HttpConnectOptions {
  /** `https://host:port`, or `http://host:port` for this machine. */
  address: string;
  token?: TokenSource;
  /** Keeps the session that the server offers. Default: true. */
  session?: boolean;
  /** Goes on with a session that an earlier client had (`sessionId`). */
  sessionId?: string | undefined;
}

const SESSION_HEADER = 'skua-session';
const ARROW = 'application/vnd.apache.arrow.stream';

/** Opens no connection yet; the first call does. An address that is none: INVALID_ARGUMENT. */
export function connectHttp(options: HttpConnectOptions): HttpClient {
  return new HttpClient(options);
}

/** Rejects with a `SkuaError`, as the Flight SQL client does. Nothing is tried again. */
export class HttpClient implements Queries {
  readonly #options: HttpConnectOptions;
  readonly address: string;
  #session: string | undefined;

  constructor(options: HttpConnectOptions) {
    this.#options = options;
    const url = URL.canParse(options.address) ? new URL(options.address) : undefined;
    if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '') {
      throw new SkuaError(
        'INVALID_ARGUMENT',
        `The address ${options.address} must be https://host:port or http://host:port.`,
      );
    }
    this.address = url.href.replace(/\/$/, '');
    this.#session = options.sessionId;
  }

  /** The session that the server gave; whoever has it and the token is in it. */
  get sessionId(): string | undefined {
    return this.#session;
  }

  async execute(sql: string, options: StatementOptions = {}): Promise<QueryResult> {
    const stop = new AbortController();
    const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);
    const body = JSON.stringify({ sql, ...(options.parameters && { parameters: options.parameters.map(toJson) }) });
    const answer = await this.#send('/v1/statements', { method: 'POST', body, signal });
    const messages = this.#read(answer, signal);
    const first = await messages.next();
    if (first.done === true) throw new SkuaError('DATA_LOSS', 'The answer has no schema.');
    const schema = first.value as Schema;
    return new QueryResult(schema, messages as AsyncGenerator<ColumnarBatch>, async () => stop.abort());
  }

  async executeUpdate(sql: string, options: StatementOptions = {}): Promise<number> {
    const result = await this.execute(sql, options);
    let count = -1;
    for await (const { affected_rows: rows } of result.rows()) count = Number(rows ?? -1);
    return count;
  }

  /** A statement whose only column is `affected_rows` counts as a change. */
  async run(sql: string, options: StatementOptions = {}): Promise<StatementOutcome> {
    const result = await this.execute(sql, options);
    const [field, ...others] = result.schema.fields;
    if (field?.name !== 'affected_rows' || others.length > 0) return result;
    let affectedRows = -1;
    for await (const { affected_rows: rows } of result.rows()) affectedRows = Number(rows ?? -1);
    return { kind: 'update', affectedRows };
  }

  /** Ends the session on the server. */
  async closeSession(): Promise<void> {
    if (this.#session === undefined) return;
    await this.#send('/v1/session', { method: 'DELETE' });
    this.#session = undefined;
  }

  async #send(path: string, request: RequestInit): Promise<Response> {
    const headers: Record<string, string> = { accept: ARROW, 'content-type': 'application/json' };
    if (this.#options.token !== undefined) headers.authorization = await authorizationOf(this.#options.token);
    if (this.#session !== undefined) headers[SESSION_HEADER] = this.#session;
    let answer: Response;
    try {
      answer = await fetch(this.address + path, { ...request, headers, redirect: 'error', credentials: 'omit' });
    } catch (error) {
      throw this.#failure(error, request.signal);
    }
    if (this.#options.session !== false) this.#session = answer.headers.get(SESSION_HEADER) ?? this.#session;
    if (!answer.ok) throw await problemOf(answer);
    return answer;
  }

  async *#read(answer: Response, signal: AbortSignal): AsyncGenerator<Schema | ColumnarBatch> {
    try {
      yield* readStream(piecesOf(answer));
    } catch (error) {
      throw this.#failure(error, signal);
    }
  }

  #failure(error: unknown, signal?: AbortSignal | null): SkuaError {
    if (signal?.aborted === true) return new SkuaError('CANCELLED', 'The statement was stopped.', { cause: error });
    if (error instanceof SkuaError) return error;
    const cause = error instanceof Error && error.cause !== undefined ? `: ${messageOf(error.cause)}` : '';
    return new SkuaError('UNAVAILABLE', `The connection to ${this.address} failed or was cut${cause}.`, {
      cause: error,
    });
  }
}

async function* piecesOf(answer: Response): AsyncGenerator<Uint8Array> {
  const reader = answer.body?.getReader();
  if (reader === undefined) return;
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** Problem details (RFC 9457), or what else came. */
async function problemOf(answer: Response): Promise<SkuaError> {
  const text = await answer.text().catch(() => '');
  try {
    const { code, detail } = JSON.parse(text) as { code?: ErrorCode; detail?: string };
    if (code !== undefined && detail !== undefined) return new SkuaError(code, detail);
  } catch {
    // A proxy in between answers in its own way.
  }
  return new SkuaError('UNAVAILABLE', `The server answered ${answer.status} ${answer.statusText}.`);
}

/** JSON that the server casts to what the statement takes. */
function toJson(value: Parameter): unknown {
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value instanceof Uint8Array) {
    throw new SkuaError('UNIMPLEMENTED', 'Binary parameters go over Flight SQL only; write a text with unhex(?).');
  }
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, toJson(member)]));
  }
  return value ?? null;
}
