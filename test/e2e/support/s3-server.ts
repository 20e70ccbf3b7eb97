/** A server whose warehouse is on RustFS, in front of an embedded stack of its own, for one test file. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { S3Client } from '@aws-sdk/client-s3';
import { type RunningRustfs, startRustfs, storageSettings, storeClient } from '../../../scripts/real/index.mjs';
import { connect, type FlightSqlClient } from '../../../src/client/index.js';
import { localConfig } from '../../../src/commands/local-config.js';
import type { LocalOptions } from '../../../src/commands/local-server.js';
import { loadConfig } from '../../../src/config/index.js';
import { type EmbeddedStack, type PlanningOptions, startEmbeddedStack } from '../../../src/embedded/index.js';
import { createLogger } from '../../../src/logging.js';
import { startServer } from '../../../src/server/index.js';

export interface S3TestServer {
  stack: EmbeddedStack;
  rustfs: RunningRustfs;
  /** The store as the test sees it, past any proxy. */
  store: S3Client;
  /** A client with a session of its own. */
  client(user: string): Promise<FlightSqlClient>;
  stop(): Promise<void>;
}

export interface S3ServerOptions {
  /** Bytes of data files that are kept when no statement uses them; 0 lets every statement begin with an empty cache. */
  cacheSize?: number;
  /** The server has no keys of the store; the catalog signs each of its requests. */
  remoteSigning?: boolean;
  /** The server has no keys of the store; the catalog vends some for each table. */
  vends?: boolean;
  /** The catalog demands to plan scans, and how it does. */
  planning?: PlanningOptions;
  /** See `storage.merge_gap`; at 0 nothing is fetched that is not asked for. */
  mergeGap?: number;
  /** See `storage.portion_size`. */
  portionSize?: number;
  /** Of the embedded catalog. */
  policies?: LocalOptions['policies'];
  /** Stands between the server and the store: from the store's address to its own. */
  proxy?: Proxying;
  /** The same between the server and the catalog. */
  catalogProxy?: Proxying;
}

type Proxying = (endpoint: string) => Promise<{ endpoint: string; close(): Promise<void> }>;

export const bucket = 'warehouse';

export async function startS3TestServer(options: S3ServerOptions = {}): Promise<S3TestServer> {
  const closing: (() => Promise<unknown> | unknown)[] = [];
  const stop = async () => {
    for (const close of closing.splice(0).reverse()) await close();
  };
  try {
    const logFolder = await mkdtemp(join(tmpdir(), 'skua-s3-'));
    closing.push(() => rm(logFolder, { recursive: true, force: true }));
    const rustfs = await startRustfs({ logFolder, bucket });
    closing.push(() => rustfs.stop());
    const store = await storeClient(rustfs);
    closing.push(() => store.destroy());
    const proxy = await options.proxy?.(rustfs.endpoint);
    if (proxy) closing.push(() => proxy.close());
    const endpoint = proxy?.endpoint ?? rustfs.endpoint;
    const { cacheSize, mergeGap, portionSize, planning, vends = false, remoteSigning = false } = options;
    const stack = await startEmbeddedStack({
      issuer: { lifetimeSeconds: 3600 },
      catalog: {
        ...(options.policies && { policies: options.policies }),
        properties: { 'polaris.config.drop-with-purge.enabled': 'true' },
        remoteSigning,
        ...(planning && { planning, demandsPlanning: true }),
        warehouse: { kind: 's3', ...rustfs, endpoint, location: `s3://${bucket}/`, ...(vends && { sts: {} }) },
      },
    });
    closing.push(() => stack.close());
    const { origin } = new URL(stack.catalog.uri);
    const catalogProxy = await options.catalogProxy?.(origin);
    if (catalogProxy) closing.push(() => catalogProxy.close());
    const uri = stack.catalog.uri.replace(origin, catalogProxy?.endpoint ?? origin);
    const caches = `
[storage]
${cacheSize === undefined ? '' : `cache_size = ${cacheSize}`}
${mergeGap === undefined ? '' : `merge_gap = ${mergeGap}`}
${portionSize === undefined ? '' : `portion_size = ${portionSize}`}
`;
    const keys =
      remoteSigning || vends ? '[catalogs.quickstart]\ncredential_delegation = "vended"' : storageSettings(rustfs);
    const text = localConfig(stack, keys, caches, `[catalogs.quickstart]\nuri = ${JSON.stringify(uri)}`);
    const server = await startServer(loadConfig({ env: {}, text }), {
      logger: createLogger({ level: 'error', format: 'json' }),
    });
    closing.push(() => server.stop());
    return {
      stack,
      rustfs,
      store,
      async client(user) {
        const client = connect({ address: server.address, token: await stack.token(user) });
        closing.push(() => client.close());
        return client;
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
