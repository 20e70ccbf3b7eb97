import type { ChildProcess } from 'node:child_process';
import type { Duplex, Readable } from 'node:stream';
import type { ZodError } from 'zod';
import { SkuaError } from '../../../errors.js';
import type { BatchSource, FetchMissing, MissingColumns } from '../../contract.js';
import {
  answers,
  BatchReader,
  BatchWriter,
  Channel,
  type Command,
  errorFrom,
  type Report,
  type RequestName,
  type Requests,
  report,
  wireError,
} from '../protocol/index.js';
import { OfferedRows } from './offered-rows.js';
import { type ProcessEnd, ProcessEndedError, type Victim } from './process-end.js';
import { RemoteResult } from './remote-result.js';
import type { MemoryPair, SharedMemoryPool } from './shared-memory-pool.js';
import { startProcess } from './start-process.js';

/** How long a statement may take to end once it has been told to, in milliseconds; then its process is ended. */
const CANCEL_GRACE = 2000;
/** How long an idle process may take to end by itself, in milliseconds. */
const STOP_GRACE = 1000;
/** Batches of one result that may be on their way. */
const RESULT_CREDIT = 3;
/** Characters of its error output that are kept. */
const LAST_WORDS = 2000;

export interface ProcessOptions {
  /** Bytes of memory that the process may use. */
  memory: number;
  /** Undefined: batches go over the channel. */
  pool: SharedMemoryPool | undefined;
  /** Told when the engine may be broken, and by whose statement. */
  onBroken?: (principal: string | undefined) => void;
}

/** On whose behalf a request is made, and how it is stopped. */
export interface RequestContext {
  instance: number;
  principal: string;
  signal?: AbortSignal | undefined;
  /** Fetches what the request misses of its files. */
  fetch?: FetchMissing | undefined;
}

interface Pending extends RequestContext {
  name: RequestName;
  sql: string | undefined;
  resolve: (value: unknown) => void;
  reject: (error: SkuaError) => void;
  result: RemoteResult | undefined;
  onProgress?: ((done: number) => void) | undefined;
  sources: number[];
  /** Runs from when it was told to stop. */
  deadline?: NodeJS.Timeout;
  onAbort: () => void;
  ended: Promise<void>;
  end: () => void;
}

/** A process that runs DuckDB, as the server sees it. */
export class EngineProcess {
  /** Settles when it takes requests. */
  readonly ready: Promise<void>;
  /** Settles when it is gone. */
  readonly gone: Promise<ProcessEnd>;
  /** Instances that are open in it, by number, with whose they are. */
  readonly instances = new Map<number, string>();
  /** All whose statements it ever ran. */
  private readonly principals = new Set<string>();
  /** When the last request ended, in milliseconds of `performance.now`. */
  lastUsed = performance.now();
  private readonly child: ChildProcess;
  private readonly channel: Channel;
  private readonly memory: MemoryPair | undefined;
  private readonly writer: BatchWriter;
  private readonly reader: BatchReader;
  private readonly pending = new Map<number, Pending>();
  private readonly sources = new Map<number, OfferedRows>();
  private nextId = 1;
  private nextSource = 1;
  private isBroken = false;
  private readonly onBroken: ProcessOptions['onBroken'];
  private end: ProcessEnd | undefined;
  private endReason: ProcessEnd['reason'] = 'crash';
  private culprit: number | undefined;
  /** By this server. */
  private isKilled = false;
  private lastWords = '';
  private becomeReady: () => void = () => undefined;
  private failToStart: (error: SkuaError) => void = () => undefined;

  constructor({ memory, pool, onBroken }: ProcessOptions) {
    this.onBroken = onBroken;
    this.memory = pool?.take();
    this.child = startProcess(memory, this.memory);
    this.writer = new BatchWriter(this.memory?.arena);
    this.reader = new BatchReader(this.memory?.engines.memory);
    this.ready = new Promise((resolve, reject) => {
      this.becomeReady = resolve;
      this.failToStart = reject;
    });
    this.ready.catch(() => undefined);
    this.channel = new Channel(
      this.child.stdio[3] as Duplex,
      (message) => this.take(message),
      () => void this.child.kill('SIGKILL'),
    );
    const { stderr } = this.child as { stderr: Readable };
    stderr.setEncoding('utf8').on('data', (text: string) => {
      this.lastWords = (this.lastWords + text).slice(-LAST_WORDS);
    });
    this.gone = new Promise((resolve) => {
      this.child.once('error', (error) => resolve(this.lose(error.message)));
      this.child.once('exit', (code, signal) => {
        if (signal === 'SIGKILL' && !this.isKilled && this.endReason === 'crash') this.endReason = 'killed';
        resolve(this.lose(signal ?? `exit code ${code}`));
      });
    });
    void this.gone.then((end) => {
      this.failToStart(startError(end));
      if (this.memory) pool?.giveBack(this.memory);
    });
  }

