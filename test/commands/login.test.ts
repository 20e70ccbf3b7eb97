import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { startTestServer, type TestServer } from '../e2e/support/server.js';

const run = promisify(execFile);
const skua = fileURLToPath(new URL('../../bin/skua.cjs', import.meta.url));
// Each command is a process of its own, and each statement a round trip, on machines that do other things.
vi.setConfig({ testTimeout: 180_000 });

let server: TestServer;
let issuer: Server;
let issuerUrl: string;
let folder: string;
/** Grants that were asked for, with what came with them. */
let grants: URLSearchParams[] = [];
let lifetime = 3600;

/** An issuer that gives out the tokens of the server's own. */
beforeAll(async () => {
  server = await startTestServer();
  folder = await mkdtemp(join(tmpdir(), 'skua-login-'));
  issuer = createServer(async (request, answer) => {
    const json = (status: number, body: object) => {
      answer.writeHead(status, { 'content-type': 'application/json' });
      answer.end(JSON.stringify(body));
    };
    if (request.url === '/.well-known/openid-configuration') {
      return json(200, {
        issuer: issuerUrl,
        token_endpoint: `${issuerUrl}/token`,
        device_authorization_endpoint: `${issuerUrl}/device`,
      });
    }
    let body = '';
    for await (const piece of request) body += piece;
    const form = new URLSearchParams(body);
    if (request.url === '/device') {
      return json(200, {
        device_code: 'd1',
        user_code: 'ABCD-EFGH',
        verification_uri: `${issuerUrl}/confirm`,
        expires_in: 60,
        interval: 0.05,
      });
    }
    grants.push(form);
    const isSecond = grants.filter((grant) => grant.get('device_code') !== null).length > 1;
    if (form.get('grant_type')?.endsWith('device_code') && !isSecond)
      return json(400, { error: 'authorization_pending' });
    if (form.get('client_secret') === 'wrong') return json(401, { error: 'invalid_client', error_description: 'No.' });
    const token = { access_token: await server.token('adminuser'), token_type: 'bearer', expires_in: lifetime };
    json(
      200,
      form.get('grant_type') === 'client_credentials' ? token : { ...token, refresh_token: `r${grants.length}` },
    );
  });
  await new Promise<void>((resolve) => issuer.listen(0, '127.0.0.1', resolve));
  issuerUrl = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}`;
  await writeFile(join(folder, 'secret'), 'shh\n');
  await writeFile(join(folder, 'wrong'), 'wrong');
  const common = `address = "${server.server.address}"\nissuer = "${issuerUrl}"\n`;
  await writeFile(
    join(folder, 'config.toml'),
    `profile = "person"
[profiles.person]
${common}client_id = "cli"
[profiles.robot]
${common}client_id = "robot"
client_secret_file = ${JSON.stringify(join(folder, 'secret'))}
[profiles.stranger]
${common}client_id = "robot"
client_secret_file = ${JSON.stringify(join(folder, 'wrong'))}
`,
  );
});

beforeEach(() => {
  grants = [];
  lifetime = 3600;
});

afterAll(async () => {
  issuer.close();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

function command(...args: string[]) {
  const env = { PATH: process.env.PATH, SKUA_CONFIG_FILE: join(folder, 'config.toml'), XDG_STATE_HOME: folder };
  return run(process.execPath, [skua, ...args], { env }).catch((error: { stdout: string; stderr: string }) => ({
    stdout: error.stdout,
    stderr: error.stderr,
    failed: true,
  }));
}

const ask = ['query', '-o', 'csv', '-e', 'SELECT current_user AS who'];

describe('logins of the command line', () => {
  it('a person confirms a code once, and later commands of the profile need no token', async () => {
    expect(await command(...ask)).toMatchObject({
      failed: true,
      stderr: expect.stringContaining('skua login --profile person'),
    });
    const { stderr } = await command('login');
    expect(stderr).toContain(`Open ${issuerUrl}/confirm and confirm the code ABCD-EFGH.`);
    expect(grants.map((grant) => grant.get('device_code'))).toEqual(['d1', 'd1']);
    expect((await command(...ask)).stdout).toBe('who\r\nadminuser\r\n');
    expect(grants).toHaveLength(2);
    const { mode } = await stat(join(folder, 'skua/tokens/person.json'));
    expect(mode & 0o077).toBe(0);
  });

  it('a token that ends is renewed, and gone after a logout', async () => {
    lifetime = 10;
    await command('login');
    await command(...ask);
    expect(grants.at(-1)?.get('grant_type')).toBe('refresh_token');
    await command('logout');
    expect(await command(...ask)).toMatchObject({ failed: true });
  });

  it('a client with a secret logs in for itself', async () => {
    expect((await command(...ask, '--profile', 'robot')).stdout).toBe('who\r\nadminuser\r\n');
    expect(grants.map((grant) => [grant.get('grant_type'), grant.get('client_secret')])).toEqual([
      ['client_credentials', 'shh'],
    ]);
    expect(await command(...ask, '--profile', 'stranger')).toMatchObject({
      failed: true,
      stderr: `UNAUTHENTICATED: The issuer ${issuerUrl} gave no token: No.\n`,
    });
  });

  it('a profile that is not there, or has a key that there is not, is named', async () => {
    expect(await command(...ask, '--profile', 'nobody')).toMatchObject({
      stderr: expect.stringContaining('has no profile nobody; there are person, robot, stranger.'),
    });
    await writeFile(join(folder, 'other.toml'), '[profiles.x]\naddres = "a"\n');
    const env = { PATH: process.env.PATH, SKUA_CONFIG_FILE: join(folder, 'other.toml') };
    const failure = await run(process.execPath, [skua, ...ask], { env }).catch((error) => error);
    expect(failure.stderr).toMatch(/profiles\.x: .*addres/);
  });
});
