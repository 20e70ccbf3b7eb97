/** A server whose warehouse is on RustFS, in front of an embedded stack of its own, for one test file. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { type RunningRustfs, startRustfs } from '../../../scripts/real/index.mjs';
import { connect, type FlightSqlClient } from '../../../src/client/index.js';
import { loadConfig } from '../../../src/config/index.js';
import { type EmbeddedStack, startEmbeddedStack } from '../../../src/embedded/index.js';
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
  /** See `storage.merge_gap`; at 0 nothing is fetched that is not asked for. */
  mergeGap?: number;
  /** Stands between the server and the store: from the store's address to its own. */
  proxy?: (endpoint: string) => Promise<{ endpoint: string; close(): Promise<void> }>;
}

export const bucket = 'warehouse';

export async function startS3TestServer(options: S3ServerOptions = {}): Promise<S3TestServer> {
  const closing: (() => Promise<unknown> | unknown)[] = [];
  const stop = async () => {
    for (const close of closing.splice(0).reverse()) await close();
  };
  try {
    const logFolder = await mkdtemp(join(tmpdir(), 'skua-s3-'));
    closing.push(() => rm(logFolder, { recursive: true, force: true }));
    const rustfs = await startRustfs({ logFolder });
    closing.push(() => rustfs.stop());
    const { accessKeyId, secretAccessKey, region } = rustfs;
    const store = new S3Client({
      endpoint: rustfs.endpoint,
      region,
      forcePathStyle: true,
      credentials: { accessKeyId, secretAccessKey },
    });
    closing.push(() => store.destroy());
    await store.send(new CreateBucketCommand({ Bucket: bucket }));
    const proxy = await options.proxy?.(rustfs.endpoint);
    if (proxy) closing.push(() => proxy.close());
    const endpoint = proxy?.endpoint ?? rustfs.endpoint;
    const stack = await startEmbeddedStack({
      issuer: { lifetimeSeconds: 3600 },
      catalog: {
        properties: { 'polaris.config.drop-with-purge.enabled': 'true' },
        warehouse: { kind: 's3', endpoint, accessKeyId, secretAccessKey, location: `s3://${bucket}/` },
      },
    });
    closing.push(() => stack.close());
    const server = await startServer(configFor(stack, { accessKeyId, secretAccessKey, ...options }), {
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

function configFor(stack: EmbeddedStack, options: S3ServerOptions & { accessKeyId: string; secretAccessKey: string }) {
  const text = (value: string) => JSON.stringify(value);
  const { cacheSize, mergeGap } = options;
  return loadConfig({
    env: {},
    text: `
[server]
port = 0
drain_timeout = "5s"

[[auth]]
issuer = ${text(stack.issuer.issuer)}
jwks_url = ${text(stack.issuer.jwksUrl)}
audience = ${text(stack.issuer.audience)}
user_claim = "preferred_username"
roles_claim = "realm_access.roles"
allow_insecure_jwks = true

[catalogs.quickstart]
uri = ${text(stack.catalog.uri)}
warehouse = "quickstart"
credential_delegation = "none"

[storage]
access_key_id = ${text(options.accessKeyId)}
secret_access_key = ${text(options.secretAccessKey)}
${cacheSize === undefined ? '' : `cache_size = ${cacheSize}`}
${mergeGap === undefined ? '' : `merge_gap = ${mergeGap}`}

[default]
catalog = "quickstart"
schema = "demo"
`,
  });
}
