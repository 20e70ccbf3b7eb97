import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { loadConfig } from '../../src/config/index.js';
import { createLogger } from '../../src/logging.js';
import { type OpenedEnvironment, openEnvironment } from '../../src/server/environment.js';
import { startServer } from '../../src/server/index.js';
import { warmUp } from '../../src/server/warm-up/index.js';
import { openLake } from '../../src/server/warm-up/lake.js';
import { Journal } from '../../src/storage/index.js';

const lines: Record<string, unknown>[] = [];
const logger = createLogger({ level: 'debug', format: 'json' }, { write: (line) => void lines.push(JSON.parse(line)) });
let opened: OpenedEnvironment;

function configOf(more = '') {
  const text = `
    [[auth]]
    issuer = "https://issuer.example.com"
    jwks_url = "https://issuer.example.com/keys"
    audience = "a"
    [catalogs.lake]
    uri = "https://catalog.example.com"
    warehouse = "w"
    ${more}`;
  return loadConfig({ env: {}, text });
}

beforeAll(async () => {
  opened = await openEnvironment(configOf(), logger);
});

afterEach(() => vi.restoreAllMocks());

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

describe('a server', () => {
  const start = async (more?: string) => {
    lines.length = 0;
    const server = await startServer(configOf(`[server]\nport = 0\n${more ?? ''}`), { logger, warmsUp: true });
    await server.stop();
    return lines.map(({ msg }) => msg);
  };

  it('that can’t be warmed up starts all the same, and says so', async () => {
    const open = Journal.open.bind(Journal);
    vi.spyOn(Journal, 'open').mockImplementation(async (folder, options) => {
      if (folder.endsWith('warm-up')) throw new Error('there is no room');
      return open(folder, options);
    });
    expect(await start()).toContain('The first statements will take longer: the warm-up failed');
  });

  it('is not warmed up where that is not wanted', async () => {
    const journal = vi.spyOn(Journal, 'open');
    await start('warm_up = false');
    expect(journal.mock.calls.filter(([folder]) => folder.endsWith('warm-up'))).toEqual([]);
    await start();
    expect(journal.mock.calls.filter(([folder]) => folder.endsWith('warm-up'))).toHaveLength(1);
  });
});
