/** Scans that the catalog plans of tables on RustFS: by credentials of the plan's own, by signed addresses, and by requests that the catalog signs. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parts } from '../../scripts/real/index.mjs';
import type { PlanningOptions } from '../../src/embedded/index.js';
import { parseJson, writeJson } from '../../src/json.js';
import { type DamagingProxy, refusedAs, type StoreRequest, startDamagingProxy } from './support/damaging-proxy.js';
import { type S3ServerOptions, type S3TestServer, startS3TestServer } from './support/s3-server.js';
import { rowsAsText } from './support/server.js';

const { missing } = parts.rustfs.find();
const restrictions = [
  {
    table: 'demo.events',
    role: 'analyst',
    rowFilter: { type: 'lt', left: { type: 'reference', name: 'id' }, right: 9_000 },
    masks: { text: 'mask-alphanum' },
  },
];

/** A table in several files with deletes of both kinds in them; what is seen of it by the analyst. */
const made = [
  "CREATE TABLE events (id BIGINT, kind VARCHAR, text VARCHAR) PARTITIONED BY (kind) TBLPROPERTIES ('write.delete.mode' = 'merge-on-read')",
  "INSERT INTO events SELECT range, 'a b/' || range % 3, 'text-' || range || repeat('z', 40) FROM range(6000)",
  "INSERT INTO events SELECT 6000 + range, 'ä+?' || range % 3, 'text-' || range || repeat('z', 40) FROM range(6000)",
  'DELETE FROM events WHERE id % 1000 = 7',
];
const asked = 'SELECT count(*), sum(id), min(text), max(length(text)) FROM events';
const whole = ['11988', String((11_999 * 12_000) / 2 - (66_000 + 84)), `text-0${'z'.repeat(40)}`, '49'];
const seen = ['8991', String((8_999 * 9_000) / 2 - (36_000 + 63)), `xxxx-nnnn${'x'.repeat(40)}`, '49'];

interface Started {
  server: S3TestServer;
  /** Before the store. */
  proxy: DamagingProxy;
  /** Before the catalog. */
  catalog: DamagingProxy;
  rows(user: string, sql: string): Promise<string[][]>;
}

async function start(planning: PlanningOptions, options: S3ServerOptions = {}): Promise<Started> {
  const proxies: DamagingProxy[] = [];
  const proxied = async (endpoint: string) => {
    const proxy = await startDamagingProxy(endpoint);
    proxies.push(proxy);
    return proxy;
  };
  const server = await startS3TestServer({
    cacheSize: 0,
    mergeGap: 0,
    policies: restrictions,
    planning,
    ...options,
    proxy: proxied,
    catalogProxy: proxied,
  });
  const [proxy, catalog] = proxies as [DamagingProxy, DamagingProxy];
  const admin = await server.client('adminuser');
  for (const sql of made) await admin.executeUpdate(sql);
  return {
    server,
    proxy,
    catalog,
    rows: async (user, sql) => rowsAsText(await server.client(user), sql),
  };
}

/** Asked for credentials, the catalog says that. */
function refusing(path: string, status: number) {
  const type = status === 404 ? 'NoSuchPlanIdException' : 'ForbiddenException';
  const body = JSON.stringify({ error: { code: status, type, message: 'the policy has changed' } });
  return path.endsWith('/credentials') ? { status, body } : undefined;
}

type Answer = { endpoints?: unknown; config?: object; 'storage-credentials'?: unknown };

/** The catalog's configuration and loads of tables with other words. */
function rewriting(change: (answer: Answer) => object): DamagingProxy['damage'] {
  return (answer) => {
    if (!/\/(?:v1\/config|tables\/events)$/.test(answer.path)) return answer;
    const body = Buffer.from(writeJson(change(parseJson(answer.body.toString()) as Answer)));
    const { 'transfer-encoding': _, ...headers } = answer.headers;
    return { ...answer, body, headers: { ...headers, 'content-length': String(body.length) } };
  };
}

const isOfData = ({ path }: StoreRequest) => path.includes('/data/');

/** The access key that signed a request. Session tokens of one second are the same in RustFS. */
const keyOf = ({ headers }: StoreRequest) => /Credential=([^/]+)\//.exec(headers.authorization ?? '')?.[1];

