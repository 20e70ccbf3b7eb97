import type { ChildProcess } from 'node:child_process';
import type { Duplex, Readable } from 'node:stream';
import type { ZodError } from 'zod';
import { SkuaError } from '../../../errors.js';
import {
  BatchReader,
  BatchWriter,
  batchReport,
  Channel,
  type Command,
  type RequestName,
  type Requests,
  report,
} from '../protocol/index.js';
import { PendingRequests, type RequestContext, type Takes } from './pending-requests.js';
import { type ProcessEnd, ProcessEndedError } from './process-end.js';
import type { RemoteResult } from './remote-result.js';
import type { MemoryPair, SharedMemoryPool } from './shared-memory-pool.js';
import { startProcess } from './start-process.js';

/** How long an idle process may take to end by itself, in milliseconds. */
const STOP_GRACE = 1000;
/** What goes on for so long after it was told to stop is likely to go on until its process is ended, in milliseconds. */
const SLOW_TO_STOP = 200;
/** Characters of its error output that are kept. */
const LAST_WORDS = 2000;

export interface ProcessOptions {
  /** Bytes of memory that the process may use. */
  memory: number;
  /** Undefined: batches go over the channel. */
  pool: SharedMemoryPool | undefined;
  /** Told when the engine may be broken, and by whose statement. */
  onBroken?: (found: Pick<RequestContext, 'principal' | 'statement'>) => void;
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
  readonly #principals = new Set<string>();
  /** When the last request ended, in milliseconds of `performance.now`. */
  lastUsed = performance.now();
  readonly #child: ChildProcess;
  readonly #channel: Channel;
  readonly #memory: MemoryPair | undefined;
  readonly #requests: PendingRequests;
  #isBroken = false;
  readonly #onBroken: ProcessOptions['onBroken'];
  #end: ProcessEnd | undefined;
  #endReason: ProcessEnd['reason'] = 'crash';
  #culprit: number | undefined;
  /** By this server. */
  #isKilled = false;
  #lastWords = '';
  #becomeReady: () => void = () => undefined;
  #failToStart: (error: SkuaError) => void = () => undefined;

