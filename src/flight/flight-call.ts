import { Metadata, type ServerUnaryCall } from '@grpc/grpc-js';
import { RunningCall } from '../admission/index.js';
import type { Principal } from '../auth/index.js';
import { clearCookie, type SessionLease, setCookie } from '../session/index.js';
import { type BodyCompression, COMPRESSION_HEADER, compressionFrom } from './compression.js';
import { RELAYED } from './relay.js';

/** What all four kinds of gRPC server call have in common. */
export type Surface = Pick<
  ServerUnaryCall<unknown, unknown>,
  'cancelled' | 'metadata' | 'getPeer' | 'getDeadline' | 'sendMetadata'
> & {
  once(event: 'cancelled', listener: () => void): unknown;
  off(event: 'cancelled', listener: () => void): unknown;
};

/** A client's call whose principal is known: what handlers get. */
export class FlightCall extends RunningCall {
  readonly #surface: Surface;
  readonly #headers = new Metadata();
  #headersSent = false;
  #sessionEnded = false;

  constructor(principal: Principal, lease: SessionLease, surface: Surface) {
    super(principal, lease);
    this.#surface = surface;
  }

  /** Another server passed it on, and it is not to be passed on again. */
  get isRelayed(): boolean {
    return this.#surface.metadata.get(RELAYED).length > 0;
  }

  /** How the client wants the bodies of results. Neither of ours: INVALID_ARGUMENT. */
  get compression(): BodyCompression | undefined {
    const [asked] = this.#surface.metadata.get(COMPRESSION_HEADER);
    return asked === undefined ? undefined : compressionFrom(String(asked));
  }

  /** Ends the session of the call's cookie and takes the cookie away. False for the session that calls without a cookie share. */
  endSession(): boolean {
    const ended = this.lease.end();
    if (ended) this.setHeader('set-cookie', clearCookie());
    this.#sessionEnded = ended;
    return ended;
  }

  /** The client is to know of it, so that no other server tells it the same again. */
  override refuseWhatIsMissing(): void {
    try {
      super.refuseWhatIsMissing();
    } catch (error) {
      this.sendHeaders();
      throw error;
    }
  }

  setHeader(name: string, value: string): void {
    this.#headers.set(name, value);
  }

  /** Sends the response headers; what gRPC does with the first message anyway, but then without ours. */
  sendHeaders(): void {
    if (this.#headersSent) return;
    this.#headersSent = true;
    const session = this.lease.toSend(this.report.keepsState ?? false);
    if (session !== undefined && !this.#sessionEnded) this.setHeader('set-cookie', setCookie(session));
    if (Object.keys(this.#headers.getMap()).length > 0) this.#surface.sendMetadata(this.#headers);
  }
}
