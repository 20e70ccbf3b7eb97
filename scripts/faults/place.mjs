/** Where a trial's warehouse is: on local files, or on RustFS behind a proxy that does harm. */
import { join } from 'node:path';
import { startRustfs, storageProperties, storageSettings } from '../real/index.mjs';
import { startProxy } from './proxy.mjs';

/**
 * `{ catalog, settings, storage, rewrite, counts, calm }`: what the embedded catalog is started with, more of the server's configuration, and what
 * `openStorage` takes to reach the warehouse past the proxy; on RustFS besides what makes the catalog's answers lead through the proxy, the
 * proxy's counts, and what calms it. What is to be closed is added to `closing`.
 */
export async function placeOf(store, { folder, closing, rate, random }) {
  return store === 's3' ? await onS3(folder, closing, { rate, random }) : onLocalFiles(folder);
}

function onLocalFiles(folder) {
  const root = join(folder, 'stack', 'warehouse');
  return {
    catalog: {},
    settings: `[storage]\nlocal_roots = [${JSON.stringify(root)}]`,
    storage: [{ properties: {}, credentials: [] }, { localRoots: [root] }],
  };
}

async function onS3(folder, closing, { rate, random }) {
  const rustfs = await startRustfs({ logFolder: folder, bucket: 'warehouse' });
  closing.push(() => rustfs.stop());
  const isChange = ({ method }) => method === 'PUT' || method === 'DELETE' || method === 'POST';
  const proxy = await startProxy({ target: rustfs.endpoint, rate, random, isChange, conflict: '' });
  closing.push(() => proxy.close());
  return {
    catalog: { warehouse: { kind: 's3', ...rustfs, location: 's3://warehouse/' } },
    // The catalog itself goes straight to the store.
    rewrite: (text) => text.replaceAll(rustfs.endpoint, proxy.origin),
    counts: proxy.counts,
    calm: () => proxy.calm(),
    settings: storageSettings(rustfs),
    storage: [{ properties: storageProperties(rustfs), credentials: [] }],
  };
}
