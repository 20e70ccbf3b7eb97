import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedStack, startEmbeddedStack } from '../../src/embedded/index.js';
import { type Ask, asUser, purging, tableRequest } from './client.js';

const KEY = '01890f6e-7b3c-7cc0-98c4-dc0c0c07398f';
const other = (digit: number) => `${KEY.slice(0, -1)}${digit}`;

let stack: EmbeddedStack;
let ask: Ask;
beforeAll(async () => {
  stack = await startEmbeddedStack({ catalog: { properties: purging } });
  ask = await asUser(stack, 'adminuser');
});
afterAll(() => stack?.close());

const once = (key: string, method: string, path: string, body?: unknown) =>
  ask(method, path, body, { 'idempotency-key': key });

describe('a change that comes again with its key', () => {
  it('is told of where the catalog says what it offers', async () => {
    expect((await ask('GET', '/config?warehouse=quickstart')).body['idempotency-key-lifetime']).toBe('PT1800S');
  });

  it('is made once, and answered as the first time', async () => {
    const body = tableRequest('once');
    const first = await once(other(1), 'POST', 'namespaces/demo/tables', body);
    expect(first.status).toBe(200);
    expect(await once(other(1), 'POST', 'namespaces/demo/tables', body)).toMatchObject({
      status: 200,
      body: first.body,
    });
    expect((await once(other(2), 'POST', 'namespaces/demo/tables', body)).status).toBe(409);
    expect((await once(other(3), 'DELETE', 'namespaces/demo/tables/once')).status).toBe(204);
    expect((await once(other(3), 'DELETE', 'namespaces/demo/tables/once')).status).toBe(204);
    expect((await once(other(4), 'DELETE', 'namespaces/demo/tables/once')).status).toBe(404);
  });

  it('is refused again where it was refused for good', async () => {
    const drop = () => once(other(5), 'DELETE', 'namespaces/demo/tables/later');
    expect((await drop()).status).toBe(404);
    await ask('POST', 'namespaces/demo/tables', tableRequest('later'));
    expect((await drop()).status).toBe(404);
    expect((await ask('DELETE', 'namespaces/demo/tables/later')).status).toBe(204);
  });

  it('waits for the first one where that is still under way', async () => {
    const body = tableRequest('at_once');
    const answers = await Promise.all([1, 2, 3].map(() => once(other(6), 'POST', 'namespaces/demo/tables', body)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  it('is another one with another body, path or caller', async () => {
    const body = tableRequest('mine');
    expect((await once(other(7), 'POST', 'namespaces/demo/tables', body)).status).toBe(200);
    expect(await once(other(7), 'POST', 'namespaces/demo/tables', tableRequest('other'))).toMatchObject({
      status: 409,
      body: { error: { type: 'IdempotencyKeyConflictException' } },
    });
    const reader = await asUser(stack, 'testuser');
    const answer = await reader('POST', 'namespaces/demo/tables', body, { 'idempotency-key': other(7) });
    expect(answer.status).toBe(403);
  });

  it('has a key that is a UUID of version 7', async () => {
    expect((await once('one', 'DELETE', 'namespaces/demo/tables/none')).status).toBe(400);
    const v4 = '1b4e28ba-2fa1-4d3b-a3f5-ef19b5a7633b';
    expect((await once(v4, 'DELETE', 'namespaces/demo/tables/none')).status).toBe(400);
  });

  it('is any other where the catalog knows no keys', async () => {
    const plain = await startEmbeddedStack({ catalog: { idempotencyKeyLifetime: 0 } });
    try {
      const asked = await asUser(plain, 'adminuser');
      expect((await asked('GET', '/config?warehouse=quickstart')).body).not.toHaveProperty('idempotency-key-lifetime');
      const create = () => asked('POST', 'namespaces/demo/tables', tableRequest('t'), { 'idempotency-key': other(8) });
      expect([(await create()).status, (await create()).status]).toEqual([200, 409]);
    } finally {
      await plain.close();
    }
  });
});

describe('an ETag', () => {
  it('tells the snapshots that were asked for', async () => {
    await ask('POST', 'namespaces/demo/tables', tableRequest('tagged'));
    const tag = async (query: string) =>
      (await ask('GET', `namespaces/demo/tables/tagged${query}`)).headers.get('etag') ?? '';
    const [all, refs] = [await tag('?snapshots=all'), await tag('?snapshots=refs')];
    expect(all).toBe(await tag(''));
    expect(refs).not.toBe(all);
    const answer = await ask('GET', 'namespaces/demo/tables/tagged', undefined, { 'if-none-match': refs });
    expect(answer.status).toBe(200);
  });
});
