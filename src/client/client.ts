import type { Schema } from 'apache-arrow';
import { Schema as ArrowSchema } from 'apache-arrow';
import { type ColumnarBatch, decodeSchema, IpcDecoder } from '../arrow/index.js';
import { SkuaError } from '../errors.js';
import {
  CancelFlightInfoRequest,
  CancelFlightInfoResult,
  CloseSessionRequest,
  CloseSessionResult,
  type Codec,
  codec,
  type FlightDescriptor,
  type FlightEndpoint,
  type FlightInfo,
  flightSql,
  headerOnly,
  packAny,
  unpackAny,
} from '../flight/protocol.js';
import { type CallOptions, Channel, type ChannelOptions } from './channel.js';
import { CookieJar } from './cookies.js';

export interface ConnectOptions extends ChannelOptions {
  /** `grpc://host:port`, `grpc+tls://host:port` or `host:port`. */
  address: string;
  /** Keeps the cookies that the server sets, and with them the session. Default: true. */
  cookies?: boolean;
}

export interface QueryResult {
  schema: Schema;
  /** Pulled from the server as they are consumed; leaving the loop early stops the query. Can be consumed once. */
  batches: AsyncGenerator<ColumnarBatch>;
  /** Asks the server to stop (CancelFlightInfo). */
  cancel(): Promise<void>;
}

export interface PreparedStatement {
  /** False for statements that return rows. */
  isUpdate: boolean;
  /** Of the result; without fields for an update. */
  schema: Schema;
  /** One field for each parameter. */
  parameters: Schema;
  execute(options?: CallOptions): Promise<QueryResult>;
  /** The affected rows, or -1 where the server has no count. */
  executeUpdate(options?: CallOptions): Promise<number>;
  close(): Promise<void>;
}

export type StatementOutcome = ({ kind: 'query' } & QueryResult) | { kind: 'update'; affectedRows: number };

const Nothing = codec<object>('arrow.flight.protocol.Empty');
const REUSE_CONNECTION = 'arrow-flight-reuse-connection:';

/** Opens no connection yet; the first call does. */
export function connect(options: ConnectOptions): FlightSqlClient {
  return new FlightSqlClient(options);
}

/**
 * A Flight SQL client. Every method rejects with a `SkuaError`: the server's status and sentence, or UNAVAILABLE with a sentence that
 * names the address where no server could be reached.
 */
export class FlightSqlClient {
  readonly #options: ConnectOptions;
  readonly #cookies: CookieJar;
  readonly #channel: Channel;
  readonly #others = new Map<string, Channel>();

  constructor(options: ConnectOptions) {
    this.#options = options;
    this.#cookies = new CookieJar(options.cookies ?? true);
    this.#channel = new Channel(options.address, options, this.#cookies);
  }

  /** The address that is spoken to, with its scheme. */
  get address(): string {
    return this.#channel.address.text;
  }

  /** Runs a query: GetFlightInfo, then DoGet of each endpoint, one after the other. */
  execute(sql: string, options: CallOptions = {}): Promise<QueryResult> {
    return this.#query(command(flightSql.CommandStatementQuery, { query: sql }), options);
  }

  /** Runs a change or a definition: DoPut. The affected rows, or -1 where the server has no count. */
  executeUpdate(sql: string, options: CallOptions = {}): Promise<number> {
    return this.#update(command(flightSql.CommandStatementUpdate, { query: sql }), options);
  }

