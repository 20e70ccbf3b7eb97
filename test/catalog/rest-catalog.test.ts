import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BearerToken } from '../../src/auth/principal.js';
import type { CatalogSession } from '../../src/catalog/contract.js';
import {
  CommitRefused,
  CommitStateUnknown,
  createRestCatalog,
  type RestCatalog,
  type RestCatalogConfig,
} from '../../src/catalog/index.js';
import { CatalogServer, errorBody, polarisConfig, tableBody } from './catalog-server.js';

const token = new BearerToken('eyJhbGciOi.eyJzdWIi.c2lnbmF0dXJl');
const events = { namespace: ['demo'], name: 'events' };
const EVENTS = '/v1/quickstart/namespaces/demo/tables/events';
const keys = { accessKeyId: 'STATIC', secretAccessKey: 'static-secret' };

let server: CatalogServer;
let catalogs: RestCatalog[];

beforeEach(async () => {
  catalogs = [];
  server = await CatalogServer.start();
});

afterEach(async () => {
  await server.stop();
  await Promise.all(catalogs.map((catalog) => catalog.close()));
});

function open(options: Partial<RestCatalogConfig> = {}) {
  const catalog = createRestCatalog({ name: 'lake', uri: server.uri, warehouse: 'w', delegation: 'none', ...options });
  catalogs.push(catalog);
  return catalog.as(token);
}

async function failure(work: Promise<unknown>): Promise<Error & { code: string }> {
  return work.then(
    () => {
      throw new Error('it did not fail');
    },
    (error) => error,
  );
}

