/** Puts together what statements need: catalogs, engine, storage and caches. */

import { mkdir, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Catalog, createRestCatalog } from '../catalog/index.js';
import { type Config, storeAccessOf } from '../config/index.js';
import { type Engine, type EngineSession, openDuckDb } from '../engine/index.js';
import { createMetadataCache } from '../iceberg/index.js';
import type { Logger } from '../logging.js';
import type { Metrics, Traces } from '../observe/index.js';
import { createFooterCache, type FooterCache } from '../parquet/index.js';
import type { Call } from '../query/contract.js';
import type { QueryEnvironment } from '../query/index.js';
import { removeUncommitted, Turns } from '../query/index.js';
import {
  createRangeCache,
  createS3Clients,
  type EndpointOptions,
  Endpoints,
  Journal,
  openStorage,
  type RangeCache,
} from '../storage/index.js';
import { endsWithin } from '../time-limit.js';
import { openClusters } from './clusters.js';
import { memoryOfEngine } from './memory.js';
import { makeScratch } from './scratch.js';

const METADATA_CACHE_BYTES = 256 * 2 ** 20;
const FOOTER_CACHE_BYTES = 128 * 2 ** 20;
const TARGET_FILE_SIZE = 512 * 2 ** 20;
const MOST_USUAL_PROCESSES = 4;
/** Time between two looks for what servers have left behind that were killed, in milliseconds. */
const CLEANING = 15_000;
/** For how long it is known what became of a ticket's change, at least. */
const REMEMBERED = 3_600_000;
/** How long the engine may take to end, in milliseconds. */
const ENGINE_GRACE = 5000;

export interface OpenedEnvironment {
  environment: QueryEnvironment;
  engine: Engine;
  /** Bytes of data files. */
  rangeCache: RangeCache;
  footerCache: FooterCache;
  /** The server's own folder; a session's files are below `sessions`. */
  scratch: string;
  /** Adds, replaces and drops catalogs as the configuration has them; statements under way keep those that they began with. */
  useCatalogs(config: Config): void;
  close(): Promise<void>;
}

/** Who is told of requests to catalogs and stores, and of the engine's processes. */
interface Watchers {
  metrics?: Metrics;
  traces?: Traces | undefined;
}

export async function openEnvironment(
  config: Config,
  logger: Logger,
  watchers: Watchers = {},
): Promise<OpenedEnvironment> {
  const { metrics, traces } = watchers;
  const base = config.storage.cacheDirectory ?? tmpdir();
  await mkdir(base, { recursive: true });
  // On the cache's own file system, so that cached files can be linked into a session's folder.
  const scratch = await makeScratch(base);
  const rangeCache = createRangeCache({
    directory: join(scratch, 'cache'),
    capacityBytes: config.storage.cacheSize,
    localRoots: config.storage.localRoots,
    mergeGap: config.storage.mergeGap,
  });
  const metadataCache = createMetadataCache(METADATA_CACHE_BYTES);
  const footerCache = createFooterCache(FOOTER_CACHE_BYTES);
  const engine = await openDuckDb({
    directory: join(scratch, 'sessions'),
    caches: {
      ranges: rangeCache,
      footers: footerCache,
      manifests: metadataCache,
      wholeFile: config.storage.mergeGap,
      portionBytes: config.storage.portionSize,
    },
    decodedBytes: Math.min(config.storage.decodedSize, config.storage.cacheSize / 2),
    onDecodingFailure: (location, error) =>
      logger.warn({ location, err: error }, 'Columns of a file could not be decoded'),
    processes: config.engine.processes ?? Math.min(availableParallelism(), MOST_USUAL_PROCESSES),
    isolation: config.engine.isolation,
    memory: memoryOfEngine(config.limits.memory),
    onProcessEnd: ({ pid, reason, how, lastWords, victims }) => {
      metrics?.engineProcessEnded(reason);
      const statements = victims.map(({ principal, statement, isCulprit }) => ({
        ...ownerOf(principal),
        statement,
        ...(isCulprit && { couldNotBeStopped: true }),
      }));
      logger.error({ pid, reason, how, lastWords, statements }, 'An engine process ended');
    },
    onProcessBroken: ({ pid, principal, statement }) => {
      logger.error({ pid, ...ownerOf(principal), statement }, 'An engine process is given up: the engine failed in it');
    },
  });
  let current = config;
  const clusters = await openClusters(config, () => current);
  const endpoints = new Endpoints(endpointsOf(config));
  const clients = createS3Clients({ endpoints });
  const surroundings = { ...watchers, endpoints };
  const catalogs = new Map(Object.keys(config.catalogs).map((name) => [name, openCatalog(config, name, surroundings)]));
  const places = placesOf(config);
  const remembered = Math.max(REMEMBERED, 2 * config.limits.ticketLifetime);
  const journal = await Journal.open(journalFolder(config, base), { places, remembered });
  const viewDialects = new Map(Object.entries(config.catalogs).map(([name, entry]) => [name, entry.viewDialects]));
  const importLocations = new Map(
    Object.entries(config.catalogs).map(([name, entry]) => [name, entry.importLocations]),
  );
  const environment: QueryEnvironment = {
    catalogs,
    viewDialects,
    importLocations,
    engine: async (call) => clusters.routed(call, await engineSession(call, engine, config)),
    engines: ['local', ...clusters.names],
    openStorage: (access) =>
      openStorage(access, {
        localRoots: config.storage.localRoots,
        clients,
        endpoints,
        onRequest(request) {
          metrics?.storeRequest(request);
          traces?.requested('store', request);
        },
      }),
    metadataCache,
    turns: new Turns(),
    journal,
    limits: {
      statementBytes: config.limits.statementSize,
      batchBytes: config.limits.resultBatchSize,
      targetFileSize: TARGET_FILE_SIZE,
      portionBytes: config.limits.memoryPerSession / 4,
      temporaryBytes: config.limits.memoryPerSession / 4,
      planLifetime: config.limits.planLifetime,
    },
    tracesColumns: config.lineage.url !== undefined || config.lineage.file !== undefined,
    warn: (details, sentence) => logger.warn(details, sentence),
  };
  const clean = () => void removeUncommitted(environment).catch(() => undefined);
  clean();
  const cleaning = setInterval(clean, CLEANING);
  cleaning.unref();
  const retire = (catalog: { close(): Promise<void> }) => {
    setTimeout(() => void catalog.close().catch(() => undefined), RETIREMENT).unref();
  };
  return {
    environment,
    useCatalogs(next) {
      endpoints.use(endpointsOf(next));
      for (const name of new Set([...Object.keys(current.catalogs), ...Object.keys(next.catalogs)])) {
        if (isSameCatalog(current, next, name)) continue;
        const old = catalogs.get(name);
        if (old) retire(old);
        catalogs.delete(name);
        const added = next.catalogs[name];
        if (added) catalogs.set(name, openCatalog(next, name, surroundings));
        viewDialects.delete(name);
        if (added) viewDialects.set(name, added.viewDialects);
        importLocations.delete(name);
        if (added) importLocations.set(name, added.importLocations);
      }
      places.clear();
      for (const [name, place] of placesOf(next)) places.set(name, place);
      current = next;
    },
    engine,
    rangeCache,
    footerCache,
    scratch,
    async close() {
      clearInterval(cleaning);
      // A statement that the engine does not let go of must not keep the folder.
      await endsWithin(ENGINE_GRACE, engine.close());
      await clusters.close();
      await rangeCache.close();
      await Promise.all([...catalogs.values()].map((catalog) => catalog.close()));
      await journal.close();
      clients.close();
      await rm(scratch, { recursive: true, force: true });
    },
  };
}

