import type { ZodError } from 'zod';
import { SkuaError } from '../../../errors.js';
import type { BatchSource, EngineProfile, FetchMissing, MissingColumns } from '../contract.js';
import {
  answers,
  type BatchReader,
  type BatchWriter,
  type Command,
  errorFrom,
  type Report,
  type RequestName,
  type Requests,
  wireError,
} from '../protocol/index.js';
import { OfferedRows } from './offered-rows.js';
import { ProcessFailure, type Victim } from './process-end.js';
import { RemoteResult } from './remote-result.js';

/** How long a statement may take to end once it has been told to, in milliseconds; then its process is ended. */
const CANCEL_GRACE = 2000;
/** Batches of one result that may be on their way. */
const RESULT_CREDIT = 3;

/** On whose behalf a request is made, and how it is stopped. */
export interface RequestContext {
  instance: number;
  principal: string;
  /** The id of the statement. */
  statement?: string | undefined;
  signal?: AbortSignal | undefined;
  /** Fetches what the request misses of its files. */
  fetch?: FetchMissing | undefined;
  /** Asks for profiles of what the request runs. */
  onProfile?: ((profile: EngineProfile) => void) | undefined;
}

/** What a request takes; rows that the process is to pull are offered under a number. */
export type Takes<T> = (offer: (source: BatchSource) => number) => T;

/** What a process says of a request. */
export type Reply = Extract<
  Report,
  { kind: 'answer' | 'failure' | 'batch' | 'end' | 'missing' | 'progress' | 'profile' }
>;

interface Pending extends RequestContext {
  name: RequestName;
  sql: string | undefined;
  answer: Later<unknown>;
  result?: RemoteResult;
  onProgress?: ((done: number) => void) | undefined;
  sources: number[];
  /** The process may be damaged, by it or before it. */
  isBroken?: boolean;
  /** Runs from when it was told to stop, at `toldAt` by `performance.now()`. */
  deadline?: NodeJS.Timeout;
  toldAt?: number;
  onAbort: () => void;
  ended: Later<void>;
}

export interface PendingRequestsOptions {
  writer: BatchWriter;
  reader: BatchReader;
  send: (command: Command) => void;
  /** Keeps what the process has written as it is, until what this gives is called. */
  hold: () => () => void;
  /** Whether statements of other principals ran in the process, too. */
  isShared: (principal: string) => boolean;
  /** Told of each request that has ended, after it. */
  onEnded: () => void;
  /** Told of a request that goes on though it was told to stop. */
  onUnstoppable: (id: number) => void;
}

/** The requests to an engine process that are under way. */
export class PendingRequests {
  readonly #options: PendingRequestsOptions;
  readonly #pending = new Map<number, Pending>();
  readonly #sources = new Map<number, OfferedRows>();
  #nextId = 1;
  #nextSource = 1;

  constructor(options: PendingRequestsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#pending.size;
  }

