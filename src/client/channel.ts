/** Calls to one Flight server: metadata, the session cookie, and streams as async iterables. */
import { readFileSync } from 'node:fs';
import {
  Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  credentials,
  Metadata,
  type StatusObject,
  status,
} from '@grpc/grpc-js';
import { SkuaError } from '../errors.js';
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
  Ticket,
} from '../flight/protocol.js';
import { type Address, parseAddress } from './address.js';
import type { CookieJar } from './cookies.js';
import { toClientError } from './errors.js';

export interface ChannelOptions {
  /** Bearer token, without `Bearer `. */
  token?: string;
  /** PEM file with the authorities that are trusted instead of the built-in ones. */
  ca?: string;
}

export interface CallOptions {
  signal?: AbortSignal;
}

const ActionResult = codec<{ body: Uint8Array }>('arrow.flight.protocol.Result');
const PutResult = codec<{ app_metadata: Uint8Array }>('arrow.flight.protocol.PutResult');

export class Channel {
  readonly address: Address;
  readonly #client: Client;

  constructor(
    address: string,
    private readonly options: ChannelOptions,
    private readonly cookies: CookieJar,
  ) {
    this.address = parseAddress(address);
    this.#client = new Client(this.address.target, channelCredentials(this.address, options.ca), {
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
      'grpc.max_metadata_size': 1024 * 1024,
      'grpc.primary_user_agent': 'skua',
    });
  }

  getFlightInfo(descriptor: FlightDescriptor, options: CallOptions = {}): Promise<FlightInfo> {
    return new Promise((resolve, reject) => {
      const call = this.#client.makeUnaryRequest(
        path('GetFlightInfo'),
        encoder(FlightDescriptor),
        FlightInfo.decode,
        descriptor,
        this.#metadata(),
        (error, info) => {
          if (error !== null) reject(toClientError(error, this.address));
          else if (info === undefined) reject(new SkuaError('INTERNAL', 'The server answered without a FlightInfo.'));
          else resolve(info);
        },
      );
      call.on('metadata', (metadata) => this.cookies.store(metadata));
      cancelOnAbort(call, options.signal);
    });
  }

  doGet(ticket: Ticket, options: CallOptions = {}): AsyncGenerator<IncomingFlightData> {
    const call = this.#client.makeServerStreamRequest(
      path('DoGet'),
      encoder(Ticket),
      deserializeFlightData,
      ticket,
      this.#metadata(),
    );
    return this.#messages(call, options.signal);
  }

  async doAction<T>(
    type: string,
    body: Uint8Array,
    result: Codec<T>,
    options: CallOptions = {},
  ): Promise<T | undefined> {
    const call = this.#client.makeServerStreamRequest(
      path('DoAction'),
      encoder(Action),
      ActionResult.decode,
      { type, body },
      this.#metadata(),
    );
    let answer: T | undefined;
    for await (const message of this.#messages(call, options.signal)) answer ??= result.decode(message.body);
    return answer;
  }

  /** Sends messages, then reads what the server answers. */
  async *doPut(messages: readonly OutgoingFlightData[], options: CallOptions = {}): AsyncGenerator<Uint8Array> {
    const call = this.#client.makeBidiStreamRequest(
      path('DoPut'),
      encodeFlightData,
      PutResult.decode,
      this.#metadata(),
    );
    for (const message of messages) call.write(message);
    call.end();
    for await (const answer of this.#messages(call, options.signal)) yield answer.app_metadata;
  }

  close(): void {
    this.#client.close();
  }

  async *#messages<T>(
    call: ClientReadableStream<T> | ClientDuplexStream<OutgoingFlightData, T>,
    signal?: AbortSignal,
  ): AsyncGenerator<T> {
    const ended = new Promise<StatusObject>((resolve) => call.once('status', resolve));
    call.on('metadata', (metadata) => this.cookies.store(metadata));
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

  #metadata(): Metadata {
    const metadata = new Metadata();
    if (this.options.token !== undefined) metadata.set('authorization', `Bearer ${this.options.token}`);
    this.cookies.apply(metadata);
    return metadata;
  }
}

function path(method: string): string {
  return `/${FLIGHT_SERVICE}/${method}`;
}

function encoder<T>(message: Codec<T>): (value: Partial<T>) => Buffer {
  return (value) => message.encode(value);
}

function channelCredentials(address: Address, ca: string | undefined) {
  if (!address.tls) return credentials.createInsecure();
  if (ca === undefined) return credentials.createSsl();
  try {
    return credentials.createSsl(readFileSync(ca));
  } catch (error) {
    throw new SkuaError('INVALID_ARGUMENT', `The file ${ca} with the trusted certificates can't be read.`, {
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