describe('names that a URL would not keep', () => {
  const odd = ['', '.', '..', 'a/..', '../victim', '..\\victim', 'a\u001fb', 'a\nb', '\ud800'];
  const asks: Record<string, (session: CatalogSession, name: string) => Promise<unknown>> = {
    'list namespaces': (session, name) => session.listNamespaces([name]),
    'load a namespace': (session, name) => session.loadNamespace(['demo', name]),
    'create a namespace': (session, name) => session.createNamespace([name]),
    'drop a namespace': (session, name) => session.dropNamespace([name]),
    'update a namespace': (session, name) => session.updateNamespace([name], { removals: ['x'] }),
    'list tables': (session, name) => session.listTables([name]),
    'list views': (session, name) => session.listViews([name]),
    'load a table': (session, name) => session.loadTable({ namespace: ['demo'], name }),
    'load a table of a namespace': (session, name) => session.loadTable({ namespace: [name], name: 'events' }),
    'create a table': (session, name) =>
      session.createTable(['demo'], { name, schema: {} } as Parameters<CatalogSession['createTable']>[1]),
    'drop a table': (session, name) => session.dropTable({ namespace: ['victim'], name }, { purge: true }),
    'rename a table': (session, name) => session.renameTable({ namespace: ['demo'], name }, events),
    'rename a table to it': (session, name) => session.renameTable(events, { namespace: ['demo'], name }),
    'commit to a table': (session, name) =>
      session.commitTable({ namespace: ['demo'], name }, { requirements: [], updates: [] }),
    'commit to several tables': (session, name) =>
      session.commitTransaction([
        { identifier: { namespace: ['demo'], name }, commit: { requirements: [], updates: [] } },
      ]),
    'load a view': (session, name) => session.loadView({ namespace: ['demo'], name }),
    'create a view': (session, name) => session.createView(['demo'], { name }),
    'commit to a view': (session, name) =>
      session.commitView({ namespace: ['demo'], name }, { requirements: [], updates: [] }),
    'drop a view': (session, name) => session.dropView({ namespace: ['demo'], name }),
    'rename a view': (session, name) => session.renameView({ namespace: ['demo'], name }, events),
    'rename a view to it': (session, name) => session.renameView(events, { namespace: ['demo'], name }),
  };

  it.each(Object.keys(asks))('are refused before the catalog is asked: to %s', async (what) => {
    for (const name of odd) {
      expect(await failure(asks[what]?.(open(), name) ?? Promise.resolve())).toMatchObject({
        code: 'INVALID_ARGUMENT',
      });
    }
    expect(server.seen).toEqual([]);
  });

  it('are left out of what is listed', async () => {
    server.on('GET /v1/quickstart/namespaces', () => ({ body: { namespaces: [['demo'], ['..'], ['a', '']] } }));
    server.on('GET /v1/quickstart/namespaces/demo/tables', () => ({
      body: { identifiers: [events, { namespace: ['demo'], name: '..' }] },
    }));
    expect(await open().listNamespaces()).toEqual([['demo']]);
    expect(await open().listTables(['demo'])).toEqual([events]);
  });

  it('are only those: dots and slashes as such are names', async () => {
    for (const name of ['...', '.hidden', 'a.b', 'a/b', '%2e%2e', 'ä ö']) {
      server.on(`GET /v1/quickstart/namespaces/demo/tables/${encodeURIComponent(name)}`, () => ({ body: tableBody() }));
      expect((await open().loadTable({ namespace: ['demo'], name })).identifier.name).toBe(name);
    }
  });

  it('are levels that hold what separates levels in this catalog', async () => {
    const overrides = { ...polarisConfig.overrides, 'namespace-separator': '%2E' };
    server.on('GET /v1/config', () => ({ body: { ...polarisConfig, overrides } }));
    expect(await failure(open().loadNamespace(['a.b']))).toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});

describe('requests', () => {
  it('bear the token as it came, below the prefix that the catalog gives', async () => {
    server.on('GET /v1/quickstart/namespaces', () => ({ body: { namespaces: [['demo']], 'next-page-token': null } }));
    expect(await open().listNamespaces()).toEqual([['demo']]);
    expect(server.seen.map(({ path }) => path)).toEqual([
      '/v1/config?warehouse=w',
      '/v1/quickstart/namespaces?pageToken=',
    ]);
    for (const { headers } of server.seen) expect(headers.authorization).toBe(token.header());
  });

  it('ask for the configuration once per token', async () => {
    server.on('GET /v1/quickstart/namespaces', () => ({ body: { namespaces: [] } }));
    const catalog = createRestCatalog({ name: 'lake', uri: server.uri, warehouse: 'w', delegation: 'none' });
    catalogs.push(catalog);
    for (const caller of [token, token, new BearerToken('another')]) await catalog.as(caller).listNamespaces();
    expect(server.seen.filter(({ path }) => path.startsWith('/v1/config'))).toHaveLength(2);
  });

  it('encode names, and join the levels of a namespace with the separator', async () => {
    server.on('GET ', ({ path }) =>
      path.startsWith('/v1/config') ? { body: polarisConfig } : { body: { identifiers: [] } },
    );
    await open().listTables(['a.b', 'c/d']);
    expect(server.lines()).toEqual(['GET /v1/quickstart/namespaces/a.b%1Fc%2Fd/tables?pageToken=']);
    await open().listNamespaces(['a', 'b c']);
    expect(server.lines()[1]).toBe('GET /v1/quickstart/namespaces?parent=a%1Fb%20c&pageToken=');
  });

  it('follow pages to the end', async () => {
    server.on('GET /v1/quickstart/namespaces/demo/tables', ({ path }) => {
      const last = path.endsWith('pageToken=p%202');
      return {
        body: {
          identifiers: [{ namespace: ['demo'], name: last ? 'b' : 'a' }],
          'next-page-token': last ? null : 'p 2',
        },
      };
    });
    const names = (await open().listTables(['demo'])).map(({ name }) => name);
    expect(names).toEqual(['a', 'b']);
  });

  it('follow no redirect, since the token is meant for one address', async () => {
    server.on('GET /v1/quickstart/namespaces', () => ({
      status: 302,
      headers: { location: `${server.uri}/elsewhere` },
    }));
    expect(await failure(open().listNamespaces())).toMatchObject({ code: 'UNAVAILABLE' });
    expect(server.lines()).toHaveLength(1);
  });
});

describe('failures', () => {
  it.each([
    [401, 'UNAUTHENTICATED'],
    [403, 'PERMISSION_DENIED'],
    [404, 'NOT_FOUND'],
    [400, 'INVALID_ARGUMENT'],
    [406, 'UNIMPLEMENTED'],
    [501, 'UNIMPLEMENTED'],
    [500, 'UNAVAILABLE'],
  ])('%i is %s with the sentence of the catalog, asked once', async (status, code) => {
    server.on('GET /v1/quickstart/namespaces/demo', () => ({
      status,
      body: errorBody(status, 'What the catalog said'),
    }));
    expect(await failure(open().loadNamespace(['demo']))).toMatchObject({ code, message: 'What the catalog said' });
    expect(server.lines()).toHaveLength(1);
  });

  it('401 with an empty body is a sentence of its own', async () => {
    server.on('GET /v1/config', () => ({ status: 401, headers: { 'www-authenticate': 'Bearer secret="x"' } }));
    expect(await failure(open().listNamespaces())).toMatchObject({
      code: 'UNAUTHENTICATED',
      message: 'The catalog did not accept the token.',
    });
  });

  it('409 depends on what was asked', async () => {
    const conflict = (type: string) => () => ({ status: 409, body: errorBody(409, 'conflict', type) });
    server.on('POST /v1/quickstart/namespaces', conflict('AlreadyExistsException'));
    expect(await failure(open().createNamespace(['demo']))).toMatchObject({ code: 'ALREADY_EXISTS' });
    server.on(`POST ${EVENTS}`, conflict('CommitFailedException'));
    const commit = { requirements: [], updates: [] };
    expect(await failure(open().commitTable(events, commit))).toMatchObject({ code: 'ABORTED' });
    server.on('DELETE /v1/quickstart/namespaces/demo', conflict('NamespaceNotEmptyException'));
    expect(await failure(open().dropNamespace(['demo']))).toMatchObject({ code: 'FAILED_PRECONDITION' });
  });

  it('of a catalog that is not there, or speaks no JSON, name it', async () => {
    server.on('GET /v1/quickstart/namespaces', () => ({ body: '<html>' }));
    expect(await failure(open().listNamespaces())).toMatchObject({ code: 'UNAVAILABLE' });
    const gone = open({ uri: 'http://127.0.0.1:1' });
    expect(await failure(gone.listNamespaces())).toMatchObject({
      code: 'UNAVAILABLE',
      message: "The catalog 'lake' could not be reached (ECONNREFUSED).",
    });
  });

  it('of a catalog that does not answer in time are UNAVAILABLE', async () => {
    server.on('GET /v1/quickstart/namespaces', () => 'say nothing');
    expect(await failure(open({ timeout: 1_200 }).listNamespaces())).toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('did not answer in time'),
    });
  });

  it('never show the token', async () => {
    server.on('GET /v1/quickstart/namespaces', ({ headers }) => ({
      status: 400,
      body: errorBody(400, `Bad header: ${headers.authorization}\nat Foo.java`),
    }));
    const refused = await failure(open().listNamespaces());
    server.on('GET /v1/quickstart/namespaces', () => 'hang up');
    const broken = await failure(open().listNamespaces());
    for (const error of [refused, broken]) {
      expect(`${error.message} ${inspect(error, { depth: 20, showHidden: true })}`).not.toContain('c2lnbmF0dXJl');
    }
    expect(refused.message).not.toContain('\n');
  });

  it('of the moment are tried again for reads, never for changes', async () => {
    let left = 2;
    server.on('GET /v1/quickstart/namespaces', () => {
      left--;
      if (left === 1) return { status: 503 };
      return left === 0 ? 'hang up' : { body: { namespaces: [] } };
    });
    expect(await open().listNamespaces()).toEqual([]);
    expect(server.lines()).toHaveLength(3);
    server.on('POST /v1/quickstart/namespaces', () => ({ status: 503 }));
    await failure(open().createNamespace(['x']));
    expect(server.lines()).toHaveLength(4);
  });

  it.each([429, 503])('%i is asked again when the catalog says, and not before', async (status) => {
    const times: number[] = [];
    server.on('GET /v1/quickstart/namespaces', () => {
      times.push(Date.now());
      return times.length < 3 ? { status, headers: { 'retry-after': '1' } } : { body: { namespaces: [['demo']] } };
    });
    expect(await open().listNamespaces()).toEqual([['demo']]);
    expect(times.slice(1).every((time, index) => time - (times[index] as number) >= 990)).toBe(true);
  });

  it('429 is RESOURCE_EXHAUSTED where the catalog asks for a wait longer than its timeout', async () => {
    server.on('GET /v1/quickstart/namespaces', () => ({ status: 429, headers: { 'retry-after': '60' } }));
    expect(await failure(open().listNamespaces())).toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
    expect(server.lines()).toHaveLength(1);
  });
});

