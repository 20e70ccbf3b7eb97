/** Brings HTTP requests to the admission, which every call passes. */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { type Admission, type Entrance, type Failure, RunningCall } from '../admission/index.js';
import { bearerFrom, type Principal } from '../auth/index.js';
import { SkuaError } from '../errors.js';
import type { SessionLease } from '../session/index.js';

/** Requests carry it to stay in a session, answers to begin one. No cookie, which browsers would send unasked. */
export const SESSION_HEADER = 'skua-session';
export const STATEMENT_HEADER = 'skua-statement';

/** The two sides of a request as Node.js has them. */
export interface Exchange {
  incoming: IncomingMessage;
  outgoing: ServerResponse;
}

/** A request whose principal is known. */
export class HttpCall extends RunningCall {
  /** What the client shall send of its session with its next requests, where that is not what it sent. */
  sessionToSend(): string | undefined {
    return this.lease.toSend(this.report.keepsState ?? false);
  }

  /** Ends the session that the request named. False for the one that requests without a session share. */
  endSession(): boolean {
    return this.lease.end();
  }
}

export interface Passage {
  /** Method and route, for the log: `POST /v1/statements`. */
  route: string;
  /** Whether it takes a place among the concurrent statements, and is bound by their timeout. */
  counted: boolean;
}

/** As `Admission.pass`: how the call failed, or undefined if it did not. Never throws. */
export function pass(
  admission: Admission,
  exchange: Exchange,
  { route, counted }: Passage,
  handle: (call: HttpCall) => Promise<void>,
): Promise<Failure | undefined> {
  const enter = (principal: Principal, lease: SessionLease) => new HttpCall(principal, lease);
  return admission.pass(entranceOf(route, exchange), counted, enter, handle);
}

function entranceOf(rpc: string, { incoming, outgoing }: Exchange): Entrance {
  const { headers } = incoming;
  return {
    rpc,
    headerBytes: sizeOf(incoming.rawHeaders),
    token: () => bearerFrom(headers.authorization),
    address: incoming.socket.remoteAddress ?? '',
    trace: traceIn(headers),
    sessionId: headers[SESSION_HEADER]?.toString(),
    onGone(stop) {
      const onClose = () => {
        if (!outgoing.writableFinished) stop(new SkuaError('CANCELLED', 'the client closed the connection'));
      };
      outgoing.once('close', onClose);
      if (outgoing.destroyed) onClose();
      return () => void outgoing.off('close', onClose);
    },
  };
}

function traceIn({ traceparent, tracestate }: IncomingHttpHeaders): Record<string, string> | undefined {
  if (typeof traceparent !== 'string') return undefined;
  return { traceparent, ...(typeof tracestate === 'string' && { tracestate }) };
}

/** Names and values follow one another. */
function sizeOf(rawHeaders: readonly string[]): number {
  return rawHeaders.reduce((bytes, text) => bytes + text.length + 16, 0);
}
