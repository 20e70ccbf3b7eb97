/** One statement that PollFlightInfo started: it runs, waits to be fetched, and is handed over to DoGet. */

import type { Schema } from 'apache-arrow';
import type { BackgroundCall, RunningCall } from '../../admission/index.js';
import { SkuaError } from '../../errors.js';
import { untilAborted } from '../../signal.js';
import type { FlightCall } from '../flight-call.js';
import type { FlightDescriptor } from '../messages.js';
import type { ResultStream } from '../result-stream.js';
import type { Owner } from '../seal.js';
import type { StatementTicket } from './tickets.js';

/** Progress of a run that is not complete. */
const MOST_PROGRESS = 0.99;
/** What a waiting poll takes for news, and how often it looks, in milliseconds. */
const PROGRESS_STEP = 0.01;
const LOOK_EVERY = 250;

/** What a run answers to polls. */
export interface RunPlan {
  ticket: StatementTicket;
  schema: Schema;
  descriptor: FlightDescriptor;
}

type State =
  | { kind: 'running' }
  | { kind: 'ready'; result: ResultStream }
  | { kind: 'taken' }
  | { kind: 'failed'; error: SkuaError };

export interface RunOptions {
  plan: RunPlan;
  owner: Owner;
  /** Without a poll or a fetch for so long, the run ends, in milliseconds. */
  timeout: number;
  /** Makes the call that the work runs in, and can be stopped by. */
  background(work: () => Promise<void>): BackgroundCall;
  execute(call: RunningCall): Promise<ResultStream>;
  /** Told when the run can't be polled any longer. */
  onForgotten(): void;
}

export class PolledRun {
  readonly plan: RunPlan;
  /** What the statement runs in. */
  readonly call: RunningCall;
  /** Milliseconds since the epoch; each poll gives the whole time again. */
  expires = 0;
  readonly #options: RunOptions;
  readonly #settled: Promise<void>;
  #settle: () => void = () => {};
  #state: State = { kind: 'running' };
  #read: () => number | undefined = () => undefined;
  #progress: number | undefined;
  /** Ends the wait for somebody to fetch the result, or the fetch. */
  #over: () => void = () => {};
  #timer: NodeJS.Timeout | undefined;
  /** Polls that wait at this moment. */
  #waiting = 0;

  constructor(options: RunOptions) {
    this.#options = options;
    this.plan = options.plan;
    this.#settled = new Promise((resolve) => {
      this.#settle = resolve;
    });
    const { call, ended } = options.background(() => this.#run());
    this.call = call;
    call.onProgress = (read) => {
      this.#read = read;
    };
    void ended.then((failure) => {
      if (failure !== undefined) this.#state = { kind: 'failed', error: failure.error };
      this.#settle();
    });
    this.#renew();
  }

  belongsTo({ issuer, subject }: Owner): boolean {
    const { owner } = this.#options;
    return owner.issuer === issuer && owner.subject === subject;
  }

  /** The result is there, whole or in part, or was. */
  get isComplete(): boolean {
    return this.#state.kind !== 'running';
  }

  /** 0 to 1, never less than before; undefined where nothing is known. */
  get progress(): number | undefined {
    if (this.isComplete) return 1;
    const now = this.#read();
    if (now !== undefined) this.#progress = Math.max(this.#progress ?? 0, Math.min(now, MOST_PROGRESS));
    return this.#progress;
  }

  /**
   * Waits until the run is complete, its progress has moved, or the time (in milliseconds) is over. How the run failed is thrown, to every
   * poll.
   */
  async wait(milliseconds: number, signal: AbortSignal): Promise<void> {
    this.#waiting++;
    try {
      const before = this.progress ?? 0;
      for (let left = milliseconds; left > 0 && !this.isComplete; left -= LOOK_EVERY) {
        await this.#pause(Math.min(left, LOOK_EVERY), signal);
        if ((this.progress ?? 0) >= before + PROGRESS_STEP) break;
      }
    } finally {
      this.#waiting--;
      this.#renew();
    }
    if (this.#state.kind === 'failed') throw this.#state.error;
  }

  /**
   * Hands over the result, once. A token other than the one that it was made with may open less: then the call is authorized first, which
   * throws what it may not see.
   */
  async take(call: FlightCall, authorize: () => Promise<unknown>): Promise<ResultStream | undefined> {
    await untilAborted(this.#settled, call.signal);
    if (call.principal.token.header() !== this.call.principal.token.header()) await authorize();
    if (this.#state.kind !== 'ready') return undefined;
    const { result } = this.#state;
    this.#state = { kind: 'taken' };
    const stop = () => this.call.abort(call.signal.reason as SkuaError);
    call.signal.addEventListener('abort', stop);
    call.onEnd(() => {
      call.signal.removeEventListener('abort', stop);
      // The run is one statement, whoever fetches its rows.
      const { rows, bytes } = call.report;
      Object.assign(this.call.report, { rows, bytes });
      this.#over();
    });
    return result;
  }

  /** Ends the run, unless its result is being fetched. */
  drop(): void {
    clearTimeout(this.#timer);
    this.#options.onForgotten();
    if (this.#state.kind === 'taken') return;
    this.call.abort(new SkuaError('CANCELLED', 'nobody asked for the result any longer'));
  }

  async #run(): Promise<void> {
    const { schema, batches } = await this.#options.execute(this.call);
    const iterator = batches[Symbol.asyncIterator]();
    try {
      const first = await iterator.next();
      this.call.leaveSlot();
      const over = new Promise<void>((resolve) => {
        this.#over = resolve;
      });
      this.#state = { kind: 'ready', result: { schema, batches: startingWith(first, iterator) } };
      this.#settle();
      await untilAborted(over, this.call.signal);
    } finally {
      await iterator.return?.();
    }
  }

  async #pause(milliseconds: number, signal: AbortSignal): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const pause = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, milliseconds);
    });
    try {
      await untilAborted(Promise.race([this.#settled, pause]), signal);
    } finally {
      clearTimeout(timer);
    }
  }

  #renew(): void {
    const { timeout } = this.#options;
    this.expires = Date.now() + timeout;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (this.#waiting > 0) this.#renew();
      else this.drop();
    }, timeout);
    this.#timer.unref();
  }
}

async function* startingWith<T>(first: IteratorResult<T>, rest: AsyncIterator<T>): AsyncGenerator<T> {
  try {
    for (let next = first; !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}
