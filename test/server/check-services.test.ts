import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/index.js';
import { checkServices } from '../../src/server/check-services.js';

let server: Server;
let url: string;
const asked: { path: string; authorization: string | undefined }[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push({ path: request.url ?? '', authorization: request.headers.authorization });
    if (request.url === '/jwks')
      response.end('{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}');
    else if (request.url === '/no-keys') response.end('{"keys":[]}');
    else if (request.url?.startsWith('/catalog/v1/config') === true) response.writeHead(401).end();
    else if (request.url === '/') response.writeHead(403).end();
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => new Promise((resolve) => server.close(resolve)));

async function linesFor({ jwks = '/jwks', catalog = '/catalog', store = url, root = tmpdir() }) {
  const config = loadConfig({
    env: {},
    text: `
      [[auth]]
      issuer = "https://issuer.example.com"
      jwks_url = "${url}${jwks}"
      audience = "a"
      allow_insecure_jwks = true
      [catalogs.lake]
      uri = "${url}${catalog}"
      warehouse = "w"
      credential_delegation = "none"
      [storage]
      endpoint = "${store}"
      access_key_id = "key-id"
      secret_access_key = "hush"
      local_roots = ["${root}"]`,
  });
  const lines = [];
  for await (const line of checkServices(config)) lines.push(line);
  expect(JSON.stringify(lines)).not.toContain('hush');
  return lines;
}

test('everything that can be reached has a line that says so, and nothing secret was sent', async () => {
  const lines = await linesFor({});
  expect(lines.map(({ what, message, ok }) => `${ok} ${what}: ${message}`)).toEqual([
    'true issuer https://issuer.example.com: publishes 1 key',
    `true catalog lake: reachable at ${url}/catalog/v1/config`,
    `true store ${url}: reachable`,
    `true path ${tmpdir()}: readable`,
  ]);
  expect(asked.map(({ path }) => path)).toContain('/catalog/v1/config?warehouse=w');
  expect(asked.every(({ authorization }) => authorization === undefined)).toBe(true);
});

test('what is wrong has a line that says what', async () => {
  const lines = await linesFor({
    jwks: '/absent',
    catalog: '/catalog/v1',
    store: 'http://127.0.0.1:1',
    root: '/does/not/exist',
  });
  expect(lines.every(({ ok }) => !ok)).toBe(true);
  expect(lines.map(({ message }) => message)).toEqual([
    expect.stringContaining('status 404'),
    expect.stringContaining('is the uri the part before /v1?'),
    expect.stringMatching(/can't be reached: /),
    "can't be read: ENOENT",
  ]);
});

test('an issuer without keys is no issuer that works', async () => {
  const [issuer] = await linesFor({ jwks: '/no-keys' });
  expect(issuer).toMatchObject({ ok: false, message: expect.stringContaining('no keys') });
});
