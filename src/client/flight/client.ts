import { SkuaError } from '../../errors.js';
import {
  CloseSessionRequest,
  CloseSessionResult,
  codec,
  flightSql,
  GetSessionOptionsRequest,
  GetSessionOptionsResult,
  packAny,
  SetSessionOptionsRequest,
  SetSessionOptionsResult,
} from '../../flight/protocol.js';
import type { CallOptions, Transaction } from '../contract.js';
import type { ChannelOptions } from './channel.js';
import { Connection } from './connection.js';
import { FlightMetadata } from './metadata.js';
import { FlightStatements } from './statements.js';

export interface ConnectOptions extends ChannelOptions {
  /** `grpc://host:port`, `grpc+tls://host:port` or `host:port`; the port defaults to 50051. Without a scheme: TLS, but for this machine. */
  address: string;
  /** Keeps the cookies that the server sets, and with them a session of its own. Default: true. */
  cookies?: boolean;
}

/** Opens no connection yet; the first call does. An address that is none: INVALID_ARGUMENT. */
export function connect(options: ConnectOptions): FlightSqlClient {
  return new FlightSqlClient(options);
}

const Nothing = codec<object>('arrow.flight.protocol.Empty');

/**
 * A Flight SQL client. Every method rejects with a `SkuaError`: the server's status and sentence, or UNAVAILABLE with a sentence that
 * names the address where no server could be reached. Nothing is tried again: a call that failed was sent once.
 */
export class FlightSqlClient extends FlightStatements {
  /** Catalogs, schemas, tables, keys, types. */
  readonly metadata: FlightMetadata;

  constructor({ address, ...options }: ConnectOptions) {
    const connection = new Connection(address, options);
    super(connection);
    this.metadata = new FlightMetadata(connection);
  }

  /** The address that is spoken to, with its scheme. */
  get address(): string {
    return this.connection.address;
  }

  /** Begins a transaction; what is run on the answer is part of it. */
  async begin(options: CallOptions = {}): Promise<Transaction> {
    const answer = await this.connection.ask(
      'BeginTransaction',
      packAny(flightSql.ActionBeginTransactionRequest, {}),
      flightSql.ActionBeginTransactionResult,
      options,
    );
    return new FlightTransaction(this.connection, answer.transaction_id);
  }

  /** Makes them the session's current catalog and schema. A name that can't be seen: INVALID_ARGUMENT. */
  async use(names: { catalog?: string; schema?: string }, options: CallOptions = {}): Promise<void> {
    const given = Object.entries(names).filter(([, name]) => name !== undefined);
    const body = SetSessionOptionsRequest.encode({
      session_options: Object.fromEntries(given.map(([key, name]) => [key, { string_value: name }])),
    });
    const answer = await this.connection.act('SetSessionOptions', body, SetSessionOptionsResult, options);
    for (const key of Object.keys(answer?.errors ?? {})) {
      throw new SkuaError('INVALID_ARGUMENT', `The ${key} ${names[key as keyof typeof names]} can't be used.`);
    }
  }

  /** The session's current catalog and schema. */
  async current(options: CallOptions = {}): Promise<{ catalog?: string; schema?: string }> {
    const body = GetSessionOptionsRequest.encode({});
    const answer = await this.connection.act('GetSessionOptions', body, GetSessionOptionsResult, options);
    const given = Object.entries(answer?.session_options ?? {});
    return Object.fromEntries(given.map(([key, { string_value: name }]) => [key, name ?? undefined]));
  }

  /** Ends the session on the server. */
  async closeSession(options: CallOptions = {}): Promise<void> {
    await this.connection.act('CloseSession', CloseSessionRequest.encode({}), CloseSessionResult, options);
  }

  /** Closes the connection; what still runs fails. */
  close(): void {
    this.connection.close();
  }
}

class FlightTransaction extends FlightStatements implements Transaction {
  readonly #id: Uint8Array;

  constructor(connection: Connection, id: Uint8Array) {
    super(connection, id);
    this.#id = id;
  }

  commit(options: CallOptions = {}): Promise<void> {
    return this.#end('END_TRANSACTION_COMMIT', options);
  }

  rollback(options: CallOptions = {}): Promise<void> {
    return this.#end('END_TRANSACTION_ROLLBACK', options);
  }

  async #end(action: 'END_TRANSACTION_COMMIT' | 'END_TRANSACTION_ROLLBACK', options: CallOptions): Promise<void> {
    const body = packAny(flightSql.ActionEndTransactionRequest, { transaction_id: this.#id, action });
    await this.connection.act('EndTransaction', body, Nothing, options);
  }
}
