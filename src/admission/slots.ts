/** The places for statements that run at the same time, and the queue of those that wait for one. */
import { SkuaError } from '../errors.js';

export interface SlotOptions {
  /** Statements that run at the same time. */
  total: number;
  /** Those of one principal; fewer than `total`, so that one principal never has all places. */
  perPrincipal: number;
  /** How long a statement waits for a place, in milliseconds; 0 refuses it at once. */
  queueTimeout: number;
}

interface Waiting {
  owner: string;
  enter: () => void;
}

export class StatementSlots {
  #options: SlotOptions;
  /** By owner. */
  readonly #running = new Map<string, number>();
  /** Longest waiting first. */
  readonly #queue: Waiting[] = [];
  #taken = 0;

  constructor(options: SlotOptions) {
    this.#options = options;
  }

  /** Limits from now on; with more places, those who wait get them. */
  limit(options: SlotOptions): void {
    this.#options = options;
    for (let waiting = this.#queue.length; waiting > 0; waiting--) this.#letIn();
  }

  /** Statements that have a place at this moment. */
  get running(): number {
    return this.#taken;
  }

  /** Statements that wait for a place at this moment. */
  get waiting(): number {
    return this.#queue.length;
  }

  /**
   * Waits for a place; the function gives it back. After `queueTimeout`, or where as many statements of the owner wait as may run at all:
   * RESOURCE_EXHAUSTED. An aborted signal: its reason.
   */
  async enter(owner: string, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#mayRun(owner)) this.#take(owner);
    else await this.#wait(owner, signal);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#giveBack(owner);
    };
  }

  #mayRun(owner: string): boolean {
    return this.#taken < this.#options.total && this.#runningOf(owner) < this.#options.perPrincipal;
  }

  async #wait(owner: string, signal: AbortSignal): Promise<void> {
    const { queueTimeout, total } = this.#options;
    if (queueTimeout === 0 || this.#queue.filter((waiting) => waiting.owner === owner).length >= total) {
      throw tooBusy('as many statements run or wait as it allows');
    }
    await new Promise<void>((resolve, reject) => {
      // Whoever gives up leaves the queue at once, so that no place is given to nobody.
      const giveUp = (reason: unknown) => {
        stopWaiting();
        this.#queue.splice(this.#queue.indexOf(waiting), 1);
        reject(reason);
      };
      const timer = setTimeout(
        () => giveUp(tooBusy(`the statement waited ${queueTimeout / 1000} s for others to end`)),
        queueTimeout,
      );
      const onAbort = () => giveUp(signal.reason);
      const stopWaiting = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
      };
      const enter = () => {
        stopWaiting();
        resolve();
      };
      signal.addEventListener('abort', onAbort);
      const waiting: Waiting = { owner, enter };
      this.#queue.push(waiting);
    });
  }

  #take(owner: string): void {
    this.#taken++;
    this.#running.set(owner, this.#runningOf(owner) + 1);
  }

  #giveBack(owner: string): void {
    this.#taken--;
    const left = this.#runningOf(owner) - 1;
    if (left > 0) this.#running.set(owner, left);
    else this.#running.delete(owner);
    this.#letIn();
  }

  /** The free place goes to the owner with the fewest running statements; among equals, to the one that waits longest. */
  #letIn(): void {
    let next: Waiting | undefined;
    for (const waiting of this.#queue) {
      const fewer = next === undefined || this.#runningOf(waiting.owner) < this.#runningOf(next.owner);
      if (fewer && this.#mayRun(waiting.owner)) next = waiting;
    }
    if (next === undefined) return;
    this.#queue.splice(this.#queue.indexOf(next), 1);
    this.#take(next.owner);
    next.enter();
  }

  #runningOf(owner: string): number {
    return this.#running.get(owner) ?? 0;
  }
}

function tooBusy(reason: string): SkuaError {
  return new SkuaError('RESOURCE_EXHAUSTED', `the server is too busy: ${reason}; try again later`);
}
