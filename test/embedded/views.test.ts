import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedStack, startEmbeddedStack } from '../../src/embedded/index.js';
import { type Ask, asUser, purging, refusal, tableRequest } from './client.js';

let stack: EmbeddedStack;
let admin: Ask;
beforeAll(async () => {
  stack = await startEmbeddedStack({ catalog: { properties: purging } });
  admin = await asUser(stack, 'adminuser');
});
afterAll(() => stack.close());

function version(sql: string) {
  return {
    'version-id': 1,
    'timestamp-ms': 1_795_530_224_042,
    'schema-id': 0,
    summary: {},
    'default-namespace': ['demo'],
    representations: [{ type: 'sql', sql, dialect: 'spark' }],
  };
}

const schema = { type: 'struct', 'schema-id': 0, fields: [{ id: 1, name: 'id', required: false, type: 'long' }] };

describe('a view', () => {
  it('is created, listed, loaded by a reader, replaced, renamed and dropped', async () => {
    const created = await admin('POST', 'namespaces/demo/views', {
      name: 'vw',
      schema,
      'view-version': version('SELECT id FROM demo.events'),
      properties: {},
    });
    expect(created.status).toBe(200);
    expect(created.body['metadata-location']).toMatch(/\/demo\/vw\/metadata\/00000-[0-9a-f-]{36}\.gz\.metadata\.json$/);
    expect(created.body.metadata).toEqual({
      'view-uuid': expect.stringMatching(/^[0-9a-f-]{36}$/),
      'format-version': 1,
      location: `${stack.catalog.warehouseLocation}/demo/vw`,
      schemas: [schema],
      'current-version-id': 1,
      versions: [{ ...version('SELECT id FROM demo.events'), 'timestamp-ms': expect.any(Number) }],
      'version-log': [{ 'timestamp-ms': expect.any(Number), 'version-id': 1 }],
    });
    expect((await admin('GET', 'namespaces/demo/views')).body).toEqual({
      identifiers: [{ namespace: ['demo'], name: 'vw' }],
      'next-page-token': null,
    });
    expect((await admin('GET', 'namespaces/demo/tables')).body.identifiers).toEqual([]);
    const reader = await asUser(stack, 'testuser');
    expect((await reader('GET', 'namespaces/demo/views/vw')).body).toEqual(created.body);
    expect((await reader('DELETE', 'namespaces/demo/views/vw')).body.error.message).toMatch(/for op DROP_VIEW$/);

    const replaced = await admin('POST', 'namespaces/demo/views/vw', {
      requirements: [{ type: 'assert-view-uuid', uuid: created.body.metadata['view-uuid'] }],
      updates: [
        { action: 'add-view-version', 'view-version': version('SELECT 1 AS id') },
        { action: 'set-current-view-version', 'view-version-id': -1 },
        { action: 'set-properties', updates: { comment: 'c' } },
      ],
    });
    expect(replaced.body.metadata).toMatchObject({ 'current-version-id': 2, properties: { comment: 'c' } });
    expect(replaced.body.metadata['version-log']).toHaveLength(2);

    const source = { namespace: ['demo'], name: 'vw' };
    const destination = { namespace: ['demo'], name: 'other' };
    expect((await admin('POST', 'views/rename', { source, destination })).status).toBe(204);
    expect((await admin('HEAD', 'namespaces/demo/views/other')).status).toBe(204);
    expect((await admin('DELETE', 'namespaces/demo/views/other')).status).toBe(204);
    expect((await admin('GET', 'namespaces/demo/views/other')).status).toBe(404);
  });

  it('keeps its dialects when it is replaced, unless a property allows to drop some', async () => {
    const request = { name: 'kept', schema, 'view-version': version('SELECT 1 AS id'), properties: {} };
    await admin('POST', 'namespaces/demo/views', request);
    const duckdb = {
      ...version('SELECT 2 AS id'),
      representations: [{ type: 'sql', sql: 'SELECT 2', dialect: 'duckdb' }],
    };
    const updates = [
      { action: 'add-view-version', 'view-version': duckdb },
      { action: 'set-current-view-version', 'view-version-id': -1 },
    ];
    const refused = await admin('POST', 'namespaces/demo/views/kept', { requirements: [], updates });
    expect(refused.status).toBe(500);
    expect(refused.body.error.message).toMatch(/loss of view dialects \(replace\.drop-dialect\.allowed=false\)/);
    const allowed = { action: 'set-properties', updates: { 'replace.drop-dialect.allowed': 'true' } };
    const answer = await admin('POST', 'namespaces/demo/views/kept', {
      requirements: [],
      updates: [...updates, allowed],
    });
    expect(answer.status).toBe(200);
  });

  it('shares its names with the tables', async () => {
    await admin('POST', 'namespaces/demo/tables', tableRequest('events'));
    const request = (name: string) => ({ name, schema, 'view-version': version('SELECT 1 AS id'), properties: {} });
    expect((await admin('POST', 'namespaces/demo/views', request('events'))).body).toEqual(
      refusal('AlreadyExistsException', 409, 'Table with same name already exists: demo.events'),
    );
    await admin('POST', 'namespaces/demo/views', request('v'));
    expect((await admin('POST', 'namespaces/demo/views', request('v'))).body).toEqual(
      refusal('AlreadyExistsException', 409, 'View already exists: demo.v'),
    );
    expect((await admin('POST', 'namespaces/demo/tables', tableRequest('v'))).status).toBe(409);
    expect((await admin('GET', 'namespaces/demo/tables/v')).status).toBe(404);
  });

  it('is not replaced by one who took another for it', async () => {
    const answer = await admin('POST', 'namespaces/demo/views/v', {
      requirements: [{ type: 'assert-view-uuid', uuid: '00000000-0000-0000-0000-000000000000' }],
      updates: [],
    });
    expect(answer.status).toBe(409);
    expect(answer.body.error.message).toMatch(/^Requirement failed: view UUID does not match/);
  });
});