describe('a loaded table', () => {
  it('keeps 64-bit ids exact', async () => {
    server.on(`GET ${EVENTS}`, () => ({ body: tableBody() }));
    const { metadata, metadataLocation } = await open().loadTable(events);
    expect((metadata as { 'current-snapshot-id': bigint })['current-snapshot-id']).toBe(7442684603476777430n);
    expect(metadataLocation).toBe('s3://warehouse/demo/events/metadata/1.json');
  });

  it('is asked for again each time, so that an ETag of its metadata hides no change of rights or restrictions', async () => {
    const etag = 'W/"1"';
    let extra = '';
    server.on(`GET ${EVENTS}`, ({ headers }) =>
      headers['if-none-match'] === etag ? { status: 304 } : { body: tableBody(extra), headers: { etag } },
    );
    const session = open();
    const first = await session.loadTable(events);
    expect(first.restrictions).toBeUndefined();
    extra = ',"read-restrictions":{"required-row-filter":false}';
    expect((await session.loadTable(events)).restrictions).toEqual({ 'required-row-filter': false });
    extra = '';
    expect((await session.loadTable(events)).restrictions).toBeUndefined();
    server.on(`GET ${EVENTS}`, () => ({ status: 403, body: errorBody(403, 'no longer') }));
    expect(await failure(session.loadTable(events))).toMatchObject({ code: 'PERMISSION_DENIED' });
  });

  it('is parsed again only when its answer changed', async () => {
    let extra = '';
    server.on(`GET ${EVENTS}`, () => ({ body: tableBody(extra) }));
    const session = open();
    const first = await session.loadTable(events);
    expect((await session.loadTable(events)).metadata).toBe(first.metadata);
    extra = ',"labels":{}';
    expect((await session.loadTable(events)).metadata).not.toBe(first.metadata);
  });

  it('is sent only when it changed by a catalog whose ETag is said to stand for the whole answer', async () => {
    let etag = 'W/"1"';
    server.on(`GET ${EVENTS}`, ({ headers }) =>
      headers['if-none-match'] === etag ? { status: 304 } : { body: tableBody(), headers: { etag } },
    );
    const session = open({ conditionalLoads: true });
    const first = await session.loadTable(events);
    expect((await session.loadTable(events)).metadata).toBe(first.metadata);
    expect(server.lines()).toHaveLength(2);
    expect(server.seen.at(-1)?.headers['if-none-match']).toBe('W/"1"');
    etag = 'W/"2"';
    await session.loadTable(events);
    await session.loadTable(events);
    expect(server.seen.at(-1)?.headers['if-none-match']).toBe('W/"2"');
    server.on(`GET ${EVENTS}`, () => ({ status: 403, body: errorBody(403, 'no longer') }));
    expect(await failure(session.loadTable(events))).toMatchObject({ code: 'PERMISSION_DENIED' });
  });

  it('of one caller is never answered from what another one loaded', async () => {
    server.on(`GET ${EVENTS}`, () => ({ body: tableBody(), headers: { etag: 'W/"1"' } }));
    const options = { name: 'lake', uri: server.uri, delegation: 'none', conditionalLoads: true } as const;
    const catalog = createRestCatalog(options);
    catalogs.push(catalog);
    await catalog.as(token).loadTable(events);
    await catalog.as(new BearerToken('another')).loadTable(events);
    const loads = server.seen.filter(({ path }) => path === EVENTS);
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
    server.on(`GET ${EVENTS}`, () => ({ body: tableBody(`,"read-restrictions":${restrictions}`) }));
    expect(await open().loadTable(events)).not.toHaveProperty('restrictions');
  });

  it.each(['[]', '"none"', 'false', '{"required-row-filter":false}', '{"required-masks":[]}', '{"a":null}'])(
    'are kept where the restrictions are %s',
    async (restrictions) => {
      server.on(`GET ${EVENTS}`, () => ({ body: tableBody(`,"read-restrictions":${restrictions}`) }));
      expect((await open().loadTable(events)).restrictions).toEqual(JSON.parse(restrictions));
    },
  );

  it('come with the answer to a creation too, and the planning mode also with the configuration', async () => {
    server.on('POST /v1/quickstart/namespaces/demo/tables', () => ({
      body: tableBody(',"read-restrictions":{"required-row-filter":false}'),
    }));
    server.on('GET /v1/config', () => ({
      body: { ...polarisConfig, defaults: { 'scan-planning-mode': 'SERVER' } },
    }));
    const created = await open().createTable(['demo'], { name: 'events', schema: {} });
    expect(created).toMatchObject({ restrictions: { 'required-row-filter': false }, scanPlanningMode: 'server' });
  });

  it('that the table has count more than those of the configuration', async () => {
    server.on('GET /v1/config', () => ({ body: { ...polarisConfig, defaults: { 'scan-planning-mode': 'server' } } }));
    server.on(`GET ${EVENTS}`, () => ({
      body: tableBody().replace('"config":{', '"config":{"scan-planning-mode":"client",'),
    }));
    expect((await open().loadTable(events)).scanPlanningMode).toBe('client');
  });
});