  /** Its id in the operating system; undefined where it could not be started. */
  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Whether new statements may come. */
  get isUsable(): boolean {
    return !this.isBroken && this.end === undefined && this.endReason === 'crash';
  }

  /** Statements that are under way. */
  get load(): number {
    return this.pending.size;
  }

  /** Asks, and gives the answer after it has been checked. A process that ends meanwhile: `ProcessEndedError`. */
  async request<N extends Exclude<RequestName, 'run'>>(
    name: N,
    context: RequestContext,
    takes: (offer: (source: BatchSource) => number) => Requests[N]['takes'],
  ): Promise<Requests[N]['gives']> {
    return this.begin(name, context, takes).answer as Promise<Requests[N]['gives']>;
  }

  /** Starts a query; comes back with its schema message when the first rows are there. */
  async run(
    context: RequestContext,
    takes: (offer: (source: BatchSource) => number) => Omit<Requests['run']['takes'], 'credit' | 'progress'>,
    onProgress: ((done: number) => void) | undefined,
  ): Promise<{ schema: Uint8Array; result: RemoteResult }> {
    const { id, pending, answer } = this.begin('run', context, (offer) => ({
      ...takes(offer),
      credit: RESULT_CREDIT,
      progress: onProgress !== undefined,
    }));
    pending.onProgress = onProgress;
    const result = new RemoteResult(this.reader, {
      credit: () => this.send({ kind: 'credit', id }),
      cancel: () => this.cancel(id),
    });
    pending.result = result;
    return { schema: (await answer) as Uint8Array, result };
  }

  limitMemory(bytes: number): void {
    this.send({ kind: 'limit', memory: bytes });
  }

  /** Takes no more statements, and ends when the last has; at once where none runs. */
  retire(): void {
    this.isBroken = true;
    if (this.pending.size === 0) this.stop();
  }

  /** Ends it, and what runs in it. */
  stop(): void {
    if (this.end) return;
    this.endReason = 'closed';
    this.channel.close();
    setTimeout(() => this.child.kill('SIGKILL'), STOP_GRACE).unref();
  }

  private begin<N extends RequestName>(
    name: N,
    context: RequestContext,
    takes: (offer: (source: BatchSource) => number) => Requests[N]['takes'],
  ): { id: number; pending: Pending; answer: Promise<unknown> } {
    if (this.end) throw new ProcessEndedError(this.end, this.end.reason !== 'closed');
    if (context.signal?.aborted) throw new SkuaError('CANCELLED', 'the query was cancelled');
    const id = this.nextId++;
    const sources: number[] = [];
    const taken = takes((source) => this.offer(source, sources));
    const pending = this.add(id, name, context, sources);
    pending.sql = 'sql' in taken ? (taken.sql as string) : undefined;
    const answer = new Promise((resolve, reject) => {
      pending.resolve = resolve;
      pending.reject = reject;
    });
    // A result that nobody waits for any more may still fail.
    answer.catch(() => undefined);
    this.send({ kind: 'request', name, id, instance: context.instance, takes: taken } as Command);
    return { id, pending, answer };
  }

  private add(id: number, name: RequestName, context: RequestContext, sources: number[]): Pending {
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const none = () => undefined;
    const pending: Pending = {
      ...context,
      name,
      sql: undefined,
      resolve: none,
      reject: none,
      result: undefined,
      sources,
      onAbort: () => void this.cancel(id),
      ended,
      end,
    };
    this.pending.set(id, pending);
    this.principals.add(context.principal);
    context.signal?.addEventListener('abort', pending.onAbort);
    return pending;
  }

  /** Tells a request to stop, and ends the process where it does not. */
  private cancel(id: number): Promise<void> {
    this.send({ kind: 'cancel', id });
    const pending = this.pending.get(id);
    if (!pending) return Promise.resolve();
    pending.deadline ??= setTimeout(() => {
      this.culprit = id;
      this.kill('unstoppable');
    }, CANCEL_GRACE);
    return pending.ended;
  }

  private kill(reason: ProcessEnd['reason']): void {
    if (this.end) return;
    this.isKilled = true;
    if (this.endReason === 'crash') this.endReason = reason;
    this.child.kill('SIGKILL');
  }