  constructor({ memory, pool, onBroken }: ProcessOptions) {
    this.#onBroken = onBroken;
    this.#memory = pool?.take();
    const letGo = this.#memory?.hold();
    this.#child = startProcess(memory, this.#memory);
    this.#requests = new PendingRequests({
      writer: new BatchWriter(this.#memory?.arena),
      reader: new BatchReader(this.#memory?.engines.memory),
      send: (command) => this.#send(command),
      hold: () => this.#memory?.hold() ?? (() => undefined),
      isShared: (principal) => this.#isShared(principal),
      onEnded: () => this.#rest(),
      onUnstoppable: (id) => {
        this.#culprit = id;
        this.#kill('unstoppable');
      },
    });
    this.ready = new Promise((resolve, reject) => {
      this.#becomeReady = resolve;
      this.#failToStart = reject;
    });
    this.ready.catch(() => undefined);
    this.#channel = new Channel(
      this.#child.stdio[3] as Duplex,
      (message) => this.#take(message),
      () => void this.#child.kill('SIGKILL'),
    );
    const { stderr } = this.#child as { stderr: Readable };
    stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#lastWords = (this.#lastWords + text).slice(-LAST_WORDS);
    });
    this.gone = new Promise((resolve) => {
      this.#child.once('error', (error) => resolve(this.#lose(error.message)));
      this.#child.once('exit', (code, signal) => {
        if (signal === 'SIGKILL' && !this.#isKilled && this.#endReason === 'crash') this.#endReason = 'killed';
        resolve(this.#lose(signal ?? `exit code ${code}`));
      });
    });
    void this.gone.then((end) => {
      this.#failToStart(startError(end));
      letGo?.();
    });
  }

  /** Its id in the operating system; undefined where it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Whether new statements may come. */
  get isUsable(): boolean {
    return !this.#isBroken && this.#end === undefined && this.#endReason === 'crash';
  }

  /** Whether it may soon have to be ended, since a statement in it is slow to stop. */
  get isInDoubt(): boolean {
    return this.#requests.goesOnAfter(SLOW_TO_STOP);
  }

  /** Whether anything of an instance runs that nobody has told to stop. */
  isUsed(instance: number): boolean {
    return this.#requests.isUsed(instance);
  }

  /** Statements that are under way. */
  get load(): number {
    return this.#requests.size;
  }

  /** Asks, and gives the answer after it has been checked. A process that ends meanwhile: `ProcessEndedError`. */
  async request<N extends Exclude<RequestName, 'run'>>(
    name: N,
    context: RequestContext,
    takes: Takes<Requests[N]['takes']>,
  ): Promise<Requests[N]['gives']> {
    this.#admit(context);
    return this.#requests.ask(name, context, takes);
  }

  /** Starts a query; comes back with its schema message when the first rows are there. */
  async run(
    context: RequestContext,
    takes: Takes<Omit<Requests['run']['takes'], 'credit' | 'progress' | 'profile'>>,
    onProgress: ((done: number) => void) | undefined,
  ): Promise<{ schema: Uint8Array; result: RemoteResult }> {
    this.#admit(context);
    return this.#requests.run(context, takes, onProgress);
  }

  limitMemory(bytes: number): void {
    this.#send({ kind: 'limit', memory: bytes });
  }

  /** Takes no more statements, and ends when the last has; at once where none runs. */
  retire(): void {
    this.#isBroken = true;
    if (this.load === 0) this.stop();
  }

  /** Ends it, and what runs in it. */
  stop(): void {
    if (this.#end) return;
    this.#endReason = 'closed';
    this.#channel.close();
    setTimeout(() => this.#child.kill('SIGKILL'), STOP_GRACE).unref();
  }

  #admit({ principal }: RequestContext): void {
    if (this.#end) throw new ProcessEndedError(this.#end, this.#end.reason !== 'closed' || this.#isBroken);
    this.#principals.add(principal);
  }

  #break(id: number): void {
    const found = this.#requests.break(id);
    if (found) this.#onBroken?.(found);
  }

  /** After a request. */
  #rest(): void {
    this.lastUsed = performance.now();
    if (this.#isBroken && this.load === 0) this.stop();
  }

  #kill(reason: ProcessEnd['reason']): void {
    if (this.#end) return;
    this.#isKilled = true;
    if (this.#endReason === 'crash') this.#endReason = reason;
    this.#child.kill('SIGKILL');
    // The system may take its time: what the process had of memory and of files on disk goes with it.
    this.#lose('SIGKILL');
  }

  #send(command: Command): void {
    this.#channel.send(command);
  }

  /** Whatever the process says is checked; nonsense means that its memory is damaged. */
  #take(message: unknown): void {
    const batch = batchReport(message);
    const parsed = batch ? { success: true as const, data: batch } : report.safeParse(message);
    if (!parsed.success) {
      this.#refuse(parsed.error);
      return;
    }
    const said = parsed.data;
    switch (said.kind) {
      case 'ready':
        this.#becomeReady();
        return;
      case 'broken':
        this.#isBroken = true;
        this.#break(said.id);
        return;
      case 'pull':
        this.#requests.pull(said.source);
        return;
      case 'leave':
        this.#requests.leave(said.source);
        return;
      default: {
        const wrong = this.#requests.take(said);
        if (wrong) this.#refuse(wrong);
      }
    }
  }

  #refuse(error: ZodError): void {
    const places = error.issues.map(({ path, code }) => `${path.join('.')}: ${code}`);
    this.#lastWords += `\nA message of the engine process is malformed: ${places.slice(0, 5).join(', ')}`;
    this.#kill('crash');
  }

  /** Everything that ran in the process fails. */
  #lose(how: string): ProcessEnd {
    if (this.#end) return this.#end;
    const end: ProcessEnd = {
      reason: this.#endReason,
      how,
      lastWords: this.#lastWords,
      victims: this.#requests.victims(this.#culprit),
    };
    this.#end = end;
    this.#channel.close();
    this.#requests.lose((id, principal) => this.#errorFor(end, id, principal));
    return end;
  }

  /** Whether others' statements ran in it, too: damage that one does may show long after it, and in another. */
  #isShared(principal: string): boolean {
    return [...this.#principals].some((each) => each !== principal);
  }

  #errorFor(end: ProcessEnd, id: number, principal: string): ProcessEndedError {
    const isInnocent = {
      crash: this.#isShared(principal),
      killed: true,
      unstoppable: id !== this.#culprit,
      // Where it was not the whole server that stopped, the request came too late to a process that had done its last.
      closed: this.#isBroken,
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
