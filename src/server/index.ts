/** The server: puts the rooms together and runs them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Admission } from '../admission/index.js';
import { createAuthenticator } from '../auth/index.js';
import { type Config, changedKeys } from '../config/index.js';
import { createFlightServer } from '../flight/index.js';
import type { Logger } from '../logging.js';
import { watchStatements } from '../observe/index.js';
import { answerSystemQuestion, createStatementService } from '../query/index.js';
import { createSessionStore, type SessionLimits } from '../session/index.js';
import { endsWithin } from '../time-limit.js';
import { readTls } from '../tls-files.js';
import { version } from '../version.js';
import { openCluster } from './cluster.js';
import { acrossServers } from './cluster-system.js';
import { openEnvironment } from './environment.js';
import { listenForHttp, openHttp } from './http.js';
import { closeRecorders, createHealth, createRecorders, watchCalls, watchServer } from './observation.js';
import { createSystemSource } from './system.js';
import { warmUp } from './warm-up/index.js';

export { type CheckLine, checkServices } from './check-services.js';

export interface RunningServer {
  /** `host:port` as it listens for Flight SQL. */
  address: string;
  port: number;
  /** Where it listens for HTTP, `http://host:port`; undefined where it does not. */
  httpUrl: string | undefined;
  /** Calls, statements and waiting statements at this moment. */
  readonly running: { calls: number; statements: number; waiting: number };
  /**
   * Takes what changed in the configuration and needs no restart, without an end to anything that runs; the log says what was taken. Certificates are
   * read anew in any case. One that can't be used: an error, and nothing is taken.
   */
  reload(config: Config): Promise<void>;
  /**
   * Is not ready, goes on as before for the configured delay, drains and ends: running statements finish up to the configured limit, new calls are
   * refused. False where the engine did not let go of one
   * in time: a thread of the process is then busy for who knows how long.
   */
  stop(): Promise<boolean>;
}

export interface StartOptions {
  logger: Logger;
  /** Whether the configuration's `warm_up` is heeded. Default: no. */
  warmsUp?: boolean;
}

