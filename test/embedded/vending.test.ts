import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parts, type RunningRustfs, startRustfs } from '../../scripts/real/index.mjs';
import { type EmbeddedStack, startEmbeddedStack } from '../../src/embedded/index.js';
import { asUser, purging, refusal, tableRequest } from './client.js';

const { missing } = parts.rustfs.find();
const delegation = { 'x-iceberg-access-delegation': 'vended-credentials' };

describe.skipIf(missing !== undefined)('a warehouse on RustFS', () => {
  let logFolder: string;
  let rustfs: RunningRustfs;
  let vending: EmbeddedStack;
  let plain: EmbeddedStack;
  /** With the store's own keys. */
  let own: S3Client;
  const endpointConfig = () => ({
    'client.region': 'us-east-1',
    's3.path-style-access': 'true',
    's3.endpoint': rustfs.endpoint,
  });

  beforeAll(async () => {
    logFolder = mkdtempSync(join(tmpdir(), 'skua-vending-'));
    rustfs = await startRustfs({ logFolder });
    const { endpoint, accessKeyId, secretAccessKey } = rustfs;
    own = new S3Client({ endpoint, region: rustfs.region, forcePathStyle: true, credentials: rustfs });
    for (const Bucket of ['warehouse', 'plain']) await own.send(new CreateBucketCommand({ Bucket }));
    const store = { kind: 's3', endpoint, accessKeyId, secretAccessKey } as const;
    vending = await startEmbeddedStack({
      catalog: {
        properties: purging,
        warehouse: { ...store, location: 's3://warehouse/', sts: { durationSeconds: 900 } },
      },
    });
    plain = await startEmbeddedStack({ catalog: { warehouse: { ...store, location: 's3://plain/' } } });
  });
  afterAll(async () => {
    await vending?.close();
    await plain?.close();
    own?.destroy();
    await rustfs?.stop();
    rmSync(logFolder, { recursive: true, force: true });
  });

  async function clientFor(user: string, table: string): Promise<S3Client> {
    const ask = await asUser(vending, user);
    const { body } = await ask('GET', `namespaces/demo/tables/${table}`, undefined, delegation);
    const { config } = body['storage-credentials'][0];
    return new S3Client({
      endpoint: rustfs.endpoint,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: {
        accessKeyId: config['s3.access-key-id'],
        secretAccessKey: config['s3.secret-access-key'],
        sessionToken: config['s3.session-token'],
      },
    });
  }

  it('without a token service gives no keys, and refuses the delegation header, on create after the table was made', async () => {
    const admin = await asUser(plain, 'adminuser');
    const message = (name: string) =>
      refusal(
        'IllegalArgumentException',
        400,
        `Credential vending was requested for table demo.${name}, but no credentials are available`,
      );
    const created = await admin('POST', 'namespaces/demo/tables', tableRequest('events'));
    expect(created.body.config).toEqual(endpointConfig());
    expect(created.body).not.toHaveProperty('storage-credentials');
    expect((await admin('GET', 'namespaces/demo/tables/events', undefined, delegation)).body).toEqual(
      message('events'),
    );
    expect((await admin('POST', 'namespaces/demo/tables', tableRequest('late'), delegation)).body).toEqual(
      message('late'),
    );
    expect((await admin('HEAD', 'namespaces/demo/tables/late')).status).toBe(204);
  });

  it('with a token service gives credentials for the table’s prefix, with their end and where to renew them', async () => {
    const admin = await asUser(vending, 'adminuser');
    await admin('POST', 'namespaces/demo/tables', tableRequest('events'));
    const { body } = await admin('GET', 'namespaces/demo/tables/events', undefined, delegation);
    const [credential] = body['storage-credentials'];
    expect(credential.prefix).toBe('s3://warehouse/demo/events');
    expect(Object.keys(credential.config).sort()).toEqual([
      's3.access-key-id',
      's3.secret-access-key',
      's3.session-token',
      's3.session-token-expires-at-ms',
    ]);
    expect(Number(credential.config['s3.session-token-expires-at-ms'])).toBeGreaterThan(Date.now());
    expect(body.config).toEqual({
      ...endpointConfig(),
      ...credential.config,
      'client.refresh-credentials-endpoint': 'v1/quickstart/namespaces/demo/tables/events/credentials',
    });
    const renewed = await admin('GET', 'namespaces/demo/tables/events/credentials');
    expect(renewed.body['storage-credentials'][0].prefix).toBe('s3://warehouse/demo/events');
    expect((await admin('GET', 'namespaces/demo/tables/events')).body.config).toEqual(endpointConfig());
  });

  it('opens one table only, and to a reader only for reading', async () => {
    const admin = await asUser(vending, 'adminuser');
    await admin('POST', 'namespaces/demo/tables', tableRequest('mine'));
    const { body } = await admin('POST', 'namespaces/demo/tables', tableRequest('theirs'));
    const theirs = { Bucket: 'warehouse', Key: String(body['metadata-location']).slice('s3://warehouse/'.length) };
    const object = { Bucket: 'warehouse', Key: 'demo/mine/data/x.parquet' };

    const writer = await clientFor('adminuser', 'mine');
    await writer.send(new PutObjectCommand({ ...object, Body: 'bytes' }));
    await expect(writer.send(new GetObjectCommand(theirs))).rejects.toThrow('Access Denied');
    await expect(writer.send(new PutObjectCommand({ ...theirs, Body: 'x' }))).rejects.toThrow('Access Denied');

    const reader = await clientFor('testuser', 'mine');
    const { Body } = await reader.send(new GetObjectCommand(object));
    expect(await Body?.transformToString()).toBe('bytes');
    await reader.send(new ListObjectsV2Command({ Bucket: 'warehouse', Prefix: 'demo/mine/data' }));
    await expect(reader.send(new PutObjectCommand({ ...object, Body: 'other' }))).rejects.toThrow('Access Denied');
    writer.destroy();
    reader.destroy();
  });

  it('is empty again after a purge', async () => {
    const admin = await asUser(vending, 'adminuser');
    await admin('POST', 'namespaces/demo/tables', tableRequest('gone'));
    const count = async () =>
      (await own.send(new ListObjectsV2Command({ Bucket: 'warehouse', Prefix: 'demo/gone/' }))).KeyCount;
    expect(await count()).toBe(1);
    expect((await admin('DELETE', 'namespaces/demo/tables/gone?purgeRequested=true')).status).toBe(204);
    expect(await count()).toBe(0);
  });
});