const vended = (id: string, expires = Date.now() + 3_600_000) =>
  `,"storage-credentials":[{"prefix":"s3://warehouse/demo/events","config":{"s3.access-key-id":"${id}",
      "s3.secret-access-key":"s","s3.session-token":"t","s3.session-token-expires-at-ms":"${expires}"}}]`;

describe('the catalog\u2019s sentences', () => {
  it.each(['Bearer eyJhbGciOi.eyJzdWIi.c2lnbmF0dXJl', 'eyJhbGciOi.eyJzdWIi', 'c2lnbmF0dXJl', 'lnbmF0dX', 'eyJzdWIi'])(
    'are passed on without what of the token is in them: %s',
    async (piece) => {
      const body = errorBody(403, `Not for '${piece}', principal alice`);
      server.on(`GET ${EVENTS}`, () => ({ status: 403, body }));
      const failure = await open()
        .loadTable(events)
        .catch((error) => error);
      expect(failure).toMatchObject({ code: 'PERMISSION_DENIED', message: expect.stringContaining('principal alice') });
      expect(failure.message).not.toMatch(/eyJ|c2lnb|lnbmF0/);
    },
  );
});

describe('file credentials', () => {
  const refusal = {
    status: 400,
    body: errorBody(400, 'Credential vending was requested for table demo.events, but no credentials are available'),
  };
  const header = 'x-iceberg-access-delegation';

  it('come from the catalog with delegation vended', async () => {
    server.on(`GET ${EVENTS}`, () => ({ body: tableBody(vended('V')) }));
    const { storage } = await open({ delegation: 'vended' }).loadTable(events);
    expect(server.seen.at(-1)?.headers[header]).toBe('vended-credentials,remote-signing');
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
    server.on(`GET ${EVENTS}`, () => ({ body }));
    const { storage } = await open({ delegation: 'vended' }).loadTable(events);
    expect(storage.credentials).toEqual([
      { prefix: '', config: { 's3.access-key-id': 'OLD', 's3.secret-access-key': 's' } },
    ]);
    expect(storage.properties['s3.access-key-id']).toBeUndefined();
  });

  it('that the catalog can not vend are a FAILED_PRECONDITION that names the setting', async () => {
    server.on(`GET ${EVENTS}`, () => refusal);
    const error = await failure(open({ delegation: 'vended', storage: keys }).loadTable(events));
    expect(error).toMatchObject({
      code: 'FAILED_PRECONDITION',
      message: expect.stringContaining('credential_delegation'),
    });
  });

  it('fall back to the configured keys with vended-or-static, and the catalog is not asked in vain again', async () => {
    server.on(`GET ${EVENTS}`, ({ headers }) => (headers[header] ? refusal : { body: tableBody() }));
    const session = open({ delegation: 'vended-or-static', storage: keys });
    const { storage } = await session.loadTable(events);
    expect(storage.credentials[0]?.config['s3.access-key-id']).toBe('STATIC');
    await session.loadTable(events);
    expect(server.lines()).toHaveLength(4);
  });

  it.each([
    ['restricts it', ',"read-restrictions":{"required-row-filter":false}', 'client'],
    ['restricts it in a way that is not known', ',"read-restrictions":[]', 'client'],
    ['plans its scans', '', 'server'],
    ['has another way to plan its scans', '', 'elsewhere'],
  ])('are not replaced by the configured keys where the catalog withholds them and %s', async (_, extra, mode) => {
    const body = tableBody(extra).replace('"config":{', `"config":{"scan-planning-mode":"${mode}",`);
    server.on(`GET ${EVENTS}`, ({ headers, path }) => {
      if (path.endsWith('/credentials')) return { body: '{"storage-credentials":[]}' };
      return headers[header] ? refusal : { body };
    });
    const endpoints = ['GET /v1/{prefix}/namespaces/{namespace}/tables/{table}/credentials'];
    for (const config of [polarisConfig, { ...polarisConfig, endpoints }]) {
      server.on('GET /v1/config', () => ({ body: config }));
      const { storage } = await open({ delegation: 'vended-or-static', storage: keys }).loadTable(events);
      expect(storage.credentials).toEqual([]);
      expect(await storage.refresh?.()).toEqual([]);
    }
    server.on(`GET ${EVENTS}`, () => ({ body }));
    const { storage } = await open({ delegation: 'vended-or-static', storage: keys }).loadTable(events);
    expect(storage.credentials).toEqual([]);
  });

  it('are still asked for other tables after the catalog could not vend for one', async () => {
    const other = { namespace: events.namespace, name: 'other' };
    server.on(`GET ${EVENTS}`, ({ headers }) => (headers[header] ? refusal : { body: tableBody() }));
    server.on(`GET ${EVENTS.replace(/events$/, 'other')}`, () => ({ body: tableBody(vended('A')) }));
    const session = open({ delegation: 'vended-or-static', storage: keys });
    await session.loadTable(events);
    const { storage } = await session.loadTable(other);
    expect(storage.credentials[0]?.config['s3.access-key-id']).toBe('A');
  });

  it('are the configured ones with delegation none, and never those with delegation vended', async () => {
    server.on(`GET ${EVENTS}`, () => ({ body: tableBody() }));
    const none = await open({ storage: { ...keys, endpoint: 'http://configured', region: 'eu' } }).loadTable(events);
    expect(server.seen.at(-1)?.headers[header]).toBeUndefined();
    expect(none.storage.credentials[0]?.config['s3.access-key-id']).toBe('STATIC');
    expect(none.storage.properties).toMatchObject({ 's3.endpoint': 'http://127.0.0.1:19000', 's3.region': 'eu' });
    const { storage } = await open({ delegation: 'vended', storage: keys }).loadTable(events);
    expect(storage.credentials).toEqual([]);
  });

  it('are renewed by loading the table, or at their own route where the catalog has it', async () => {
    server.on(`GET ${EVENTS}`, () => ({ body: tableBody(vended('A')) }));
    server.on(`GET ${EVENTS}/credentials`, () => ({ body: `{${vended('B').slice(1)}}` }));
    const { storage } = await open({ delegation: 'vended' }).loadTable(events);
    expect((await storage.refresh?.())?.[0]?.config['s3.access-key-id']).toBe('A');
    const route = 'GET /v1/{prefix}/namespaces/{namespace}/tables/{table}/credentials';
    server.on('GET /v1/config', () => ({ body: { ...polarisConfig, endpoints: [route] } }));
    const other = await open({ delegation: 'vended' }).loadTable(events);
    expect((await other.storage.refresh?.())?.[0]?.config['s3.access-key-id']).toBe('B');
  });

  it('that are about to expire are not taken from an unchanged answer', async () => {
    server.on(`GET ${EVENTS}`, () => ({
      body: tableBody(vended('A', Date.now() + 1_000)),
      headers: { etag: 'W/"1"' },
    }));
    const session = open({ delegation: 'vended', conditionalLoads: true });
    await session.loadTable(events);
    await session.loadTable(events);
    expect(server.seen.at(-1)?.headers['if-none-match']).toBeUndefined();
  });

  it('are never asked for at a creation, but when files are first touched', async () => {
    server.on('POST /v1/quickstart/namespaces/demo/tables', () => ({ body: tableBody() }));
    server.on(`GET ${EVENTS}`, () => ({ body: tableBody(vended('LATER')) }));
    const { storage } = await open({ delegation: 'vended' }).createTable(['demo'], { name: 'events', schema: {} });
    expect(server.seen.at(-1)?.headers[header]).toBeUndefined();
    expect(Number(storage.properties['s3.session-token-expires-at-ms'])).toBeLessThan(Date.now());
    expect((await storage.refresh?.())?.[0]?.config['s3.access-key-id']).toBe('LATER');
  });
});

