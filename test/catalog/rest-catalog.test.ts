import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { BearerToken } from '../../src/auth/principal.js';
import type { CatalogSession } from '../../src/catalog/contract.js';
import { errorBody, polarisConfig, tableBody } from './catalog-server.js';
import { EVENTS, events, failure, token, useLake } from './lake.js';

const lake = useLake();

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
      expect(await failure(asks[what]?.(lake.open(), name) ?? Promise.resolve())).toMatchObject({
        code: 'INVALID_ARGUMENT',
      });
    }
    expect(lake.server.seen).toEqual([]);
  });

  it('are left out of what is listed', async () => {
    lake.server.on('GET /v1/quickstart/namespaces', () => ({ body: { namespaces: [['demo'], ['..'], ['a', '']] } }));
    lake.server.on('GET /v1/quickstart/namespaces/demo/tables', () => ({
      body: { identifiers: [events, { namespace: ['demo'], name: '..' }] },
    }));
    expect(await lake.open().listNamespaces()).toEqual([['demo']]);
    expect(await lake.open().listTables(['demo'])).toEqual([events]);
  });

  it('are only those: dots and slashes as such are names', async () => {
    for (const name of ['...', '.hidden', 'a.b', 'a/b', '%2e%2e', 'ä ö']) {
      lake.server.on(`GET /v1/quickstart/namespaces/demo/tables/${encodeURIComponent(name)}`, () => ({
        body: tableBody(),
      }));
      expect((await lake.open().loadTable({ namespace: ['demo'], name })).identifier.name).toBe(name);
    }
  });

  it('are levels that hold what separates levels in this catalog', async () => {
    const overrides = { ...polarisConfig.overrides, 'namespace-separator': '%2E' };
    lake.server.on('GET /v1/config', () => ({ body: { ...polarisConfig, overrides } }));
    expect(await failure(lake.open().loadNamespace(['a.b']))).toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});

