import {
  type CallOptions,
  Client,
  type ClientReadableStream,
  credentials,
  Metadata,
  type MethodDefinition,
  type ServiceError,
} from '@grpc/grpc-js';
import { SkuaError } from '../../../errors.js';
import { sparkConnectService } from './protocol.js';

export interface ConnectionOptions {
  /** `sc://host:port`. */
  endpoint: string;
  tls: boolean;
  /** PEM of the authorities that the cluster's certificate may come from. Default: those of the system. */
  authorities?: Buffer | undefined;
}

/** Port of an endpoint that names none. */
const USUAL_PORT = 15002;
/** Longest wait for an answer that takes no work, in milliseconds. */
const ANSWER = 60_000;

/** The way to a cluster. All sessions share it; what they say is theirs. */
export class Connection {
  readonly #client: Client;

  constructor({ endpoint, tls, authorities }: ConnectionOptions) {
    this.#client = new Client(
      addressOf(endpoint),
      tls ? credentials.createSsl(authorities) : credentials.createInsecure(),
      {
        'grpc.max_receive_message_length': -1,
        'grpc.max_send_message_length': -1,
        'grpc.enable_retries': 0,
        // A cluster that went away without a word is noticed.
        'grpc.keepalive_time_ms': 30_000,
        'grpc.keepalive_timeout_ms': 20_000,
      },
    );
  }

  /** One request, one answer. Fails with grpc-js's `ServiceError`. */
  ask<T>(method: string, request: object, { authorization, signal }: CallContext = {}): Promise<T> {
    return new Promise((resolve, reject) => {
      const { path, requestSerialize, responseDeserialize } = methodNamed(method);
      const call = this.#client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        metadataOf(authorization),
        { deadline: Date.now() + ANSWER },
        (error: ServiceError | null, answer) => (error ? reject(error) : resolve(answer as T)),
      );
      signal?.addEventListener('abort', () => call.cancel(), { once: true });
    });
  }

  /** One request, a stream of answers that is read as slowly as its reader likes. */
  stream<T>(method: string, request: object, { authorization }: CallContext = {}): ClientReadableStream<T> {
    const { path, requestSerialize, responseDeserialize } = methodNamed(method);
    const options: CallOptions = {};
    return this.#client.makeServerStreamRequest(
      path,
      requestSerialize,
      responseDeserialize as (bytes: Buffer) => T,
      request,
      metadataOf(authorization),
      options,
    );
  }

  close(): void {
    this.#client.close();
  }
}

export interface CallContext {
  /** Value of the `authorization` header. */
  authorization?: string | undefined;
  signal?: AbortSignal | undefined;
}

function metadataOf(authorization: string | undefined): Metadata {
  const metadata = new Metadata();
  if (authorization !== undefined) metadata.set('authorization', authorization);
  return metadata;
}

function methodNamed(name: string): MethodDefinition<object, object> {
  return sparkConnectService[name] as MethodDefinition<object, object>;
}

function addressOf(endpoint: string): string {
  const { hostname, port } = new URL(endpoint.replace(/^sc:/, 'http:'));
  if (hostname === '') throw new SkuaError('INVALID_ARGUMENT', `${endpoint} names no host`);
  return `${hostname}:${port === '' ? USUAL_PORT : port}`;
}
