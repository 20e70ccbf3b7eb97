/**
 * An issuer, an Iceberg catalog and a RustFS store behind a proxy, in a process of its own, for contestants that are no part of it. Prints one line
 * of JSON that says where they are; answers each line on standard input, `counts` or `delay <milliseconds>`, with one.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startEmbeddedStack } from '../../dist/embedded/index.js';
import { startRustfs } from '../../scripts/real/index.mjs';

const folder = mkdtempSync(join(tmpdir(), 'skua-bench-'));
const rustfs = await startRustfs({ logFolder: folder, bucket: 'warehouse' });
const proxy = fork(fileURLToPath(new URL('proxy.mjs', import.meta.url)), [new URL(rustfs.endpoint).port]);
const [{ port }] = await once(proxy, 'message');
// The argument is a file that stands for all objects below `copies/`: see copies.mjs.
const copies = process.argv[2] && fork(fileURLToPath(new URL('copies.mjs', import.meta.url)), [port, process.argv[2]]);
const endpoint = `http://127.0.0.1:${copies ? (await once(copies, 'message'))[0].port : port}`;
const { accessKeyId, secretAccessKey, region } = rustfs;
const warehouse = { kind: 's3', endpoint, accessKeyId, secretAccessKey, location: 's3://warehouse/', sts: {} };
const stack = await startEmbeddedStack({ catalog: { warehouse }, issuer: { lifetimeSeconds: 86_400 } });
const { issuer, jwksUrl, audience } = stack.issuer;
const say = (value) => console.log(JSON.stringify(value));
const token = await stack.token('adminuser');
say({ token, catalog: stack.catalog.uri, issuer, jwksUrl, audience, endpoint, accessKeyId, secretAccessKey, region });

for await (const line of createInterface({ input: process.stdin })) {
  const [word, value] = line.split(' ');
  if (word === 'counts') {
    proxy.send('counts');
    say((await once(proxy, 'message'))[0]);
  } else if (word === 'delay') {
    proxy.send({ delay: Number(value) });
    say({});
  }
}
await stack.close();
copies?.disconnect();
proxy.disconnect();
await rustfs.stop();
rmSync(folder, { recursive: true, force: true });
process.exit(0);
