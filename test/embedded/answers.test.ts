import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedStack, startEmbeddedStack } from '../../src/embedded/index.js';
import { type Ask, asUser, refusal, snapshotAt, tableRequest } from './client.js';

let stack: EmbeddedStack;
let admin: Ask;
beforeAll(async () => {
  stack = await startEmbeddedStack();
  admin = await asUser(stack, 'adminuser');
  await admin('POST', 'namespaces/demo/tables', tableRequest('events'));
});
afterAll(() => stack.close());

const events = { namespace: ['demo'], name: 'events' };
const viewVersion = {
  'version-id': 1,
  'timestamp-ms': 1,
  'schema-id': 0,
  summary: {},
  'default-namespace': ['demo'],
  representations: [{ type: 'sql', sql: 'SELECT 1', dialect: 'duckdb' }],
};

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
    [
      'an empty name',
      'POST',
      'namespaces/demo/tables',
      tableRequest(''),
      refusal('IllegalArgumentException', 400, 'Invalid table name: null or empty'),
    ],
    [
      'a table without a schema',
      'POST',
      'namespaces/demo/tables',
      { name: 'bare' },
      refusal('IllegalArgumentException', 400, 'Invalid schema: null'),
    ],
    [
      'a type that there is not',
      'POST',
      'namespaces/demo/tables',
      { name: 'lonng', schema: { type: 'struct', fields: [{ id: 1, name: 'a', required: false, type: 'lonng' }] } },
      refusal('WebApplicationException', 400, 'HTTP 400 Bad Request'),
    ],
    [
      'an update that there is not',
      'POST',
      'namespaces/demo/tables/events',
      { requirements: [], updates: [{ action: 'nonsense' }] },
      refusal('WebApplicationException', 400, 'HTTP 400 Bad Request'),
    ],
    [
      'a requirement that there is not',
      'POST',
      'namespaces/demo/tables/events',
      { requirements: [{ type: 'nonsense' }], updates: [] },
      refusal('WebApplicationException', 400, 'HTTP 400 Bad Request'),
    ],
    [
      'a transaction of nothing',
      'POST',
      'transactions/commit',
      { 'table-changes': [] },
      refusal('IllegalArgumentException', 400, 'Invalid table changes: empty'),
    ],
    [
      'a report of no table',
      'POST',
      'namespaces/demo/tables/missing/metrics',
      { 'report-type': 'scan-report' },
      refusal('IllegalArgumentException', 400, 'Cannot parse missing string: table-name'),
    ],
  ];
  it.each(refused)('%s is answered as Polaris does', async (_, method, path, body, expected) => {
    expect(await admin(method, path, body)).toMatchObject({ status: expected.error.code, body: expected });
  });

  it.each(['a/b', 'a?b', 'a#b', 'a"b', 'a\\b', 'a+b', 'a:b', '.', '..', ' a', 'a ', 'a\nb', 'a\u0085b'])(
    'takes no table, view or namespace by the name %j',
    async (name) => {
      const view = { name, schema: tableRequest('v').schema, 'view-version': viewVersion, properties: {} };
      const requests: [string, unknown][] = [
        ['namespaces/demo/tables', tableRequest(name)],
        ['namespaces/demo/tables', tableRequest(name, { 'stage-create': true })],
        ['namespaces/demo/views', view],
        ['namespaces', { namespace: [name] }],
        ['namespaces', { namespace: ['demo', name] }],
        ['tables/rename', { source: events, destination: { namespace: ['demo'], name } }],
        ['namespaces/demo/register', { name, 'metadata-location': `${stack.catalog.warehouseLocation}/demo/x.json` }],
      ];
      for (const [path, body] of requests) {
        const answer = await admin('POST', path, body);
        expect(answer.status).toBe(400);
        expect(answer.body.error).toMatchObject({ type: 'IllegalArgumentException', code: 400 });
        expect(answer.body.error.message).toMatch(/^Entity name must not /);
      }
    },
  );

  it('takes names with blanks and dots inside, and in any script', async () => {
    for (const name of ['a b', 'a.b', 'größe', '表', 'a$b', "it's", 'a%b']) {
      expect((await admin('POST', 'namespaces/demo/tables', tableRequest(name))).status).toBe(200);
      expect((await admin('GET', `namespaces/demo/tables/${encodeURIComponent(name)}`)).status).toBe(200);
    }
  });

  it.each([
    ['double', 1],
    ['float', 1],
    ['double', '1.0'],
    ['long', '1'],
    ['boolean', 0],
    ['string', 1],
    ['date', 19_000],
  ])('takes no default of a %s that is written as %j', async (type, value) => {
    const schema = { type: 'struct', fields: [{ id: 1, name: 'd', required: false, type, 'write-default': value }] };
    const properties = { 'format-version': '3' };
    const answer = await admin('POST', 'namespaces/demo/tables', { name: 'defaults', schema, properties });
    expect(answer).toMatchObject({
      status: 400,
      body: refusal('WebApplicationException', 400, 'HTTP 400 Bad Request'),
    });
  });

  it('keeps the default 1.0 of a double as it is written', async () => {
    const request = `{"name": "doubles", "properties": {"format-version": "3"}, "schema": {"type": "struct", "fields": [
      {"id": 1, "name": "d", "required": false, "type": "double", "initial-default": 1.0, "write-default": 1.0}]}}`;
    expect((await admin('POST', 'namespaces/demo/tables', request)).status).toBe(200);
    const response = await fetch(`${stack.catalog.uri}/v1/quickstart/namespaces/demo/tables/doubles`, {
      headers: { authorization: `Bearer ${await stack.token('adminuser')}` },
    });
    expect(await response.text()).toContain('"initial-default":1.0,"write-default":1.0');
  });

  it('keeps what a commit names inside the table', async () => {
    const { metadata } = (await admin('POST', 'namespaces/demo/tables', tableRequest('inside'))).body;
    const { location } = metadata;
    const refused = (outside: string, all: string[]) =>
      refusal(
        'ForbiddenException',
        403,
        `Invalid locations '[${all.join(', ')}]' for identifier 'demo.inside': ` +
          `${outside} is not in the list of allowed locations: [${location}]`,
      );
    const commit = (...updates: unknown[]) =>
      admin('POST', 'namespaces/demo/tables/inside', { requirements: [], updates });
    const manifests = (list: string) => ({
      action: 'add-snapshot',
      snapshot: snapshotAt(location, 5n, { 'manifest-list': list }),
    });
    const own = `${location}/metadata/metadata.json`;
    for (const list of ['s3://other/x.avro', `${location}/../x.avro`, `${location}2/x.avro`]) {
      expect((await commit(manifests(list))).body).toEqual(refused(list, [own, list]));
    }
    const statistics = { 'snapshot-id': 5, 'statistics-path': 's3://other/s.puffin', 'file-size-in-bytes': 1 };
    const withStatistics = await commit(manifests(`${location}/metadata/m.avro`), {
      action: 'set-statistics',
      statistics,
    });
    expect(withStatistics.status).toBe(403);
    const moved = await commit({ action: 'set-location', location: 's3://other/y' });
    const elsewhere = ['s3://other/y/metadata/metadata.json', 's3://other/y'];
    expect(moved.body).toEqual(refused(elsewhere[0] as string, elsewhere));
    const changes = [
      { identifier: { namespace: ['demo'], name: 'inside' }, requirements: [], updates: [manifests('s3://o/x')] },
    ];
    expect((await admin('POST', 'transactions/commit', { 'table-changes': changes })).status).toBe(403);
    expect((await commit(manifests(`${location}/metadata/m.avro`))).status).toBe(200);
  });

  it('purges nothing, views too, unless a property of the catalog allows it', async () => {
    await admin('POST', 'namespaces/demo/tables', tableRequest('lasting'));
    const view = { name: 'sight', schema: tableRequest('v').schema, 'view-version': viewVersion, properties: {} };
    expect((await admin('POST', 'namespaces/demo/views', view)).status).toBe(200);
    for (const [path, name] of [
      ['tables/lasting?purgeRequested=true', 'lasting'],
      ['views/sight', 'sight'],
    ]) {
      expect((await admin('DELETE', `namespaces/demo/${path}`)).body).toEqual(
        refusal(
          'ForbiddenException',
          403,
          `Unable to purge entity: ${name}. To enable this feature, set the Polaris configuration ` +
            'DROP_WITH_PURGE_ENABLED or the catalog configuration polaris.config.drop-with-purge.enabled',
        ),
      );
    }
    expect((await admin('DELETE', 'namespaces/demo/tables/lasting')).status).toBe(204);
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
    expect(body.defaults).not.toHaveProperty('polaris.config.drop-with-purge.enabled');
    expect(body.endpoints).toContain('POST /v1/{prefix}/transactions/commit');
    expect(body.endpoints).not.toContain('GET /v1/{prefix}/namespaces/{namespace}/tables/{table}/credentials');
  });
});