describe('a staged table', () => {
  const TABLES = 'POST /v1/quickstart/namespaces/demo/tables';
  const header = 'x-iceberg-access-delegation';
  const refusal = {
    status: 400,
    body: errorBody(400, 'Credential vending was requested, but no credentials are available'),
  };
  const stage = (options: Partial<RestCatalogConfig>) =>
    open(options).stageTable(['demo'], { name: 'events', schema: {} });
  const staged = (extra = '') => tableBody(extra).replace(/"metadata-location":"[^"]*",/, '');

  it('comes with credentials for the place where it will lie, which are renewed for that place', async () => {
    server.on(TABLES, () => ({ body: staged(vended('STAGED')) }));
    const { storage, metadataLocation } = await stage({ delegation: 'vended' });
    expect(metadataLocation).toBeUndefined();
    expect(server.seen.at(-1)?.headers[header]).toBe('vended-credentials,remote-signing');
    expect(JSON.parse(server.seen.at(-1)?.body ?? '')).toEqual({ name: 'events', schema: {}, 'stage-create': true });
    expect(storage.credentials[0]?.config['s3.access-key-id']).toBe('STAGED');
    await storage.refresh?.();
    expect(JSON.parse(server.seen.at(-1)?.body ?? '')).toMatchObject({
      'stage-create': true,
      location: 's3://warehouse/demo/events',
    });
  });

  it('has the configured keys where the catalog can not vend, and may', async () => {
    server.on(TABLES, ({ headers }) => (headers[header] ? refusal : { body: staged() }));
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
    server.on(TABLES, () => ({ status, body: errorBody(status, message) }));
    expect(await failure(stage({}))).toMatchObject({
      code: 'UNIMPLEMENTED',
      message: expect.stringContaining(message),
    });
  });

  it('that exists already is ALREADY_EXISTS', async () => {
    server.on(TABLES, () => ({ status: 409, body: errorBody(409, 'Table already exists', 'AlreadyExistsException') }));
    expect(await failure(stage({}))).toMatchObject({ code: 'ALREADY_EXISTS' });
  });
});

