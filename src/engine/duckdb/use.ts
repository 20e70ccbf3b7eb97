import type { SkuaError } from '../../errors.js';
import type { InstanceBudget } from './budget/index.js';
import type { WatchedStatement } from './budget/watch.js';
import type { Connection } from './native/database.js';
import { duckdb } from './native/library.js';
import { cancelled } from './results/stream.js';
import { interruptInterval, trackProgress } from './settings.js';

/** One connection from its first statement to its last. */
export class Use implements WatchedStatement {
  private readonly ended: Promise<void>;
  private resolveEnded: () => void = () => undefined;
  private ending: Promise<void> | undefined;
  /** Why it has to stop. */
  private stopping: SkuaError | undefined;
  private leave: (() => Promise<void>) | undefined;
  private timer: NodeJS.Timeout | undefined;
  private readonly cancel = () => this.interruptUntilEnded(cancelled());
  private stopStream: (() => Promise<void>) | undefined;

  constructor(
    readonly connection: Connection,
    private readonly running: Set<() => Promise<void>>,
    private readonly budget: InstanceBudget,
    private readonly signal: AbortSignal | undefined,
  ) {
    this.ended = new Promise((resolve) => {
      this.resolveEnded = resolve;
    });
    running.add(this.cancel);
    signal?.addEventListener('abort', this.cancel);
    if (signal?.aborted) this.stopping = cancelled();
  }

  /** Throws once the query has been told to stop: CANCELLED, or whatever the reason is. */
  check(): void {
    if (this.stopping) throw this.stopping;
  }

  /** Runs the work; if it fails, the use has ended. */
  async attempt<T>(work: () => Promise<T>): Promise<T> {
    try {
      this.check();
      this.leave = await this.budget.enter(this);
      this.check();
      return await work();
    } catch (error) {
      await this.end();
      throw this.stopping ?? error;
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
    this.stopStream = end;
    if (this.timer) clearInterval(this.timer);
    if (this.stopping) void end();
  }

  /** Ends it early for a reason that the caller is told. */
  stop(reason: SkuaError): void {
    void this.interruptUntilEnded(reason);
  }

  /** The items of a stream; however reading ends, `end` is called. */
  async *untilEnd<T>(items: AsyncGenerator<T>, end: () => Promise<void>): AsyncGenerator<T> {
    try {
      yield* items;
    } catch (error) {
      throw this.stopping ?? error;
    } finally {
      await end();
    }
  }

  /** Keeps count of the progress of what runs from now on, and gives away the function that reads it. */
  async trackProgress(onProgress: (read: () => number | undefined) => void): Promise<void> {
    for (const statement of trackProgress) await this.connection.execute(statement);
    onProgress(() => this.progress());
  }

  private progress(): number | undefined {
    if (this.ending) return undefined;
    const percent = duckdb().duckdb_query_progress(this.connection.pointer).percentage;
    return percent < 0 ? undefined : Math.min(percent / 100, 1);
  }

  end(): Promise<void> {
    this.ending ??= this.release();
    return this.ending;
  }

  private async release(): Promise<void> {
    if (this.timer) clearInterval(this.timer);
    this.signal?.removeEventListener('abort', this.cancel);
    await this.connection.close();
    await this.leave?.();
    this.running.delete(this.cancel);
    this.resolveEnded();
  }

  private async interruptUntilEnded(reason: SkuaError): Promise<void> {
    this.stopping ??= reason;
    if (this.stopStream) return this.stopStream();
    this.connection.interrupt();
    this.timer ??= setInterval(() => this.connection.interrupt(), interruptInterval);
    return this.ended;
  }
}
