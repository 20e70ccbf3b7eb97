/**
 * Statements that PollFlightInfo starts. Such a run goes on between the calls of its client: it takes a place among the running statements
 * until its first batch is there, then its result waits for the DoGet that takes it over. A run that is neither polled nor fetched for
 * a while is stopped; its ticket stays good, but starts the query anew.
 */
import type { BackgroundCall, RunningCall } from '../../admission/index.js';
import { SkuaError } from '../../errors.js';
import type { FlightCall } from '../flight-call.js';
import type { ResultStream } from '../result-stream.js';
import type { Owner } from '../seal.js';
import { PolledRun, type RunPlan } from './polled-run.js';

/** Runs of one principal that are remembered. */
const MOST_RUNS = 32;

export interface PolledRunsOptions {
  /** Without a poll or a fetch for so long, a run ends, in milliseconds. */
  timeout: number;
  /** Runs what outlives the call that began it. */
  background(rpc: string, origin: RunningCall, work: (call: RunningCall) => Promise<void>): BackgroundCall;
}

export class PolledRuns {
  readonly #options: PolledRunsOptions;
  /** By id, oldest first. */
  readonly #runs = new Map<string, PolledRun>();

  constructor(options: PolledRunsOptions) {
    this.#options = options;
  }

  /** Starts a statement. Where too many of the principal's run: RESOURCE_EXHAUSTED. */
  start(origin: FlightCall, plan: RunPlan, execute: (call: RunningCall) => Promise<ResultStream>): PolledRun {
    this.#makeRoom(origin.principal);
    const { id } = plan.ticket;
    const run = new PolledRun({
      plan,
      execute,
      owner: origin.principal,
      timeout: this.#options.timeout,
      background: (work) => this.#options.background('PollFlightInfo', origin, work),
      onForgotten: () => void this.#runs.delete(id),
    });
    this.#runs.set(id, run);
    return run;
  }

  has(id: string): boolean {
    return this.#runs.has(id);
  }

  /** Not at this server, or no longer: FAILED_PRECONDITION. */
  find(id: string): PolledRun {
    const run = this.#runs.get(id);
    if (run === undefined) {
      throw new SkuaError(
        'FAILED_PRECONDITION',
        'this server does not run that statement: it was not polled for too long, or it was begun at a server that is not known here; start again',
      );
    }
    return run;
  }

  /** The result of a run, for the one call that comes first; undefined where there is none, or none any longer. */
  async take(id: string, call: FlightCall, authorize: () => Promise<unknown>): Promise<ResultStream | undefined> {
    return this.#runs.get(id)?.take(call, authorize);
  }

  #makeRoom(owner: Owner): void {
    const own = [...this.#runs.values()].filter((run) => run.belongsTo(owner));
    if (own.length < MOST_RUNS) return;
    const done = own.find((run) => run.isComplete);
    if (done === undefined) {
      throw new SkuaError('RESOURCE_EXHAUSTED', `too many statements: ${own.length} that you polled still run`);
    }
    done.drop();
  }
}