describe('commits', () => {
  const snapshot = (id: bigint) => ({
    requirements: [],
    updates: [{ action: 'add-snapshot' as const, snapshot: { 'snapshot-id': id } }],
  });

  it('send 64-bit ids exact', async () => {
    server.on(`POST ${EVENTS}`, () => ({ body: tableBody() }));
    await open().commitTable(events, snapshot(7442684603476777430n));
    expect(server.seen.at(-1)?.body).toContain('"snapshot-id":7442684603476777430');
  });

  it.each<[string, () => { status: number } | 'hang up']>([
    ['500', () => ({ status: 500 })],
    ['504', () => ({ status: 504 })],
    ['a broken connection', () => 'hang up'],
  ])('that end in %s are sent once, and count if the table holds the snapshot', async (_, reply) => {
    server.on(`POST ${EVENTS}`, reply);
    server.on(`GET ${EVENTS}`, () => ({ body: tableBody() }));
    await open().commitTable(events, snapshot(7442684603476777430n));
    const unknown = await failure(open().commitTable(events, snapshot(1n)));
    expect(unknown).toBeInstanceOf(CommitStateUnknown);
    expect(unknown.code).toBe('UNAVAILABLE');
    expect(server.lines().filter((line) => line.startsWith('POST'))).toHaveLength(2);
  });

  it.each([400, 403, 409, 429])(
    'that end in %i count too if the table holds the snapshot, else they are refused',
    async (status) => {
      server.on(`POST ${EVENTS}`, () => ({ status, headers: { 'retry-after': '2' }, body: errorBody(status, 'no') }));
      server.on(`GET ${EVENTS}`, () => ({ body: tableBody() }));
      await open().commitTable(events, snapshot(7442684603476777430n));
      const refused = await failure(open().commitTable(events, snapshot(1n)));
      expect(refused).toBeInstanceOf(CommitRefused);
      expect(refused).toMatchObject({
        isOvertaken: false,
        mayPass: status === 409 || status === 429,
        retryAfter: 2_000,
      });
    },
  );

  it('that the table has left behind are refused for good', async () => {
    server.on(`POST ${EVENTS}`, () => ({ status: 503 }));
    server.on(`GET ${EVENTS}`, () => ({ body: tableBody() }));
    const commit = {
      requirements: [{ type: 'assert-ref-snapshot-id' as const, ref: 'main', 'snapshot-id': 5n }],
      updates: snapshot(1n).updates,
    };
    expect(await failure(open().commitTable(events, commit))).toMatchObject({ code: 'ABORTED', isOvertaken: true });
  });

  it('that are refused are unknown where the table can not be read', async () => {
    server.on(`POST ${EVENTS}`, () => ({ status: 409, body: errorBody(409, 'no', 'CommitFailedException') }));
    server.on(`GET ${EVENTS}`, () => ({ status: 503 }));
    const unknown = await failure(open().commitTable(events, snapshot(1n), { waits: [1] }));
    expect(unknown).toBeInstanceOf(CommitStateUnknown);
    expect(unknown.message).toContain('look at table lake.demo.events for snapshot 1');
    expect(server.lines().filter((line) => line.startsWith('GET')).length).toBeGreaterThan(3);
  });

  it('that never reached the catalog are not unknown', async () => {
    server.on('GET /v1/config', () => ({ body: polarisConfig }));
    const session = open();
    server.on(`GET ${EVENTS}`, () => ({ body: tableBody() }));
    await session.loadTable(events);
    await server.stop();
    const error = await failure(session.commitTable(events, snapshot(1n)));
    expect(error).toMatchObject({ code: 'UNAVAILABLE' });
    server = await CatalogServer.start();
  });

  it.each([204, 200])('of several tables go in one request, whose answer %i has no body', async (status) => {
    server.on('POST /v1/quickstart/transactions/commit', () => ({ status }));
    await open().commitTransaction([{ identifier: events, commit: snapshot(5n) }]);
    expect(JSON.parse(server.seen.at(-1)?.body ?? '')).toMatchObject({
      'table-changes': [{ identifier: { namespace: ['demo'], name: 'events' }, updates: [{ action: 'add-snapshot' }] }],
    });
  });
});