describe('requests', () => {
  it('bear the token as it came, below the prefix that the catalog gives', async () => {
    lake.server.on('GET /v1/quickstart/namespaces', () => ({
      body: { namespaces: [['demo']], 'next-page-token': null },
    }));
    expect(await lake.open().listNamespaces()).toEqual([['demo']]);
    expect(lake.server.seen.map(({ path }) => path)).toEqual([
      '/v1/config?warehouse=w',
      '/v1/quickstart/namespaces?pageToken=',
    ]);
    for (const { headers } of lake.server.seen) expect(headers.authorization).toBe(token.header());
  });

  it('ask for the configuration once per token', async () => {
    lake.server.on('GET /v1/quickstart/namespaces', () => ({ body: { namespaces: [] } }));
    const catalog = lake.forAll();
    for (const caller of [token, token, new BearerToken('another')]) await catalog.as(caller).listNamespaces();
    expect(lake.server.seen.filter(({ path }) => path.startsWith('/v1/config'))).toHaveLength(2);
  });

  it('encode names, and join the levels of a namespace with the separator', async () => {
    lake.server.on('GET ', ({ path }) =>
      path.startsWith('/v1/config') ? { body: polarisConfig } : { body: { identifiers: [] } },
    );
    await lake.open().listTables(['a.b', 'c/d']);
    expect(lake.server.lines()).toEqual(['GET /v1/quickstart/namespaces/a.b%1Fc%2Fd/tables?pageToken=']);
    await lake.open().listNamespaces(['a', 'b c']);
    expect(lake.server.lines()[1]).toBe('GET /v1/quickstart/namespaces?parent=a%1Fb%20c&pageToken=');
  });

  it('follow pages to the end', async () => {
    lake.server.on('GET /v1/quickstart/namespaces/demo/tables', ({ path }) => {
      const last = path.endsWith('pageToken=p%202');
      return {
        body: {
          identifiers: [{ namespace: ['demo'], name: last ? 'b' : 'a' }],
          'next-page-token': last ? null : 'p 2',
        },
      };
    });
    const names = (await lake.open().listTables(['demo'])).map(({ name }) => name);
    expect(names).toEqual(['a', 'b']);
  });

  it('follow no redirect, since the token is meant for one address', async () => {
    lake.server.on('GET /v1/quickstart/namespaces', () => ({
      status: 302,
      headers: { location: `${lake.server.uri}/elsewhere` },
    }));
    expect(await failure(lake.open().listNamespaces())).toMatchObject({ code: 'UNAVAILABLE' });
    expect(lake.server.lines()).toHaveLength(1);
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
    lake.server.on('GET /v1/quickstart/namespaces/demo', () => ({
      status,
      body: errorBody(status, 'What the catalog said'),
    }));
    expect(await failure(lake.open().loadNamespace(['demo']))).toMatchObject({
      code,
      message: 'What the catalog said',
    });
    expect(lake.server.lines()).toHaveLength(1);
  });

  it('401 with an empty body is a sentence of its own', async () => {
    lake.server.on('GET /v1/config', () => ({ status: 401, headers: { 'www-authenticate': 'Bearer secret="x"' } }));
    expect(await failure(lake.open().listNamespaces())).toMatchObject({
      code: 'UNAUTHENTICATED',
      message: 'The catalog did not accept the token.',
    });
  });

  it('409 depends on what was asked', async () => {
    const conflict = (type: string) => () => ({ status: 409, body: errorBody(409, 'conflict', type) });
    lake.server.on('POST /v1/quickstart/namespaces', conflict('AlreadyExistsException'));
    expect(await failure(lake.open().createNamespace(['demo']))).toMatchObject({ code: 'ALREADY_EXISTS' });
    lake.server.on(`POST ${EVENTS}`, conflict('CommitFailedException'));
    const commit = { requirements: [], updates: [] };
    expect(await failure(lake.open().commitTable(events, commit))).toMatchObject({ code: 'ABORTED' });
    lake.server.on('DELETE /v1/quickstart/namespaces/demo', conflict('NamespaceNotEmptyException'));
    expect(await failure(lake.open().dropNamespace(['demo']))).toMatchObject({ code: 'FAILED_PRECONDITION' });
  });

  it('of a catalog that is not there, or speaks no JSON, name it', async () => {
    lake.server.on('GET /v1/quickstart/namespaces', () => ({ body: '<html>' }));
    expect(await failure(lake.open().listNamespaces())).toMatchObject({ code: 'UNAVAILABLE' });
    const gone = lake.open({ uri: 'http://127.0.0.1:1' });
    expect(await failure(gone.listNamespaces())).toMatchObject({
      code: 'UNAVAILABLE',
      message: "The catalog 'lake' could not be reached (ECONNREFUSED).",
    });
  });

  it('of a catalog that does not answer in time are UNAVAILABLE', async () => {
    lake.server.on('GET /v1/quickstart/namespaces', () => 'say nothing');
    expect(await failure(lake.open({ timeout: 1_200 }).listNamespaces())).toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('did not answer in time'),
    });
  });

  it('never show the token', async () => {
    lake.server.on('GET /v1/quickstart/namespaces', ({ headers }) => ({
      status: 400,
      body: errorBody(400, `Bad header: ${headers.authorization}\nat Foo.java`),
    }));
    const refused = await failure(lake.open().listNamespaces());
    lake.server.on('GET /v1/quickstart/namespaces', () => 'hang up');
    const broken = await failure(lake.open().listNamespaces());
    for (const error of [refused, broken]) {
      expect(`${error.message} ${inspect(error, { depth: 20, showHidden: true })}`).not.toContain('c2lnbmF0dXJl');
    }
    expect(refused.message).not.toContain('\n');
  });

  it('of the moment are tried again for reads, never for changes', async () => {
    let left = 2;
    lake.server.on('GET /v1/quickstart/namespaces', () => {
      left--;
      if (left === 1) return { status: 503 };
      return left === 0 ? 'hang up' : { body: { namespaces: [] } };
    });
    expect(await lake.open().listNamespaces()).toEqual([]);
    expect(lake.server.lines()).toHaveLength(3);
    lake.server.on('POST /v1/quickstart/namespaces', () => ({ status: 503 }));
    await failure(lake.open().createNamespace(['x']));
    expect(lake.server.lines()).toHaveLength(4);
  });

  it.each([429, 503])('%i is asked again when the catalog says, and not before', async (status) => {
    const times: number[] = [];
    lake.server.on('GET /v1/quickstart/namespaces', () => {
      times.push(Date.now());
      return times.length < 3 ? { status, headers: { 'retry-after': '1' } } : { body: { namespaces: [['demo']] } };
    });
    expect(await lake.open().listNamespaces()).toEqual([['demo']]);
    expect(times.slice(1).every((time, index) => time - (times[index] as number) >= 990)).toBe(true);
  });

  it('429 is RESOURCE_EXHAUSTED where the catalog asks for a wait longer than its timeout', async () => {
    lake.server.on('GET /v1/quickstart/namespaces', () => ({ status: 429, headers: { 'retry-after': '60' } }));
    expect(await failure(lake.open().listNamespaces())).toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
    expect(lake.server.lines()).toHaveLength(1);
  });
});

