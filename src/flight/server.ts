/** The gRPC server: Flight, health and reflection on one port. */
import { dirname, join } from 'node:path';
import { logVerbosity, Server, ServerCredentials, setLogVerbosity } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { HealthImplementation, protoPath as healthProto } from 'grpc-health-check';
import type { Admission } from '../admission/index.js';
import { listenError } from '../listen-error.js';
import type { StatementService } from '../query/contract.js';
import type { TlsMaterial } from '../tls-files.js';
import { CallAdmission } from './call-admission.js';
import type { BodyCompression } from './compression.js';
import { announceEnd } from './farewell.js';
import { type HandshakeLimits, Handshakes } from './handshake.js';
import { FLIGHT_SERVICE, packageDefinition } from './proto.js';
import { reflectedDefinition } from './reflection.js';
import { Sealer } from './seal.js';
import { createService, serviceDefinition } from './service.js';
import { createFlightSqlHandler, type Dividing, type SystemAnswers } from './sql/index.js';

export interface FlightServerOptions {
  admission: Admission;
  statements: StatementService;
  /** Told to clients as the server's version. */
  version: string;
  limits?: FlightLimits;
  tickets?: {
    /** Signs tickets and prepared statement handles. Several servers behind one address need the same. Default: random. */
    key?: string | Uint8Array | undefined;
    /** Keys that signed before, newest first: what they signed is still taken. */
    previousKeys?: readonly string[];
    /** How long a ticket can be redeemed, in milliseconds. Default: 15 minutes. */
    lifetime?: number;
  };
  /** Put into every endpoint. Default: none, so that clients keep the connection they have. */
  locations?: readonly string[];
  /** The servers that answer beside this one, and from when queries are divided among them. */
  dividing?: Dividing | undefined;
  /** What it tells those servers in the name of a caller. */
  system?: SystemAnswers | undefined;
  /** PEM. Without it, the server speaks plaintext. With `clientCa`, every client must have a certificate of that authority. */
  tls?: TlsMaterial | undefined;
  /** In milliseconds. Default: connections live as long as their clients want. */
  connections?: { maxAge?: number | undefined; grace?: number; maxIdle?: number };
  /** For clients that log in. Default: 10 seconds, 256 clients. */
  handshake?: HandshakeLimits;
  /**
   * Connections are asked for a sign of life in this interval, and closed where none comes in time; in milliseconds. Default: 30 and 20
   * seconds.
   */
  keepalive?: { interval: number; timeout: number };
}

export interface FlightLimits {
  /** Largest metadata of one call in bytes; must hold the largest token. Default: 64 KiB. */
  maxMetadataSize?: number;
  /** Largest message that a client may send, in bytes. Default: 64 MiB. */
  maxMessageSize?: number;
  /** A statement whose text is longer is refused with INVALID_ARGUMENT, in bytes. Default: 1 MiB. */
  statementBytes?: number;
  /** A client that sends nothing in the middle of DoPut for so long ends it with DEADLINE_EXCEEDED, in milliseconds. Default: 2 minutes. */
  uploadIdleTimeout?: number;
  /** A statement that PollFlightInfo started ends when it is neither polled nor fetched for so long, in milliseconds. Default: 1 minute. */
  pollTimeout?: number;
  /** A result with more rows ends with RESOURCE_EXHAUSTED. Default: no limit. */
  resultRows?: number | undefined;
  /** Batches of results are split to messages of about this size, in bytes. Default: 2 MiB. */
  messageBytes?: number;
  /** How the bodies of results are compressed where the client does not say. Default: not at all. */
  compression?: BodyCompression;
  /** An unused prepared statement is closed after this time, in milliseconds. Default: 30 minutes. */
  preparedStatementIdleTimeout?: number;
  /** Bound parameters of one principal that the server keeps, in bytes. Default: 64 MiB. */
  parameterBytes?: number;
}

export interface FlightServer {
  /** Listens and returns the port; port 0 takes a free one. A port that is taken: UNAVAILABLE. */
  listen(host: string, port: number): Promise<number>;
  /** New connections are made with this certificate; of no effect where the server speaks plaintext. */
  useCertificate(tls: TlsMaterial): void;
  /** What the gRPC health service says from now on; while the server drains it is NOT_SERVING in any case. */
  setReady(ready: boolean): void;
  /** For up to `notice` milliseconds asks clients to leave, and takes their calls all the same. */
  leave(notice: number): Promise<void>;
  /** Refuses new calls with UNAVAILABLE, waits up to `timeout` milliseconds for running ones, stops those left, and closes. */
  drain(timeout: number): Promise<void>;
  /** Stops all calls and closes. */
  close(): Promise<void>;
  /** Calls that are under way at this moment, statements that run, and statements that wait for a place. */
  readonly running: { calls: number; statements: number; waiting: number };
}

const MIB = 2 ** 20;
const MINUTE = 60_000;
const METADATA = 65_536;
/** How long the last bytes of ended calls may take to leave. */
const FLUSH_TIMEOUT = 2000;

