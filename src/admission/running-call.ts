import { randomUUID } from 'node:crypto';
import type { Principal } from '../auth/index.js';
import { SkuaError } from '../errors.js';
import type { Call, CallReport } from '../query/contract.js';
import { type ChosenNames, type Session, type SessionLease, withNames } from '../session/index.js';
import { abortController } from '../signal.js';

/** Work for one principal that can be stopped: a client's call, or a statement that goes on between calls. */
export class RunningCall implements Call {
  readonly id: string = randomUUID();
  /** By the clock of `performance`, in milliseconds, and by the calendar's. */
  readonly started = performance.now();
  readonly startedAt = Date.now();
  /** What it came by, from where, and in which trace. */
  origin: { rpc: string; address: string; trace?: Record<string, string> | undefined } = { rpc: '', address: '' };
  readonly report: CallReport & { waitedMs?: number } = {};
  /** Told how to read the progress of the call's query, where somebody watches it. */
  onProgress?: (read: () => number | undefined) => void;
  readonly #abort = abortController();
  readonly #endings: (() => void)[] = [];
  #leave: (() => void) | undefined;
  #session: Session | undefined;

  constructor(
    readonly principal: Principal,
    protected readonly lease: SessionLease,
  ) {}

  /** The session with the names of `useNames`. */
  get session(): Session {
    return this.#session ?? this.lease.session;
  }

  /** Current catalog, schema and options for this call alone; a schema without a catalog is one of the session's own catalog. */
  useNames({ catalog = this.session.catalog, schema, ...others }: Partial<ChosenNames>): void {
    this.#session = withNames(this.lease.session, { catalog, schema, ...others });
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Stops the call; it ends with this error. */
  abort(reason: SkuaError): void {
    this.#abort.abort(reason);
  }

  /** Runs when the call is over, however it ended. */
  onEnd(callback: () => void): void {
    this.#endings.push(callback);
  }

  /** For the admission: the call has a place among the running statements, which the function gives back. */
  occupy(leave: () => void): void {
    this.#leave = leave;
  }

  /** Gives the place among the running statements back before the call is over. */
  leaveSlot(): void {
    this.#leave?.();
    this.#leave = undefined;
  }

  /** For the admission. */
  end(): void {
    for (const callback of this.#endings.splice(0)) callback();
    this.leaveSlot();
    this.lease.release();
  }

  /** Another hold on the session of the call, for work that outlives it. */
  shareSession(): SessionLease {
    return this.lease.share();
  }

  /** Tells the session, where the call left state in it. */
  keepState(): void {
    if (this.report.keepsState) this.lease.keep();
  }

  /** Refuses the first statement of a session that lost what only another server, or this one before a restart, had of it. */
  refuseWhatIsMissing(): void {
    const missing = this.lease.takeMissing();
    if (missing.length === 0) return;
    throw new SkuaError(
      'FAILED_PRECONDITION',
      `of this session, ${missing.join(' and ')} can not be found here: the session was begun at another server, was unused for too long, or the server was restarted; it goes on without`,
    );
  }

  /** The error that a call ends with: why it was stopped if it was, else what it threw. */
  outcome(thrown: unknown): unknown {
    const { aborted, reason } = this.#abort.signal;
    return aborted && reason instanceof SkuaError ? reason : thrown;
  }
}
