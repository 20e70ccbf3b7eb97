import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedStack, startEmbeddedStack } from '../../src/embedded/index.js';
import { type Ask, asUser, refusal, tableRequest, withToken } from './client.js';

let stack: EmbeddedStack;
let admin: Ask;
let reader: Ask;
beforeAll(async () => {
  stack = await startEmbeddedStack();
  admin = await asUser(stack, 'adminuser');
  reader = await asUser(stack, 'testuser');
  await admin('POST', 'namespaces/demo/tables', tableRequest('events'));
});
afterAll(() => stack.close());

function notAuthorized(operation: string) {
  return refusal(
    'ForbiddenException',
    403,
    `Principal 'testuser' with activated PrincipalRoles '[table_reader]' and activated grants via '[table_reader]' ` +
      `is not authorized for op ${operation}`,
  );
}

describe('who may come in', () => {
  it('answers 401 without a body to no token, rubbish, a tampered, expired or foreign one', async () => {
    const good = await stack.token('adminuser');
    const tokens = [
      'not.a.real.jwt',
      'opaque',
      `${good.slice(0, -4)}AAAA`,
      await stack.issuer.issue({}, { user: 'adminuser', lifetimeSeconds: -100 }),
      await stack.issuer.issue({ aud: 'other' }, { user: 'adminuser' }),
      await stack.issuer.issue({ iss: 'http://127.0.0.1:1/realms/x' }, { user: 'adminuser' }),
      await stack.issuer.issue({ exp: undefined }, { user: 'adminuser' }),
    ];
    for (const token of tokens) {
      const answer = await withToken(stack.catalog.uri, token)('GET', 'namespaces');
      expect([answer.status, answer.headers.get('www-authenticate'), answer.body]).toEqual([401, 'Bearer', undefined]);
    }
    expect((await fetch(`${stack.catalog.uri}/v1/config?warehouse=quickstart`)).status).toBe(401);
  });

  it('believes a rotated key at once', async () => {
    await stack.issuer.rotate();
    expect((await (await asUser(stack, 'adminuser'))('GET', 'namespaces')).status).toBe(200);
    expect((await admin('GET', 'namespaces')).status).toBe(200);
  });

  it('lets a principal without an activated role do nothing', async () => {
    const token = await stack.issuer.issue({
      preferred_username: 'guest',
      realm_access: { roles: ['offline_access'] },
    });
    expect(await withToken(stack.catalog.uri, token)('GET', 'namespaces')).toMatchObject({
      status: 403,
      body: refusal(
        'ForbiddenException',
        403,
        "Principal 'guest' with activated PrincipalRoles '[]' and activated grants via '[]' " +
          'is not authorized for op LIST_NAMESPACES',
      ),
    });
  });

  it('keeps a log of what it was asked', async () => {
    stack.catalog.requests.clear();
    await reader('GET', 'namespaces?parent=demo');
    expect(stack.catalog.requests.entries).toEqual([
      { method: 'GET', path: '/api/catalog/v1/quickstart/namespaces?parent=demo' },
    ]);
  });
});

