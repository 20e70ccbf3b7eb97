/**
 * A server whose embedded catalog keeps its warehouse on a real RustFS and vends credentials for it, behind a proxy that counts what the
 * store sends. Speaks like `skua start`; a line on standard input restarts the server, whose cache is then empty. Its argument is more of the
 * configuration, as TOML.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { localConfig } from '../../dist/commands/local-config.js';
import { loadConfig } from '../../dist/config/index.js';
import { startEmbeddedStack } from '../../dist/embedded/index.js';
import { createLogger } from '../../dist/logging.js';
import { startServer } from '../../dist/server/index.js';
import { startRustfs } from '../../scripts/real/index.mjs';

const folder = mkdtempSync(join(tmpdir(), 'skua-bytes-'));
const rustfs = await startRustfs({ logFolder: folder, bucket: 'warehouse' });
const { port } = new URL(rustfs.endpoint);
let sent = 0;
const proxy = createServer((client) => {
  const store = connect(Number(port), '127.0.0.1');
  store.on('data', (bytes) => {
    sent += bytes.length;
  });
  client.pipe(store).pipe(client);
  for (const socket of [client, store]) socket.on('error', () => client.destroy() && store.destroy());
});
await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
const endpoint = `http://127.0.0.1:${proxy.address().port}`;
const stack = await startEmbeddedStack({
  catalog: { warehouse: { kind: 's3', ...rustfs, endpoint, location: 's3://warehouse/', sts: {} } },
  issuer: { lifetimeSeconds: 86_400 },
});
const text = localConfig(
  stack,
  `[catalogs.quickstart]\ncredential_delegation = "vended"\n[http]\nenabled = false\n${process.argv[2] ?? ''}`,
);

let server;
async function start() {
  server = await startServer(loadConfig({ env: {}, text }), {
    logger: createLogger({ level: 'error', format: 'json' }),
  });
  console.log(
    `It listens on grpc://${server.address}; store ${rustfs.endpoint} ${rustfs.accessKeyId} ${rustfs.secretAccessKey}`,
  );
  console.log(`export SKUA_TOKEN=${await stack.token('adminuser')}`);
  console.log(`export SKUA_TOKEN=${await stack.token('testuser')}`);
  console.log('Ctrl-C stops it.');
}

await start();
createInterface({ input: process.stdin }).on('line', async (line) => {
  if (line === 'sent') console.log(sent);
  else {
    await server.stop();
    await start();
  }
});
process.once('SIGINT', async () => {
  await server.stop();
  await stack.close();
  await rustfs.stop();
  rmSync(folder, { recursive: true, force: true });
  process.exit(0);
});