  async prepare(sql: string, options: CallOptions = {}): Promise<PreparedStatement> {
    const answer = await this.#action(
      'CreatePreparedStatement',
      packAny(flightSql.ActionCreatePreparedStatementRequest, { query: sql }),
      flightSql.ActionCreatePreparedStatementResult,
      options,
    );
    const reference = { prepared_statement_handle: answer.prepared_statement_handle };
    const schema = schemaOrNone(answer.dataset_schema);
    return {
      isUpdate: answer.is_update ?? schema.fields.length === 0,
      schema,
      parameters: schemaOrNone(answer.parameter_schema),
      execute: (call = {}) => this.#query(command(flightSql.CommandPreparedStatementQuery, reference), call),
      executeUpdate: (call = {}) => this.#update(command(flightSql.CommandPreparedStatementUpdate, reference), call),
      close: async () => {
        const body = packAny(flightSql.ActionClosePreparedStatementRequest, reference);
        await this.#channel.doAction('ClosePreparedStatement', body, Nothing);
      },
    };
  }

  /** Runs any statement, after asking the server which kind it is. */
  async run(sql: string, options: CallOptions = {}): Promise<StatementOutcome> {
    const statement = await this.prepare(sql, options);
    if (statement.isUpdate) {
      try {
        return { kind: 'update', affectedRows: await statement.executeUpdate(options) };
      } finally {
        await release(statement);
      }
    }
    try {
      const result = await statement.execute(options);
      return { kind: 'query', ...result, batches: releasingAfter(result.batches, statement) };
    } catch (error) {
      await release(statement);
      throw error;
    }
  }

  /** Ends the session on the server. */
  async closeSession(options: CallOptions = {}): Promise<void> {
    await this.#channel.doAction('CloseSession', CloseSessionRequest.encode({}), CloseSessionResult, options);
  }

  close(): void {
    this.#channel.close();
    for (const channel of this.#others.values()) channel.close();
  }

  async #query(descriptor: FlightDescriptor, options: CallOptions): Promise<QueryResult> {
    const info = await this.#channel.getFlightInfo(descriptor, options);
    const batches = this.#read(info, options);
    const first = await batches.next();
    const schema = first.done === true ? schemaOrNone(info.schema) : (first.value as Schema);
    return {
      schema,
      batches: batches as AsyncGenerator<ColumnarBatch>,
      cancel: async () => {
        const body = CancelFlightInfoRequest.encode({ info });
        await this.#action('CancelFlightInfo', body, CancelFlightInfoResult, {}, false);
      },
    };
  }

  /** The schema first, then the batches of all endpoints in order. */
  async *#read(info: FlightInfo, options: CallOptions): AsyncGenerator<Schema | ColumnarBatch> {
    let isFirst = true;
    for (const endpoint of info.endpoint) {
      if (endpoint.ticket === null) throw new SkuaError('INTERNAL', 'The server gave an endpoint without a ticket.');
      const decoder = new IpcDecoder();
      for await (const message of this.#channelOf(endpoint).doGet(endpoint.ticket, options)) {
        if (message.header.byteLength === 0) continue;
        const batch = decoder.decode(message.header, message.body);
        if (isFirst && decoder.schema !== undefined) {
          isFirst = false;
          yield decoder.schema;
        }
        if (batch !== undefined) yield batch;
      }
    }
  }

  /** The first location that can be used; none at all means the connection that there is. */
  #channelOf(endpoint: FlightEndpoint): Channel {
    const locations = endpoint.location.map(({ uri }) => uri);
    if (locations.length === 0 || locations.some((uri) => uri.startsWith(REUSE_CONNECTION))) return this.#channel;
    // A token that travels encrypted to the server must not travel unencrypted to another place that it names.
    const allowed = this.#channel.address.tls ? ['grpc+tls:'] : ['grpc:', 'grpc+tcp:', 'grpc+tls:'];
    const usable = locations.find((uri) => allowed.some((scheme) => uri.startsWith(scheme)));
    if (usable === undefined) {
      throw new SkuaError(
        'UNIMPLEMENTED',
        `The result lies at locations that this client can't use: ${locations.join(', ')}.`,
      );
    }
    let channel = this.#others.get(usable);
    if (channel === undefined) {
      channel = new Channel(usable, this.#options, this.#cookies);
      this.#others.set(usable, channel);
    }
    return channel;
  }

  async #update(descriptor: FlightDescriptor, options: CallOptions): Promise<number> {
    let count: number | undefined;
    for await (const metadata of this.#channel.doPut([headerOnly(new Uint8Array(0), descriptor)], options)) {
      count ??= Number(flightSql.DoPutUpdateResult.decode(metadata).record_count);
    }
    return count ?? -1;
  }

  async #action<T>(type: string, body: Uint8Array, result: Codec<T>, options: CallOptions, packed = true): Promise<T> {
    const answer = packed
      ? await this.#channel.doAction(type, body, packedIn(result), options)
      : await this.#channel.doAction(type, body, result, options);
    if (answer === undefined) throw new SkuaError('INTERNAL', `The server answered the action ${type} with nothing.`);
    return answer;
  }
}

function command<T>(message: Codec<T>, value: Partial<T>): FlightDescriptor {
  return { type: 'CMD', cmd: packAny(message, value) };
}

function packedIn<T>(message: Codec<T>): Codec<T> {
  return { ...message, decode: (bytes) => unpackAny(message, bytes) };
}

function schemaOrNone(bytes: Uint8Array): Schema {
  return bytes.byteLength === 0 ? new ArrowSchema([]) : decodeSchema(bytes);
}

async function* releasingAfter(
  batches: AsyncGenerator<ColumnarBatch>,
  statement: PreparedStatement,
): AsyncGenerator<ColumnarBatch> {
  try {
    yield* batches;
  } finally {
    await release(statement);
  }
}

/** Closes a statement that is done with; where that fails, the server lets it expire, and the outcome stays what it is. */
async function release(statement: PreparedStatement): Promise<void> {
  await statement.close().catch(() => undefined);
}
