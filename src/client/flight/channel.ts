/** Calls to one Flight server: metadata, the session cookie, and streams as async iterables. */
import { once } from 'node:events';
import {
  Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  credentials,
  Metadata,
  type StatusObject,
  status,
} from '@grpc/grpc-js';
import { SkuaError } from '../../errors.js';
import {
  Action,
  type Codec,
  codec,
  deserializeFlightData,
  encodeFlightData,
  FLIGHT_SERVICE,
  FlightDescriptor,
  FlightInfo,
  type IncomingFlightData,
  type OutgoingFlightData,
  PollInfo,
  Ticket,
} from '../../flight/protocol.js';
import type { CallOptions } from '../contract.js';
import { authorizationOf, type TokenSource } from '../token.js';
import { type Address, parseAddress } from './address.js';
import type { CookieJar } from './cookies.js';
import { toClientError } from './errors.js';

export interface TlsOptions {
  /** PEM text with the authorities that are trusted instead of the built-in ones. */
  ca?: string | Uint8Array;
  /** PEM text of the client's own certificate and key, where the server asks for one. */
  certificate?: string | Uint8Array;
  key?: string | Uint8Array;
}

export interface ChannelOptions {
  token?: TokenSource;
  tls?: TlsOptions;
}

const ActionResult = codec<{ body: Uint8Array }>('arrow.flight.protocol.Result');
const PutResult = codec<{ app_metadata: Uint8Array }>('arrow.flight.protocol.PutResult');

export class Channel {
  readonly #options: ChannelOptions;
  readonly #cookies: CookieJar;
  readonly address: Address;
  readonly #client: Client;

  constructor(address: string, options: ChannelOptions, cookies: CookieJar) {
    this.#options = options;
    this.#cookies = cookies;
    this.address = parseAddress(address);
    this.#client = new Client(this.address.target, channelCredentials(this.address, options.tls), {
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
      'grpc.max_metadata_size': 1024 * 1024,
      'grpc.primary_user_agent': 'skua',
      // A statement that is sent twice may take effect twice: whoever calls decides.
      'grpc.enable_retries': 0,
      'grpc.service_config_disable_resolution': 1,
    });
  }

  getFlightInfo(descriptor: FlightDescriptor, options: CallOptions = {}): Promise<FlightInfo> {
    return this.#ask('GetFlightInfo', descriptor, FlightInfo, options);
  }

  async #ask<T>(method: string, descriptor: FlightDescriptor, result: Codec<T>, options: CallOptions): Promise<T> {
    const metadata = await this.#metadata();
    return new Promise((resolve, reject) => {
      const call = this.#client.makeUnaryRequest(
        path(method),
        encoder(FlightDescriptor),
        result.decode,
        descriptor,
        metadata,
        (error, answer) => {
          if (error !== null) reject(toClientError(error, this.address));
          else if (answer === undefined)
            reject(new SkuaError('INTERNAL', `The server answered ${method} with nothing.`));
          else resolve(answer);
        },
      );
      call.on('metadata', (answered) => this.#cookies.store(answered));
      cancelOnAbort(call, options.signal);
    });
  }

  pollFlightInfo(descriptor: FlightDescriptor, options: CallOptions = {}): Promise<PollInfo> {
    return this.#ask('PollFlightInfo', descriptor, PollInfo, options);
  }

  async *doGet(ticket: Ticket, options: CallOptions = {}): AsyncGenerator<IncomingFlightData> {
    const metadata = await this.#metadata();
    const call = this.#client.makeServerStreamRequest(
      path('DoGet'),
      encoder(Ticket),
      deserializeFlightData,
      ticket,
      metadata,
    );
    yield* this.#messages(call, options.signal);
  }

  async doAction<T>(
    type: string,
    body: Uint8Array,
    result: Codec<T>,
    options: CallOptions = {},
  ): Promise<T | undefined> {
    const metadata = await this.#metadata();
    const call = this.#client.makeServerStreamRequest(
      path('DoAction'),
      encoder(Action),
      ActionResult.decode,
      { type, body },
      metadata,
    );
    let answer: T | undefined;
    for await (const message of this.#messages(call, options.signal)) answer ??= result.decode(message.body);
    return answer;
  }

  /** Sends messages as fast as the server takes them, and reads what it answers. A source that fails cancels the call, and its error is thrown. */
  async *doPut(
    messages: Iterable<OutgoingFlightData> | AsyncIterable<OutgoingFlightData>,
    options: CallOptions = {},
  ): AsyncGenerator<Uint8Array> {
    const metadata = await this.#metadata();
    const call = this.#client.makeBidiStreamRequest(path('DoPut'), encodeFlightData, PutResult.decode, metadata);
    let failure: unknown;
    void send(call, messages).catch((error: unknown) => {
      failure = error;
      call.cancel();
    });
    try {
      for await (const answer of this.#messages(call, options.signal)) yield answer.app_metadata;
    } catch (error) {
      throw failure ?? error;
    }
  }

  close(): void {
    this.#client.close();
  }

  async *#messages<T>(
    call: ClientReadableStream<T> | ClientDuplexStream<OutgoingFlightData, T>,
    signal?: AbortSignal,
  ): AsyncGenerator<T> {
    const ended = new Promise<StatusObject>((resolve) => call.once('status', resolve));
    call.on('metadata', (metadata) => this.#cookies.store(metadata));
    // Cancelling emits an error after the loop below has gone, and nobody else listens then.
    call.on('error', () => undefined);
    cancelOnAbort(call, signal);
    try {
      for await (const message of call) yield message as T;
      // Only the status says that a stream is whole.
      const final = await ended;
      if (final.code !== status.OK) throw final;
    } catch (error) {
      throw toClientError(error, this.address);
    } finally {
      call.cancel();
    }
  }

  async #metadata(): Promise<Metadata> {
    const metadata = new Metadata();
    const { token } = this.#options;
    if (token !== undefined) metadata.set('authorization', await authorizationOf(token));
    metadata.set('skua-compression', 'none');
    this.#cookies.apply(metadata);
    return metadata;
  }
}

