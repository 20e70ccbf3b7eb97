/** Puts together what statements need: catalogs, engine, storage and caches. */

import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Catalog, createRestCatalog } from '../catalog/index.js';
import { type Config, storeAccessOf } from '../config/index.js';
import { type Engine, openDuckDb } from '../engine/index.js';
import { createMetadataCache } from '../iceberg/index.js';
import type { Logger } from '../logging.js';
import { createFooterCache } from '../parquet/index.js';
import type { Call } from '../query/contract.js';
import type { QueryEnvironment, SessionInstance } from '../query/index.js';
import { namingDataFiles, Turns } from '../query/index.js';
import { createRangeCache, openStorage } from '../storage/index.js';
import { within } from '../within.js';
import { memoryOfEngine } from './memory.js';
import { makeScratch } from './scratch.js';

const METADATA_CACHE_BYTES = 256 * 2 ** 20;
const FOOTER_CACHE_BYTES = 128 * 2 ** 20;
const TARGET_FILE_SIZE = 512 * 2 ** 20;
const MOST_USUAL_PROCESSES = 4;
/** How long the engine may take to end, in milliseconds. */
const ENGINE_GRACE = 5000;

export interface OpenedEnvironment {
  environment: QueryEnvironment;
  close(): Promise<void>;
}

export async function openEnvironment(config: Config, logger: Logger): Promise<OpenedEnvironment> {
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
  const engine = await openDuckDb({
    processes: config.engine.processes ?? Math.min(availableParallelism(), MOST_USUAL_PROCESSES),
    isolation: config.engine.isolation,
    memory: memoryOfEngine(config.limits.memory),
    onProcessEnd: ({ pid, reason, how, lastWords, victims }) =>
      logger.error({ pid, reason, how, lastWords, statements: victims.length }, 'An engine process ended'),
  });
  const catalogs = new Map(Object.keys(config.catalogs).map((name) => [name, openCatalog(config, name)]));
  const environment: QueryEnvironment = {
    catalogs,
    viewDialects: new Map(Object.entries(config.catalogs).map(([name, { viewDialects }]) => [name, viewDialects])),
    instance: (call) => sessionInstance(call, engine, config, scratch),
    openStorage: (access) => openStorage(access, { localRoots: config.storage.localRoots }),
    rangeCache,
    footerCache: createFooterCache(FOOTER_CACHE_BYTES),
    metadataCache: createMetadataCache(METADATA_CACHE_BYTES),
    turns: new Turns(),
    limits: {
      statementBytes: config.limits.statementSize,
      batchBytes: config.limits.resultBatchSize,
      targetFileSize: TARGET_FILE_SIZE,
      portionBytes: config.limits.memoryPerSession / 4,
      temporaryBytes: config.limits.memoryPerSession / 4,
      wholeFile: config.storage.mergeGap,
    },
    warn: (details, sentence) => logger.warn(details, sentence),
  };
  return {
    environment,
    async close() {
      // A statement that the engine does not let go of must not keep the folder.
      await within(ENGINE_GRACE, engine.close());
      await rangeCache.close();
      await Promise.all([...catalogs.values()].map((catalog) => catalog.close()));
      await rm(scratch, { recursive: true, force: true });
    },
  };
}

function openCatalog(config: Config, name: string): Catalog & { close(): Promise<void> } {
  const { uri, warehouse, credentialDelegation, timeout, conditionalLoads } = config.catalogs[
    name
  ] as Config['catalogs'][string];
  return createRestCatalog({
    name,
    uri,
    warehouse,
    delegation: credentialDelegation,
    timeout,
    conditionalLoads,
    storage: storeAccessOf(config, name),
  });
}

const INSTANCE = Symbol('engine instance');

/** Opens a session's engine instance in a folder of its own; both go when the session ends. */
function sessionInstance(call: Call, engine: Engine, config: Config, scratch: string): Promise<SessionInstance> {
  return call.session.resource(
    INSTANCE,
    async () => {
      const directory = join(scratch, 'sessions', randomUUID());
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const { issuer, subject } = call.session.owner;
      const instance = await engine.open({
        principal: JSON.stringify([issuer, subject]),
        directory,
        memoryLimit: config.limits.memoryPerSession,
        spillLimit: config.limits.spillPerSession,
        threads: config.limits.threads ?? availableParallelism(),
      });
      return { engine: namingDataFiles(instance), directory };
    },
    async ({ engine: instance, directory }) => {
      await instance.close();
      await rm(directory, { recursive: true, force: true });
    },
  );
}
