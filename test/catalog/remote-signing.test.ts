/** The catalog as the signer of requests to the store: what it is asked, what it may answer, and where the token goes. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BearerToken } from '../../src/auth/index.js';
import { createRestCatalog, type RestCatalog } from '../../src/catalog/index.js';
import { type EndpointOptions, Endpoints, type UnsignedRequest } from '../../src/storage/index.js';
import { CatalogServer, errorBody, polarisConfig } from './catalog-server.js';

const EVENTS = '/v1/quickstart/namespaces/demo/tables/events';
const SIGN = 'POST /v1/{prefix}/namespaces/{namespace}/tables/{table}/sign';
const request: UnsignedRequest = {
  method: 'GET',
  uri: 'https://store/b/k',
  region: 'eu',
  headers: { host: 'store', 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
};
const result = { uri: 'https://store/b/k', headers: { Authorization: ['AWS4 x'], 'X-Amz-Date': ['1'] } };

let server: CatalogServer;
let catalog: RestCatalog | undefined;
beforeEach(async () => {
  server = await CatalogServer.start({ ...polarisConfig, endpoints: [SIGN] });
});
afterEach(async () => {
  await catalog?.close();
  await server.stop();
});

/** The signer of a table that was loaded with that configuration; `also` are other members of the answer. */
async function signerOf(
  config: Record<string, string>,
  also: object = {},
  {
    delegation = 'vended' as 'vended' | 'none' | 'vended-or-static',
    endpoints = undefined as EndpointOptions | undefined,
  } = {},
) {
  server.on(`GET ${EVENTS}`, () => ({
    body: JSON.stringify({ 'metadata-location': 's3://b/m.json', metadata: {}, config, ...also }),
  }));
  const storage = { accessKeyId: 'STATIC', secretAccessKey: 'secret' };
  const rules = endpoints && new Endpoints(endpoints);
  catalog = createRestCatalog({ name: 'lake', uri: server.uri, warehouse: 'w', delegation, storage, endpoints: rules });
  const table = await catalog.as(new BearerToken('alice')).loadTable({ namespace: ['demo'], name: 'events' });
  return { signer: table.storage.signer?.(), storage: table.storage };
}
const enabled = { 's3.remote-signing-enabled': 'true' };

describe('requests to the store', () => {
  it('are signed by the table’s own route with the caller’s token, and what the catalog wants passed along', async () => {
    server.on(`POST ${EVENTS}/sign`, () => ({ body: result }));
    const passed = { properties: { scope: 's1' }, headers: { 'x-tenant': 't', authorization: 'Bearer other' } };
    const { signer } = await signerOf(enabled, { 'remote-signing-config': passed });
    const load = server.seen.find(({ path }) => path.startsWith(EVENTS));
    expect(load?.headers['x-iceberg-access-delegation']).toBe('vended-credentials,remote-signing');
    expect(await signer?.sign(request)).toEqual({
      uri: request.uri,
      headers: { Authorization: 'AWS4 x', 'X-Amz-Date': '1' },
    });
    const seen = server.seen.at(-1);
    expect(seen?.headers).toMatchObject({ authorization: 'Bearer alice', 'x-tenant': 't' });
    expect(JSON.parse(seen?.body ?? '')).toEqual({
      method: 'GET',
      uri: request.uri,
      region: 'eu',
      headers: { host: ['store'], 'x-amz-content-sha256': ['UNSIGNED-PAYLOAD'] },
      properties: { scope: 's1' },
    });
  });

  it.each([
    [{ 'signer.endpoint': '/v1/own/sign' }, '/v1/own/sign'],
    [{ 's3.signer.endpoint': 'v1/old/sign' }, '/v1/old/sign'],
  ])('are signed where the table says: %j', async (more, path) => {
    server.on(`POST ${path}`, () => ({ body: result }));
    const { signer } = await signerOf({ ...enabled, ...more });
    await signer?.sign(request);
    expect(server.lines().at(-1)).toBe(`POST ${path}`);
  });

  it('are signed at the common route of a catalog that does not list one for tables', async () => {
    server.on('GET /v1/config', () => ({ body: polarisConfig }));
    server.on('POST /v1/aws/s3/sign', () => ({ body: result }));
    await (await signerOf(enabled)).signer?.sign(request);
    expect(server.lines().at(-1)).toBe('POST /v1/aws/s3/sign');
  });

  it.each([
    ['private', 1],
    ['Private, max-age=60', 1],
    ['private, no-store', 2],
    ['private, max-age=0', 2],
    ['public, max-age=60', 2],
    ['', 2],
  ])('have a signature again where Cache-Control is "%s": asked for twice, signed %i times', async (value, times) => {
    server.on(`POST ${EVENTS}/sign`, () => ({ body: result, headers: { 'cache-control': value } }));
    const { signer } = await signerOf(enabled);
    for (let time = 0; time < 2; time++) await signer?.sign({ ...request });
    expect(server.lines().filter((line) => line.endsWith('/sign'))).toHaveLength(times);
    signer?.forget();
    await signer?.sign(request);
    await signer?.sign({ ...request, method: 'HEAD' });
    expect(server.lines().filter((line) => line.endsWith('/sign'))).toHaveLength(times + 2);
  });

  it('are refused as the catalog says', async () => {
    server.on(`POST ${EVENTS}/sign`, () => ({ status: 403, body: errorBody(403, 'not for alice') }));
    const { signer } = await signerOf(enabled);
    await expect(signer?.sign(request)).rejects.toMatchObject({ code: 'PERMISSION_DENIED', message: 'not for alice' });
  });

  it('are not sent with an answer that is no signature: DATA_LOSS', async () => {
    server.on(`POST ${EVENTS}/sign`, () => ({ body: { uri: 5 } }));
    const { signer } = await signerOf(enabled);
    await expect(signer?.sign(request)).rejects.toMatchObject({ code: 'DATA_LOSS' });
  });
});