describe('a reader', () => {
  it('lists and loads', async () => {
    expect((await reader('GET', 'namespaces')).body).toEqual({ namespaces: [['demo']], 'next-page-token': null });
    expect((await reader('GET', 'namespaces/demo/tables')).body).toEqual({
      identifiers: [{ namespace: ['demo'], name: 'events' }],
      'next-page-token': null,
    });
    expect((await reader('GET', 'namespaces/demo/tables/events')).status).toBe(200);
    expect((await reader('HEAD', 'namespaces/demo/tables/events')).status).toBe(204);
  });

  const refused: [string, string, string, unknown][] = [
    ['CREATE_NAMESPACE', 'POST', 'namespaces', { namespace: ['mine'] }],
    ['DROP_NAMESPACE', 'DELETE', 'namespaces/demo', undefined],
    ['UPDATE_NAMESPACE_PROPERTIES', 'POST', 'namespaces/demo/properties', { updates: { a: 'b' } }],
    ['CREATE_TABLE_DIRECT', 'POST', 'namespaces/demo/tables', tableRequest('mine')],
    ['CREATE_TABLE_STAGED', 'POST', 'namespaces/demo/tables', tableRequest('mine', { 'stage-create': true })],
    ['DROP_TABLE_WITHOUT_PURGE', 'DELETE', 'namespaces/demo/tables/events', undefined],
    ['DROP_TABLE_WITH_PURGE', 'DELETE', 'namespaces/demo/tables/events?purgeRequested=true', undefined],
    [
      'ADD_TABLE_SNAPSHOT',
      'POST',
      'namespaces/demo/tables/events',
      { requirements: [], updates: [{ action: 'set-snapshot-ref' }, { action: 'add-snapshot' }] },
    ],
    ['UPDATE_TABLE', 'POST', 'namespaces/demo/tables/events', { requirements: [], updates: [] }],
    [
      'COMMIT_TRANSACTION',
      'POST',
      'transactions/commit',
      { 'table-changes': [{ identifier: { namespace: ['demo'], name: 'events' }, requirements: [], updates: [] }] },
    ],
    [
      'RENAME_TABLE',
      'POST',
      'tables/rename',
      { source: { namespace: ['demo'], name: 'events' }, destination: { namespace: ['demo'], name: 'x' } },
    ],
  ];
  it.each(refused)('is refused %s with the sentence that names it', async (operation, method, path, body) => {
    expect(await reader(method, path, body)).toMatchObject({ status: 403, body: notAuthorized(operation) });
  });
});

describe('what is not there, or is there already', () => {
  const refused: [string, string, string, unknown, ReturnType<typeof refusal>][] = [
    [
      'an unknown warehouse',
      'GET',
      '/config?warehouse=nope',
      undefined,
      refusal('NotFoundException', 404, 'Unable to find warehouse nope'),
    ],
    ['no warehouse', 'GET', '/config', undefined, refusal('BadRequestException', 400, 'Please specify a warehouse')],
    [
      'an unknown prefix',
      'GET',
      '/nope/namespaces',
      undefined,
      refusal('NoSuchNamespaceException', 404, "Namespace does not exist: ''"),
    ],
    [
      'an unknown namespace',
      'GET',
      'namespaces/nope',
      undefined,
      refusal('NoSuchNamespaceException', 404, 'Namespace does not exist: nope'),
    ],
    [
      'the tables of an unknown namespace',
      'GET',
      'namespaces/nope/tables',
      undefined,
      refusal('NoSuchNamespaceException', 404, 'Namespace does not exist: nope'),
    ],
    [
      'an unknown table',
      'GET',
      'namespaces/demo/tables/nope',
      undefined,
      refusal('NoSuchTableException', 404, 'Table does not exist: demo.nope'),
    ],
    [
      'dropping an unknown table',
      'DELETE',
      'namespaces/demo/tables/nope',
      undefined,
      refusal('NoSuchTableException', 404, 'Table does not exist: demo.nope'),
    ],
    [
      'an unknown view',
      'GET',
      'namespaces/demo/views/nope',
      undefined,
      refusal('NoSuchViewException', 404, 'View does not exist: demo.nope'),
    ],
    [
      'an unknown path',
      'GET',
      'bogus',
      undefined,
      refusal('NotFoundException', 404, 'Unable to find matching target resource method'),
    ],
    [
      'scan planning',
      'POST',
      'namespaces/demo/tables/events/plan',
      {},
      refusal('NotFoundException', 404, 'Unable to find matching target resource method'),
    ],
    [
      'an unknown method',
      'PATCH',
      'namespaces',
      {},
      refusal('NotAllowedException', 405, 'HTTP 405 Method Not Allowed'),
    ],
    [
      'an existing namespace',
      'POST',
      'namespaces',
      { namespace: ['demo'] },
      refusal('AlreadyExistsException', 409, 'Cannot create namespace demo. Namespace already exists'),
    ],
    [
      'the root namespace',
      'POST',
      'namespaces',
      { namespace: [] },
      refusal('AlreadyExistsException', 409, 'Cannot create root namespace, as it already exists implicitly.'),
    ],
    [
      'an existing table',
      'POST',
      'namespaces/demo/tables',
      tableRequest('events'),
      refusal('AlreadyExistsException', 409, 'Table already exists: demo.events'),
    ],
    [
      'dropping a full namespace',
      'DELETE',
      'namespaces/demo',
      undefined,
      refusal('NamespaceNotEmptyException', 409, 'Namespace demo is not empty'),
    ],
    ['broken JSON', 'POST', 'namespaces', '{', refusal('WebApplicationException', 400, 'HTTP 400 Bad Request')],
    [
      'a request without its name',
      'POST',
      'namespaces/demo/tables',
      {},
      refusal('IllegalArgumentException', 400, 'Cannot parse missing string: name'),
    ],
  ];
  it.each(refused)('%s is answered as Polaris does', async (_, method, path, body, expected) => {
    expect(await admin(method, path, body)).toMatchObject({ status: expected.error.code, body: expected });
  });

  it('keeps tables inside their namespace and apart from each other', async () => {
    const root = stack.catalog.warehouseLocation;
    expect(
      (await admin('POST', 'namespaces/demo/tables', tableRequest('loc', { location: 's3://other/x' }))).body,
    ).toEqual(
      refusal(
        'ForbiddenException',
        403,
        "Invalid locations '[s3://other/x, s3://other/x/metadata/metadata.json]' for identifier 'demo.loc': " +
          `s3://other/x is not in the list of allowed locations: [${root}/demo]`,
      ),
    );
    for (const location of [`${root}/demo/../other`, `${root}/demo/events/inside`, `${root}/demo`]) {
      expect((await admin('POST', 'namespaces/demo/tables', tableRequest('loc', { location }))).status).toBe(403);
    }
  });
});

