/** Who may call the embedded catalog, and what a reader may do. */
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
