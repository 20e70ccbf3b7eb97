import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type EmbeddedStack, startEmbeddedStack } from '../../src/embedded/index.js';
import { type Ask, asUser, refusal, snapshotAt, tableRequest } from './client.js';

let stack: EmbeddedStack;
let admin: Ask;
let name: string;
let count = 0;
beforeAll(async () => {
  stack = await startEmbeddedStack();
  admin = await asUser(stack, 'adminuser');
});
afterAll(() => stack.close());
beforeEach(async () => {
  count += 1;
  name = `t${count}`;
  await admin('POST', 'namespaces/demo/tables', tableRequest(name));
});

async function commit(updates: unknown[], requirements: unknown[] = [], table = name) {
  return admin('POST', `namespaces/demo/tables/${table}`, { requirements, updates });
}

const snapshot = (id: bigint, rest?: Record<string, unknown>) =>
  snapshotAt(`${stack.catalog.warehouseLocation}/demo/${name}`, id, rest);

const load = async (table = name) => (await admin('GET', `namespaces/demo/tables/${table}`)).body;
const toMain = (id: bigint | number) => ({
  action: 'set-snapshot-ref',
  'ref-name': 'main',
  type: 'branch',
  'snapshot-id': id,
});
const failed = (message: string) => ({
  status: 409,
  body: refusal('CommitFailedException', 409, `Requirement failed: ${message}`),
});

