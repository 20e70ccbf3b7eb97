/** Admission: drain state, token, session, limits, deadline and cancel, error mapping, and the one log line of a call. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Authenticator, Principal } from '../auth/index.js';
import { type ErrorCode, SkuaError } from '../errors.js';
import type { SessionLease, SessionStore } from '../session/index.js';
import { type Failure, failureOf } from './failure.js';
import { RefusalBrake } from './refusal-brake.js';
import { RunningCall } from './running-call.js';
import { type SlotOptions, StatementSlots } from './slots.js';

/** Writes structured entries; pino's loggers are such. */
export interface Logger {
  info(entry: object, message: string): void;
  error(entry: object, message: string): void;
}

export interface AdmissionLimits {
  /** Largest metadata or headers of one call in bytes; must hold the largest token. Default: 64 KiB. */
  maxMetadataSize?: number;
  /** Statements that run at the same time; one more waits. Default: 64. */
  concurrentStatements?: number;
  /** Those of one principal. Default: three quarters of them, so that one principal never has all places. */
  concurrentStatementsPerPrincipal?: number | undefined;
  /** A statement that waits longer for a place ends with RESOURCE_EXHAUSTED, in milliseconds. Default: 30 seconds. */
  queueTimeout?: number;
  /** A statement that runs longer ends with DEADLINE_EXCEEDED, in milliseconds. Default: 30 minutes. */
  statementTimeout?: number;
  /** Tokens from one address in a minute whose refusal is answered at once; of further ones a second later. Default: all. */
  refusedTokens?: number;
}

export interface AdmissionOptions {
  authenticator: Authenticator;
  sessions: SessionStore;
  logger: Logger;
  limits?: AdmissionLimits;
  /** Told of every call when it is over; with the call itself, where it was let in. */
  onCall?: ((record: CallRecord, call: RunningCall | undefined, failure: SkuaError | undefined) => void) | undefined;
  /** Does the work of a call, so that what it leads to is known to be its. */
  follow?: (<T>(call: RunningCall, work: () => Promise<T>) => Promise<T>) | undefined;
  /** Told of every token that was refused. */
  onRefused?: ((error: SkuaError, entrance: Pick<Entrance, 'rpc' | 'address'>) => void) | undefined;
}

/** What a protocol says of a call that wants to enter. */
export interface Entrance {
  /** Name of the RPC, or method and route of an HTTP request. */
  rpc: string;
  /** Of its metadata or headers, as HTTP/2 counts: names, values, and 32 bytes for each (RFC 9113, section 6.5.2). */
  headerBytes: number;
  /** The bearer token. Throws UNAUTHENTICATED where there is none. */
  token(): string;
  /** Of the client's end of the connection. */
  address: string;
  /** `traceparent` and `tracestate`, where the client names a trace (W3C Trace Context). */
  trace?: Record<string, string> | undefined;
  sessionId: string | undefined;
  /** Calls back when the client goes away or its deadline passes; the function it returns ends that. */
  onGone(stop: (reason: SkuaError) => void): () => void;
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

export class Admission {
  readonly #options: AdmissionOptions;
  #limits: { metadataBytes: number; statementTimeout: number };
  readonly #slots: StatementSlots;
  readonly #brake: RefusalBrake;
  readonly #calls = new Set<RunningCall>();
  /** Those that are of no use without further calls of their client. */
  readonly #background = new Set<RunningCall>();
  #draining = false;
  readonly #onIdle: (() => void)[] = [];

  constructor(options: AdmissionOptions) {
    this.#options = options;
    const { limits = {} } = options;
    this.#slots = new StatementSlots(slotsOf(limits));
    this.#limits = timesOf(limits);
    this.#brake = new RefusalBrake(limits.refusedTokens ?? Number.POSITIVE_INFINITY);
  }

  /** Limits from now on; what runs already goes on under the old ones. */
  limit(limits: AdmissionLimits): void {
    this.#slots.limit(slotsOf(limits));
    this.#limits = timesOf(limits);
  }

