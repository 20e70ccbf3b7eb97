/** One server, and the others that its endpoints may name: queries, changes and actions as Flight carries them. */
import { Schema as ArrowSchema, type Schema } from 'apache-arrow';
import { type ColumnarBatch, decodeSchema } from '../../arrow/index.js';
import { SkuaError } from '../../errors.js';
import {
  CancelFlightInfoRequest,
  CancelFlightInfoResult,
  type Codec,
  type FlightDescriptor,
  type FlightInfo,
  flightSql,
  headerOnly,
  type OutgoingFlightData,
  type PollInfo,
  packAny,
  unpackAny,
} from '../../flight/protocol.js';
import type { CallOptions, StatementOptions } from '../contract.js';
import { QueryResult } from '../result.js';
import { Channel, type ChannelOptions } from './channel.js';
import { CookieJar } from './cookies.js';
import { readEndpoints } from './endpoints.js';

export class Connection {
  readonly #options: ChannelOptions & { cookies?: boolean };
  readonly #cookies: CookieJar;
  readonly #channel: Channel;
  readonly #others = new Map<string, Channel>();

  constructor(address: string, options: ChannelOptions & { cookies?: boolean }) {
    this.#options = options;
    this.#cookies = new CookieJar(options.cookies ?? true);
    this.#channel = new Channel(address, options, this.#cookies);
  }

  /** The address that is spoken to, with its scheme. */
  get address(): string {
    return this.#channel.address.text;
  }

  /** GetFlightInfo, then DoGet of each endpoint. */
  async query(descriptor: FlightDescriptor, options: StatementOptions = {}): Promise<QueryResult> {
    const info = await this.#plan(descriptor, options);
    const places = {
      isEncrypted: this.#channel.address.tls,
      doGet: (location: string | undefined, ...rest: Parameters<Channel['doGet']>) =>
        this.#placeOf(location).doGet(...rest),
    };
    const messages = readEndpoints(info, places, options);
    const first = await messages.next();
    const schema = first.done === true ? schemaOrNone(info.schema) : (first.value as Schema);
    return new QueryResult(schema, messages as AsyncGenerator<ColumnarBatch>, () => this.#cancel(info));
  }

  /** The endpoints of a query: as soon as it is planned, or, where somebody wants to know how far it is, as soon as it has a row. */
  async #plan(descriptor: FlightDescriptor, { onProgress, signal }: StatementOptions): Promise<FlightInfo> {
    const options = signal === undefined ? {} : { signal };
    if (onProgress === undefined) return this.#channel.getFlightInfo(descriptor, options);
    let next: FlightDescriptor | null = descriptor;
    let info: FlightInfo | null = null;
    // What was started by a poll goes on without one for a while.
    const stop = () => void (info === null ? undefined : this.#cancel(info).catch(() => undefined));
    signal?.addEventListener('abort', stop, { once: true });
    try {
      while (next !== null) {
        const poll: PollInfo = await this.#channel.pollFlightInfo(next, options);
        info = poll.info;
        next = poll.flight_descriptor;
        onProgress(poll.progress ?? undefined);
      }
    } catch (error) {
      if (!(error instanceof SkuaError) || error.code !== 'UNIMPLEMENTED' || info !== null) throw error;
      return this.#channel.getFlightInfo(descriptor, options);
    } finally {
      signal?.removeEventListener('abort', stop);
    }
    if (info === null) throw new SkuaError('INTERNAL', 'The server answered the last poll without a FlightInfo.');
    return info;
  }

  async #cancel(info: FlightInfo): Promise<void> {
    await this.#channel.doAction('CancelFlightInfo', CancelFlightInfoRequest.encode({ info }), CancelFlightInfoResult);
  }

  /** DoPut of a command that answers a count: the affected rows, or -1 where the server has no count. */
  async update(messages: Messages, options: CallOptions = {}): Promise<number> {
    const metadata = await this.put(messages, options);
    return metadata === undefined ? -1 : Number(flightSql.DoPutUpdateResult.decode(metadata).record_count);
  }

  /** DoPut: what the server answers first. */
  async put(messages: Messages, options: CallOptions = {}): Promise<Uint8Array | undefined> {
    let answer: Uint8Array | undefined;
    for await (const metadata of this.#channel.doPut(messages, options)) answer ??= metadata;
    return answer;
  }

  /** An action whose answer is not needed. */
  async act<T>(type: string, body: Uint8Array, result: Codec<T>, options: CallOptions = {}): Promise<T | undefined> {
    return this.#channel.doAction(type, body, result, options);
  }

  /** An action of Flight SQL, whose answer comes in an Any. */
  async ask<T>(type: string, body: Uint8Array, result: Codec<T>, options: CallOptions = {}): Promise<T> {
    const packed = { ...result, decode: (bytes: Uint8Array) => unpackAny(result, bytes) };
    const answer = await this.#channel.doAction(type, body, packed, options);
    if (answer === undefined) throw new SkuaError('INTERNAL', `The server answered the action ${type} with nothing.`);
    return answer;
  }

  close(): void {
    this.#channel.close();
    for (const channel of this.#others.values()) channel.close();
  }

  #placeOf(location: string | undefined): Channel {
    if (location === undefined) return this.#channel;
    let channel = this.#others.get(location);
    if (channel === undefined) {
      channel = new Channel(location, this.#options, this.#cookies);
      this.#others.set(location, channel);
    }
    return channel;
  }
}

export type Messages = Iterable<OutgoingFlightData> | AsyncIterable<OutgoingFlightData>;

/** A command as a descriptor. */
export function command<T>(message: Codec<T>, value: Partial<T>): FlightDescriptor {
  return { type: 'CMD', cmd: packAny(message, value) };
}

/** DoPut of a command that has no rows. */
export function bare<T>(message: Codec<T>, value: Partial<T>): OutgoingFlightData[] {
  return [headerOnly(new Uint8Array(0), command(message, value))];
}

export function schemaOrNone(bytes: Uint8Array): Schema {
  return bytes.byteLength === 0 ? new ArrowSchema([]) : decodeSchema(bytes);
}
