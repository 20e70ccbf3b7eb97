/**
 * The one place that every RPC passes: drain state, token, session, limits, deadline and cancel, error mapping, and the one log line.
 */
import type { Metadata } from '@grpc/grpc-js';
import { type Authenticator, bearerFrom } from '../auth/index.js';
import type { Principal } from '../auth/principal.js';
import { type ErrorCode, SkuaError } from '../errors.js';
import { type SessionStore, sessionIdFrom } from '../session/index.js';
import { FlightCall, type Surface } from './flight-call.js';
import { type Failure, failureOf } from './status.js';

/** Writes structured entries; pino's loggers are such. */
export interface Logger {
  info(entry: object, message: string): void;
  error(entry: object, message: string): void;
}

export interface GateOptions {
  authenticator: Authenticator;
  sessions: SessionStore;
  logger: Logger;
  /** Statements that run at the same time; one more is refused with RESOURCE_EXHAUSTED. */
  concurrentStatements: number;
  /** A statement that runs longer ends with DEADLINE_EXCEEDED, in milliseconds. */
  statementTimeout: number;
  /** Told of every call when it is over. */
  onCall?: ((record: CallRecord) => void) | undefined;
}

/** One finished call. */
export interface CallRecord {
  rpc: string;
  /** The principal's name; absent where the token was refused. */
  user?: string;
  /** Kind of statement or name of the command, never the text. */
  statement?: string;
  status: 'OK' | ErrorCode;
  rows?: number;
  bytes?: number;
  ms: number;
  incident?: string;
}

export class Gate {
  readonly #options: GateOptions;
  readonly #calls = new Set<FlightCall>();
  #statements = 0;
  #draining = false;
  #onIdle: (() => void) | undefined;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /** Calls that run at this moment. */
  get running(): number {
    return this.#calls.size;
  }

  /** Statements that run at this moment. */
  get statements(): number {
    return this.#statements;
  }

  /**
   * Passes one RPC: calls the handler with a checked call, and returns how the call failed, or undefined if it did not. Never throws.
   * `counted` calls take a place among the concurrent statements and are bound by the statement timeout.
   */
  async pass(
    rpc: string,
    surface: Surface,
    counted: boolean,
    handle: (call: FlightCall) => Promise<void>,
  ): Promise<Failure | undefined> {
    const started = performance.now();
    let call: FlightCall | undefined;
    let user: string | undefined;
    let failure: Failure | undefined;
    try {
      this.#refuseWhileDraining();
      const principal = await this.authenticate(surface.metadata);
      user = principal.name;
      call = await this.#run(principal, surface, counted, handle);
    } catch (thrown) {
      if (thrown instanceof Ended) call = thrown.call;
      failure = failureOf(thrown instanceof Ended ? thrown.cause : thrown);
    }
    this.#log({ rpc, user, call, failure, ms: performance.now() - started });
    return failure;
  }

  /** The principal by the `authorization` header, or by `auth-token-bin`, which Arrow's older handshake leaves the client with. */
  async authenticate(metadata: Metadata): Promise<Principal> {
    const [authorization] = metadata.get('authorization');
    const [binary] = metadata.get('auth-token-bin');
    if (authorization === undefined && binary instanceof Buffer) {
      return this.#options.authenticator.authenticate(binary.toString('utf8'));
    }
    return this.#options.authenticator.authenticate(bearerFrom(authorization?.toString()));
  }

  /** Refuses new calls from now on, and waits for the running ones; after `timeout` milliseconds those are stopped. */
  async drain(timeout: number): Promise<void> {
    this.#draining = true;
    if (this.#calls.size === 0) return;
    const idle = new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
    const timer = setTimeout(() => {
      const reason = new SkuaError('UNAVAILABLE', 'the server is shutting down and did not wait any longer');
      for (const call of this.#calls) call.abort(reason);
    }, timeout);
    await idle;
    clearTimeout(timer);
  }

  async #run(
    principal: Principal,
    surface: Surface,
    counted: boolean,
    handle: (call: FlightCall) => Promise<void>,
  ): Promise<FlightCall> {
    this.#refuseWhileDraining();
    const { sessions, concurrentStatements, statementTimeout } = this.#options;
    if (counted && this.#statements >= concurrentStatements) {
      throw new SkuaError(
        'RESOURCE_EXHAUSTED',
        'the server is too busy: as many statements run as it allows; try again later',
      );
    }
    const cookies = surface.metadata.get('cookie').map(String);
    const lease = sessions.acquire(principal, sessionIdFrom(cookies));
    const call = new FlightCall(principal, lease, surface);
    const onCancelled = () => call.abort(cancellation(surface));
    surface.once('cancelled', onCancelled);
    if (surface.cancelled) onCancelled();
    const timer = counted
      ? setTimeout(() => call.abort(timeout(statementTimeout)), Math.min(statementTimeout, LONGEST_TIMER))
      : undefined;
    this.#calls.add(call);
    if (counted) this.#statements++;
    try {
      call.signal.throwIfAborted();
      await handle(call);
      call.signal.throwIfAborted();
      if (call.report.keepsState) lease.keep();
      return call;
    } catch (thrown) {
      throw new Ended(call, call.outcome(thrown));
    } finally {
      clearTimeout(timer);
      surface.off('cancelled', onCancelled);
      if (counted) this.#statements--;
      call.end();
      lease.release();
      this.#calls.delete(call);
      if (this.#calls.size === 0) this.#onIdle?.();
    }
  }

  #refuseWhileDraining(): void {
    if (this.#draining) throw new SkuaError('UNAVAILABLE', 'the server is shutting down; try again later');
  }

  #log(ended: { rpc: string; user?: string; call?: FlightCall; failure?: Failure; ms: number }): void {
    const { rpc, user, call, failure } = ended;
    const { keepsState: _, ...report } = call?.report ?? {};
    const record: CallRecord = {
      rpc,
      ...(user === undefined ? {} : { user }),
      ...report,
      status: failure?.error.code ?? 'OK',
      ms: Math.round(ended.ms * 10) / 10,
      ...(failure?.incident === undefined ? {} : { incident: failure.incident }),
    };
    this.#options.onCall?.(record);
    if (failure !== undefined && BROKEN.has(failure.error.code)) {
      this.#options.logger.error({ ...record, error: failure.error }, 'call');
    } else {
      this.#options.logger.info(record, 'call');
    }
  }
}

/** Carries the call out of its failure, for the log line. */
class Ended extends Error {
  constructor(
    readonly call: FlightCall,
    override readonly cause: unknown,
  ) {
    super();
  }
}

/** Statuses that mean a fault of the server, whose cause the operator needs. */
const BROKEN: ReadonlySet<ErrorCode> = new Set(['INTERNAL', 'UNKNOWN', 'DATA_LOSS']);

/** The longest delay that a Node.js timer takes. */
const LONGEST_TIMER = 2 ** 31 - 1;

function cancellation(surface: Surface): SkuaError {
  const deadline = surface.getDeadline();
  const passed = Number(deadline) <= Date.now();
  return passed
    ? new SkuaError('DEADLINE_EXCEEDED', 'the deadline that the client set has passed')
    : new SkuaError('CANCELLED', 'the client cancelled the call');
}

function timeout(milliseconds: number): SkuaError {
  return new SkuaError(
    'DEADLINE_EXCEEDED',
    `the statement ran longer than this server allows (${Math.round(milliseconds / 1000)} s)`,
  );
}
