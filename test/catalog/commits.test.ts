import { describe, expect, it } from 'vitest';
import { CommitRefused, CommitStateUnknown, type RestCatalogConfig } from '../../src/catalog/index.js';
import { CatalogServer, errorBody, polarisConfig, tableBody } from './catalog-server.js';
import { EVENTS, events, failure, keys, useLake, vended } from './lake.js';

const lake = useLake();

describe('a staged table', () => {
  const TABLES = 'POST /v1/quickstart/namespaces/demo/tables';
  const header = 'x-iceberg-access-delegation';
  const refusal = {
    status: 400,
    body: errorBody(400, 'Credential vending was requested, but no credentials are available'),
  };
  const stage = (options: Partial<RestCatalogConfig>) =>
    lake.open(options).stageTable(['demo'], { name: 'events', schema: {} });
  const staged = (extra = '') => tableBody(extra).replace(/"metadata-location":"[^"]*",/, '');

  it('comes with credentials for the place where it will lie, which are renewed for that place', async () => {
    lake.server.on(TABLES, () => ({ body: staged(vended('STAGED')) }));
    const { storage, metadataLocation } = await stage({ delegation: 'vended' });
    expect(metadataLocation).toBeUndefined();
    expect(lake.server.seen.at(-1)?.headers[header]).toBe('vended-credentials,remote-signing');
    expect(JSON.parse(lake.server.seen.at(-1)?.body ?? '')).toEqual({
      name: 'events',
      schema: {},
      'stage-create': true,
    });
    expect(storage.credentials[0]?.config['s3.access-key-id']).toBe('STAGED');
    await storage.refresh?.();
    expect(JSON.parse(lake.server.seen.at(-1)?.body ?? '')).toMatchObject({
      'stage-create': true,
      location: 's3://warehouse/demo/events',
    });
  });

  it('has the configured keys where the catalog can not vend, and may', async () => {
    lake.server.on(TABLES, ({ headers }) => (headers[header] ? refusal : { body: staged() }));
    const { storage } = await stage({ delegation: 'vended-or-static', storage: keys });
    expect(storage.credentials[0]?.config['s3.access-key-id']).toBe('STATIC');
    expect(await failure(stage({ delegation: 'vended', storage: keys }))).toMatchObject({
      code: 'FAILED_PRECONDITION',
    });
  });

  it.each([
    [400, 'stage-create is not supported'],
    [501, 'not implemented'],
    [406, 'not acceptable'],
  ])('is UNIMPLEMENTED in a catalog that knows none: %i', async (status, message) => {
    lake.server.on(TABLES, () => ({ status, body: errorBody(status, message) }));
    expect(await failure(stage({}))).toMatchObject({
      code: 'UNIMPLEMENTED',
      message: expect.stringContaining(message),
    });
  });

  it('that exists already is ALREADY_EXISTS', async () => {
    lake.server.on(TABLES, () => ({
      status: 409,
      body: errorBody(409, 'Table already exists', 'AlreadyExistsException'),
    }));
    expect(await failure(stage({}))).toMatchObject({ code: 'ALREADY_EXISTS' });
  });
});

describe('commits', () => {
  const snapshot = (id: bigint) => ({
    requirements: [],
    updates: [{ action: 'add-snapshot' as const, snapshot: { 'snapshot-id': id } }],
  });

  it('send 64-bit ids exact', async () => {
    lake.server.on(`POST ${EVENTS}`, () => ({ body: tableBody() }));
    await lake.open().commitTable(events, snapshot(7442684603476777430n));
    expect(lake.server.seen.at(-1)?.body).toContain('"snapshot-id":7442684603476777430');
  });

  it.each<[string, () => { status: number } | 'hang up']>([
    ['500', () => ({ status: 500 })],
    ['504', () => ({ status: 504 })],
    ['a broken connection', () => 'hang up'],
  ])('that end in %s are sent once, and count if the table holds the snapshot', async (_, reply) => {
    lake.server.on(`POST ${EVENTS}`, reply);
    lake.server.on(`GET ${EVENTS}`, () => ({ body: tableBody() }));
    await lake.open().commitTable(events, snapshot(7442684603476777430n));
    const unknown = await failure(lake.open().commitTable(events, snapshot(1n)));
    expect(unknown).toBeInstanceOf(CommitStateUnknown);
    expect(unknown.code).toBe('UNAVAILABLE');
    expect(lake.server.lines().filter((line) => line.startsWith('POST'))).toHaveLength(2);
  });

  it.each([400, 403, 409, 429])(
    'that end in %i count too if the table holds the snapshot, else they are refused',
    async (status) => {
      lake.server.on(`POST ${EVENTS}`, () => ({
        status,
        headers: { 'retry-after': '2' },
        body: errorBody(status, 'no'),
      }));
      lake.server.on(`GET ${EVENTS}`, () => ({ body: tableBody() }));
      await lake.open().commitTable(events, snapshot(7442684603476777430n));
      const refused = await failure(lake.open().commitTable(events, snapshot(1n)));
      expect(refused).toBeInstanceOf(CommitRefused);
      expect(refused).toMatchObject({
        isOvertaken: false,
        mayPass: status === 409 || status === 429,
        retryAfter: 2_000,
      });
    },
  );

  it('that the table has left behind are refused for good', async () => {
    lake.server.on(`POST ${EVENTS}`, () => ({ status: 503 }));
    lake.server.on(`GET ${EVENTS}`, () => ({ body: tableBody() }));
    const commit = {
      requirements: [{ type: 'assert-ref-snapshot-id' as const, ref: 'main', 'snapshot-id': 5n }],
      updates: snapshot(1n).updates,
    };
    expect(await failure(lake.open().commitTable(events, commit))).toMatchObject({
      code: 'ABORTED',
      isOvertaken: true,
    });
  });

  it('that are refused are unknown where the table can not be read', async () => {
    lake.server.on(`POST ${EVENTS}`, () => ({ status: 409, body: errorBody(409, 'no', 'CommitFailedException') }));
    lake.server.on(`GET ${EVENTS}`, () => ({ status: 503 }));
    const unknown = await failure(lake.open().commitTable(events, snapshot(1n), { waits: [1] }));
    expect(unknown).toBeInstanceOf(CommitStateUnknown);
    expect(unknown.message).toContain('look at table lake.demo.events for snapshot 1');
    expect(lake.server.lines().filter((line) => line.startsWith('GET')).length).toBeGreaterThan(3);
  });

  it('that never reached the catalog are not unknown', async () => {
    lake.server.on('GET /v1/config', () => ({ body: polarisConfig }));
    const session = lake.open();
    lake.server.on(`GET ${EVENTS}`, () => ({ body: tableBody() }));
    await session.loadTable(events);
    await lake.server.stop();
    const error = await failure(session.commitTable(events, snapshot(1n)));
    expect(error).toMatchObject({ code: 'UNAVAILABLE' });
    lake.server = await CatalogServer.start();
  });

  it.each([204, 200])('of several tables go in one request, whose answer %i has no body', async (status) => {
    lake.server.on('POST /v1/quickstart/transactions/commit', () => ({ status }));
    await lake.open().commitTransaction([{ identifier: events, commit: snapshot(5n) }]);
    expect(JSON.parse(lake.server.seen.at(-1)?.body ?? '')).toMatchObject({
      'table-changes': [{ identifier: { namespace: ['demo'], name: 'events' }, updates: [{ action: 'add-snapshot' }] }],
    });
  });
});
