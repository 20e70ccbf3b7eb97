import { describe, expect, it } from 'vitest';
import { BearerToken } from '../../src/auth/principal.js';
import { errorBody, polarisConfig, tableBody } from './catalog-server.js';
import { EVENTS, events, failure, keys, token, useLake, vended } from './lake.js';

const lake = useLake();

describe('a loaded table', () => {
  it('keeps 64-bit ids exact', async () => {
    lake.server.on(`GET ${EVENTS}`, () => ({ body: tableBody() }));
    const { metadata, metadataLocation } = await lake.open().loadTable(events);
    expect((metadata as { 'current-snapshot-id': bigint })['current-snapshot-id']).toBe(7442684603476777430n);
    expect(metadataLocation).toBe('s3://warehouse/demo/events/metadata/1.json');
  });

  it('is asked for again each time, so that an ETag of its metadata hides no change of rights or restrictions', async () => {
    const etag = 'W/"1"';
    let extra = '';
    lake.server.on(`GET ${EVENTS}`, ({ headers }) =>
      headers['if-none-match'] === etag ? { status: 304 } : { body: tableBody(extra), headers: { etag } },
    );
    const session = lake.open();
    const first = await session.loadTable(events);
    expect(first.restrictions).toBeUndefined();
    extra = ',"read-restrictions":{"required-row-filter":false}';
    expect((await session.loadTable(events)).restrictions).toEqual({ 'required-row-filter': false });
    extra = '';
    expect((await session.loadTable(events)).restrictions).toBeUndefined();
    lake.server.on(`GET ${EVENTS}`, () => ({ status: 403, body: errorBody(403, 'no longer') }));
    expect(await failure(session.loadTable(events))).toMatchObject({ code: 'PERMISSION_DENIED' });
  });

  it('is parsed again only when its answer changed', async () => {
    let extra = '';
    lake.server.on(`GET ${EVENTS}`, () => ({ body: tableBody(extra) }));
    const session = lake.open();
    const first = await session.loadTable(events);
    expect((await session.loadTable(events)).metadata).toBe(first.metadata);
    extra = ',"labels":{}';
    expect((await session.loadTable(events)).metadata).not.toBe(first.metadata);
  });

  it('is sent only when it changed by a catalog whose ETag is said to stand for the whole answer', async () => {
    let etag = 'W/"1"';
    lake.server.on(`GET ${EVENTS}`, ({ headers }) =>
      headers['if-none-match'] === etag ? { status: 304 } : { body: tableBody(), headers: { etag } },
    );
    const session = lake.open({ conditionalLoads: true });
    const first = await session.loadTable(events);
    expect((await session.loadTable(events)).metadata).toBe(first.metadata);
    expect(lake.server.lines()).toHaveLength(2);
    expect(lake.server.seen.at(-1)?.headers['if-none-match']).toBe('W/"1"');
    etag = 'W/"2"';
    await session.loadTable(events);
    await session.loadTable(events);
    expect(lake.server.seen.at(-1)?.headers['if-none-match']).toBe('W/"2"');
    lake.server.on(`GET ${EVENTS}`, () => ({ status: 403, body: errorBody(403, 'no longer') }));
    expect(await failure(session.loadTable(events))).toMatchObject({ code: 'PERMISSION_DENIED' });
  });

  it('of one caller is never answered from what another one loaded', async () => {
    lake.server.on(`GET ${EVENTS}`, () => ({ body: tableBody(), headers: { etag: 'W/"1"' } }));
    const catalog = lake.forAll({ conditionalLoads: true });
    await catalog.as(token).loadTable(events);
    await catalog.as(new BearerToken('another')).loadTable(events);
    const loads = lake.server.seen.filter(({ path }) => path === EVENTS);
    expect(loads.map(({ headers }) => headers['if-none-match'])).toEqual([undefined, undefined]);
  });
});