  /** Whether one goes on though it was told to stop so many milliseconds ago. */
  goesOnAfter(milliseconds: number): boolean {
    const then = performance.now() - milliseconds;
    return [...this.#pending.values()].some(({ toldAt }) => toldAt !== undefined && toldAt <= then);
  }

  /** Whether one of an instance goes on that nobody has told to stop. */
  isUsed(instance: number): boolean {
    return [...this.#pending.values()].some((pending) => pending.instance === instance && pending.toldAt === undefined);
  }

  /** Notes that a request found the process damaged, and says whose it is. */
  break(id: number): Pick<RequestContext, 'principal' | 'statement'> | undefined {
    const pending = this.#pending.get(id);
    if (pending) pending.isBroken = true;
    return pending && { principal: pending.principal, statement: pending.statement };
  }

  /** Asks, and gives the answer after it has been checked. */
  async ask<N extends Exclude<RequestName, 'run'>>(
    name: N,
    context: RequestContext,
    takes: Takes<Requests[N]['takes']>,
  ): Promise<Requests[N]['gives']> {
    return this.#begin(name, context, takes).answer as Promise<Requests[N]['gives']>;
  }

  /** Starts a query; comes back with its schema message when the first rows are there. */
  async run(
    context: RequestContext,
    takes: Takes<Omit<Requests['run']['takes'], 'credit' | 'progress' | 'profile'>>,
    onProgress: ((done: number) => void) | undefined,
  ): Promise<{ schema: Uint8Array; result: RemoteResult }> {
    const { id, pending, answer } = this.#begin('run', context, (offer) => ({
      ...takes(offer),
      credit: RESULT_CREDIT,
      progress: onProgress !== undefined,
      profile: context.onProfile !== undefined,
    }));
    pending.onProgress = onProgress;
    const { reader, send, hold } = this.#options;
    const result = new RemoteResult(reader, {
      credit: () => send({ kind: 'credit', id }),
      cancel: () => this.#cancel(id),
      hold,
    });
    pending.result = result;
    try {
      return { schema: (await answer) as Uint8Array, result };
    } catch (error) {
      result.lose(error as SkuaError);
      throw error;
    }
  }

  /** What is wrong with a reply that is none to its request; undefined for others. */
  take(said: Reply): ZodError | undefined {
    const pending = this.#pending.get(said.id);
    if (!pending) return undefined;
    switch (said.kind) {
      case 'answer': {
        const answer = answers[pending.name].safeParse(said.gives);
        if (!answer.success) return answer.error;
        if (pending.name === 'run') pending.answer.resolve(answer.data);
        else this.#settle(said.id, () => pending.answer.resolve(answer.data));
        break;
      }
      case 'failure': {
        const error = this.#failure(pending, errorFrom(said.error));
        pending.result?.end(error);
        this.#settle(said.id, () => pending.answer.reject(error));
        break;
      }
      case 'batch':
        pending.result?.push(said.batch);
        break;
      case 'end':
        pending.result?.end();
        this.#settle(said.id, () => undefined);
        break;
      case 'missing':
        void this.#fetch(said.id, pending, said.files as MissingColumns[]);
        break;
      case 'progress':
        pending.onProgress?.(said.done);
        break;
      case 'profile':
        pending.onProfile?.(said.profile);
    }
    return undefined;
  }

  /** The process wants more rows of a source. */
  pull(source: number): void {
    void this.#sources.get(source)?.pull();
  }

  /** Nobody reads a source any more. */
  leave(source: number): void {
    this.#sources.get(source)?.leave();
    this.#sources.delete(source);
  }

  /** All that are under way, as those whom the end of their process takes with it. */
  victims(culprit: number | undefined): Victim[] {
    return [...this.#pending].map(([id, { principal, statement, sql }]) => ({
      principal,
      statement,
      sql,
      isCulprit: id === culprit,
    }));
  }

  /** Fails all that are under way. */
  lose(errorOf: (id: number, principal: string) => SkuaError): void {
    for (const [id, pending] of [...this.#pending]) {
      const error = errorOf(id, pending.principal);
      pending.result?.lose(error);
      this.#settle(id, () => pending.answer.reject(error));
    }
  }

  #begin<N extends RequestName>(
    name: N,
    context: RequestContext,
    takes: Takes<Requests[N]['takes']>,
  ): { id: number; pending: Pending; answer: Promise<unknown> } {
    if (context.signal?.aborted) throw new SkuaError('CANCELLED', 'the query was cancelled');
    const id = this.#nextId++;
    const sources: number[] = [];
    const taken = takes((source) => this.#offer(source, sources));
    const pending: Pending = {
      ...context,
      name,
      sql: 'sql' in taken ? (taken.sql as string) : undefined,
      answer: new Later(),
      ended: new Later(),
      sources,
      onAbort: () => void this.#cancel(id),
    };
    this.#pending.set(id, pending);
    context.signal?.addEventListener('abort', pending.onAbort);
    this.#options.send({ kind: 'request', name, id, instance: context.instance, takes: taken } as Command);
    return { id, pending, answer: pending.answer.promise };
  }

  #failure({ isBroken, principal }: Pending, error: SkuaError): SkuaError {
    if (!isBroken) return error;
    const { code, message, cause } = error;
    return new ProcessFailure(code, message, this.#options.isShared(principal), { cause });
  }

  #offer(source: BatchSource, sources: number[]): number {
    const { writer, send } = this.#options;
    const number = this.#nextSource++;
    this.#sources.set(number, new OfferedRows(number, source, writer, send));
    sources.push(number);
    return number;
  }

  /** Tells a request to stop. Settles when it has. */
  #cancel(id: number): Promise<void> {
    this.#options.send({ kind: 'cancel', id });
    const pending = this.#pending.get(id);
    if (!pending) return Promise.resolve();
    pending.toldAt ??= performance.now();
    pending.deadline ??= setTimeout(() => this.#options.onUnstoppable(id), CANCEL_GRACE);
    return pending.ended.promise;
  }

  async #fetch(id: number, { fetch }: Pending, files: MissingColumns[]): Promise<void> {
    try {
      if (!fetch) throw new SkuaError('INTERNAL', 'a statement reads columns that nobody fetches');
      await fetch(files);
      this.#options.send({ kind: 'fetched', id });
    } catch (error) {
      this.#options.send({ kind: 'fetched', id, failure: wireError(error) });
    }
  }

  #settle(id: number, tell: () => void): void {
    const pending = this.#pending.get(id);
    if (!pending) return;
    this.#pending.delete(id);
    clearTimeout(pending.deadline);
    pending.signal?.removeEventListener('abort', pending.onAbort);
    for (const source of pending.sources) this.leave(source);
    tell();
    pending.ended.resolve();
    this.#options.onEnded();
  }
}

/** What is settled from outside. */
class Later<T> {
  resolve: (value: T) => void = () => undefined;
  reject: (error: SkuaError) => void = () => undefined;
  readonly promise = new Promise<T>((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });

  constructor() {
    // A result that nobody waits for any more may still fail.
    this.promise.catch(() => undefined);
  }
}
