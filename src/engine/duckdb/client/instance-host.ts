import { SkuaError } from '../../../errors.js';
import { untilAborted } from '../../../signal.js';
import type { InstanceOptions } from '../contract.js';
import type { EngineProcess } from './engine-process.js';
import type { RequestContext } from './pending-requests.js';
import type { Placement } from './placement.js';
import { isElsewhereBetter, ProcessEndedError } from './process-end.js';
import type { RemoteResult } from './remote-result.js';

/** How often a statement that another one may have harmed is begun. */
export const MOST_TRIES = 3;

/** Where an instance is open. */
export interface Home {
  process: EngineProcess;
  number: number;
}

/** What is to be done in an instance's process. */
export interface Attempt {
  sql?: string | undefined;
  signal?: AbortSignal | undefined;
  /** Of the statement, for the log. */
  statement?: string | undefined;
  /** Whether it can be done again elsewhere. */
  isRepeatable: boolean;
}

let instances = 0;

/** An instance's place in an engine process. When that ends, the instance opens in another at its next use; nothing that a client sees lives in it. */
export class InstanceHost {
  readonly #placement: Placement;
  /** Results that may still be read. */
  readonly results = new Set<RemoteResult>();
  #home: Promise<Home> | undefined;
  #closed = false;
  readonly #principal: string;
  readonly #options: Omit<InstanceOptions, 'principal'>;

  constructor(placement: Placement, { principal, ...options }: InstanceOptions) {
    this.#placement = placement;
    this.#principal = principal;
    this.#options = options;
  }

  /** Does the work in the instance's process; once more in another where that may have ended through somebody else's statement. */
  async attempt<T>(
    { sql, signal, statement, isRepeatable }: Attempt,
    work: (home: Home, context: RequestContext) => Promise<T>,
  ): Promise<T> {
    for (let tries = 1; ; tries++) {
      if (sql !== undefined) this.#placement.fatalTexts.check(sql);
      try {
        const home = await untilAborted(this.#settle(), signal);
        return await work(home, { ...this.#context(home.number), signal, statement });
      } catch (error) {
        if (signal?.aborted) throw cancelled(error, signal);
        if (this.#closed) throw new SkuaError('CANCELLED', 'the session has ended');
        if (!isElsewhereBetter(error) || !isRepeatable || tries === MOST_TRIES) throw error;
      }
    }
  }

  #context(number: number): RequestContext {
    return { instance: number, principal: this.#principal };
  }

  /** Where the instance is open: in a process that is fit for its principal. */
  async #settle(): Promise<Home> {
    for (;;) {
      if (this.#closed) throw new SkuaError('CANCELLED', 'the session has ended');
      const current = this.#home;
      const home = await current?.catch(() => undefined);
      if (home && this.#placement.suits(home.process, this.#principal, home.number)) return home;
      if (this.#home !== current) continue;
      this.#home = this.#open();
      if (home) void this.#leave(home);
      return this.#home;
    }
  }

  async #open(): Promise<Home> {
    const number = ++instances;
    const process = await this.#placement.place(this.#principal, number);
    void process.gone.then(() => process.instances.delete(number));
    await process.request('open', this.#context(number), () => ({ options: this.#options }));
    return { process, number };
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const ended = new SkuaError('CANCELLED', 'the session has ended');
    await Promise.all([...this.results].map((result) => result.abandon(ended)));
    const home = await this.#home?.catch(() => undefined);
    if (home) await this.#leave(home);
  }

  /** Closes the instance there, with what runs in it. */
  async #leave({ process, number }: Home): Promise<void> {
    process.instances.delete(number);
    // With a process that has ended, or is about to, the instance has ended too.
    await process.request('close', this.#context(number), () => ({})).catch(() => undefined);
  }
}

/** A process that ended under what was told to stop has stopped it. */
export function cancelled(error: unknown, { reason }: AbortSignal): unknown {
  return error instanceof ProcessEndedError || error === reason
    ? new SkuaError('CANCELLED', 'the query was cancelled')
    : error;
}
