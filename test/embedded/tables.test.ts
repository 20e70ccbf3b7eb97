import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedStack, startEmbeddedStack } from '../../src/embedded/index.js';
import { parseJson } from '../../src/json.js';
import { type Ask, asUser, purging, refusal, snapshotAt, tableRequest } from './client.js';

let stack: EmbeddedStack;
let admin: Ask;
beforeAll(async () => {
  stack = await startEmbeddedStack({ catalog: { properties: purging } });
  admin = await asUser(stack, 'adminuser');
});
afterAll(() => stack.close());

const pathOf = (location: string) => location.slice('file://'.length);

async function create(name: string, rest: Record<string, unknown> = {}) {
  const answer = await admin('POST', 'namespaces/demo/tables', tableRequest(name, rest));
  expect(answer.status).toBe(200);
  return answer.body;
}

async function commit(name: string, updates: unknown[], requirements: unknown[] = []) {
  return admin('POST', `namespaces/demo/tables/${name}`, { requirements, updates });
}

describe('creating a table', () => {
  it('numbers all ids anew and writes the metadata file that it names', async () => {
    const created = await create('created', {
      schema: {
        type: 'struct',
        'identifier-field-ids': [30],
        fields: [
          { id: 30, name: 'id', required: true, type: 'long' },
          {
            id: 40,
            name: 'items',
            required: false,
            type: {
              type: 'list',
              'element-id': 41,
              'element-required': false,
              element: { type: 'struct', fields: [{ id: 42, name: 'price', required: false, type: 'decimal(38,2)' }] },
            },
          },
          { id: 50, name: 'kind', required: false, type: 'string' },
        ],
      },
      'partition-spec': { fields: [{ name: 'kind_bucket', transform: 'bucket[16]', 'source-id': 50 }] },
      'write-order': {
        'order-id': 1,
        fields: [{ transform: 'identity', 'source-id': 30, direction: 'asc', 'null-order': 'nulls-first' }],
      },
      properties: { owner: 'me' },
    });
    const { metadata } = created;
    expect(metadata.schemas).toEqual([
      {
        type: 'struct',
        'schema-id': 0,
        'identifier-field-ids': [1],
        fields: [
          { id: 1, name: 'id', required: true, type: 'long' },
          {
            id: 2,
            name: 'items',
            required: false,
            type: {
              type: 'list',
              'element-id': 4,
              'element-required': false,
              element: { type: 'struct', fields: [{ id: 5, name: 'price', required: false, type: 'decimal(38,2)' }] },
            },
          },
          { id: 3, name: 'kind', required: false, type: 'string' },
        ],
      },
    ]);
    expect(metadata['partition-specs']).toEqual([
      { 'spec-id': 0, fields: [{ name: 'kind_bucket', transform: 'bucket[16]', 'source-id': 3, 'field-id': 1000 }] },
    ]);
    expect(metadata['sort-orders'][0].fields[0]['source-id']).toBe(1);
    expect(metadata['last-column-id']).toBe(5);
    expect(metadata.properties).toMatchObject({ owner: 'me', 'write.parquet.compression-codec': 'zstd' });
    expect(created['metadata-location']).toMatch(/\/demo\/created\/metadata\/00000-[0-9a-f-]{36}\.metadata\.json$/);
    expect(parseJson(readFileSync(pathOf(created['metadata-location']), 'utf8'))).toEqual(metadata);
    expect(created.config).toEqual({});
  });

  it('writes the fields that each format version has', async () => {
    const fields = async (version: string) =>
      (await create(`v${version}`, { properties: { 'format-version': version } })).metadata;
    const [one, two, three] = [await fields('1'), await fields('2'), await fields('3')];
    expect(one).toMatchObject({ 'format-version': 1, 'partition-spec': [], 'current-snapshot-id': -1 });
    expect(one).not.toHaveProperty('last-sequence-number');
    expect(one.schema).toEqual(one.schemas[0]);
    expect(two).toMatchObject({ 'format-version': 2, 'last-sequence-number': 0, 'current-snapshot-id': -1 });
    expect(two).not.toHaveProperty('next-row-id');
    expect(three).toMatchObject({ 'format-version': 3, 'next-row-id': 0, 'current-snapshot-id': null });
  });

  it('refuses types that the format version does not have', async () => {
    const schema = { type: 'struct', fields: [{ id: 1, name: 't', required: false, type: 'timestamp_ns' }] };
    const answer = await admin('POST', 'namespaces/demo/tables', { name: 'ns', schema });
    expect(answer.status).toBe(500);
    expect(answer.body.error.message).toContain('timestamp_ns is not supported until v3');
  });

  it('can be staged: nothing exists until the commit with assert-create', async () => {
    const staged = await create('staged', { 'stage-create': true });
    expect(staged).not.toHaveProperty('metadata-location');
    expect((await admin('HEAD', 'namespaces/demo/tables/staged')).status).toBe(404);
    const { metadata } = staged;
    const updates = [
      { action: 'assign-uuid', uuid: metadata['table-uuid'] },
      { action: 'upgrade-format-version', 'format-version': 2 },
      { action: 'add-schema', schema: metadata.schemas[0], 'last-column-id': 2 },
      { action: 'set-current-schema', 'schema-id': -1 },
      { action: 'add-spec', spec: metadata['partition-specs'][0] },
      { action: 'set-default-spec', 'spec-id': -1 },
      { action: 'add-sort-order', 'sort-order': metadata['sort-orders'][0] },
      { action: 'set-default-sort-order', 'sort-order-id': -1 },
      { action: 'set-location', location: metadata.location },
      { action: 'set-properties', updates: { a: 'b' } },
      { action: 'add-snapshot', snapshot: snapshotAt(metadata.location, 9n) },
      { action: 'set-snapshot-ref', 'ref-name': 'main', type: 'branch', 'snapshot-id': 9 },
    ];
    const mixed = [{ type: 'assert-create' }, { type: 'assert-table-uuid', uuid: metadata['table-uuid'] }];
    expect((await commit('staged', updates, mixed)).status).toBe(400);
    const made = await commit('staged', updates, [{ type: 'assert-create' }]);
    expect(made.status).toBe(200);
    expect(made.body.metadata).toMatchObject({ 'table-uuid': metadata['table-uuid'], 'current-snapshot-id': 9 });
    const again = await commit('staged', updates, [{ type: 'assert-create' }]);
    expect(again.body).toEqual(refusal('AlreadyExistsException', 409, 'Table already exists: demo.staged'));
  });

  it('can be staged by a client that makes its schema current last', async () => {
    const { metadata } = await create('duck', { 'stage-create': true });
    const field = { 'source-id': 1, transform: 'identity' };
    const updates = [
      { action: 'assign-uuid', uuid: metadata['table-uuid'] },
      { action: 'upgrade-format-version', 'format-version': 2 },
      { action: 'add-schema', schema: metadata.schemas[0], 'last-column-id': 2 },
      { action: 'add-spec', spec: { 'spec-id': 0, fields: [{ ...field, name: 'id', 'field-id': 1000 }] } },
      { action: 'set-default-spec', 'spec-id': 0 },
      {
        action: 'add-sort-order',
        'sort-order': { 'order-id': 1, fields: [{ ...field, direction: 'asc', 'null-order': 'nulls-first' }] },
      },
      { action: 'set-default-sort-order', 'sort-order-id': -1 },
      { action: 'set-location', location: metadata.location },
      { action: 'set-current-schema', 'schema-id': 0 },
    ];
    const made = await commit('duck', updates, [{ type: 'assert-create' }]);
    expect(made.body.metadata).toMatchObject({ 'current-schema-id': 0, 'default-sort-order-id': 1 });
  });
});

