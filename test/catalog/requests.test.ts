/** What a catalog is asked: keys of repeated requests, snapshots, the views that lead to a table, reports. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BearerToken } from '../../src/auth/principal.js';
import { createRestCatalog, RequestKey, type RestCatalog, type RestCatalogConfig } from '../../src/catalog/index.js';
import { durationOf, uuidV7 } from '../../src/catalog/request-key.js';
import { CatalogServer, errorBody, polarisConfig, type Reply, tableBody } from './catalog-server.js';

const token = new BearerToken('eyJhbGciOi.eyJzdWIi.c2lnbmF0dXJl');
const events = { namespace: ['demo'], name: 'events' };
const EVENTS = '/v1/quickstart/namespaces/demo/tables/events';
const REPORTS = `${EVENTS}/metrics`;
const METRICS_ROUTE = 'POST /v1/{prefix}/namespaces/{namespace}/tables/{table}/metrics';
const V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

let server: CatalogServer;
let catalog: RestCatalog | undefined;

beforeEach(async () => {
  server = await CatalogServer.start();
});
afterEach(async () => {
  await catalog?.close();
  catalog = undefined;
  await server.stop();
});

function open(options: Partial<RestCatalogConfig> = {}) {
  catalog = createRestCatalog({ name: 'lake', uri: server.uri, warehouse: 'w', delegation: 'none', ...options });
  return catalog.as(token);
}

const configured = (more: Record<string, unknown>) =>
  server.on('GET /v1/config', () => ({ body: { ...polarisConfig, ...more } }));
const keys = (line: string) =>
  server.seen
    .filter(({ method, path }) => `${method} ${path}`.startsWith(line))
    .map(({ headers }) => headers['idempotency-key']);
const inTurn =
  (...replies: Reply[]) =>
  () =>
    replies.length > 1 ? (replies.shift() as Reply) : (replies[0] as Reply);

describe('a change', () => {
  const busy: Reply = { status: 503, body: errorBody(503, 'busy') };
  const DROP = `DELETE ${EVENTS}`;

  it('is sent once, without a key, where the catalog knows no keys', async () => {
    server.on(DROP, inTurn(busy, { status: 204 }));
    await expect(open().dropTable(events, { purge: false })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(keys(DROP)).toEqual([undefined]);
  });

  it('is sent again with the same key where it does', async () => {
    configured({ 'idempotency-key-lifetime': 'PT30M' });
    server.on(DROP, inTurn(busy, 'hang up', { status: 204 }));
    await open().dropTable(events, { purge: false });
    const sent = keys(DROP);
    expect(sent).toHaveLength(3);
    expect(new Set(sent).size).toBe(1);
    expect(sent[0]).toMatch(V7);
  });

  it('has a key of its own', async () => {
    configured({ 'idempotency-key-lifetime': 'PT30M' });
    server.on(DROP, () => ({ status: 204 }));
    const session = open();
    await session.dropTable(events, { purge: false });
    await session.dropTable(events, { purge: false });
    expect(new Set(keys(DROP)).size).toBe(2);
  });

  it('is refused as the catalog refuses it', async () => {
    configured({ 'idempotency-key-lifetime': 'PT30M' });
    server.on(DROP, () => ({ status: 404, body: errorBody(404, 'no such table', 'NoSuchTableException') }));
    await expect(open().dropTable(events, { purge: false })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(keys(DROP)).toHaveLength(1);
  });

  it('that creates a view has no key, as the specification has it', async () => {
    configured({ 'idempotency-key-lifetime': 'PT30M' });
    server.on('POST /v1/quickstart/namespaces/demo/views', () => ({ body: { metadata: {} } }));
    await open().createView(['demo'], { name: 'v' });
    expect(keys('POST')).toEqual([undefined]);
  });
});

describe('the key of a request', () => {
  it('is a UUID of version 7, which begins with the time', () => {
    expect(uuidV7(0x0123456789ab)).toMatch(/^01234567-89ab-7/);
    expect(uuidV7()).toMatch(V7);
  });

  it('stays the same until the catalog may have forgotten it', () => {
    const key = new RequestKey();
    expect(key.headers(undefined)).toEqual({});
    const first = key.headers(1000, 5000);
    expect(key.headers(1000, 5999)).toEqual(first);
    expect(key.headers(1000, 6000)).not.toEqual(first);
  });

  it.each([
    ['PT30M', 1_800_000],
    ['PT1H30M', 5_400_000],
    ['P1DT1S', 86_401_000],
    ['PT0.5S', 500],
    ['P', undefined],
    ['30', undefined],
    [30, undefined],
    [undefined, undefined],
  ])('lives for %s', (text, milliseconds) => {
    expect(durationOf(text)).toBe(milliseconds);
  });
});

describe('the load of a table', () => {
  it('asks for all snapshots unless told otherwise', async () => {
    server.on(`GET ${EVENTS}`, () => ({ body: tableBody() }));
    const session = open();
    expect(await session.loadTable(events)).not.toHaveProperty('lacksSnapshots');
    expect(await session.loadTable(events, { snapshots: 'refs' })).toMatchObject({ lacksSnapshots: true });
    expect(server.lines()).toEqual([`GET ${EVENTS}`, `GET ${EVENTS}?snapshots=refs`]);
  });

  it('names the views that lead to it, the outermost first, with what separates them encoded in names', async () => {
    server.on(`GET ${EVENTS}`, () => ({ body: tableBody() }));
    const referencedBy = [
      { namespace: ['a', 'b'], name: 'outer, really' },
      { namespace: ['demo'], name: 'inner' },
    ];
    await open().loadTable(events, { snapshots: 'refs', referencedBy });
    expect(server.lines()).toEqual([
      `GET ${EVENTS}?snapshots=refs&referenced-by=a%1Fb%1Fouter%2C%20really,demo%1Finner`,
    ]);
  });

  it('is never answered from an answer to another question', async () => {
    server.on(`GET ${EVENTS}`, ({ headers, path }) =>
      headers['if-none-match'] ? { status: 304 } : { body: tableBody(), headers: { etag: `"${path}"` } },
    );
    const session = open({ conditionalLoads: true });
    const through = { referencedBy: [{ namespace: ['demo'], name: 'v' }] };
    const questions = [{}, { snapshots: 'refs' as const }, through, { ...through, snapshots: 'refs' as const }];
    for (const question of questions) await session.loadTable(events, question);
    expect(server.seen.map(({ headers }) => headers['if-none-match']).filter(Boolean)).toEqual([]);
    for (const question of questions) await session.loadTable(events, question);
    expect(server.seen.slice(-4).map(({ headers }) => headers['if-none-match'])).toEqual(
      server
        .lines()
        .slice(-4)
        .map((line) => `"${line.slice(4)}"`),
    );
  });
});

describe('reports', () => {
  const settled = async () => {
    for (let last = -1; last !== server.seen.length; await sleep(30)) last = server.seen.length;
  };
  const reports = () => server.seen.filter(({ path }) => path === REPORTS);

  it('go to a catalog that lists their route, with the token of the caller', async () => {
    configured({ endpoints: [METRICS_ROUTE] });
    server.on(`POST ${REPORTS}`, () => ({ status: 204 }));
    open().report(events, { 'report-type': 'scan-report', 'snapshot-id': 7442684603476777430n });
    await settled();
    expect(reports()).toHaveLength(1);
    expect(reports()[0]?.headers.authorization).toBe(token.header());
    expect(reports()[0]?.headers).not.toHaveProperty('idempotency-key');
    expect(reports()[0]?.body).toContain('7442684603476777430');
  });

  it.each([
    ['a catalog that does not list their route', { endpoints: ['GET /v1/{prefix}/namespaces'] }, {}],
    ['a catalog that lists no routes', {}, {}],
    ['anyone where they are turned off', { endpoints: [METRICS_ROUTE] }, { reportMetrics: false }],
  ])('go not to %s', async (_, config, options) => {
    configured(config);
    open(options).report(events, {});
    await settled();
    expect(reports()).toEqual([]);
  });

  it('fail nothing, whatever becomes of them, and are few at a time', async () => {
    configured({ endpoints: [METRICS_ROUTE] });
    server.on(`POST ${REPORTS}`, () => 'say nothing');
    const session = open({ timeout: 60_000 });
    for (let index = 0; index < 5_000; index++) session.report(events, {});
    await settled();
    expect(reports()).toHaveLength(4);
    server.on(`GET ${EVENTS}`, () => ({ body: tableBody() }));
    expect(await session.loadTable(events)).toMatchObject({ identifier: events });
  });
});

describe('every request', () => {
  it('has the headers of the trace that it is part of, and keeps its own', async () => {
    const headers = () => ({ traceparent: '00-1-2-01', authorization: 'Bearer other' });
    server.on(EVENTS, () => ({ body: tableBody() }));
    await open({ headers })
      .loadTable(events)
      .catch(() => undefined);
    const sent = server.seen.map((request) => [request.headers.traceparent, request.headers.authorization]);
    expect(sent.length).toBeGreaterThan(1);
    expect(new Set(sent.map(String))).toEqual(new Set([`00-1-2-01,${token.header()}`]));
  });
});