describe('the terms of reading', () => {
  it.each([
    '{}',
    'null',
    '{"required-column-projections":[]}',
    '{"required-row-filter":null,"required-column-projections":null}',
    '{"required-row-filter":true}',
    '{"required-row-filter":{"type":"true"},"required-column-projections":[]}',
  ])('are none where the restrictions are %s', async (restrictions) => {
    lake.server.on(`GET ${EVENTS}`, () => ({ body: tableBody(`,"read-restrictions":${restrictions}`) }));
    expect(await lake.open().loadTable(events)).not.toHaveProperty('restrictions');
  });

  it.each(['[]', '"none"', 'false', '{"required-row-filter":false}', '{"required-masks":[]}', '{"a":null}'])(
    'are kept where the restrictions are %s',
    async (restrictions) => {
      lake.server.on(`GET ${EVENTS}`, () => ({ body: tableBody(`,"read-restrictions":${restrictions}`) }));
      expect((await lake.open().loadTable(events)).restrictions).toEqual(JSON.parse(restrictions));
    },
  );

  it('come with the answer to a creation too, and the planning mode also with the configuration', async () => {
    lake.server.on('POST /v1/quickstart/namespaces/demo/tables', () => ({
      body: tableBody(',"read-restrictions":{"required-row-filter":false}'),
    }));
    lake.server.on('GET /v1/config', () => ({
      body: { ...polarisConfig, defaults: { 'scan-planning-mode': 'SERVER' } },
    }));
    const created = await lake.open().createTable(['demo'], { name: 'events', schema: {} });
    expect(created).toMatchObject({ restrictions: { 'required-row-filter': false }, scanPlanningMode: 'server' });
  });

  it('that the table has count more than those of the configuration', async () => {
    lake.server.on('GET /v1/config', () => ({
      body: { ...polarisConfig, defaults: { 'scan-planning-mode': 'server' } },
    }));
    lake.server.on(`GET ${EVENTS}`, () => ({
      body: tableBody().replace('"config":{', '"config":{"scan-planning-mode":"client",'),
    }));
    expect((await lake.open().loadTable(events)).scanPlanningMode).toBe('client');
  });
});