async function send(
  call: ClientDuplexStream<OutgoingFlightData, unknown>,
  messages: Iterable<OutgoingFlightData> | AsyncIterable<OutgoingFlightData>,
): Promise<void> {
  const ended = new AbortController();
  call.once('status', () => ended.abort());
  for await (const message of messages) {
    if (ended.signal.aborted) return;
    if (!call.write(message)) await once(call, 'drain', { signal: ended.signal }).catch(() => undefined);
  }
  call.end();
}

function path(method: string): string {
  return `/${FLIGHT_SERVICE}/${method}`;
}

function encoder<T>(message: Codec<T>): (value: Partial<T>) => Buffer {
  return (value) => message.encode(value);
}

function channelCredentials(address: Address, tls: TlsOptions = {}) {
  if (!address.tls) return credentials.createInsecure();
  const [ca = null, key = null, certificate = null] = [tls.ca, tls.key, tls.certificate].map((pem) =>
    pem === undefined ? null : Buffer.from(pem),
  );
  try {
    return credentials.createSsl(ca, key, certificate);
  } catch (error) {
    throw new SkuaError('INVALID_ARGUMENT', 'The certificates or the key for TLS are not in PEM form.', {
      cause: error,
    });
  }
}

function cancelOnAbort(
  call: { cancel(): void; once(event: 'status', listener: () => void): unknown },
  signal: AbortSignal | undefined,
): void {
  if (signal === undefined) return;
  const cancel = () => call.cancel();
  if (signal.aborted) cancel();
  signal.addEventListener('abort', cancel, { once: true });
  call.once('status', () => signal.removeEventListener('abort', cancel));
}
