/**
 * The one place that every RPC passes: drain state, token, session, limits, deadline and cancel, error mapping, and the one log line.
 */
import type { Metadata } from '@grpc/grpc-js';
import type { Principal } from '../auth/index.js';
import { type Authenticator, bearerFrom } from '../auth/index.js';
import { type ErrorCode, SkuaError } from '../errors.js';
import { type SessionStore, sessionIdFrom } from '../session/index.js';
import { FlightCall, RunningCall, type Surface } from './flight-call.js';
import { type SlotOptions, StatementSlots } from './slots.js';
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
  slots: SlotOptions;
  /** A statement that runs longer ends with DEADLINE_EXCEEDED, in milliseconds. */
  statementTimeout: number;
  /** Largest metadata of one call, in bytes. */
  metadataBytes: number;
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
  /** The part of `ms` that the statement waited for a place among the running ones; absent where it got one at once. */
  waitedMs?: number;
  incident?: string;
}

/** Work that goes on between calls. */
export interface BackgroundCall {
  call: RunningCall;
  /** How it failed, if it did. Never rejects. */
  ended: Promise<Failure | undefined>;
}

export class Gate {
  readonly #options: GateOptions;
  readonly #slots: StatementSlots;
  readonly #calls = new Set<RunningCall>();
  /** Those that are of no use without further calls of their client. */
  readonly #background = new Set<RunningCall>();
  #draining = false;
  #onIdle: (() => void) | undefined;

  constructor(options: GateOptions) {
    this.#options = options;
    this.#slots = new StatementSlots(options.slots);
  }

  /** Calls, statements and waiting statements at this moment. */
  get running(): { calls: number; statements: number; waiting: number } {
    return { calls: this.#calls.size, statements: this.#slots.running, waiting: this.#slots.waiting };
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
    let stopListening = () => {};
    const failure = await failing(async () => {
      this.#refuseWhileDraining();
      this.#refuseLargeMetadata(surface.metadata);
      const principal = await this.authenticate(surface.metadata);
      user = principal.name;
      this.#refuseWhileDraining();
      const cookies = surface.metadata.get('cookie').map(String);
      const entered = new FlightCall(
        principal,
        this.#options.sessions.acquire(principal, sessionIdFrom(cookies)),
        surface,
      );
      call = entered;
      stopListening = abortWith(entered, surface);
      await this.#run(entered, counted, handle);
    });
    stopListening();
    this.#log({ rpc, user, call, failure, ms: performance.now() - started });
    return failure;
  }

  /**
   * Runs a statement that a call began and that goes on when the call is over. It takes a place of its own among the concurrent statements,
   * until it leaves it. When the server drains, it is stopped: no client can come back for it.
   */
  background(rpc: string, origin: RunningCall, work: (call: RunningCall) => Promise<void>): BackgroundCall {
    const started = performance.now();
    const call = new RunningCall(origin.principal, origin.shareSession());
    this.#background.add(call);
    const run = async () => {
      // Whoever began it has the call in hand before the work begins.
      await Promise.resolve();
      const failure = await failing(() => this.#run(call, true, work));
      this.#background.delete(call);
      this.#log({ rpc, user: call.principal.name, call, failure, ms: performance.now() - started });
      return failure;
    };
    return { call, ended: run() };
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
    const reason = new SkuaError('UNAVAILABLE', 'the server is shutting down and did not wait any longer');
    for (const call of this.#background) call.abort(reason);
    if (this.#calls.size === 0) return;
    const idle = new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
    const timer = setTimeout(() => {
      for (const call of this.#calls) call.abort(reason);
    }, timeout);
    await idle;
    clearTimeout(timer);
  }

  async #run<C extends RunningCall>(call: C, counted: boolean, handle: (call: C) => Promise<void>): Promise<void> {
    this.#calls.add(call);
    try {
      if (counted) await this.occupy(call);
      call.signal.throwIfAborted();
      await handle(call);
      call.signal.throwIfAborted();
      call.keepState();
    } catch (thrown) {
      throw call.outcome(thrown);
    } finally {
      call.end();
      this.#calls.delete(call);
      if (this.#calls.size === 0) this.#onIdle?.();
    }
  }

  /**
   * Waits for a place among the concurrent statements; the time of the statement counts from then on. For a call that passed the gate
   * uncounted and turns out to be a statement, also from inside.
   */
  async occupy(call: RunningCall): Promise<void> {
    const { statementTimeout } = this.#options;
    const { issuer, subject } = call.principal;
    const started = performance.now();
    let leave: () => void;
    try {
      leave = await this.#slots.enter(JSON.stringify([issuer, subject]), call.signal);
    } finally {
      const waited = Math.round(performance.now() - started);
      if (waited > 0) call.report.waitedMs = waited;
    }
    const stop = () => call.abort(timeout(statementTimeout));
    const timer = setTimeout(stop, Math.min(statementTimeout, LONGEST_TIMER));
    call.occupy(() => {
      clearTimeout(timer);
      leave();
    });
  }

  #refuseLargeMetadata(metadata: Metadata): void {
    const { metadataBytes } = this.#options;
    const bytes = sizeOf(metadata);
    if (bytes <= metadataBytes) return;
    throw new SkuaError(
      'RESOURCE_EXHAUSTED',
      `the call's metadata has ${bytes} bytes, which is more than this server takes (${metadataBytes})`,
    );
  }

  #refuseWhileDraining(): void {
    if (this.#draining) throw new SkuaError('UNAVAILABLE', 'the server is shutting down; try again later');
  }

  #log(ended: { rpc: string; user?: string; call?: RunningCall; failure?: Failure; ms: number }): void {
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

/** Statuses that mean a fault of the server, whose cause the operator needs. */
const BROKEN: ReadonlySet<ErrorCode> = new Set(['INTERNAL', 'UNKNOWN', 'DATA_LOSS']);

/** The longest delay that a Node.js timer takes. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** As HTTP/2 counts: names, values, and 32 bytes for each (RFC 9113, section 6.5.2). */
function sizeOf(metadata: Metadata): number {
  let bytes = 0;
  for (const name of Object.keys(metadata.getMap())) {
    for (const value of metadata.get(name)) {
      const length = typeof value === 'string' ? value.length : Math.ceil((value.byteLength * 4) / 3);
      bytes += name.length + length + 32;
    }
  }
  return bytes;
}

/** How the work failed, if it did. */
async function failing(work: () => Promise<void>): Promise<Failure | undefined> {
  try {
    await work();
    return undefined;
  } catch (thrown) {
    return failureOf(thrown);
  }
}

/** Stops the call when its client goes away or its deadline passes; the function ends that. */
function abortWith(call: FlightCall, surface: Surface): () => void {
  const started = Date.now();
  const onCancelled = () => call.abort(cancellation(Number(surface.getDeadline()), started));
  surface.once('cancelled', onCancelled);
  if (surface.cancelled) onCancelled();
  return () => void surface.off('cancelled', onCancelled);
}

/**
 * A client whose deadline passes cancels the call by itself, and that arrives a little before the deadline that the server counted from the
 * call's arrival.
 */
function cancellation(deadline: number, started: number): SkuaError {
  const early = Math.min(250, (deadline - started) / 10);
  return Date.now() >= deadline - early
    ? new SkuaError('DEADLINE_EXCEEDED', 'the deadline that the client set has passed')
    : new SkuaError('CANCELLED', 'the client cancelled the call');
}

function timeout(milliseconds: number): SkuaError {
  return new SkuaError(
    'DEADLINE_EXCEEDED',
    `the statement ran longer than this server allows (${Math.round(milliseconds / 1000)} s)`,
  );
}