describe('file credentials', () => {
  const refusal = {
    status: 400,
    body: errorBody(400, 'Credential vending was requested for table demo.events, but no credentials are available'),
  };
  const header = 'x-iceberg-access-delegation';

  it('come from the catalog with delegation vended', async () => {
    lake.server.on(`GET ${EVENTS}`, () => ({ body: tableBody(vended('V')) }));
    const { storage } = await lake.open({ delegation: 'vended' }).loadTable(events);
    expect(lake.server.seen.at(-1)?.headers[header]).toBe('vended-credentials,remote-signing');
    expect(storage.credentials[0]).toMatchObject({
      prefix: 's3://warehouse/demo/events',
      config: { 's3.access-key-id': 'V' },
    });
    expect(storage.properties).toEqual({
      'client.region': 'us-east-1',
      's3.path-style-access': 'true',
      's3.endpoint': 'http://127.0.0.1:19000',
    });
  });

  it('are understood in the older style, as keys in the config', async () => {
    const body = tableBody().replace(
      '"client.region"',
      '"s3.access-key-id":"OLD","s3.secret-access-key":"s","client.region"',
    );
    lake.server.on(`GET ${EVENTS}`, () => ({ body }));
    const { storage } = await lake.open({ delegation: 'vended' }).loadTable(events);
    expect(storage.credentials).toEqual([
      { prefix: '', config: { 's3.access-key-id': 'OLD', 's3.secret-access-key': 's' } },
    ]);
    expect(storage.properties['s3.access-key-id']).toBeUndefined();
  });

  it('that the catalog can not vend are a FAILED_PRECONDITION that names the setting', async () => {
    lake.server.on(`GET ${EVENTS}`, () => refusal);
    const error = await failure(lake.open({ delegation: 'vended', storage: keys }).loadTable(events));
    expect(error).toMatchObject({
      code: 'FAILED_PRECONDITION',
      message: expect.stringContaining('credential_delegation'),
    });
  });

  it('fall back to the configured keys with vended-or-static, and the catalog is not asked in vain again', async () => {
    lake.server.on(`GET ${EVENTS}`, ({ headers }) => (headers[header] ? refusal : { body: tableBody() }));
    const session = lake.open({ delegation: 'vended-or-static', storage: keys });
    const { storage } = await session.loadTable(events);
    expect(storage.credentials[0]?.config['s3.access-key-id']).toBe('STATIC');
    await session.loadTable(events);
    expect(lake.server.lines()).toHaveLength(4);
  });

  it.each([
    ['restricts it', ',"read-restrictions":{"required-row-filter":false}', 'client'],
    ['restricts it in a way that is not known', ',"read-restrictions":[]', 'client'],
    ['plans its scans', '', 'server'],
    ['has another way to plan its scans', '', 'elsewhere'],
  ])('are not replaced by the configured keys where the catalog withholds them and %s', async (_, extra, mode) => {
    const body = tableBody(extra).replace('"config":{', `"config":{"scan-planning-mode":"${mode}",`);
    lake.server.on(`GET ${EVENTS}`, ({ headers, path }) => {
      if (path.endsWith('/credentials')) return { body: '{"storage-credentials":[]}' };
      return headers[header] ? refusal : { body };
    });
    const endpoints = ['GET /v1/{prefix}/namespaces/{namespace}/tables/{table}/credentials'];
    for (const config of [polarisConfig, { ...polarisConfig, endpoints }]) {
      lake.server.on('GET /v1/config', () => ({ body: config }));
      const { storage } = await lake.open({ delegation: 'vended-or-static', storage: keys }).loadTable(events);
      expect(storage.credentials).toEqual([]);
      expect(await storage.refresh?.()).toEqual([]);
    }
    lake.server.on(`GET ${EVENTS}`, () => ({ body }));
    const { storage } = await lake.open({ delegation: 'vended-or-static', storage: keys }).loadTable(events);
    expect(storage.credentials).toEqual([]);
  });

  it('are still asked for other tables after the catalog could not vend for one', async () => {
    const other = { namespace: events.namespace, name: 'other' };
    lake.server.on(`GET ${EVENTS}`, ({ headers }) => (headers[header] ? refusal : { body: tableBody() }));
    lake.server.on(`GET ${EVENTS.replace(/events$/, 'other')}`, () => ({ body: tableBody(vended('A')) }));
    const session = lake.open({ delegation: 'vended-or-static', storage: keys });
    await session.loadTable(events);
    const { storage } = await session.loadTable(other);
    expect(storage.credentials[0]?.config['s3.access-key-id']).toBe('A');
  });

  it('are the configured ones with delegation none, and never those with delegation vended', async () => {
    lake.server.on(`GET ${EVENTS}`, () => ({ body: tableBody() }));
    const none = await lake
      .open({ storage: { ...keys, endpoint: 'http://configured', region: 'eu' } })
      .loadTable(events);
    expect(lake.server.seen.at(-1)?.headers[header]).toBeUndefined();
    expect(none.storage.credentials[0]?.config['s3.access-key-id']).toBe('STATIC');
    expect(none.storage.properties).toMatchObject({ 's3.endpoint': 'http://127.0.0.1:19000', 's3.region': 'eu' });
    const { storage } = await lake.open({ delegation: 'vended', storage: keys }).loadTable(events);
    expect(storage.credentials).toEqual([]);
  });

  it('are renewed by loading the table, or at their own route where the catalog has it', async () => {
    lake.server.on(`GET ${EVENTS}`, () => ({ body: tableBody(vended('A')) }));
    lake.server.on(`GET ${EVENTS}/credentials`, () => ({ body: `{${vended('B').slice(1)}}` }));
    const { storage } = await lake.open({ delegation: 'vended' }).loadTable(events);
    expect((await storage.refresh?.())?.[0]?.config['s3.access-key-id']).toBe('A');
    const route = 'GET /v1/{prefix}/namespaces/{namespace}/tables/{table}/credentials';
    lake.server.on('GET /v1/config', () => ({ body: { ...polarisConfig, endpoints: [route] } }));
    const other = await lake.open({ delegation: 'vended' }).loadTable(events);
    expect((await other.storage.refresh?.())?.[0]?.config['s3.access-key-id']).toBe('B');
  });

  it('that are about to expire are not taken from an unchanged answer', async () => {
    lake.server.on(`GET ${EVENTS}`, () => ({
      body: tableBody(vended('A', Date.now() + 1_000)),
      headers: { etag: 'W/"1"' },
    }));
    const session = lake.open({ delegation: 'vended', conditionalLoads: true });
    await session.loadTable(events);
    await session.loadTable(events);
    expect(lake.server.seen.at(-1)?.headers['if-none-match']).toBeUndefined();
  });

  it('are never asked for at a creation, but when files are first touched', async () => {
    lake.server.on('POST /v1/quickstart/namespaces/demo/tables', () => ({ body: tableBody() }));
    lake.server.on(`GET ${EVENTS}`, () => ({ body: tableBody(vended('LATER')) }));
    const { storage } = await lake.open({ delegation: 'vended' }).createTable(['demo'], { name: 'events', schema: {} });
    expect(lake.server.seen.at(-1)?.headers[header]).toBeUndefined();
    expect(Number(storage.properties['s3.session-token-expires-at-ms'])).toBeLessThan(Date.now());
    expect((await storage.refresh?.())?.[0]?.config['s3.access-key-id']).toBe('LATER');
  });
});
