/**
 * A server whose embedded catalog keeps its warehouse on a real RustFS and vends credentials for it, behind a proxy that counts what the
 * store sends. Speaks like `skua start`; a line on standard input restarts the server, whose cache is then empty.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { loadConfig } from '../../dist/config/index.js';
import { startEmbeddedStack } from '../../dist/embedded/index.js';
import { createLogger } from '../../dist/logging.js';
import { startServer } from '../../dist/server/index.js';
import { startRustfs } from '../../scripts/real/index.mjs';

const folder = mkdtempSync(join(tmpdir(), 'skua-bytes-'));
const rustfs = await startRustfs({ logFolder: folder });
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
const { accessKeyId, secretAccessKey, region } = rustfs;
const admin = new S3Client({ endpoint, region, forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } });
await admin.send(new CreateBucketCommand({ Bucket: 'warehouse' }));
admin.destroy();
const stack = await startEmbeddedStack({
  catalog: {
    warehouse: { kind: 's3', endpoint, accessKeyId, secretAccessKey, location: 's3://warehouse/', sts: {} },
  },
});
const text = (value) => JSON.stringify(value);
const config = () =>
  loadConfig({
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
allow_insecure_jwks = true
[catalogs.quickstart]
uri = ${text(stack.catalog.uri)}
warehouse = "quickstart"
[default]
catalog = "quickstart"
schema = "demo"
`,
  });

let server;
async function start() {
  server = await startServer(config(), { logger: createLogger({ level: 'error', format: 'json' }) });
  console.log(`It listens on grpc://${server.address}; store ${rustfs.endpoint} ${accessKeyId} ${secretAccessKey}`);
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