describe('requirements', () => {
  const big = 5244073047144976381n;
  const cases: [string, Record<string, unknown>, string][] = [
    [
      'a branch at another snapshot',
      { type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': 1 },
      `branch main has changed: expected id 1 != ${big}`,
    ],
    [
      'a new branch',
      { type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': null },
      'branch main was created concurrently',
    ],
    [
      'an old branch',
      { type: 'assert-ref-snapshot-id', ref: 'dev', 'snapshot-id': 5 },
      'branch or tag dev is missing, expected 5',
    ],
    [
      'the last field id',
      { type: 'assert-last-assigned-field-id', 'last-assigned-field-id': 9 },
      'last assigned field id changed: expected id 9 != 2',
    ],
    [
      'the schema',
      { type: 'assert-current-schema-id', 'current-schema-id': 9 },
      'current schema changed: expected id 9 != 0',
    ],
    [
      'the last partition id',
      { type: 'assert-last-assigned-partition-id', 'last-assigned-partition-id': 9 },
      'last assigned partition id changed: expected id 9 != 999',
    ],
    [
      'the partition spec',
      { type: 'assert-default-spec-id', 'default-spec-id': 9 },
      'default partition spec changed: expected id 9 != 0',
    ],
    [
      'the sort order',
      { type: 'assert-default-sort-order-id', 'default-sort-order-id': 9 },
      'default sort order changed: expected id 9 != 0',
    ],
  ];
  it.each(cases)('on %s fail with 409 and say what differs', async (_, requirement, message) => {
    await commit([{ action: 'add-snapshot', snapshot: snapshot(big) }, toMain(big)]);
    expect(await commit([], [requirement])).toMatchObject(failed(message));
  });

  it('on the table’s identity fail when another has taken its name', async () => {
    const uuid = (await load()).metadata['table-uuid'];
    expect(await commit([], [{ type: 'assert-table-uuid', uuid: 'x' }])).toMatchObject(
      failed(`UUID does not match: expected ${uuid} != x`),
    );
    expect((await commit([], [{ type: 'assert-table-uuid', uuid }])).status).toBe(200);
  });

  it('let one of two commits through that began from the same state', async () => {
    const ids = Array.from({ length: 8 }, (_, at) => BigInt(at + 1));
    const answers = await Promise.all(
      ids.map((id) =>
        commit(
          [{ action: 'add-snapshot', snapshot: snapshot(id) }, toMain(id)],
          [{ type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': null }],
        ),
      ),
    );
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, ...Array(7).fill(409)]);
    expect((await load()).metadata.snapshots).toHaveLength(1);
  });
});

describe('snapshots', () => {
  it('keep 64-bit ids exact, and move the log, the sequence number and the metadata file on', async () => {
    const id = 9223372036854775807n;
    const before = await load();
    const { body } = await commit([{ action: 'add-snapshot', snapshot: snapshot(id) }, toMain(id)]);
    expect(body.metadata).toMatchObject({
      'current-snapshot-id': id,
      'last-sequence-number': 1,
      refs: { main: { 'snapshot-id': id, type: 'branch' } },
      'snapshot-log': [{ 'timestamp-ms': 1_795_531_118_232, 'snapshot-id': id }],
      'metadata-log': [
        { 'timestamp-ms': before.metadata['last-updated-ms'], 'metadata-file': before['metadata-location'] },
      ],
    });
    expect(body['metadata-location']).toMatch(/\/00001-[0-9a-f-]{36}\.metadata\.json$/);
    expect(body).not.toHaveProperty('config');
    expect((await load()).metadata).toEqual(body.metadata);
  });

  it('must be newer than the table’s last sequence number', async () => {
    await commit([{ action: 'add-snapshot', snapshot: snapshot(1n) }, toMain(1)]);
    const stale = snapshot(2n, { 'parent-snapshot-id': 1 });
    expect((await commit([{ action: 'add-snapshot', snapshot: stale }])).body).toEqual(
      refusal(
        'CommitFailedException',
        409,
        'Validation failed, please retry: Cannot add snapshot with sequence number 1 older than last sequence number 1',
      ),
    );
    const known = await commit([{ action: 'add-snapshot', snapshot: snapshot(1n, { 'sequence-number': 2 }) }]);
    expect(known.body).toEqual(refusal('ValidationException', 400, 'Snapshot already exists for id: 1'));
  });

  it('count rows in version 3', async () => {
    await commit([{ action: 'upgrade-format-version', 'format-version': 3 }]);
    const rows = { 'first-row-id': 0, 'added-rows': 10 };
    const first = await commit([{ action: 'add-snapshot', snapshot: snapshot(1n, rows) }, toMain(1)]);
    expect(first.body.metadata['next-row-id']).toBe(10);
    const next = { 'sequence-number': 2, 'parent-snapshot-id': 1 };
    expect((await commit([{ action: 'add-snapshot', snapshot: snapshot(2n, { ...rows, ...next }) }])).status).toBe(409);
    expect((await commit([{ action: 'add-snapshot', snapshot: snapshot(2n, next) }])).status).toBe(400);
  });

  it('leave the log whole when some are removed, and take their references and statistics along', async () => {
    await commit([{ action: 'add-snapshot', snapshot: snapshot(1n) }, toMain(1)]);
    const next = { 'sequence-number': 2, 'parent-snapshot-id': 1 };
    const path = `${stack.catalog.warehouseLocation}/demo/${name}/metadata/x.puffin`;
    await commit([
      { action: 'add-snapshot', snapshot: snapshot(2n, next) },
      toMain(2),
      { action: 'set-snapshot-ref', 'ref-name': 'old', type: 'tag', 'snapshot-id': 1 },
      { action: 'set-statistics', statistics: { 'snapshot-id': 1, 'statistics-path': path } },
    ]);
    const { body } = await commit([{ action: 'remove-snapshots', 'snapshot-ids': [1] }]);
    expect(body.metadata['snapshot-log'].map((entry: Record<string, unknown>) => entry['snapshot-id'])).toEqual([2]);
    expect(Object.keys(body.metadata.refs)).toEqual(['main']);
    expect(body.metadata.statistics).toEqual([]);
  });

  it('that were current only within one commit leave no trace in the log', async () => {
    const next = { 'sequence-number': 2, 'parent-snapshot-id': 1 };
    const { body } = await commit([
      { action: 'add-snapshot', snapshot: snapshot(1n) },
      toMain(1),
      { action: 'add-snapshot', snapshot: snapshot(2n, next) },
      toMain(2),
    ]);
    expect(body.metadata['snapshot-log']).toHaveLength(1);
    expect(body.metadata.snapshots).toHaveLength(2);
  });
});

describe('schemas, specs and orders', () => {
  const wider = {
    type: 'struct',
    fields: [
      { id: 1, name: 'id', required: false, type: 'long' },
      { id: 3, name: 'more', required: false, type: 'string' },
    ],
  };

  it('are added and made current by -1, the id of what was added last', async () => {
    const { body } = await commit([
      { action: 'add-schema', schema: wider },
      { action: 'set-current-schema', 'schema-id': -1 },
      { action: 'add-spec', spec: { fields: [{ name: 'id_bucket', transform: 'bucket[4]', 'source-id': 1 }] } },
      { action: 'set-default-spec', 'spec-id': -1 },
      {
        action: 'add-sort-order',
        'sort-order': {
          'order-id': 7,
          fields: [{ transform: 'identity', 'source-id': 3, direction: 'desc', 'null-order': 'nulls-last' }],
        },
      },
      { action: 'set-default-sort-order', 'sort-order-id': -1 },
    ]);
    expect(body.metadata).toMatchObject({
      'current-schema-id': 1,
      'last-column-id': 3,
      'default-spec-id': 1,
      'last-partition-id': 1000,
      'default-sort-order-id': 1,
    });
    const removed = await commit([
      { action: 'remove-schemas', 'schema-ids': [0] },
      { action: 'remove-partition-specs', 'spec-ids': [0] },
    ]);
    expect(removed.body.metadata.schemas).toHaveLength(1);
    expect(removed.body.metadata['partition-specs']).toHaveLength(1);
    expect((await commit([{ action: 'remove-schemas', 'schema-ids': [1] }])).status).toBe(400);
  });

  it('keep the highest id that a column ever had, whatever id a client sends', async () => {
    const narrow = { type: 'struct', fields: wider.fields.slice(0, 1) };
    await commit([
      { action: 'add-schema', schema: wider, 'last-column-id': 3 },
      { action: 'set-current-schema', 'schema-id': -1 },
    ]);
    const { body } = await commit([
      { action: 'add-schema', schema: narrow, 'last-column-id': 1 },
      { action: 'set-current-schema', 'schema-id': -1 },
    ]);
    expect(body.metadata).toMatchObject({ 'current-schema-id': 2, 'last-column-id': 3 });
  });

  it('that are there already are not added again, and are then no last added ones', async () => {
    await commit([
      { action: 'add-schema', schema: wider },
      { action: 'set-current-schema', 'schema-id': -1 },
    ]);
    const back = await commit([
      { action: 'add-schema', schema: (await load()).metadata.schemas[0] },
      { action: 'set-current-schema', 'schema-id': -1 },
    ]);
    expect(back.body).toEqual(
      refusal('ValidationException', 400, 'Cannot set last added schema: no schema has been added'),
    );
  });

  it('must fit each other', async () => {
    await commit([
      { action: 'add-spec', spec: { fields: [{ name: 's', transform: 'identity', 'source-id': 2 }] } },
      { action: 'set-default-spec', 'spec-id': -1 },
    ]);
    const without = await commit([
      { action: 'add-schema', schema: wider },
      { action: 'set-current-schema', 'schema-id': -1 },
    ]);
    expect(without.body).toEqual(
      refusal('ValidationException', 400, 'Cannot find source column for partition field: s'),
    );
  });

  it('never go back to an older format version', async () => {
    await commit([{ action: 'upgrade-format-version', 'format-version': 3 }]);
    expect((await commit([{ action: 'upgrade-format-version', 'format-version': 2 }])).body).toEqual(
      refusal('IllegalArgumentException', 400, 'Cannot downgrade v3 table to v2'),
    );
    expect((await commit([{ action: 'make-coffee' }])).status).toBe(400);
  });
});

describe('a transaction over several tables', () => {
  const change = (table: string, value: string, requirements: unknown[] = []) => ({
    identifier: { namespace: ['demo'], name: table },
    requirements,
    updates: [{ action: 'set-properties', updates: { k: value } }],
  });

  it('changes all of them, or none and leaves no file', async () => {
    const other = `${name}-other`;
    await admin('POST', 'namespaces/demo/tables', tableRequest(other));
    const both = await admin('POST', 'transactions/commit', {
      'table-changes': [change(name, '1'), change(other, '2')],
    });
    expect(both.status).toBe(204);
    const missing = { type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': 5 };
    const none = await admin('POST', 'transactions/commit', {
      'table-changes': [change(name, '8'), change(other, '9', [missing])],
    });
    expect(none).toMatchObject(failed('branch or tag main is missing, expected 5'));
    const tables = [await load(name), await load(other)];
    expect(tables.map((table) => table.metadata.properties.k)).toEqual(['1', '2']);
    expect(readdirSync(`${tables[0].metadata.location.slice('file://'.length)}/metadata`)).toHaveLength(2);
  });

  it('refuses an unknown table', async () => {
    const answer = await admin('POST', 'transactions/commit', {
      'table-changes': [change(name, '1'), change('nope', '2')],
    });
    expect(answer.status).toBe(404);
    expect((await load()).metadata.properties).not.toHaveProperty('k');
  });
});
