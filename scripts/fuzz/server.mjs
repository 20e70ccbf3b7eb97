/** A server in front of an embedded stack of its own, on local files or on RustFS, where every statement begins with an empty cache. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localConfig } from '../../dist/commands/local-config.js';
import { loadConfig } from '../../dist/config/index.js';
import { startEmbeddedStack } from '../../dist/embedded/index.js';
import { startServer } from '../../dist/server/index.js';
import { startRustfs, storageProperties, storageSettings } from '../real/index.mjs';
import { Relay } from './policies/relay.mjs';

const tokenLifetime = 24 * 3600;

/**
 * `{ address, httpUrl, catalogUri, token(user), storage, relay, stop() }`; `storage` is what `openStorage` takes to reach the warehouse. `settings`: more of
 * the server's configuration, as TOML. `catalog`: more of what the embedded catalog is told. `restrictedUser`: who goes through a relay that restricts.
 */
export async function startFuzzServer(store, logger, { settings = '', catalog = {}, restrictedUser } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'skua-fuzz-'));
  const { warehouse, texts, storage, stop } = store === 's3' ? await onS3(folder) : onLocalFiles(folder);
  const stack = await startEmbeddedStack({
    folder,
    issuer: { lifetimeSeconds: tokenLifetime },
    catalog: { properties: { 'polaris.config.drop-with-purge.enabled': 'true' }, ...warehouse, ...catalog },
  });
  const relay = restrictedUser && (await Relay.start(stack.catalog.uri, restrictedUser));
  const behind = relay ? `[catalogs.quickstart]\nuri = ${JSON.stringify(relay.uri)}` : '';
  const config = localConfig(stack, ...texts, '[http]\nport = 0', behind, settings);
  const server = await startServer(loadConfig({ env: {}, text: config }), { logger });
  return {
    address: server.address,
    httpUrl: server.httpUrl,
    catalogUri: stack.catalog.uri,
    token: (user) => stack.token(user),
    storage,
    relay,
    async stop() {
      await server.stop();
      await relay?.stop();
      await stack.close();
      await stop?.();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function onLocalFiles(folder) {
  const warehouse = join(folder, 'warehouse');
  return {
    texts: [`[storage]\nlocal_roots = [${JSON.stringify(warehouse)}]`],
    storage: [{ properties: {}, credentials: [] }, { localRoots: [warehouse] }],
  };
}

async function onS3(folder) {
  const rustfs = await startRustfs({ logFolder: folder, bucket: 'warehouse' });
  return {
    warehouse: { warehouse: { kind: 's3', ...rustfs, location: 's3://warehouse/' } },
    texts: [storageSettings(rustfs), '[storage]\ncache_size = 0\nmerge_gap = 0'],
    storage: [{ properties: storageProperties(rustfs), credentials: [] }],
    stop: () => rustfs.stop(),
  };
}
