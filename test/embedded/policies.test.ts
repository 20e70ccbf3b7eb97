import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedStack, type Policy, startEmbeddedStack } from '../../src/embedded/index.js';
import { type Ask, asUser, purging, tableRequest } from './client.js';

const tables = 'namespaces/demo/tables';
const users = [
  { name: 'admin', password: 'a', roles: ['catalog_admin'] },
  { name: 'ana', password: 'a', roles: ['analyst'] },
  { name: 'both', password: 'a', roles: ['analyst', 'catalog_admin'] },
];
const policies: Policy[] = [
  {
    table: 'demo.t',
    role: 'analyst',
    rowFilter: { type: 'gt', left: { type: 'reference', name: 'id' }, right: 9007199254740993n },
    masks: { s: 'mask-alphanum' },
  },
  { table: 'demo.t', role: 'catalog_admin', rowFilter: { type: 'not-null', child: { type: 'reference', id: 1 } } },
  { table: 'demo.odd', role: 'analyst', masks: { missing: 'mask-alphanum' } },
];
const ofAnalyst = {
  'required-row-filter': { type: 'gt', left: { type: 'reference', id: 1 }, right: 9007199254740993n },
  'required-column-projections': [{ 'field-id': 2, action: 'mask-alphanum' }],
};

let folder: string;
let stack: EmbeddedStack;
let admin: Ask;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'skua-policies-'));
  stack = await startEmbeddedStack({ folder, issuer: { users }, catalog: { policies, properties: purging } });
  admin = await asUser(stack, 'admin');
  await admin('POST', tables, tableRequest('t'));
  await admin('POST', tables, tableRequest('odd'));
  await admin('POST', tables, tableRequest('free'));
});
afterAll(async () => {
  await stack?.close();
  rmSync(folder, { recursive: true, force: true });
});

const restrictions = async (user: string, table: string) =>
  (await (await asUser(stack, user))('GET', `${tables}/${table}`)).body['read-restrictions'];

describe('policies of the embedded catalog', () => {
  it('are in the answer for those who hold the role, with field ids in the place of names', async () => {
    expect(await restrictions('ana', 't')).toEqual(ofAnalyst);
    expect(await restrictions('ana', 'free')).toBeUndefined();
    expect(await restrictions('admin', 'free')).toBeUndefined();
  });

  it('hold all at once for those who hold several roles', async () => {
    expect(await restrictions('both', 't')).toEqual({
      ...ofAnalyst,
      'required-row-filter': {
        type: 'and',
        left: ofAnalyst['required-row-filter'],
        right: { type: 'not-null', child: { type: 'reference', id: 1 } },
      },
    });
  });

  it('that do not fit their table let no row be seen', async () => {
    expect(await restrictions('ana', 'odd')).toEqual({ 'required-row-filter': false });
  });

  it('are in the answers to creations and registrations as well', async () => {
    const location = (await admin('GET', `${tables}/t`)).body['metadata-location'];
    await admin('DELETE', `${tables}/t`);
    const both = await asUser(stack, 'both');
    const registered = await both('POST', 'namespaces/demo/register', { name: 't', 'metadata-location': location });
    expect(registered.body['read-restrictions']).toMatchObject({ 'required-row-filter': { type: 'and' } });
    const created = await both('POST', tables, tableRequest('odd', { 'stage-create': true }));
    expect(created.status).toBe(409);
    await admin('DELETE', `${tables}/odd`);
    const staged = await both('POST', tables, tableRequest('odd', { 'stage-create': true }));
    expect(staged.body['read-restrictions']).toEqual({ 'required-row-filter': false });
    await admin('POST', tables, tableRequest('odd'));
  });

  it('are part of what an ETag names', async () => {
    const ana = await asUser(stack, 'ana');
    const tag = (await admin('GET', `${tables}/t`)).headers.get('etag') as string;
    const seen = await ana('GET', `${tables}/t`, undefined, { 'if-none-match': tag });
    expect(seen.status).toBe(200);
    const again = { 'if-none-match': seen.headers.get('etag') as string };
    expect((await ana('GET', `${tables}/t`, undefined, again)).status).toBe(304);
  });

  it('follow a table to other names, and stay with the one that it had', async () => {
    const renamed = { source: { namespace: ['demo'], name: 't' }, destination: { namespace: ['demo'], name: 'moved' } };
    expect((await admin('POST', 'tables/rename', renamed)).status).toBe(204);
    expect(await restrictions('ana', 'moved')).toEqual(ofAnalyst);
    const other = tableRequest('t', { location: `${stack.catalog.warehouseLocation}/demo/other` });
    expect((await admin('POST', tables, other)).status).toBe(200);
    expect(await restrictions('ana', 't')).toEqual(ofAnalyst);
    await admin('DELETE', `${tables}/t`);
    const back = { source: renamed.destination, destination: renamed.source };
    expect((await admin('POST', 'tables/rename', back)).status).toBe(204);
    expect(await restrictions('ana', 't')).toEqual(ofAnalyst);
    expect(await restrictions('ana', 'free')).toBeUndefined();
  });

  it('are kept in the folder, where they can be changed', async () => {
    await stack.close();
    const file = join(folder, 'catalog.json');
    const changed = readFileSync(file, 'utf8').replaceAll('mask-alphanum', 'show-first-4');
    expect(changed).toContain('9007199254740993');
    writeFileSync(file, changed);
    stack = await startEmbeddedStack({ folder, issuer: { users } });
    expect(await restrictions('ana', 't')).toEqual({
      ...ofAnalyst,
      'required-column-projections': [{ 'field-id': 2, action: 'show-first-4' }],
    });
  });
});
