import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rowsAsText, startTestServer, type TestServer } from './support/server.js';

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
}, 60_000);

afterAll(() => server?.stop());

const get = (path: string) => fetch(`${server.server.httpUrl}${path}`);

/** The value of one time series, 0 where it has none. */
async function metric(name: string, labels: Record<string, string> = {}): Promise<number> {
  const text = await (await get('/metrics')).text();
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  const line = lines.find((candidate) => wanted.every((pair) => candidate.includes(pair)));
  return Number(line?.split(' ').at(-1) ?? 0);
}

describe('a running server', () => {
  it('says that it lives and, by name, that all is there that it needs', async () => {
    expect((await get('/healthz')).status).toBe(200);
    await expect.poll(async () => (await get('/readyz')).status).toBe(200);
    const { status, checks } = (await (await get('/readyz')).json()) as { status: string; checks: { name: string }[] };
    expect(status).toBe('ready');
    const names = checks.map(({ name }) => name);
    expect(names).toEqual([`issuer ${server.stack.issuer.issuer}`, 'catalog quickstart', 'engine']);
  });

  it('counts calls, statements by kind and status, rows, and requests to the catalog', async () => {
    const client = await server.client('adminuser');
    const before = {
      selects: await metric('skua_statements_total', { statement: 'SELECT', status: 'OK' }),
      sent: await metric('skua_rows_total', { direction: 'sent' }),
      written: await metric('skua_rows_total', { direction: 'written' }),
      requests: await metric('skua_catalog_request_seconds_count', { catalog: 'quickstart' }),
    };
    await client.executeUpdate('CREATE TABLE quickstart.demo.counted (a INT)');
    await client.executeUpdate('INSERT INTO quickstart.demo.counted SELECT * FROM range(7)');
    expect(await rowsAsText(client, 'SELECT * FROM quickstart.demo.counted')).toHaveLength(7);
    await expect(rowsAsText(client, 'SELECT wrong')).rejects.toThrow();
    await expect
      .poll(() => metric('skua_statements_total', { statement: 'SELECT', status: 'OK' }))
      .toBe(before.selects + 1);
    expect(await metric('skua_statements_total', { statement: 'SELECT', status: 'INVALID_ARGUMENT' })).toBe(1);
    expect(await metric('skua_rows_total', { direction: 'sent' })).toBe(before.sent + 7);
    expect(await metric('skua_rows_total', { direction: 'written' })).toBe(before.written + 7);
    expect(await metric('skua_calls_total', { rpc: 'DoGet', status: 'OK' })).toBeGreaterThan(0);
    expect(await metric('skua_catalog_request_seconds_count', { catalog: 'quickstart' })).toBeGreaterThan(
      before.requests + 3,
    );
    expect(await metric('skua_statement_first_batch_seconds_count')).toBeGreaterThan(0);
    expect(await metric('skua_engine_processes', { role: 'shared' })).toBeGreaterThan(0);
    expect(await metric('skua_engine_memory_bytes')).toBeGreaterThan(2 ** 20);
    expect(await metric('skua_sessions')).toBeGreaterThan(0);
    expect(await metric('skua_dependency_up', { dependency: 'catalog quickstart' })).toBe(1);
    expect(await metric('nodejs_eventloop_lag_p99_seconds')).toBeGreaterThan(0);
  });

  it('counts refused tokens by reason', async () => {
    const call = (token: string) =>
      fetch(`${server.server.httpUrl}/v1/statements`, { method: 'POST', headers: { authorization: token } });
    const forged = await server.token('adminuser');
    await call('');
    await call('Bearer not-a-token');
    await call(`Bearer ${forged.slice(0, -10)}AAAAAAAAAA`);
    expect(await metric('skua_tokens_refused_total', { reason: 'missing' })).toBe(1);
    expect(await metric('skua_tokens_refused_total', { reason: 'malformed' })).toBe(1);
    expect(await metric('skua_tokens_refused_total', { reason: 'signature' })).toBe(1);
  });

  it('labels nothing with a name, a table or a text of its users', async () => {
    const text = await (await get('/metrics')).text();
    expect(text).not.toMatch(/adminuser|counted|wrong|demo/);
  });
});

describe('a server whose metrics are for operators', () => {
  let guarded: TestServer;

  beforeAll(async () => {
    guarded = await startTestServer({
      settings: '[observe]\nmetrics = "operators"\noperator_roles = ["catalog_admin"]',
    });
  }, 60_000);

  // A test ends the stack.
  afterAll(() => guarded?.server.stop());

  it('shows them to nobody else', async () => {
    const status = async (headers: Record<string, string>) =>
      (await fetch(`${guarded.server.httpUrl}/metrics`, { headers })).status;
    expect(await status({})).toBe(401);
    expect(await status({ authorization: `Bearer ${await guarded.token('testuser')}` })).toBe(403);
    expect(await status({ authorization: `Bearer ${await guarded.token('adminuser')}` })).toBe(200);
  });

  it('is no longer ready when its catalog is gone, and the gRPC health service says the same', async () => {
    await expect.poll(async () => (await fetch(`${guarded.server.httpUrl}/readyz`)).status).toBe(200);
    await guarded.stack.close();
    await expect
      .poll(async () => (await fetch(`${guarded.server.httpUrl}/readyz`)).status, { timeout: 25_000, interval: 500 })
      .toBe(503);
    const { checks } = (await (await fetch(`${guarded.server.httpUrl}/readyz`)).json()) as {
      checks: { name: string; ok: boolean }[];
    };
    expect(checks.find(({ name }) => name === 'catalog quickstart')?.ok).toBe(false);
    expect(checks.find(({ name }) => name === 'engine')?.ok).toBe(true);
    expect(await healthOf(guarded.server.address)).toBe('NOT_SERVING');
  }, 40_000);
});

async function healthOf(address: string): Promise<string> {
  const { credentials, loadPackageDefinition } = await import('@grpc/grpc-js');
  const { loadSync } = await import('@grpc/proto-loader');
  const { protoPath } = await import('grpc-health-check');
  const definition = loadPackageDefinition(loadSync(protoPath, { enums: String })) as unknown as {
    grpc: { health: { v1: { Health: new (address: string, credentials: unknown) => HealthClient } } };
  };
  const client = new definition.grpc.health.v1.Health(address, credentials.createInsecure());
  return new Promise((resolve, reject) =>
    client.check({ service: '' }, (error, answer) => {
      client.close();
      if (error) reject(error);
      else resolve(answer.status);
    }),
  );
}

interface HealthClient {
  check(request: object, callback: (error: Error | null, answer: { status: string }) => void): void;
  close(): void;
}
