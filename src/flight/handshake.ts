/**
 * Handshake: for clients that log in before they call. Credentials are the token itself, in an `authorization: Bearer` or `Basic` header
 * or in the payload of the first message; the answer carries the header that the client then sends with every call.
 */
import type { Readable } from 'node:stream';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import { SkuaError } from '../errors.js';
import type { FlightCall } from './flight-call.js';
import { BasicAuth, type HandshakeRequest, type HandshakeResponse } from './messages.js';
import { readable } from './readable.js';

export type HandshakeStream = ServerDuplexStream<HandshakeRequest, HandshakeResponse>;

export interface HandshakeLimits {
  /** How long a client may take to send its credentials, in milliseconds. */
  timeout: number;
  /** Clients that have not sent theirs yet. */
  pending: number;
}

/** Reads the credentials of clients that are not known yet: so few of them at a time, and for so long. */
export class Handshakes {
  readonly #limits: HandshakeLimits;
  #pending = 0;

  constructor(limits: HandshakeLimits) {
    this.#limits = limits;
  }

  /**
   * Puts credentials from the payload into the call's metadata, where the admission looks for them. None in time: DEADLINE_EXCEEDED; too many
   * others that wait: RESOURCE_EXHAUSTED.
   */
  async readCredentials(stream: HandshakeStream): Promise<void> {
    if (stream.metadata.get('authorization').length > 0) return;
    if (this.#pending >= this.#limits.pending) {
      throw new SkuaError('RESOURCE_EXHAUSTED', 'too many clients are about to log in; try again later');
    }
    this.#pending++;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const reason = new SkuaError('DEADLINE_EXCEEDED', 'no credentials came in time');
      timer = setTimeout(() => reject(reason), this.#limits.timeout);
    });
    try {
      await Promise.race([readPayload(stream), late]);
    } finally {
      clearTimeout(timer);
      this.#pending--;
    }
  }
}

async function readPayload(stream: HandshakeStream): Promise<void> {
  const first = await (stream as unknown as Readable).iterator({ destroyOnReturn: false }).next();
  if (first.done) return;
  const { username, password } = credentialsIn(readable(first.value as HandshakeRequest).payload);
  const basic = Buffer.from(`${username}:${password}`, 'utf8').toString('base64');
  stream.metadata.set('authorization', `Basic ${basic}`);
}

function credentialsIn(payload: Uint8Array): BasicAuth {
  try {
    return BasicAuth.decode(payload);
  } catch (cause) {
    throw new SkuaError('INVALID_ARGUMENT', 'the payload of the handshake is no BasicAuth message', { cause });
  }
}

/** Answers with the bearer header, and with the token as payload, which Arrow's older clients send back as `auth-token-bin`. */
export async function answerHandshake(stream: HandshakeStream, call: FlightCall): Promise<void> {
  const header = call.principal.token.header();
  call.setHeader('authorization', header);
  call.sendHeaders();
  const payload = Buffer.from(header.slice('Bearer '.length), 'utf8');
  await new Promise<void>((resolve, reject) => {
    const onAbort = () => reject(call.signal.reason);
    call.signal.addEventListener('abort', onAbort, { once: true });
    stream.write({ protocol_version: '0', payload }, (error: Error | null | undefined) => {
      call.signal.removeEventListener('abort', onAbort);
      if (error) reject(new SkuaError('CANCELLED', 'the client cancelled the call'));
      else resolve();
    });
  });
}
