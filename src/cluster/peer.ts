import {
  type Client,
  credentials,
  Metadata,
  makeGenericClientConstructor,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import type { BearerToken } from '../auth/index.js';
import { type ErrorCode, SkuaError } from '../errors.js';
import {
  CancelFlightInfoRequest,
  CancelFlightInfoResult,
  type CancelStatus,
  codec,
  FlightDescriptor,
  type FlightInfo,
  PollInfo,
  RELAYED,
  SYSTEM_ACTION,
} from '../flight/protocol.js';

const asItIs = (bytes: Buffer) => bytes;
const PATIENCE = 2000;

/** A HealthCheckResponse whose field 1, `status`, is SERVING (grpc.health.v1). */
const SERVING = Buffer.from([0x08, 0x01]);

const Action = codec<{ type: string; body: Uint8Array }>('arrow.flight.protocol.Action');
const Result = codec<{ body: Uint8Array }>('arrow.flight.protocol.Result');
const AnyClient = makeGenericClientConstructor({}, 'FlightService');

/** A poll is answered after two seconds at the latest. */
const POLL_PATIENCE = 5000;
const SERVICE = '/arrow.flight.protocol.FlightService';

/** PEM. How servers know each other over TLS. */
export interface PeerTls {
  /** The authorities that the others' certificates are checked against, instead of the usual ones. */
  ca?: Buffer | undefined;
  /** What this server shows to those that ask for a client's certificate: its own. */
  certificate?: Buffer | undefined;
  key?: Buffer | undefined;
}

/** Another server. */
export class Peer {
  readonly #client: Client;

  constructor(
    readonly address: string,
    { ca, certificate, key }: PeerTls = {},
  ) {
    const isEncrypted = address.startsWith('grpc+tls:');
    const secure = () => credentials.createSsl(ca ?? null, key ?? null, certificate ?? null);
    this.#client = new AnyClient(
      address.slice(address.indexOf('://') + 3),
      isEncrypted ? secure() : credentials.createInsecure(),
      { 'grpc.enable_retries': 0, 'grpc.service_config_disable_resolution': 1 },
    ) as unknown as Client;
  }

  /** False where it doesn't answer in time. */
  isServing(): Promise<boolean> {
    return new Promise((resolve) => {
      this.#client.makeUnaryRequest(
        '/grpc.health.v1.Health/Check',
        asItIs,
        asItIs,
        Buffer.alloc(0),
        new Metadata(),
        { deadline: Date.now() + PATIENCE },
        (error, answer) => resolve(error === null && answer !== undefined && SERVING.equals(answer)),
      );
    });
  }

  /** Has it cancel a flight of the caller's, with the caller's token; undefined where it does not say whether it did. */
  async cancel(token: BearerToken, info: FlightInfo): Promise<CancelStatus | undefined> {
    // It waits for the statement to end, too.
    const [result] = (await this.#act('CancelFlightInfo', CancelFlightInfoRequest.encode({ info }), token, 2)) ?? [];
    return result && CancelFlightInfoResult.decode(result).status;
  }

  /** Asks for what it shows of itself to the caller; undefined where it gives no answer. */
  async ask(token: BearerToken, question: object): Promise<unknown[] | undefined> {
    const answer = await this.#act(SYSTEM_ACTION, Buffer.from(JSON.stringify(question), 'utf8'), token, 1);
    return answer?.map((entry) => JSON.parse(Buffer.from(entry).toString('utf8')) as unknown);
  }

  /** Polls a statement of the caller's that runs there; fails as it does. Can't be reached: UNAVAILABLE. */
  poll(token: BearerToken, descriptor: FlightDescriptor, signal: AbortSignal): Promise<PollInfo> {
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      const request = this.#client.makeUnaryRequest(
        `${SERVICE}/PollFlightInfo`,
        (message: FlightDescriptor) => Buffer.from(FlightDescriptor.encode(message)),
        PollInfo.decode,
        descriptor,
        inTheNameOf(token),
        { deadline: Date.now() + POLL_PATIENCE },
        (error, answer) => {
          signal.removeEventListener('abort', stop);
          if (answer !== undefined) resolve(answer);
          else reject(signal.aborted ? signal.reason : this.#failed(error as ServiceError));
        },
      );
      const stop = () => request.cancel();
      signal.addEventListener('abort', stop);
    });
  }

  /** The bodies of an action's results. Undefined where it fails: whoever asked is told what the servers that answered said. */
  async #act(type: string, body: Uint8Array, token: BearerToken, patience: number): Promise<Uint8Array[] | undefined> {
    const stream = this.#client.makeServerStreamRequest(
      `${SERVICE}/DoAction`,
      (action: { type: string; body: Uint8Array }) => Buffer.from(Action.encode(action)),
      Result.decode,
      { type, body },
      inTheNameOf(token),
      { deadline: Date.now() + patience * PATIENCE },
    );
    const bodies: Uint8Array[] = [];
    try {
      for await (const result of stream) bodies.push((result as { body: Uint8Array }).body);
    } catch {
      return undefined;
    }
    return bodies;
  }

  #failed(error: ServiceError): SkuaError {
    const code = status[error.code] as ErrorCode;
    const isSilent = code === 'UNAVAILABLE' || code === 'DEADLINE_EXCEEDED';
    if (!isSilent) return new SkuaError(code, error.details, { cause: error });
    return new SkuaError('UNAVAILABLE', `the server that runs the statement, ${this.address}: ${error.details}`, {
      cause: error,
    });
  }

  close(): void {
    this.#client.close();
  }
}

function inTheNameOf(token: BearerToken): Metadata {
  const metadata = new Metadata();
  metadata.set('authorization', token.header());
  metadata.set(RELAYED, 'true');
  return metadata;
}