export function createFlightServer(options: FlightServerOptions): FlightServer {
  // What goes wrong is in our own log, and in the errors of `listen`.
  if (process.env.GRPC_VERBOSITY === undefined) setLogVerbosity(logVerbosity.NONE);
  const limits = options.limits ?? {};
  const keepalive = options.keepalive ?? { interval: 30_000, timeout: 20_000 };
  const { admission, connections = {} } = options;
  const credentials = credentialsOf(options.tls);
  const handler = createFlightSqlHandler({
    statements: options.statements,
    sealer: new Sealer(options.tickets?.key, Date.now, options.tickets?.previousKeys),
    version: options.version,
    ticketLifetime: options.tickets?.lifetime ?? 15 * MINUTE,
    locations: options.locations ?? [],
    dividing: options.dividing,
    system: options.system,
    preparedStatementIdleTimeout: limits.preparedStatementIdleTimeout ?? 30 * MINUTE,
    statementBytes: limits.statementBytes ?? MIB,
    parameterBytes: limits.parameterBytes ?? 64 * MIB,
    statementTimeout: admission.statementTimeout,
    polling: {
      timeout: limits.pollTimeout ?? MINUTE,
      background: (rpc, origin, work) => admission.background(rpc, origin, work),
    },
  });
  const server = new Server({
    'grpc.max_receive_message_length': limits.maxMessageSize ?? 64 * MIB,
    'grpc.max_send_message_length': -1,
    'grpc.so_reuseport': 0,
    'grpc.keepalive_time_ms': keepalive.interval,
    'grpc.keepalive_timeout_ms': keepalive.timeout,
    ...(connections.maxAge === undefined ? {} : { 'grpc.max_connection_age_ms': connections.maxAge }),
    ...(connections.grace === undefined ? {} : { 'grpc.max_connection_age_grace_ms': connections.grace }),
    ...(connections.maxIdle === undefined ? {} : { 'grpc.max_connection_idle_ms': connections.maxIdle }),
  });
  allowMetadata(server, limits.maxMetadataSize ?? METADATA);
  server.addService(
    serviceDefinition,
    createService(
      new CallAdmission(admission),
      handler,
      new Handshakes(options.handshake ?? { timeout: 10_000, pending: 256 }),
      {
        messageBytes: limits.messageBytes ?? 2 * MIB,
        uploadIdleTimeout: limits.uploadIdleTimeout ?? 2 * MINUTE,
        resultRows: limits.resultRows ?? Number.POSITIVE_INFINITY,
        compression: limits.compression ?? 'none',
      },
    ),
  );
  const health = new HealthImplementation({ '': 'SERVING', [FLIGHT_SERVICE]: 'SERVING' });
  health.addToServer(server);
  new ReflectionService(reflectedDefinition([packageDefinition, healthDefinition()])).addToServer(server);

  let isDraining = false;
  const setReady = (ready: boolean) => {
    const status = ready && !isDraining ? 'SERVING' : 'NOT_SERVING';
    for (const service of ['', FLIGHT_SERVICE]) health.setStatus(service, status);
  };
  let isListening = false;
  const beUnready = () => {
    isDraining = true;
    setReady(false);
  };
  const drain = async (timeout: number) => {
    beUnready();
    await admission.drain(timeout);
    await shutDown(server);
  };
  return {
    get running() {
      return admission.running;
    },
    async listen(host, port) {
      const address = host.includes(':') && !host.startsWith('[') ? `[${host}]:${port}` : `${host}:${port}`;
      return new Promise((resolve, reject) => {
        server.bindAsync(address, credentials, (error, bound) => {
          if (error === null) {
            isListening = true;
            resolve(bound);
          } else reject(listenError(address, error));
        });
      });
    },
    useCertificate: (tls) => renew(credentials, tls),
    setReady,
    async leave(notice) {
      beUnready();
      if (isListening && notice > 0) await announceEnd(server, notice);
    },
    drain,
    close: () => drain(0),
  };
}

function credentialsOf(tls: FlightServerOptions['tls']): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure();
  const { certificate, key, clientCa } = tls;
  return ServerCredentials.createSsl(
    clientCa ?? null,
    [{ cert_chain: certificate, private_key: key }],
    clientCa !== undefined,
  );
}

/** grpc-js renews certificates by a provider of its own kind, which tells its credentials in just this way. */
function renew(credentials: ServerCredentials, { certificate, key, clientCa }: TlsMaterial): void {
  const { updateSecureContextOptions: update } = credentials as unknown as {
    updateSecureContextOptions(options: object): void;
  };
  update.call(credentials, { cert: [certificate], key: [key], ca: clientCa });
}

function healthDefinition() {
  return loadSync('health/v1/health.proto', { includeDirs: [join(dirname(healthProto), '../..')], keepCase: true });
}

/**
 * grpc-js has no option for the size of request headers; the setting is HTTP/2's own SETTINGS_MAX_HEADER_LIST_SIZE. HTTP/2 resets a stream
 * above it without a word, so what is only somewhat larger is let in, and refused by the admission with a sentence.
 */
function allowMetadata(server: Server, bytes: number): void {
  const { commonServerOptions } = server as unknown as { commonServerOptions: { settings?: object } };
  commonServerOptions.settings = { ...commonServerOptions.settings, maxHeaderListSize: bytes + REFUSED_METADATA };
}

/** How much larger metadata may be than allowed to be refused with a sentence, in bytes. */
const REFUSED_METADATA = 2 ** 20;

/** Lets what was written leave; then cuts what is left, such as idle health watches. */
async function shutDown(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, FLUSH_TIMEOUT);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