  /** All that is under way. */
  get calls(): readonly RunningCall[] {
    return [...this.#calls];
  }

  /** A statement that runs longer ends with DEADLINE_EXCEEDED, in milliseconds. */
  get statementTimeout(): number {
    return this.#limits.statementTimeout;
  }

  /** Calls, statements and waiting statements at this moment. */
  get running(): { calls: number; statements: number; waiting: number } {
    return { calls: this.#calls.size, statements: this.#slots.running, waiting: this.#slots.waiting };
  }

  /**
   * Passes one call: hands what `enter` makes of the checked principal and its session to the handler, and returns how the call failed, or
   * undefined if it did not. Never throws. `counted` calls take a place among the concurrent statements and are bound by the statement timeout.
   */
  async pass<C extends RunningCall>(
    entrance: Entrance,
    counted: boolean,
    enter: (principal: Principal, lease: SessionLease) => C,
    handle: (call: C) => Promise<void>,
  ): Promise<Failure | undefined> {
    const started = performance.now();
    let call: C | undefined;
    let user: string | undefined;
    let stopListening = () => {};
    const failure = await failing(async () => {
      this.#refuseWhileDraining();
      this.#refuseLargeMetadata(entrance.headerBytes);
      const principal = await this.#authenticate(entrance);
      user = principal.name;
      this.#refuseWhileDraining();
      const entered = enter(principal, this.#options.sessions.acquire(principal, entrance.sessionId));
      entered.origin = { rpc: entrance.rpc, address: entrance.address, trace: entrance.trace };
      call = entered;
      stopListening = entrance.onGone((reason) => entered.abort(reason));
      await this.#follow(entered, () => this.#run(entered, counted, handle));
    });
    stopListening();
    this.#log({ rpc: entrance.rpc, user, call, failure, ms: performance.now() - started });
    return failure;
  }

  /**
   * Runs a statement that a call began and that goes on when the call is over. It takes a place of its own among the concurrent statements,
   * until it leaves it. When the server drains, it is stopped: no client can come back for it.
   */
  background(rpc: string, origin: RunningCall, work: (call: RunningCall) => Promise<void>): BackgroundCall {
    const started = performance.now();
    const call = new RunningCall(origin.principal, origin.shareSession());
    call.origin = { ...origin.origin, rpc };
    this.#background.add(call);
    const run = async () => {
      // Whoever began it has the call in hand before the work begins.
      await Promise.resolve();
      const failure = await failing(() => this.#follow(call, () => this.#run(call, true, work)));
      this.#background.delete(call);
      this.#log({ rpc, user: call.principal.name, call, failure, ms: performance.now() - started });
      return failure;
    };
    return { call, ended: run() };
  }

  /** Refuses new calls from now on, and waits for the running ones; after `timeout` milliseconds those are stopped. */
  async drain(timeout: number): Promise<void> {
    this.#draining = true;
    const reason = new SkuaError('UNAVAILABLE', 'the server is shutting down and did not wait any longer');
    for (const call of this.#background) call.abort(reason);
    if (this.#calls.size === 0) return;
    const idle = new Promise<void>((resolve) => {
      this.#onIdle.push(resolve);
    });
    const timer = setTimeout(() => {
      for (const call of this.#calls) call.abort(reason);
    }, timeout);
    await idle;
    clearTimeout(timer);
  }

  #follow(call: RunningCall, work: () => Promise<void>): Promise<void> {
    const { follow } = this.#options;
    return follow === undefined ? work() : follow(call, work);
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
      if (this.#calls.size === 0) for (const tell of this.#onIdle.splice(0)) tell();
    }
  }

  /**
   * Waits for a place among the concurrent statements; the time of the statement counts from then on. For a call that was let in
   * uncounted and turns out to be a statement, also from inside.
   */
  async occupy(call: RunningCall): Promise<void> {
    call.refuseWhatIsMissing();
    const { statementTimeout } = this.#limits;
    const { issuer, subject } = call.principal;
    const started = performance.now();
    let leave: () => void;
    call.report.isWaiting = true;
    try {
      leave = await this.#slots.enter(JSON.stringify([issuer, subject]), call.signal);
    } finally {
      call.report.isWaiting = false;
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

  #refuseLargeMetadata(bytes: number): void {
    const { metadataBytes } = this.#limits;
    if (bytes <= metadataBytes) return;
    throw new SkuaError(
      'RESOURCE_EXHAUSTED',
      `the call's metadata has ${bytes} bytes, which is more than this server takes (${metadataBytes})`,
    );
  }

  async #authenticate(entrance: Entrance): Promise<Principal> {
    try {
      return await this.#options.authenticator.authenticate(entrance.token());
    } catch (error) {
      if (!(error instanceof SkuaError)) throw error;
      this.#options.onRefused?.(error, entrance);
      const delay = error.code === 'UNAUTHENTICATED' ? this.#brake.refused(entrance.address) : 0;
      if (delay > 0) await sleep(delay);
      throw error;
    }
  }

  #refuseWhileDraining(): void {
    if (this.#draining) throw new SkuaError('UNAVAILABLE', 'the server is shutting down; try again later');
  }

  #log(ended: EndedCall): void {
    const { rpc, user, call, failure } = ended;
    const { keepsState: _, isWaiting: __, run: ___, ...report } = call?.report ?? {};
    const record: CallRecord = {
      rpc,
      ...(user === undefined ? {} : { user }),
      ...report,
      status: failure?.error.code ?? 'OK',
      ms: Math.round(ended.ms * 10) / 10,
      ...(failure?.incident === undefined ? {} : { incident: failure.incident }),
    };
    this.#options.onCall?.(record, call, failure?.error);
    if (failure !== undefined && BROKEN.has(failure.error.code)) {
      this.#options.logger.error({ ...record, error: failure.error }, 'call');
    } else {
      this.#options.logger.info(record, 'call');
    }
  }
}

function slotsOf(limits: AdmissionLimits): SlotOptions {
  const total = limits.concurrentStatements ?? 64;
  return {
    total,
    perPrincipal: limits.concurrentStatementsPerPrincipal ?? Math.ceil(total * 0.75),
    queueTimeout: limits.queueTimeout ?? 30_000,
  };
}

function timesOf(limits: AdmissionLimits): { metadataBytes: number; statementTimeout: number } {
  return {
    metadataBytes: limits.maxMetadataSize ?? 65_536,
    statementTimeout: limits.statementTimeout ?? 30 * 60_000,
  };
}

/** Statuses that mean a fault of the server, whose cause the operator needs. */
const BROKEN: ReadonlySet<ErrorCode> = new Set(['INTERNAL', 'UNKNOWN', 'DATA_LOSS']);

/** The longest delay that a Node.js timer takes. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** How the work failed, if it did. */
async function failing(work: () => Promise<void>): Promise<Failure | undefined> {
  try {
    await work();
    return undefined;
  } catch (thrown) {
    return failureOf(thrown);
  }
}

function timeout(milliseconds: number): SkuaError {
  return new SkuaError(
    'DEADLINE_EXCEEDED',
    `the statement ran longer than this server allows (${Math.round(milliseconds / 1000)} s)`,
  );
}

interface EndedCall {
  rpc: string;
  user?: string | undefined;
  call?: RunningCall | undefined;
  failure?: Failure | undefined;
  ms: number;
}
