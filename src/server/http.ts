/** The HTTP listener with the routes of all rooms that have some. */
import type { Config } from '../config/index.js';
import { messageOf } from '../errors.js';
import {
  consoleRoutes,
  createHttpServer,
  type HttpRoutes,
  type HttpServer,
  type HttpServerOptions,
  mcpRoutes,
  operationRoutes,
} from '../http/index.js';
import type { Logger } from '../logging.js';
import type { Health, Metrics } from '../observe/index.js';
import { version } from '../version.js';
import { isOperator } from './operators.js';

const USUAL_PORT = 50080;

export interface HttpParts extends Pick<HttpServerOptions, 'admission' | 'statements' | 'system' | 'logger' | 'tls'> {
  health: Health;
  metrics: Metrics;
  /** The port of Flight SQL, once it listens. */
  flightPort: () => number;
  /** The configuration as it is now. */
  current: () => Config;
}

export function openHttp(
  config: Config,
  { tls, health, metrics, flightPort, current, ...parts }: HttpParts,
): HttpServer {
  const { http, server, limits, observe } = config;
  /** What listens there besides statements. */
  const routes: HttpRoutes[] = [
    operationRoutes({
      health,
      metrics,
      metricsFor: observe.metrics,
      isOperator: (roles) => isOperator(current(), roles),
    }),
    ...consoleOf(config, flightPort),
    ...agentsOf(config, parts.statements),
  ];
  return createHttpServer({
    ...parts,
    tls: http.allowPlaintext ? undefined : tls,
    routes,
    allowedOrigins: http.allowedOrigins,
    limits: {
      headerBytes: server.maxMetadataSize,
      bodyBytes: http.maxBodySize,
      connections: http.maxConnections,
      resultRows: limits.resultRows ?? Number.POSITIVE_INFINITY,
    },
  });
}

function agentsOf({ http, auth }: Config, statements: HttpServerOptions['statements']): HttpRoutes[] {
  if (!http.mcp.enabled) return [];
  const { maxRows: rows, maxAnswerSize: answerBytes, maxScanSize: scannedBytes } = http.mcp;
  const issuers = auth.map(({ issuer }) => issuer);
  const limits = { rows, answerBytes, scannedBytes };
  return [mcpRoutes({ version, statements, issuers, allowedOrigins: http.allowedOrigins, limits })];
}

function consoleOf({ http, server, auth }: Config, flightPort: () => number): HttpRoutes[] {
  if (!http.console) return [];
  const scheme = server.tls.certificate === undefined ? 'grpc' : 'grpc+tls';
  const login = auth.flatMap(({ issuer, consoleClientId: clientId, consoleScope: scope }) =>
    clientId === undefined ? [] : [{ issuer, clientId, scope }],
  );
  const flight = (host: string) => server.locations[0] ?? `${scheme}://${host}:${flightPort()}`;
  return [consoleRoutes({ version, flight, login })];
}

/** Listens, and returns the address as browsers want it. Where nobody chose the port and the usual one is taken, a free one serves. */
export async function listenForHttp(http: HttpServer, config: Config, logger: Logger): Promise<string> {
  const { host, port, allowPlaintext } = config.http;
  const scheme = config.server.tls.certificate === undefined || allowPlaintext ? 'http' : 'https';
  const name = host.includes(':') ? `[${host}]` : host;
  if (port !== undefined) return `${scheme}://${name}:${await http.listen(host, port)}`;
  try {
    return `${scheme}://${name}:${await http.listen(host, USUAL_PORT)}`;
  } catch (error) {
    const free = await http.listen(host, 0);
    logger.info({ reason: messageOf(error), port: free }, 'The usual port for HTTP can not be had, so another serves');
    return `${scheme}://${name}:${free}`;
  }
}