describe('namespaces', () => {
  it('nest, divided by the unit separator', async () => {
    const root = stack.catalog.warehouseLocation;
    const inner = { namespace: ['demo', 'inner'], properties: { owner: 'x', location: `${root}/demo/inner/` } };
    expect(
      (await admin('POST', 'namespaces', { namespace: ['demo', 'inner'], properties: { owner: 'x' } })).body,
    ).toEqual(inner);
    expect((await admin('GET', 'namespaces?parent=demo')).body.namespaces).toEqual([['demo', 'inner']]);
    expect((await admin('GET', 'namespaces/demo%1Finner')).body).toEqual(inner);
    expect((await admin('GET', 'namespaces')).body.namespaces).toEqual([['demo']]);
    expect((await admin('HEAD', 'namespaces/demo%1Finner')).status).toBe(204);
    expect((await admin('POST', 'namespaces/demo%1Finner/properties', { updates: { a: '1' } })).body).toEqual({
      updated: ['a'],
      removed: [],
      missing: [],
    });
    const both = await admin('POST', 'namespaces/demo%1Finner/properties', { updates: { b: '2' }, removals: ['a'] });
    expect(both.body).toEqual(
      refusal('CommitConflictException', 409, 'Concurrent modification of namespace: demo.inner'),
    );
    expect((await admin('GET', 'namespaces/demo%1Finner')).body.properties).toMatchObject({ a: '1', b: '2' });
    expect((await admin('DELETE', 'namespaces/demo%1Finner')).status).toBe(204);
  });

  it('tell a client the prefix, the separator and the paths there are', async () => {
    const { body } = await admin('GET', '/config?warehouse=quickstart');
    expect(body.overrides).toEqual({ 'namespace-separator': '%1F', prefix: 'quickstart' });
    expect(body.defaults['default-base-location']).toBe(`${stack.catalog.warehouseLocation}/`);
    expect(body.endpoints).toContain('POST /v1/{prefix}/transactions/commit');
  });
});
