/** Statements by the id in their ticket: what runs and can be cancelled, and what changes must not happen twice. */
import type { RunningCall } from '../../admission/index.js';
import { SkuaError } from '../../errors.js';
import type { CancelStatus } from '../messages.js';

/** How long a cancel waits for its statement to be over before it answers CANCELLING, in milliseconds. */
const CANCEL_PATIENCE = 2000;

const MOST_ENDED = 10_000;

interface Execution {
  state: 'planned' | 'running' | 'cancelled' | 'ended';
  calls: Set<RunningCall>;
  /** The result of a change. */
  result?: Promise<unknown>;
  /** Milliseconds since the epoch; after that no ticket refers to the execution. */
  expires: number;
  ended: (() => void)[];
}

/** Ids are random and only reach their owner in sealed tickets, so that they need no further check. */
export class Executions {
  readonly #executions = new Map<string, Execution>();
  readonly #now: () => number;
  readonly #ended: string[] = [];
  #nextSweep = 0;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Enters a call that runs the statement, until the call ends. A statement that was cancelled: CANCELLED. */
  enter(id: string, expires: number, call: RunningCall): void {
    const execution = this.#find(id, expires);
    if (execution.state === 'cancelled') throw cancelled();
    execution.state = 'running';
    execution.calls.add(call);
    call.onEnd(() => {
      execution.calls.delete(call);
      if (execution.calls.size > 0) return;
      if (execution.state === 'running') {
        execution.state = 'ended';
        this.#remember(id, execution);
      }
      for (const tell of execution.ended.splice(0)) tell();
    });
  }

  /** Runs a change on the first call for its id; every other call gets the same result, or the same error. */
  once<T>(id: string, expires: number, run: () => Promise<T>): Promise<T> {
    const execution = this.#find(id, expires);
    execution.result ??= run();
    return execution.result as Promise<T>;
  }

  /** Whether a call of the statement came here. */
  isKnown(id: string): boolean {
    const execution = this.#executions.get(id);
    return execution !== undefined && execution.state !== 'planned';
  }

  /** Stops the statement, or keeps it from starting. */
  async cancel(id: string, expires: number): Promise<CancelStatus> {
    const execution = this.#find(id, expires);
    if (execution.state === 'ended') return 'CANCEL_STATUS_NOT_CANCELLABLE';
    execution.state = 'cancelled';
    if (execution.calls.size === 0) return 'CANCEL_STATUS_CANCELLED';
    const ended = new Promise<CancelStatus>((resolve) => {
      const timer = setTimeout(() => resolve('CANCEL_STATUS_CANCELLING'), CANCEL_PATIENCE);
      execution.ended.push(() => {
        clearTimeout(timer);
        resolve('CANCEL_STATUS_CANCELLED');
      });
    });
    for (const call of execution.calls) call.abort(cancelled());
    return ended;
  }

  /** A renewed ticket refers to the execution for longer. */
  extend(id: string, expires: number): void {
    this.#find(id, expires);
  }

  /** Ended queries are only remembered to answer a late cancel; the oldest are forgotten first. */
  #remember(id: string, execution: Execution): void {
    if (execution.result !== undefined) return;
    this.#ended.push(id);
    const oldest = this.#ended.length > MOST_ENDED ? this.#ended.shift() : undefined;
    if (oldest === undefined) return;
    const forgotten = this.#executions.get(oldest);
    if (forgotten?.state === 'ended' && forgotten.result === undefined) this.#executions.delete(oldest);
  }

  #find(id: string, expires: number): Execution {
    this.#sweep();
    const execution = this.#executions.get(id) ?? { state: 'planned', calls: new Set(), expires, ended: [] };
    execution.expires = Math.max(execution.expires, expires);
    this.#executions.set(id, execution);
    return execution;
  }

  #sweep(): void {
    const now = this.#now();
    if (now < this.#nextSweep) return;
    this.#nextSweep = now + 10_000;
    for (const [id, execution] of this.#executions) {
      if (execution.expires <= now && execution.calls.size === 0) this.#executions.delete(id);
    }
  }
}

function cancelled(): SkuaError {
  return new SkuaError('CANCELLED', 'the statement was cancelled');
}