describe('loading a table', () => {
  it('answers 304 to the tag of what the client has, and a new tag after a commit', async () => {
    await create('tagged');
    const first = await admin('GET', 'namespaces/demo/tables/tagged');
    const tag = String(first.headers.get('etag'));
    expect(tag).toMatch(/^W\/"[0-9a-f]{64}"$/);
    const load = () => admin('GET', 'namespaces/demo/tables/tagged', undefined, { 'if-none-match': tag });
    expect((await load()).status).toBe(304);
    await commit('tagged', [{ action: 'set-properties', updates: { a: 'b' } }]);
    expect((await load()).status).toBe(200);
  });

  it('accepts the delegation header where files need no credentials', async () => {
    await create('open');
    const answer = await admin('GET', 'namespaces/demo/tables/open', undefined, {
      'x-iceberg-access-delegation': 'vended-credentials',
    });
    expect(answer.status).toBe(200);
    expect(answer.body.config).toEqual({});
    expect((await admin('GET', 'namespaces/demo/tables/open/credentials')).body).toEqual({ 'storage-credentials': [] });
  });

  it('can leave out snapshots that no branch or tag names', async () => {
    const { location } = (await create('history')).metadata;
    await commit('history', [
      { action: 'add-snapshot', snapshot: snapshotAt(location, 1n) },
      { action: 'add-snapshot', snapshot: snapshotAt(location, 2n, { 'sequence-number': 2, 'parent-snapshot-id': 1 }) },
      { action: 'set-snapshot-ref', 'ref-name': 'main', type: 'branch', 'snapshot-id': 2 },
    ]);
    const ids = async (choice: string) =>
      (await admin('GET', `namespaces/demo/tables/history?snapshots=${choice}`)).body.metadata.snapshots.map(
        (one: Record<string, unknown>) => one['snapshot-id'],
      );
    expect(await ids('all')).toEqual([1, 2]);
    expect(await ids('refs')).toEqual([2]);
    expect((await admin('GET', 'namespaces/demo/tables/history?snapshots=some')).status).toBe(400);
  });
});

describe('ends of a table', () => {
  it('a rename keeps its files; a drop too, unless a purge is asked for', async () => {
    const { 'metadata-location': location } = await create('old');
    const source = { namespace: ['demo'], name: 'old' };
    const destination = { namespace: ['demo'], name: 'new' };
    expect((await admin('POST', 'tables/rename', { source, destination })).status).toBe(204);
    expect((await admin('GET', 'namespaces/demo/tables/new')).body['metadata-location']).toBe(location);
    expect((await admin('POST', 'tables/rename', { source, destination })).status).toBe(404);
    expect((await admin('DELETE', 'namespaces/demo/tables/new')).status).toBe(204);
    expect(existsSync(pathOf(location))).toBe(true);

    const register = await admin('POST', 'namespaces/demo/register', { name: 'back', 'metadata-location': location });
    expect(register.status).toBe(200);
    expect((await admin('DELETE', 'namespaces/demo/tables/back?purgeRequested=true')).status).toBe(204);
    expect(existsSync(pathOf(location))).toBe(false);
  });

  it('metrics are taken', async () => {
    await create('measured');
    const report = { 'report-type': 'scan-report', 'table-name': 'measured' };
    expect((await admin('POST', 'namespaces/demo/tables/measured/metrics', report)).status).toBe(204);
  });
});
