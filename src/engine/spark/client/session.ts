/** A session in a cluster. */
import { randomUUID } from 'node:crypto';
import { SkuaError } from '../../../errors.js';
import type { CallContext, Connection } from './connection.js';
import { execute } from './execution.js';
import { clusterFailure, errorInfoOf, isForgotten, statementError } from './failures.js';
import type { ErrorDetails, ExecuteResponse, SessionFields } from './protocol.js';

export interface SparkSessionOptions {
  /** As it is configured; errors name it. */
  engine: string;
  user: string;
  /** Set before anything else. */
  properties: Record<string, string>;
  /** Value of the `authorization` header of every call. */
  authorization?: string | undefined;
  /** Texts that no error may tell. */
  secrets: readonly string[];
}

export class SparkSession {
  readonly #connection: Connection;
  readonly #options: SparkSessionOptions;
  readonly #fields: SessionFields;
  readonly #call: CallContext;
  #isForgotten = false;

  private constructor(connection: Connection, options: SparkSessionOptions) {
    this.#connection = connection;
    this.#options = options;
    const { user, authorization } = options;
    this.#fields = {
      session_id: randomUUID(),
      user_context: { user_id: user, user_name: user },
      client_type: 'skua',
    };
    this.#call = { authorization };
  }

  static async open(connection: Connection, options: SparkSessionOptions): Promise<SparkSession> {
    const session = new SparkSession(connection, options);
    const pairs = Object.entries(options.properties).map(([key, value]) => ({ key, value }));
    await session.#ask('Config', { operation: { set: { pairs } } });
    return session;
  }

  /** The cluster knows it no more. */
  get isForgotten(): boolean {
    return this.#isForgotten;
  }

  /** Runs a query. Aborting the signal interrupts it: CANCELLED. */
  async *execute(sql: string, signal: AbortSignal): AsyncGenerator<ExecuteResponse> {
    const context = { connection: this.#connection, session: this.#fields, call: this.#call };
    try {
      yield* execute(context, { root: { sql: { query: sql } } }, signal);
    } catch (error) {
      throw await this.#failure(error, signal);
    }
  }

  /** The cluster's own plan of a query, in lines. */
  async explain(sql: string, signal: AbortSignal): Promise<string> {
    const plan = { root: { sql: { query: sql } } };
    const request = { explain: { plan, explain_mode: 'EXPLAIN_MODE_SIMPLE' } };
    const answer = await this.#ask<{ explain?: { explain_string: string } | null }>('AnalyzePlan', request, signal);
    return this.#hide(answer.explain?.explain_string ?? '').trim();
  }

  /** Forgets the session there, and what it holds. */
  async release(): Promise<void> {
    // A cluster that can't be reached forgets it by itself.
    await this.#connection.ask('ReleaseSession', this.#fields, this.#call).catch(() => undefined);
  }

  async #ask<T>(method: string, request: object, signal?: AbortSignal): Promise<T> {
    try {
      return await this.#connection.ask<T>(method, { ...this.#fields, ...request }, { ...this.#call, signal });
    } catch (error) {
      throw await this.#failure(error, signal);
    }
  }

  async #failure(error: unknown, signal: AbortSignal | undefined): Promise<SkuaError> {
    if (signal?.aborted) return new SkuaError('CANCELLED', 'the statement was cancelled', { cause: error });
    if (error instanceof SkuaError) return error;
    const failure = clusterFailure(error, await this.#detailsOf(error));
    this.#isForgotten ||= isForgotten(failure);
    return statementError(this.#options.engine, failure, (text) => this.#hide(text));
  }

  /** A status has room for little; the causes of an error are told when they are asked for. */
  async #detailsOf(error: unknown): Promise<ErrorDetails | undefined> {
    const id = errorInfoOf(error)?.metadata.errorId;
    if (id === undefined) return undefined;
    const request = { ...this.#fields, error_id: id };
    return this.#connection.ask<ErrorDetails>('FetchErrorDetails', request, this.#call).catch(() => undefined);
  }

  #hide(text: string): string {
    return this.#options.secrets.reduce((hidden, secret) => hidden.replaceAll(secret, '[token]'), text);
  }
}
