/** A server in front of an embedded stack of its own, on local files or on RustFS, where every statement begins with an empty cache. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localConfig } from '../../dist/commands/local-config.js';
import { startLocalServer } from '../../dist/commands/local-server.js';
import { loadConfig } from '../../dist/config/index.js';
import { startEmbeddedStack } from '../../dist/embedded/index.js';
import { startServer } from '../../dist/server/index.js';
import { startRustfs, storageProperties, storageSettings } from '../real/index.mjs';

const tokenLifetime = 24 * 3600;

/** `{ address, httpUrl, catalogUri, token(user), storage, stop() }`; `storage` is what `openStorage` takes to reach the warehouse. `settings`: more of the server's configuration, as TOML. */
export async function startFuzzServer(store, logger, settings = '') {
  const folder = mkdtempSync(join(tmpdir(), 'skua-fuzz-'));
  const started = store === 's3' ? await onS3(folder, logger, settings) : await onLocalFiles(folder, logger, settings);
  return {
    ...started,
    async stop() {
      await started.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function onLocalFiles(folder, logger, settings) {
  const local = await startLocalServer({ logger, port: 0, httpPort: 0, tokenLifetime, folder, settings });
  return {
    address: local.server.address,
    httpUrl: local.server.httpUrl,
    catalogUri: local.stack.catalog.uri,
    token: (user) => local.token(user),
    storage: [{ properties: {}, credentials: [] }, { localRoots: [join(folder, 'warehouse')] }],
    stop: () => local.stop(),
  };
}

async function onS3(folder, logger, settings) {
  const rustfs = await startRustfs({ logFolder: folder, bucket: 'warehouse' });
  const stack = await startEmbeddedStack({
    folder,
    issuer: { lifetimeSeconds: tokenLifetime },
    catalog: {
      properties: { 'polaris.config.drop-with-purge.enabled': 'true' },
      warehouse: { kind: 's3', ...rustfs, location: 's3://warehouse/' },
    },
  });
  const text = localConfig(stack, storageSettings(rustfs), '[storage]\ncache_size = 0\nmerge_gap = 0', settings);
  const server = await startServer(loadConfig({ env: {}, text }), { logger });
  return {
    address: server.address,
    httpUrl: server.httpUrl,
    catalogUri: stack.catalog.uri,
    token: (user) => stack.token(user),
    storage: [{ properties: storageProperties(rustfs), credentials: [] }],
    async stop() {
      await server.stop();
      await stack.close();
      await rustfs.stop();
    },
  };
}
