/** The HTTP listener: one port for people's browsers, for programs without gRPC, and for those who watch the server. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { getRequestListener } from '@hono/node-server';
import type { Admission, Logger } from '../admission/index.js';
import { listenError } from '../listen-error.js';
import type { StatementService } from '../query/contract.js';
import type { SystemSource } from '../query/index.js';
import { shortTurn } from '../short-turn.js';
import type { TlsMaterial } from '../tls-files.js';
import { createApp, type HttpRoutes } from './app.js';
import { statementRoutes } from './statements/index.js';

export interface HttpServerOptions {
  admission: Admission;
  statements: StatementService;
  /** Knows the statements that run and have run. */
  system?: Pick<SystemSource, 'statements' | 'stop'> | undefined;
  logger: Logger;
  /** PEM. Without it, plain HTTP. With `clientCa`, every client must have a certificate of that authority. */
  tls?: TlsMaterial | undefined;
  limits: HttpLimits;
  /** Origins of pages that may call besides the listener's own. */
  allowedOrigins?: readonly string[];
  /** Routes besides those of statements. */
  routes?: readonly HttpRoutes[];
}

export interface HttpLimits {
  /** Largest headers of a request in bytes; must hold the largest token. */
  headerBytes: number;
  /** Largest body of a request, in bytes. */
  bodyBytes: number;
  /** Connections at the same time; more are closed at once. */
  connections: number;
  /** A result with more rows ends with RESOURCE_EXHAUSTED. */
  resultRows: number;
}

export interface HttpServer {
  /** Listens and returns the port; port 0 takes a free one. A port that is taken: UNAVAILABLE. */
  listen(host: string, port: number): Promise<number>;
  /** New connections are made with this certificate; of no effect over plain HTTP. */
  useCertificate(tls: TlsMaterial): void;
  /** Takes the next request of each connection as its last, and no more connections after `notice` milliseconds, or once there are none. */
  leave(notice: number): Promise<void>;
  /** Takes no more connections, and closes those that are left when the admission has drained. */
  close(): Promise<void>;
}

/** How long a client may take to send its headers, and its whole request, in milliseconds. */
const HEADERS_TIMEOUT = 20_000;
const REQUEST_TIMEOUT = 120_000;
/** How long the last bytes of ended calls may take to leave. */
const FLUSH_TIMEOUT = 2000;
/** How often it is looked for clients that have left, in milliseconds. */
const LOOK = 20;
/** How much larger headers may be than allowed to be refused with a sentence, in bytes. */
const REFUSED_HEADERS = 2 ** 20;

export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { admission, statements, system, logger, limits } = options;
  const app = createApp({
    admission,
    routes: [statementRoutes({ statements, system }, limits), ...(options.routes ?? [])],
    bodyBytes: limits.bodyBytes,
    allowedOrigins: options.allowedOrigins ?? [],
    onError: (incident, error) => logger.error({ incident, error }, 'HTTP'),
  });
  const listener = getRequestListener((request, bindings) => app.fetch(request, bindings), {
    // The global Request and Response belong to whoever embeds the server.
    overrideGlobalObjects: false,
  });
  let isLeaving = false;
  const server = open(options, (incoming, outgoing) => {
    // So that nobody, as a balancer, takes the connection for one that may be used again.
    if (isLeaving) outgoing.shouldKeepAlive = false;
    void listener(incoming, outgoing);
  });
  server.maxConnections = limits.connections;
  return {
    listen: (host, port) => listen(server, host, port),
    useCertificate({ certificate, key, clientCa }) {
      if (server instanceof TlsServer) server.setSecureContext({ cert: certificate, key, ca: clientCa });
    },
    async leave(notice) {
      isLeaving = true;
      await untilLeft(server, notice);
      await shortTurn();
      if (server.listening) server.close();
    },
    close: () => close(server),
  };
}

function open(
  { tls, limits }: HttpServerOptions,
  listener: (incoming: IncomingMessage, outgoing: ServerResponse) => void,
): Server {
  const settings = {
    maxHeaderSize: limits.headerBytes + REFUSED_HEADERS,
    headersTimeout: HEADERS_TIMEOUT,
    requestTimeout: REQUEST_TIMEOUT,
    noDelay: true,
  };
  if (tls === undefined) return createServer(settings, listener);
  const { certificate, key, clientCa } = tls;
  const secure = { ...settings, cert: certificate, key, minVersion: 'TLSv1.2' as const };
  if (clientCa === undefined) return createTlsServer(secure, listener);
  return createTlsServer({ ...secure, ca: clientCa, requestCert: true, rejectUnauthorized: true }, listener);
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const onError = (error: Error) => reject(listenError(`${host}:${port}`, error));
    server.once('error', onError);
    server.listen({ host, port }, () => {
      server.off('error', onError);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

async function untilLeft(server: Server, notice: number): Promise<void> {
  const connections = promisify(server.getConnections.bind(server));
  for (const end = performance.now() + notice; performance.now() < end; await sleep(LOOK)) {
    if ((await connections()) === 0) return;
  }
}

/** One that has never listened is closed, too. */
async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), FLUSH_TIMEOUT);
  await closed;
  clearTimeout(timer);
}