/** Starts the server. A port that is taken, or a certificate that can't be read: an error that says so. */
export async function startServer(config: Config, options: StartOptions): Promise<RunningServer> {
  const { logger } = options;
  let current = config;
  const tls = await readTls(config.server.tls);
  const recorders = await createRecorders(config, logger);
  const { log, metrics } = recorders;
  const opened = await openEnvironment(config, logger, recorders);
  const { environment, close } = opened;
  const sessions = createSessionStore({
    ...sessionLimits(config),
    catalog: config.default.catalog,
    schema: config.default.schema,
    // Cookies are then good at every server that shares the key.
    key: config.tickets.key === undefined ? undefined : Buffer.from(config.tickets.key),
    previousKeys: config.tickets.previousKeys.map((key) => Buffer.from(key)),
    onDisposeError: (error) => logger.warn({ error }, 'Ending a session left something behind'),
  });
  const authenticator = createAuthenticator(config.auth, {
    onFetchError: (issuer, reason) => logger.warn({ issuer, reason }, 'Fetching the public keys failed'),
  });
  const admission = new Admission({
    authenticator,
    sessions,
    logger,
    ...watchCalls(recorders),
    limits: { ...config.limits, maxMetadataSize: config.server.maxMetadataSize },
  });
  const ownSystem = createSystemSource({ config: () => current, admission, sessions, log, environment: opened });
  const cluster = await openCluster(config, logger, tls);
  const system = cluster === undefined ? ownSystem : acrossServers(ownSystem, cluster);
  environment.system = system;
  const statements = watchStatements(createStatementService(environment));
  const server = createFlightServer({
    admission,
    statements,
    version,
    limits: {
      maxMetadataSize: config.server.maxMetadataSize,
      maxMessageSize: config.server.maxMessageSize,
      pollTimeout: config.limits.pollTimeout,
      uploadIdleTimeout: config.limits.uploadIdleTimeout,
      statementBytes: config.limits.statementSize,
      resultRows: config.limits.resultRows,
      compression: config.server.resultCompression,
      preparedStatementIdleTimeout: config.limits.preparedStatementIdleTimeout,
    },
    tickets: {
      key: config.tickets.key,
      previousKeys: config.tickets.previousKeys,
      lifetime: config.limits.ticketLifetime,
    },
    connections: {
      maxAge: config.server.maxConnectionAge,
      grace: config.server.drainTimeout,
      maxIdle: config.server.maxConnectionIdle,
    },
    locations: config.server.locations,
    dividing: cluster && { peers: cluster, divideFrom: divisionOf(config) },
    system: (principal, question) => answerSystemQuestion(ownSystem, principal, question),
    tls,
  });
  watchServer(metrics, { environment: opened, running: () => admission.running, sessions: () => sessions.size });
  const health = createHealth(config, { authenticator, environment: opened, metrics, logger }, (ready) =>
    server.setReady(ready),
  );
  let port = 0;
  const parts = {
    admission,
    statements,
    system,
    logger,
    tls,
    health,
    metrics,
    flightPort: () => port,
    current: () => current,
  };
  const http = config.http.enabled ? openHttp(config, parts) : undefined;
  try {
    if (options.warmsUp && config.server.warmUp) {
      const warm = warmUp(opened).catch((error) =>
        logger.warn({ err: error }, 'The first statements will take longer: the warm-up failed'),
      );
      await endsWithin(WARM_UP, warm);
    }
    port = await server.listen(config.server.host, config.server.port);
    const httpUrl = http === undefined ? undefined : await listenForHttp(http, config, logger);
    health.start();
    cluster?.start();
    await endsWithin(FIRST_LOOK, health.look());
    return {
      address: `${config.server.host}:${port}`,
      port,
      httpUrl,
      get running() {
        return admission.running;
      },
      async reload(next) {
        const renewed = await readTls(next.server.tls);
        const { reloadable, others } = changedKeys(current, next);
        if (tls !== undefined && renewed !== undefined) {
          server.useCertificate(renewed);
          http?.useCertificate(renewed);
          cluster?.useCertificate(renewed);
        }
        opened.useCatalogs(next);
        admission.limit({ ...next.limits, maxMetadataSize: config.server.maxMetadataSize });
        sessions.limit(sessionLimits(next));
        if ('level' in logger) logger.level = next.logging.level;
        current = next;
        logger.warn({ changed: reloadable, certificates: renewed !== undefined }, 'The configuration was read again');
        if (others.length > 0) logger.warn({ keys: others }, 'Changes of these keys need a restart');
      },
      async stop() {
        health.drain();
        health.stop();
        server.setReady(false);
        const { drainDelay, drainTimeout } = config.server;
        if (drainDelay > 0) await sleep(drainDelay);
        cluster?.close();
        const notice = Math.min(config.server.drainNotice, drainTimeout);
        const drained = (async () => {
          await Promise.all([server.leave(notice), http?.leave(notice)]);
          await server.drain(drainTimeout);
          await http?.close();
        })();
        const hasDrained = await endsWithin(notice + drainTimeout + GRACE, drained);
        const hasEnded = await endsWithin(GRACE, sessions.close());
        await close();
        await closeRecorders(recorders);
        return hasDrained && hasEnded;
      },
    };
  } catch (error) {
    cluster?.close();
    await http?.close();
    await server.close();
    await sessions.close();
    await close();
    throw error;
  }
}

/** Bytes from which a query is divided. A limit of rows is one of the whole result, which no server sees of a query that is divided. */
function divisionOf({ cluster, limits }: Config): number {
  return limits.resultRows === undefined ? cluster.divideFrom : Number.POSITIVE_INFINITY;
}

/** How long the start waits for statements that warm the server up, in milliseconds. */
const WARM_UP = 5000;

/** How long the start waits for the first look at what the server needs, in milliseconds. */
const FIRST_LOOK = 1000;

/** How long what was told to stop may take, in milliseconds. */
const GRACE = 5000;

function sessionLimits({ limits }: Config): SessionLimits {
  return {
    idleTimeout: limits.sessionIdleTimeout,
    perPrincipal: limits.sessionsPerPrincipal,
    total: limits.sessions,
  };
}
