import {
  type Client,
  credentials,
  Metadata,
  makeGenericClientConstructor,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import type { Schema } from 'apache-arrow';
import { batchToRows, encodeBatch, encodeSchemaMessage, IpcDecoder, rowsToBatch } from '../../src/arrow/index.js';
import {
  type Action,
  batchMessage,
  type Codec,
  deserializeFlightData,
  encodeFlightData,
  type FlightDescriptor,
  type FlightInfo,
  flightService,
  headerOnly,
  type IncomingFlightData,
  type OutgoingFlightData,
  type PollInfo,
  type PutResult,
  packAny,
  type Result,
} from '../../src/flight/protocol.js';

const FlightClient = makeGenericClientConstructor(
  {
    ...flightService,
    DoGet: { ...(flightService.DoGet as object), responseDeserialize: deserializeFlightData },
    DoPut: { ...(flightService.DoPut as object), requestSerialize: encodeFlightData },
    DoPutRaw: { ...(flightService.DoPut as object), requestSerialize: (bytes: Buffer) => bytes },
  } as never,
  'FlightService',
);

interface Stream<T> extends AsyncIterable<T> {
  cancel(): void;
  on(event: string, listener: (value: never) => void): this;
  pause(): void;
  resume(): void;
}

export interface Duplex<In, Out> extends Stream<Out> {
  write(message: In): boolean;
  end(): void;
}

type Unary = (
  request: unknown,
  metadata: Metadata,
  options: object,
  callback: (e: unknown, r: unknown) => void,
) => void;
type Method = (request: unknown, metadata: Metadata) => never;

/** A bare Flight client, so that tests see exactly what is on the wire. */
export class TestClient {
  readonly metadata = new Metadata();
  readonly #client: Client;
  readonly #methods: Record<string, Method & Unary>;

  constructor(port: number, token?: string, options: object = {}) {
    this.#client = new FlightClient(`127.0.0.1:${port}`, credentials.createInsecure(), {
      'grpc.max_receive_message_length': -1,
      ...options,
    });
    this.#methods = this.#client as never;
    if (token !== undefined) this.metadata.set('authorization', `Bearer ${token}`);
  }

  close(): void {
    this.#client.close();
  }

  unary<T>(name: string, request: unknown, options: object = {}): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#methods[name]?.call(this.#client as never, request, this.metadata, options, (error, response) =>
        error ? reject(error) : resolve(response as T),
      );
    });
  }

  info<T>(command: Codec<T>, message: Partial<T>, options: object = {}): Promise<FlightInfo> {
    return this.unary('GetFlightInfo', descriptorOf(command, message), options);
  }

  poll<T>(command: Codec<T>, message: Partial<T>): Promise<PollInfo> {
    return this.unary('PollFlightInfo', descriptorOf(command, message));
  }

  pollAgain(descriptor: FlightDescriptor | null): Promise<PollInfo> {
    return this.unary('PollFlightInfo', descriptor);
  }

  schema<T>(command: Codec<T>, message: Partial<T>): Promise<{ schema: Uint8Array }> {
    return this.unary('GetSchema', descriptorOf(command, message));
  }

  get(ticket: Uint8Array, options: object = {}): Stream<IncomingFlightData> {
    return this.#methods.DoGet?.call(this.#client as never, { ticket }, this.metadata, options, () => {}) as never;
  }

  put(): Duplex<OutgoingFlightData, PutResult> {
    return (this.#methods.DoPut as unknown as (metadata: Metadata) => never).call(this.#client, this.metadata);
  }

  /** DoPut of bytes that may be no FlightData. */
  putRaw(): Duplex<Uint8Array, PutResult> {
    return (this.#methods.DoPutRaw as unknown as (metadata: Metadata) => never).call(this.#client, this.metadata);
  }

  handshake(): Duplex<object, { payload: Uint8Array }> {
    return (this.#methods.Handshake as unknown as (metadata: Metadata) => never).call(this.#client, this.metadata);
  }

  exchange(): Duplex<object, object> {
    return (this.#methods.DoExchange as unknown as (metadata: Metadata) => never).call(this.#client, this.metadata);
  }

  stream<T>(name: string, request: object): Stream<T> {
    return this.#methods[name]?.call(this.#client as never, request, this.metadata, {}, () => {}) as never;
  }

  /** A call of any method that answers, with bytes that may be no message of it. */
  async raw(name: string, bytes: Buffer): Promise<unknown[]> {
    const { path } = flightService[name] as { path: string };
    const same = (value: Buffer) => value;
    return this.#client.makeServerStreamRequest(path, same, same, bytes, this.metadata).toArray();
  }

  async action(type: string, body: Uint8Array = new Uint8Array(0)): Promise<Uint8Array[]> {
    const action: Action = { type, body };
    const bodies: Uint8Array[] = [];
    for await (const result of this.stream<Result>('DoAction', action)) bodies.push(result.body);
    return bodies;
  }

  /** Plans and fetches. */
  async query<T>(command: Codec<T>, message: Partial<T>): Promise<{ schema: Schema; rows: unknown[][] }> {
    const info = await this.info(command, message);
    return this.fetch(ticketOf(info));
  }

  async fetch(ticket: Uint8Array): Promise<{ schema: Schema; rows: unknown[][]; largest: number }> {
    const decoder = new IpcDecoder();
    const rows: unknown[][] = [];
    let largest = 0;
    for await (const data of this.get(ticket)) {
      largest = Math.max(largest, data.body.byteLength);
      const batch = decoder.decode(data.header, data.body);
      if (batch !== undefined) rows.push(...batchToRows(decoder.schema as Schema, batch));
    }
    return { schema: decoder.schema as Schema, rows, largest };
  }

  /** Sends a command with batches of rows; the one result. */
  async send<T>(
    command: Codec<T>,
    message: Partial<T>,
    schema?: Schema,
    batches: unknown[][][] = [],
  ): Promise<Uint8Array> {
    const stream = this.put();
    stream.write(headerOnly(schema ? encodeSchemaMessage(schema) : new Uint8Array(0), descriptorOf(command, message)));
    for (const rows of batches) stream.write(batchMessage(encodeBatch(rowsToBatch(schema as Schema, rows))));
    stream.end();
    const results: Uint8Array[] = [];
    for await (const result of stream) results.push(result.app_metadata);
    if (results.length !== 1) throw new Error(`${results.length} results`);
    return results[0] as Uint8Array;
  }
}

export function descriptorOf<T>(command: Codec<T>, message: Partial<T>): FlightDescriptor {
  return { type: 'CMD', cmd: packAny(command, message), path: [] };
}

export function ticketOf(info: FlightInfo): Uint8Array {
  const ticket = info.endpoint[0]?.ticket?.ticket;
  if (ticket === undefined) throw new Error('no ticket');
  return ticket;
}

/** How a call failed: the name of its status, and its sentence. */
export async function failure(call: Promise<unknown>): Promise<{ code: string; details: string }> {
  try {
    await call;
  } catch (error) {
    const { code, details } = error as ServiceError;
    return { code: status[code] ?? String(error), details };
  }
  throw new Error('the call did not fail');
}

export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