describe.skipIf(missing !== undefined)('credentials of a plan', () => {
  let started: Started;
  beforeAll(async () => {
    started = await start({}, { vends: true });
    // The specification's default routes lack that of credentials: who has it says so. Loads come without any.
    started.catalog.damage = rewriting(({ endpoints, config, 'storage-credentials': _, ...answer }) => {
      if (Array.isArray(endpoints)) {
        return {
          ...answer,
          endpoints: [...endpoints, 'GET /v1/{prefix}/namespaces/{namespace}/tables/{table}/credentials'],
        };
      }
      const kept = Object.entries(config ?? {}).filter(([name]) => !/key|token|credential/.test(name));
      return { ...answer, config: Object.fromEntries(kept) };
    });
  });
  afterAll(() => started?.server.stop());

  const plans = () => started.server.stack.catalog.requests.entries.filter(({ path }) => path.endsWith('/plan'));

  it('open its files, and none but them do', async () => {
    const { proxy, rows } = started;
    const keys = new Set<string | undefined>();
    const withoutToken: string[] = [];
    proxy.refuse = (request) => {
      if (!isOfData(request)) return undefined;
      keys.add(keyOf(request));
      if (request.headers['x-amz-security-token'] === undefined) withoutToken.push(request.path);
      return undefined;
    };
    const before = plans().length;
    expect(await rows('adminuser', asked)).toEqual([whole]);
    expect(await rows('analyst', asked)).toEqual([seen]);
    expect(plans().length - before).toBe(2);
    expect(keys.size).toBe(2);
    expect(keys).not.toContain(undefined);
    expect(withoutToken).toEqual([]);
    const vended = started.server.stack.catalog.requests.entries.map(({ path }) => path);
    expect(vended.filter((path) => path.includes('/credentials'))).toEqual([]);
  });

  it.each([
    ['are fetched anew by the id of the plan when the store takes them no longer', undefined],
    ['are those of another plan where the catalog knows the first no longer', 404],
  ])('%s', async (_, forgotten) => {
    const { server, proxy, catalog, rows } = started;
    catalog.refuse = forgotten === undefined ? undefined : ({ path }) => refusing(path, forgotten);
    const requests = new Map<string | undefined, number>();
    // The first key is good for four requests of data files.
    proxy.refuse = (request) => {
      if (!isOfData(request)) return undefined;
      const key = keyOf(request);
      const count = (requests.get(key) ?? 0) + 1;
      requests.set(key, count);
      return count > 4 && key === [...requests.keys()][0] ? refusedAs('ExpiredToken') : undefined;
    };
    const before = server.stack.catalog.requests.entries.length;
    expect(await rows('analyst', asked)).toEqual([seen]);
    expect(requests.size).toBe(2);
    const later = server.stack.catalog.requests.entries.slice(before).map(({ method, path }) => `${method} ${path}`);
    expect(later.filter((line) => /GET .*\/credentials\?planId=/.test(line)).length).toBe(forgotten ? 0 : 1);
    expect(later.filter((line) => /POST .*\/plan$/.test(line)).length).toBe(forgotten ? 2 : 1);
    proxy.refuse = undefined;
    catalog.refuse = undefined;
  });

  it('that the catalog takes back end the statement with its word', async () => {
    const { proxy, catalog, rows } = started;
    catalog.refuse = ({ path }) => refusing(path, 403);
    proxy.refuse = (request) => (isOfData(request) ? refusedAs('ExpiredToken') : undefined);
    const failure = await rows('analyst', asked).catch((error) => error);
    expect(failure).toMatchObject({ code: 'PERMISSION_DENIED' });
    expect(String(failure)).not.toMatch(/9000|text-|\.parquet/);
    proxy.refuse = undefined;
    catalog.refuse = undefined;
  });
});

describe.skipIf(missing !== undefined)('signed addresses of a store', () => {
  let started: Started;
  beforeAll(async () => {
    started = await start({ signed: true, pageSize: 2 });
  });
  afterAll(() => started?.server.stop());

  it('open files whose names have all kinds of signs in them', async () => {
    const { proxy, rows } = started;
    const queries = new Set<string>();
    proxy.refuse = (request) => {
      if (isOfData(request)) queries.add(request.query.replaceAll(/=[^&]*/g, ''));
      return undefined;
    };
    expect(await rows('adminuser', asked)).toEqual([whole]);
    expect(await rows('analyst', asked)).toEqual([seen]);
    expect([...queries].every((query) => query.includes('X-Amz-Signature'))).toBe(true);
    proxy.refuse = undefined;
  });

  it('that have expired are asked for again, once for all that are read together', async () => {
    const { server, proxy, catalog, rows } = started;
    let [plans, refused] = [0, 0];
    catalog.refuse = ({ path }) => {
      if (path.endsWith('/plan')) plans++;
      return undefined;
    };
    proxy.refuse = (request) => {
      if (!isOfData(request) || plans > 1) return undefined;
      refused++;
      return refusedAs('AccessDenied');
    };
    const before = server.stack.catalog.requests.entries.length;
    expect(await rows('analyst', asked)).toEqual([seen]);
    expect(refused).toBeGreaterThan(1);
    const later = server.stack.catalog.requests.entries.slice(before).map(({ method, path }) => `${method} ${path}`);
    expect(later.filter((line) => /POST .*\/plan$/.test(line)).length).toBe(2);
    proxy.refuse = undefined;
    catalog.refuse = undefined;
  });

  it('that are never taken end the statement with a sentence that tells no address', async () => {
    const { proxy, rows } = started;
    proxy.refuse = (request) => (isOfData(request) ? refusedAs('AccessDenied') : undefined);
    const failure = await rows('analyst', asked).catch((error) => error);
    expect(failure).toMatchObject({
      code: 'PERMISSION_DENIED',
      message: expect.stringContaining('by the address that the catalog gave'),
    });
    expect(String(failure)).not.toMatch(/X-Amz|Signature|127\.0\.0\.1|s3:|kind=|\.parquet/);
    const whole = await rows('adminuser', asked).catch((error) => error);
    expect(String(whole)).toMatch(/s3:\/\/warehouse\/demo\/events\/data\/kind=.*\.parquet/);
    expect(String(whole)).not.toMatch(/X-Amz|Signature|127\.0\.0\.1/);
    proxy.refuse = undefined;
  });
});

describe.skipIf(missing !== undefined)('requests that the catalog signs', () => {
  let started: Started;
  beforeAll(async () => {
    started = await start({ pageSize: 2 }, { remoteSigning: true });
  });
  afterAll(() => started?.server.stop());

  it('read the files of a plan', async () => {
    const { server, rows } = started;
    const count = (end: string) =>
      server.stack.catalog.requests.entries.filter(({ path }) => path.endsWith(end)).length;
    const [plans, signed] = [count('/plan'), count('/sign')];
    expect(await rows('adminuser', asked)).toEqual([whole]);
    expect(await rows('analyst', asked)).toEqual([seen]);
    expect(count('/plan') - plans).toBe(2);
    expect(count('/sign')).toBeGreaterThan(signed);
  });
});
