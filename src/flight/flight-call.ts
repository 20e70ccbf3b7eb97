import { Metadata, type ServerUnaryCall } from '@grpc/grpc-js';
import type { Principal } from '../auth/index.js';
import { SkuaError } from '../errors.js';
import type { Call, CallReport } from '../query/contract.js';
import { clearCookie, type Session, type SessionLease, setCookie } from '../session/index.js';

/** What all four kinds of gRPC server call have in common. */
export type Surface = Pick<
  ServerUnaryCall<unknown, unknown>,
  'cancelled' | 'metadata' | 'getPeer' | 'getDeadline' | 'sendMetadata'
> & {
  once(event: 'cancelled', listener: () => void): unknown;
  off(event: 'cancelled', listener: () => void): unknown;
};

/** Work for one principal that can be stopped: a client's call, or a statement that goes on between calls. */
export class RunningCall implements Call {
  readonly report: CallReport & { waitedMs?: number } = {};
  /** Told how to read the progress of the call's query, where somebody watches it. */
  onProgress?: (read: () => number | undefined) => void;
  readonly #abort = new AbortController();
  readonly #endings: (() => void)[] = [];
  #leave: (() => void) | undefined;

  constructor(
    readonly principal: Principal,
    protected readonly lease: SessionLease,
  ) {}

  get session(): Session {
    return this.lease.session;
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

  /** For the gate: the call has a place among the running statements, which the function gives back. */
  occupy(leave: () => void): void {
    this.#leave = leave;
  }

  /** Gives the place among the running statements back before the call is over. */
  leaveSlot(): void {
    this.#leave?.();
    this.#leave = undefined;
  }

  /** For the gate. */
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

  /** The error that a call ends with: why it was stopped if it was, else what it threw. */
  outcome(thrown: unknown): unknown {
    const { aborted, reason } = this.#abort.signal;
    return aborted && reason instanceof SkuaError ? reason : thrown;
  }
}

/** A client's call whose principal is known: what handlers get. */
export class FlightCall extends RunningCall {
  readonly #headers = new Metadata();
  #headersSent = false;

  constructor(
    principal: Principal,
    lease: SessionLease,
    private readonly surface: Surface,
  ) {
    super(principal, lease);
    if (lease.newId !== undefined) this.#headers.set('set-cookie', setCookie(lease.newId));
  }

  /** Ends the session of the call's cookie and takes the cookie away. False for the session that calls without a cookie share. */
  endSession(): boolean {
    const ended = this.lease.end();
    if (ended) this.setHeader('set-cookie', clearCookie());
    return ended;
  }

  setHeader(name: string, value: string): void {
    this.#headers.set(name, value);
  }

  /** Sends the response headers; what gRPC does with the first message anyway, but then without ours. */
  sendHeaders(): void {
    if (this.#headersSent) return;
    this.#headersSent = true;
    if (Object.keys(this.#headers.getMap()).length > 0) this.surface.sendMetadata(this.#headers);
  }
}
