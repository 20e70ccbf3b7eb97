/** Brings gRPC calls to the admission, which every call passes. */
import type { Metadata } from '@grpc/grpc-js';
import type { Admission, Entrance, Failure } from '../admission/index.js';
import { bearerFrom } from '../auth/index.js';
import { SkuaError } from '../errors.js';
import { sessionIdFrom } from '../session/index.js';
import { FlightCall, type Surface } from './flight-call.js';

export class CallAdmission {
  readonly #admission: Admission;

  constructor(admission: Admission) {
    this.#admission = admission;
  }

  /** As `Admission.pass`: how the call failed, or undefined if it did not. Never throws. */
  pass(
    rpc: string,
    surface: Surface,
    counted: boolean,
    handle: (call: FlightCall) => Promise<void>,
  ): Promise<Failure | undefined> {
    return this.#admission.pass(
      entranceOf(rpc, surface),
      counted,
      (principal, lease) => new FlightCall(principal, lease, surface),
      handle,
    );
  }

  /** As `Admission.occupy`. */
  occupy(call: FlightCall): Promise<void> {
    return this.#admission.occupy(call);
  }
}

function entranceOf(rpc: string, surface: Surface): Entrance {
  const { metadata } = surface;
  return {
    rpc,
    headerBytes: sizeOf(metadata),
    token: () => tokenIn(metadata),
    address: addressOf(surface.getPeer()),
    trace: traceIn(metadata),
    sessionId: sessionIdFrom(metadata.get('cookie').map(String)),
    onGone: (stop) => whenGone(surface, stop),
  };
}

/** From the `authorization` header, or from `auth-token-bin`, which Arrow's older handshake leaves the client with. */
function tokenIn(metadata: Metadata): string {
  const [authorization] = metadata.get('authorization');
  const [binary] = metadata.get('auth-token-bin');
  if (authorization === undefined && binary instanceof Buffer) return binary.toString('utf8');
  return bearerFrom(authorization?.toString());
}

function traceIn(metadata: Metadata): Record<string, string> | undefined {
  const [traceparent] = metadata.get('traceparent');
  if (typeof traceparent !== 'string') return undefined;
  const tracestate = metadata.get('tracestate').join(',');
  return { traceparent, ...(tracestate !== '' && { tracestate }) };
}

/** Without the port: `127.0.0.1`, `::1`. */
function addressOf(peer: string): string {
  return peer.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
}

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

function whenGone(surface: Surface, stop: (reason: SkuaError) => void): () => void {
  const started = Date.now();
  const onCancelled = () => stop(cancellation(Number(surface.getDeadline()), started));
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