describe('a signer at another host', () => {
  const elsewhere = { ...enabled, 's3.signer.uri': 'http://other.example:99/' };
  it('gets no token unless the configuration names it', async () => {
    for (const endpoints of [undefined, {}, { allowed: ['store.example'] }]) {
      const { signer } = await signerOf(elsewhere, {}, { endpoints });
      await expect(signer?.sign(request)).rejects.toMatchObject({
        code: 'PERMISSION_DENIED',
        message: expect.stringContaining('storage.allowed_endpoints'),
      });
      await catalog?.close();
      catalog = undefined;
    }
  });

  it('is asked where it is named', async () => {
    const other = await CatalogServer.start();
    other.on(`POST ${EVENTS}/sign`, () => ({ body: result }));
    const config = { ...enabled, 'signer.uri': other.uri };
    const { signer } = await signerOf(config, {}, { endpoints: { allowed: [new URL(other.uri).host] } });
    await signer?.sign(request);
    expect(other.lines()).toEqual([`POST ${EVENTS}/sign`]);
    await other.stop();
  });
});

describe('keys', () => {
  it('that are vended count more than a signer, and a signer more than configured ones', async () => {
    const vended = [{ prefix: '', config: { 's3.access-key-id': 'V', 's3.secret-access-key': 's' } }];
    const both = await signerOf(enabled, { 'storage-credentials': vended });
    expect(both.storage.credentials).toEqual(vended);
    await catalog?.close();
    expect((await signerOf(enabled, {}, { delegation: 'vended-or-static' })).storage.credentials).toEqual([]);
    await catalog?.close();
    const none = await signerOf(enabled, {}, { delegation: 'none' });
    expect(none.signer).toBeUndefined();
    expect(none.storage.credentials[0]?.config['s3.access-key-id']).toBe('STATIC');
  });

  it('are asked for alone where a catalog does not take both in one request, and that is remembered', async () => {
    const header = 'x-iceberg-access-delegation';
    server.on(`GET ${EVENTS}`, ({ headers }) =>
      headers[header] === 'vended-credentials'
        ? { body: { 'metadata-location': 's3://b/m.json', metadata: {}, config: {} } }
        : { status: 400, body: errorBody(400, 'Unsupported access delegation mode: REMOTE_SIGNING') },
    );
    catalog = createRestCatalog({ name: 'lake', uri: server.uri, warehouse: 'w', delegation: 'vended' });
    const session = catalog.as(new BearerToken('alice'));
    for (let time = 0; time < 2; time++) await session.loadTable({ namespace: ['demo'], name: 'events' });
    expect(server.seen.flatMap(({ headers }) => headers[header] ?? [])).toEqual([
      'vended-credentials,remote-signing',
      'vended-credentials',
      'vended-credentials',
    ]);
  });
});