describe('views', () => {
  it('are absent, not an error, in a catalog that lists its routes without them', async () => {
    server.on('GET /v1/config', () => ({ body: { ...polarisConfig, endpoints: ['GET /v1/{prefix}/namespaces'] } }));
    expect(await open().listViews(['demo'])).toEqual([]);
    expect(await failure(open().loadView(events))).toMatchObject({ code: 'UNIMPLEMENTED' });
  });

  it.each([400, 404, 405, 406, 501])('are absent in a catalog that lists no routes and answers %i', async (status) => {
    server.on('GET /v1/quickstart/namespaces/demo/views', () => ({ status, body: errorBody(status, 'not here') }));
    expect(await open().listViews(['demo'])).toEqual([]);
    const code = status === 404 ? 'NOT_FOUND' : 'UNIMPLEMENTED';
    expect(await failure(open().loadView(events))).toMatchObject({ code });
  });

  it.each([
    [404, 'NoSuchNamespaceException', 'NOT_FOUND'],
    [403, 'ForbiddenException', 'PERMISSION_DENIED'],
    [500, 'RuntimeException', 'UNAVAILABLE'],
  ])('are no empty list where the catalog answers %i %s', async (status, type, code) => {
    server.on('GET /v1/quickstart/namespaces/demo/views', () => ({ status, body: errorBody(status, 'no', type) }));
    expect(await failure(open().listViews(['demo']))).toMatchObject({ code });
  });

  it('that a catalog lists routes for are an error where it does not give them', async () => {
    const endpoints = ['GET /v1/{prefix}/namespaces/{namespace}/views'];
    server.on('GET /v1/config', () => ({ body: { ...polarisConfig, endpoints } }));
    server.on('GET /v1/quickstart/namespaces/demo/views', () => ({ status: 400, body: errorBody(400, 'bad') }));
    expect(await failure(open().listViews(['demo']))).toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});
