import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/index.js';
import { createLogger } from '../../src/logging.js';
import { type OpenedEnvironment, openEnvironment } from '../../src/server/environment.js';
import { warmUp } from '../../src/server/warm-up/index.js';
import { openLake } from '../../src/server/warm-up/lake.js';

const lines: Record<string, unknown>[] = [];
let opened: OpenedEnvironment;

beforeAll(async () => {
  const text = `
    [[auth]]
    issuer = "https://issuer.example.com"
    jwks_url = "https://issuer.example.com/keys"
    audience = "a"
    [catalogs.lake]
    uri = "https://catalog.example.com"
    warehouse = "w"
    [engine]
    processes = 2
    [limits]
    sessions_per_principal = 1`;
  const logger = createLogger(
    { level: 'debug', format: 'json' },
    { write: (line) => void lines.push(JSON.parse(line)) },
  );
  opened = await openEnvironment(loadConfig({ env: {}, text }), logger);
});

afterAll(() => opened?.close());

it('a server that is warmed up has run statements over files in a store, and kept none of it', async () => {
  const before = opened.rangeCache.counters();
  await warmUp(opened);
  const after = opened.rangeCache.counters();
  expect(after.misses).toBeGreaterThan(before.misses);
  expect(after.hits).toBeGreaterThan(before.hits);
  expect([...opened.environment.catalogs.keys()]).toEqual(['lake']);
  expect(readdirSync(join(opened.scratch, 'sessions'))).toEqual([]);
  expect(lines).toEqual([]);
});

it('it can be warmed up where another one is at the same time', async () => {
  await Promise.all([warmUp(opened), warmUp(opened)]);
  expect(readdirSync(join(opened.scratch, 'sessions'))).toEqual([]);
});

it('what it is warmed up with listens on the loopback interface alone, and ends', async () => {
  const lake = await openLake();
  expect(new URL(lake.uri).hostname).toBe('127.0.0.1');
  lake.put('s3://warm/t/object', Buffer.from('0123456789'));
  const store = lake.access.properties['s3.endpoint'];
  const get = async (range?: string) => {
    const answer = await fetch(`${store}/warm/t/object`, { headers: range ? { range } : {} });
    return [answer.status, answer.headers.get('content-range'), await answer.text()];
  };
  expect(await get()).toEqual([200, null, '0123456789']);
  expect(await get('bytes=2-4')).toEqual([206, 'bytes 2-4/10', '234']);
  expect(await get('bytes=8-100')).toEqual([206, 'bytes 8-9/10', '89']);
  expect((await fetch(`${store}/warm/t/nothing`)).status).toBe(404);
  expect((await fetch(`${lake.uri}/v1/namespaces/up/tables/other`)).status).toBe(404);
  await lake.close();
  await expect(fetch(`${lake.uri}/v1/config`)).rejects.toThrow();
});