/** One for each user of the machine. */
function journalFolder({ storage }: Config, base: string): string {
  return storage.journalDirectory ?? join(base, `skua-journal-${process.getuid?.() ?? 'user'}`);
}

/** Which catalog a name stands for. */
function placesOf({ catalogs }: Config): Map<string, string> {
  return new Map(Object.entries(catalogs).map(([name, { uri, warehouse = '' }]) => [name, `${uri} ${warehouse}`]));
}

/** Where catalogs may send the server: to what the configuration names, and to what it allows besides. */
function endpointsOf(config: Config): EndpointOptions {
  const configured = Object.keys(config.catalogs).flatMap((name) => {
    const { endpoint } = storeAccessOf(config, name);
    return [config.catalogs[name]?.uri, endpoint].filter((url) => url !== undefined);
  });
  return { allowed: config.storage.allowedEndpoints, configured };
}

interface CatalogSurroundings extends Watchers {
  endpoints: Endpoints;
}

function openCatalog(
  config: Config,
  name: string,
  { metrics, traces, endpoints }: CatalogSurroundings,
): Catalog & { close(): Promise<void> } {
  const { uri, warehouse, credentialDelegation, timeout, conditionalLoads, reportMetrics, scanPlanning } = config
    .catalogs[name] as Config['catalogs'][string];
  return createRestCatalog({
    name,
    uri,
    warehouse,
    delegation: credentialDelegation,
    timeout,
    conditionalLoads,
    reportMetrics,
    scanPlanning,
    endpoints,
    onRequest({ method, ...request }) {
      metrics?.catalogRequest(name, { method, ...request });
      traces?.requested('catalog', { verb: method, ...request });
    },
    headers: traces && (() => traces.headers()),
    storage: storeAccessOf(config, name),
  });
}

function isSameCatalog(before: Config, after: Config, name: string): boolean {
  const shown = (config: Config) =>
    config.catalogs[name] && JSON.stringify([config.catalogs[name], storeAccessOf(config, name)]);
  return shown(before) === shown(after);
}

/** How long statements may go on with a catalog that is no longer configured, in milliseconds. */
const RETIREMENT = 30 * 60_000;

const SESSION = Symbol('engine session');

/** Opens a session's place in the engine; it goes when the session ends. */
function engineSession(call: Call, engine: Engine, config: Config): Promise<EngineSession> {
  return call.session.resource(
    SESSION,
    () => {
      const { issuer, subject } = call.session.owner;
      return engine.open({
        principal: principalKey({ issuer, subject }),
        memoryLimit: config.limits.memoryPerSession,
        spillLimit: config.limits.spillPerSession,
        threads: config.limits.threads ?? availableParallelism(),
      });
    },
    (opened) => opened.close(),
  );
}

/** How the engine tells principals apart. */
function principalKey({ issuer, subject }: { issuer: string; subject: string }): string {
  return JSON.stringify([issuer, subject]);
}

function ownerOf(key: string): { issuer: string; subject: string } {
  const [issuer, subject] = JSON.parse(key) as [string, string];
  return { issuer, subject };
}