  private offer(source: BatchSource, sources: number[]): number {
    const number = this.nextSource++;
    this.sources.set(number, new OfferedRows(number, source, this.writer, (command) => this.send(command)));
    sources.push(number);
    return number;
  }

  private send(command: Command): void {
    this.channel.send(command);
  }

  /** Whatever the process says is checked; nonsense means that its memory is damaged. */
  private take(message: unknown): void {
    const parsed = report.safeParse(message);
    if (!parsed.success) {
      this.refuse(parsed.error);
      return;
    }
    const said = parsed.data;
    switch (said.kind) {
      case 'ready':
        this.becomeReady();
        return;
      case 'broken':
        this.isBroken = true;
        this.onBroken?.(this.pending.get(said.id)?.principal);
        return;
      case 'pull':
        void this.sources.get(said.source)?.pull();
        return;
      case 'leave':
        this.leave(said.source);
        return;
      default:
        this.takeReply(said);
    }
  }

  private refuse(error: ZodError): void {
    const places = error.issues.map(({ path, code }) => `${path.join('.')}: ${code}`);
    this.lastWords += `\nA message of the engine process is malformed: ${places.slice(0, 5).join(', ')}`;
    this.kill('crash');
  }

  private takeReply(said: Exclude<Report, { kind: 'ready' | 'broken' | 'pull' | 'leave' }>): void {
    const pending = this.pending.get(said.id);
    if (!pending) return;
    switch (said.kind) {
      case 'answer': {
        const answer = answers[pending.name].safeParse(said.gives);
        if (!answer.success) this.refuse(answer.error);
        else if (pending.name === 'run') pending.resolve(answer.data);
        else this.settle(said.id, () => pending.resolve(answer.data));
        return;
      }
      case 'failure': {
        const error = errorFrom(said.error);
        pending.result?.end(error);
        this.settle(said.id, () => pending.reject(error));
        return;
      }
      case 'batch':
        pending.result?.push(said.batch);
        return;
      case 'end':
        pending.result?.end();
        this.settle(said.id, () => undefined);
        return;
      case 'missing':
        void this.fetch(said.id, pending, said.files as MissingColumns[]);
        return;
      case 'progress':
        pending.onProgress?.(said.done);
    }
  }

  private async fetch(id: number, { fetch }: Pending, files: MissingColumns[]): Promise<void> {
    try {
      if (!fetch) throw new SkuaError('INTERNAL', 'a statement reads columns that nobody fetches');
      await fetch(files);
      this.send({ kind: 'fetched', id });
    } catch (error) {
      this.send({ kind: 'fetched', id, failure: wireError(error) });
    }
  }

  private settle(id: number, tell: () => void): void {
    const pending = this.pending.get(id);
    if (!pending) return;
    this.pending.delete(id);
    this.lastUsed = performance.now();
    clearTimeout(pending.deadline);
    pending.signal?.removeEventListener('abort', pending.onAbort);
    for (const source of pending.sources) this.leave(source);
    tell();
    pending.end();
    if (this.isBroken && this.pending.size === 0) this.stop();
  }

  private leave(source: number): void {
    this.sources.get(source)?.leave();
    this.sources.delete(source);
  }

  /** Everything that ran in the process fails. */
  private lose(how: string): ProcessEnd {
    const victims: Victim[] = [...this.pending].map(([id, { principal, sql }]) => ({
      principal,
      sql,
      isCulprit: id === this.culprit,
    }));
    const end: ProcessEnd = { reason: this.endReason, how, lastWords: this.lastWords, victims };
    this.end = end;
    this.channel.close();
    for (const [id, pending] of [...this.pending]) {
      const error = this.errorFor(end, id, pending.principal);
      pending.result?.lose(error);
      this.settle(id, () => pending.reject(error));
    }
    return end;
  }

  private errorFor(end: ProcessEnd, id: number, principal: string): ProcessEndedError {
    // Damage that a statement does may show long after it.
    const others = [...this.principals].some((each) => each !== principal);
    const isInnocent = {
      crash: others,
      killed: true,
      unstoppable: id !== this.culprit,
      closed: false,
    };
    return new ProcessEndedError(end, isInnocent[end.reason]);
  }
}

function startError({ reason, how, lastWords }: ProcessEnd): SkuaError {
  const lines = lastWords.trim().split('\n');
  const words = lines.find((line) => /Error: /.test(line)) ?? (lines.at(-1) || how);
  const message = reason === 'closed' ? 'the server is stopping' : `the SQL engine does not start: ${words}`;
  return new SkuaError('UNAVAILABLE', message);
}
