import { execFileSync, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as tlsConnect } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { connect } from '../../src/client/index.js';
import { type EmbeddedStack, startEmbeddedStack } from '../../src/embedded/index.js';
import { certify } from './support/certificate.js';
import { rowsAsText } from './support/server.js';

const SKUA = fileURLToPath(new URL('../../bin/skua.cjs', import.meta.url));

let folder: string;
let stack: EmbeddedStack;
let server: ReturnType<typeof spawn>;
let output = '';

const path = (name: string) => join(folder, name);

async function configure(more: string): Promise<void> {
  const text = (value: string) => JSON.stringify(value);
  await writeFile(
    path('skua.toml'),
    `${more}
[server]
port = 0
pid_file = "server.pid"
drain_timeout = "2s"
tls = { certificate = "cert.pem", key = "key.pem" }
[http]
port = 0
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
local_roots = [${text(join(stack.folder, 'warehouse'))}]
[logging]
format = "json"
`,
  );
}

const addresses = () => {
  const line = output.split('\n').find((candidate) => candidate.includes('Skua is listening'));
  return line === undefined ? undefined : (JSON.parse(line) as { address: string; http: string });
};

/** The name in the certificate that a listener shows. */
function shownBy(address: string): Promise<string> {
  const [host, port] = address.split(':');
  return new Promise((resolve, reject) => {
    const socket = tlsConnect(
      { host, port: Number(port), rejectUnauthorized: false, ALPNProtocols: ['h2', 'http/1.1'] },
      () => {
        resolve(String(socket.getPeerCertificate().subject.CN));
        socket.destroy();
      },
    );
    socket.on('error', reject);
  });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skua-reload-'));
  stack = await startEmbeddedStack({});
  certify(folder, 'first');
  await configure('');
  server = spawn(process.execPath, [SKUA, 'serve', '--config', path('skua.toml')], { cwd: folder });
  for (const stream of [server.stdout, server.stderr]) stream?.on('data', (chunk) => (output += chunk));
  await vi.waitFor(() => expect(addresses(), output).toBeDefined(), { timeout: 60_000 });
}, 90_000);

afterAll(async () => {
  const ended = new Promise((resolve) => server?.once('exit', resolve));
  server?.kill('SIGTERM');
  await ended;
  await stack?.close();
  await rm(folder, { recursive: true, force: true });
}, 30_000);

it('a reload takes a new certificate, a new catalog and new limits, and no stream ends', async () => {
  const { address, http } = addresses() as { address: string; http: string };
  expect(await shownBy(address)).toBe('first');
  const { readFile } = await import('node:fs/promises');
  const client = connect({
    address: `grpc+tls://${address}`,
    token: await stack.token('adminuser'),
    tls: { ca: await readFile(path('cert.pem'), 'utf8') },
  });
  const stream = await client.execute('SELECT range AS n FROM range(3000000)');
  const batches = stream.batches[Symbol.asyncIterator]();
  let rows = (await batches.next()).value?.length ?? 0;

  certify(folder, 'second');
  await configure(
    `[catalogs.another]\nuri = ${JSON.stringify(stack.catalog.uri)}\nwarehouse = "quickstart"\ncredential_delegation = "none"\n[limits]\nconcurrent_statements = 7\n[observe]\nhistory_size = 5\n`,
  );
  execFileSync(process.execPath, [SKUA, 'reload', '--config', path('skua.toml')], { cwd: folder });
  await expect.poll(() => output, { timeout: 20_000 }).toContain('The configuration was read again');
  expect(output).toMatch(/"keys":\["observe.history_size"\].*need a restart/);

  expect(await shownBy(address)).toBe('second');
  expect(await shownBy(new URL(http).host)).toBe('second');
  expect(await rowsAsText(client, 'SHOW CATALOGS')).toEqual([['another'], ['quickstart']]);
  for (let next = await batches.next(); !next.done; next = await batches.next()) rows += next.value.length;
  expect(rows).toBe(3_000_000);
  client.close();
}, 90_000);

it('a configuration that is not sound changes nothing, and says why', async () => {
  await writeFile(path('skua.toml'), '[server]\nprot = 1\n');
  expect(() =>
    execFileSync(process.execPath, [SKUA, 'reload', '--config', path('skua.toml')], { cwd: folder, stdio: 'pipe' }),
  ).toThrow(/did you mean|prot/);
  server.kill('SIGHUP');
  await expect.poll(() => output, { timeout: 20_000 }).toContain('The configuration stays as it was');
  const { address, http } = addresses() as { address: string; http: string };
  expect(await shownBy(address)).toBe('second');
  const status = await new Promise((resolve, reject) => {
    request(`${http}/readyz`, { rejectUnauthorized: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
  expect(status).toBe(200);
}, 90_000);
