import type { SkuaError } from '../../../errors.js';
import type { InstanceBudget } from './budget/index.js';
import type { WatchedStatement } from './budget/watch.js';
import type { Connection } from './native/database.js';
import { duckdb } from './native/library.js';
import { cancelled } from './results/stream.js';
import { interruptInterval, trackProgress } from './settings.js';

/** One connection from its first statement to its last. */
export class Use implements WatchedStatement {
  readonly #running: Set<() => Promise<void>>;
  readonly #budget: InstanceBudget;
  readonly #signal: AbortSignal | undefined;
  readonly #ended: Promise<void>;
  #resolveEnded: () => void = () => undefined;
  #ending: Promise<void> | undefined;
  /** Why it has to stop. */
  #stopping: SkuaError | undefined;
  #leave: (() => Promise<void>) | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #cancel = () => this.#interruptUntilEnded(cancelled());
  #stopStream: (() => Promise<void>) | undefined;
  readonly #lastWork: (() => Promise<void>)[] = [];
  #handOn: ((connection: Connection) => Promise<void>) | undefined;

  constructor(
    readonly connection: Connection,
    running: Set<() => Promise<void>>,
    budget: InstanceBudget,
    signal: AbortSignal | undefined,
  ) {
    this.#running = running;
    this.#budget = budget;
    this.#signal = signal;
    this.#ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    running.add(this.#cancel);
    signal?.addEventListener('abort', this.#cancel);
    if (signal?.aborted) this.#stopping = cancelled();
  }

  /** Throws once the query has been told to stop: CANCELLED, or whatever the reason is. */
  check(): void {
    if (this.#stopping) throw this.#stopping;
  }

  /** Runs the work; if it fails, the use has ended. */
  async attempt<T>(work: () => Promise<T>): Promise<T> {
    try {
      this.check();
      this.#leave = await this.#budget.enter(this);
      this.check();
      return await work();
    } catch (error) {
      await this.end();
      throw this.#stopping ?? error;
    }
  }

  /** Runs the work, which is all of the use. */
  async finish<T>(work: () => Promise<T>): Promise<T> {
    const result = await this.attempt(work);
    await this.end();
    return result;
  }

  /** From now on a stream owns the use and knows how to end it. */
  stopWith(end: () => Promise<void>): void {
    this.#stopStream = end;
    if (this.#timer) clearInterval(this.#timer);
    if (this.#stopping) void end();
  }

  /** Ends it early for a reason that the caller is told. */
  stop(reason: SkuaError): void {
    void this.#interruptUntilEnded(reason);
  }

  /** The items of a stream; however reading ends, `end` is called. */
  async *untilEnd<T>(items: AsyncGenerator<T>, end: () => Promise<void>): AsyncGenerator<T> {
    try {
      yield* items;
    } catch (error) {
      throw this.#stopping ?? error;
    } finally {
      await end();
    }
  }

  /** Keeps count of the progress of what runs from now on, and gives away the function that reads it. */
  async trackProgress(onProgress: (read: () => number | undefined) => void): Promise<void> {
    await this.connection.execute(trackProgress);
    onProgress(() => this.#progress());
  }

  #progress(): number | undefined {
    if (this.#ending) return undefined;
    const percent = duckdb().duckdb_query_progress(this.connection.pointer).percentage;
    return percent < 0 ? undefined : Math.min(percent / 100, 1);
  }

  /** Has the connection handed on when the use ends, instead of closed, unless it was told to stop. */
  handOn(take: (connection: Connection) => Promise<void>): void {
    this.#handOn = take;
  }

  /** Has work done once the connection is closed or handed on. */
  afterwards(work: () => Promise<void>): void {
    this.#lastWork.push(work);
  }

  end(): Promise<void> {
    this.#ending ??= this.#release();
    return this.#ending;
  }

  async #release(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    this.#signal?.removeEventListener('abort', this.#cancel);
    if (this.#handOn && !this.#stopping) await this.#handOn(this.connection);
    else await this.connection.close();
    for (const work of this.#lastWork) await work();
    await this.#leave?.();
    this.#running.delete(this.#cancel);
    this.#resolveEnded();
  }

  async #interruptUntilEnded(reason: SkuaError): Promise<void> {
    this.#stopping ??= reason;
    if (this.#stopStream) return this.#stopStream();
    this.connection.interrupt();
    this.#timer ??= setInterval(() => this.connection.interrupt(), interruptInterval);
    return this.#ended;
  }
}
