/** The server: puts the rooms together and runs them. */
import { readFile } from 'node:fs/promises';
import { createAuthenticator } from '../auth/index.js';
import type { Config } from '../config/index.js';
import { createFlightServer } from '../flight/index.js';
import type { Logger } from '../logging.js';
import { createStatementService } from '../query/index.js';
import { createSessionStore } from '../session/index.js';
import { version } from '../version.js';
import { within } from '../within.js';
import { openEnvironment } from './environment.js';

export interface RunningServer {
  /** `host:port` as it listens. */
  address: string;
  port: number;
  /**
   * Drains and ends: running statements finish up to the configured limit, new calls are refused. False where the engine did not let go of one
   * in time: a thread of the process is then busy for who knows how long.
   */
  stop(): Promise<boolean>;
}

/** Starts the server. A port that is taken, or a certificate that can't be read: an error that says so. */
export async function startServer(config: Config, options: { logger: Logger }): Promise<RunningServer> {
  const { logger } = options;
  const { environment, close } = await openEnvironment(config, logger);
  const sessions = createSessionStore({
    idleTimeout: config.limits.sessionIdleTimeout,
    perPrincipal: config.limits.sessionsPerPrincipal,
    total: config.limits.sessions,
    catalog: config.default.catalog,
    schema: config.default.schema,
    // Cookies are then good at every server that shares the key.
    key: config.tickets.key === undefined ? undefined : Buffer.from(config.tickets.key),
    onDisposeError: (error) => logger.warn({ error }, 'Ending a session left something behind'),
  });
  const server = createFlightServer({
    authenticator: createAuthenticator(config.auth, {
      onFetchError: (issuer, reason) => logger.warn({ issuer, reason }, 'Fetching the public keys failed'),
    }),
    statements: createStatementService(environment),
    sessions,
    logger,
    version,
    limits: {
      maxMetadataSize: config.server.maxMetadataSize,
      maxMessageSize: config.server.maxMessageSize,
      concurrentStatements: config.limits.concurrentStatements,
      concurrentStatementsPerPrincipal: config.limits.concurrentStatementsPerPrincipal,
      queueTimeout: config.limits.queueTimeout,
      pollTimeout: config.limits.pollTimeout,
      uploadIdleTimeout: config.limits.uploadIdleTimeout,
      statementBytes: config.limits.statementSize,
      statementTimeout: config.limits.statementTimeout,
      resultRows: config.limits.resultRows,
      preparedStatementIdleTimeout: config.limits.preparedStatementIdleTimeout,
    },
    tickets: { key: config.tickets.key, lifetime: config.limits.ticketLifetime },
    locations: config.server.locations,
    tls: await readTls(config.server.tls),
  });
  try {
    const port = await server.listen(config.server.host, config.server.port);
    return {
      address: `${config.server.host}:${port}`,
      port,
      async stop() {
        const hasDrained = await within(config.server.drainTimeout + GRACE, server.drain(config.server.drainTimeout));
        const hasEnded = await within(GRACE, sessions.close());
        await close();
        return hasDrained && hasEnded;
      },
    };
  } catch (error) {
    await sessions.close();
    await close();
    throw error;
  }
}

/** How long what was told to stop may take, in milliseconds. */
const GRACE = 5000;

async function readTls(tls: Config['server']['tls']) {
  if (tls.certificate === undefined || tls.key === undefined) return undefined;
  const [certificate, key, clientCa] = await Promise.all([
    readFile(tls.certificate),
    readFile(tls.key),
    tls.clientCa === undefined ? undefined : readFile(tls.clientCa),
  ]);
  return { certificate, key, clientCa };
}