describe('the catalog\u2019s sentences', () => {
  it.each(['Bearer eyJhbGciOi.eyJzdWIi.c2lnbmF0dXJl', 'eyJhbGciOi.eyJzdWIi', 'c2lnbmF0dXJl', 'lnbmF0dX', 'eyJzdWIi'])(
    'are passed on without what of the token is in them: %s',
    async (piece) => {
      const body = errorBody(403, `Not for '${piece}', principal alice`);
      lake.server.on(`GET ${EVENTS}`, () => ({ status: 403, body }));
      const failure = await lake
        .open()
        .loadTable(events)
        .catch((error) => error);
      expect(failure).toMatchObject({ code: 'PERMISSION_DENIED', message: expect.stringContaining('principal alice') });
      expect(failure.message).not.toMatch(/eyJ|c2lnb|lnbmF0/);
    },
  );
});

describe('views', () => {
  it('are absent, not an error, in a catalog that lists its routes without them', async () => {
    lake.server.on('GET /v1/config', () => ({
      body: { ...polarisConfig, endpoints: ['GET /v1/{prefix}/namespaces'] },
    }));
    expect(await lake.open().listViews(['demo'])).toEqual([]);
    expect(await failure(lake.open().loadView(events))).toMatchObject({ code: 'UNIMPLEMENTED' });
  });

  it.each([400, 404, 405, 406, 501])('are absent in a catalog that lists no routes and answers %i', async (status) => {
    lake.server.on('GET /v1/quickstart/namespaces/demo/views', () => ({ status, body: errorBody(status, 'not here') }));
    expect(await lake.open().listViews(['demo'])).toEqual([]);
    const code = status === 404 ? 'NOT_FOUND' : 'UNIMPLEMENTED';
    expect(await failure(lake.open().loadView(events))).toMatchObject({ code });
  });

  it.each([
    [404, 'NoSuchNamespaceException', 'NOT_FOUND'],
    [403, 'ForbiddenException', 'PERMISSION_DENIED'],
    [500, 'RuntimeException', 'UNAVAILABLE'],
  ])('are no empty list where the catalog answers %i %s', async (status, type, code) => {
    lake.server.on('GET /v1/quickstart/namespaces/demo/views', () => ({ status, body: errorBody(status, 'no', type) }));
    expect(await failure(lake.open().listViews(['demo']))).toMatchObject({ code });
  });

  it('that a catalog lists routes for are an error where it does not give them', async () => {
    const endpoints = ['GET /v1/{prefix}/namespaces/{namespace}/views'];
    lake.server.on('GET /v1/config', () => ({ body: { ...polarisConfig, endpoints } }));
    lake.server.on('GET /v1/quickstart/namespaces/demo/views', () => ({ status: 400, body: errorBody(400, 'bad') }));
    expect(await failure(lake.open().listViews(['demo']))).toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});
