import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parts, type RunningRustfs, startRustfs } from '../../scripts/real/index.mjs';
import { createS3Clients, openStorage, type Storage } from '../../src/storage/index.js';

describe.skipIf(parts.rustfs.find().missing)('a real S3 store (RustFS)', () => {
  const bucket = `skua-${randomUUID()}`;
  const clients = createS3Clients();
  const at = (key: string) => `s3://${bucket}/${key}`;
  let store: RunningRustfs;
  let properties: Record<string, string>;
  let client: S3Client;
  let storage: Storage;
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'skua-s3-'));
    store = await startRustfs({ logFolder: directory });
    const { endpoint, region, accessKeyId, secretAccessKey } = store;
    properties = {
      's3.endpoint': endpoint,
      's3.path-style-access': 'true',
      's3.region': region,
      's3.access-key-id': accessKeyId,
      's3.secret-access-key': secretAccessKey,
    };
    const credentials = { accessKeyId, secretAccessKey };
    client = new S3Client({ endpoint, region, forcePathStyle: true, credentials });
    storage = openStorage({ properties, credentials: [] }, { clients });
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
  });

  afterAll(async () => {
    client?.destroy();
    clients.close();
    await store?.stop();
    await rm(directory, { recursive: true });
  });

  const code = (expected: string) => expect.objectContaining({ code: expected });

  async function list(store: Storage, prefix: string): Promise<string[]> {
    const found: string[] = [];
    for await (const { location } of store.list(prefix)) found.push(location);
    return found;
  }

  it('gives back what was written, whole and in ranges', async () => {
    const bytes = randomBytes(100_000);
    const location = at('a b/ü=1/data.bin');
    await storage.write(location, bytes);
    expect(Buffer.compare(await storage.read(location), bytes)).toBe(0);
    const range = await storage.read(location, { offset: 99_000, length: 1_000 });
    expect(Buffer.compare(range, bytes.subarray(99_000))).toBe(0);
    expect(await storage.size(location)).toBe(100_000);
    await expect(storage.read(location, { offset: 99_999, length: 2 })).rejects.toThrow(code('OUT_OF_RANGE'));
    await expect(storage.read(location, { offset: 200_000, length: 2 })).rejects.toThrow(code('OUT_OF_RANGE'));
  });

  it('never has an object replaced', async () => {
    await storage.write(at('once'), Buffer.from('first'));
    await expect(storage.write(at('once'), Buffer.from('second'))).rejects.toThrow(code('ALREADY_EXISTS'));
    expect(Buffer.from(await storage.read(at('once'))).toString()).toBe('first');
  });

  it('takes large files in parts', async () => {
    const bytes = randomBytes(20 * 1024 * 1024 + 5);
    const path = join(directory, 'large');
    await writeFile(path, bytes);
    await storage.upload(at('large'), path);
    expect(Buffer.compare(await storage.read(at('large')), bytes)).toBe(0);
  });

  it('keeps nothing of an upload that was aborted, at whatever moment', async () => {
    const path = join(directory, 'aborted');
    await writeFile(path, randomBytes(40 * 1024 * 1024));
    for (const milliseconds of [0, 1, 3, 8, 20]) {
      const caller = new AbortController();
      const upload = storage.upload(at('aborted/file'), path, caller.signal);
      setTimeout(() => caller.abort(), milliseconds);
      await expect(upload).rejects.toThrow(code('CANCELLED'));
    }
    expect(await list(storage, at('aborted/'))).toEqual([]);
    const uploads = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
    expect(uploads.Uploads ?? []).toEqual([]);
  });

  it('lists and removes many objects, those that are not there too', async () => {
    const locations = Array.from({ length: 1_005 }, (_, index) => at(`many/${index}`));
    for (let start = 0; start < locations.length; start += 50) {
      await Promise.all(
        locations.slice(start, start + 50).map((location) => storage.write(location, Buffer.from('x'))),
      );
    }
    expect((await list(storage, at('many/'))).sort()).toEqual([...locations].sort());
    await storage.remove([...locations, at('many/never')]);
    expect(await list(storage, at('many/'))).toEqual([]);
  });

  it('says what is missing or refused', async () => {
    await expect(storage.read(at('nope'))).rejects.toThrow(code('NOT_FOUND'));
    await expect(storage.size(at('nope'))).rejects.toThrow(code('NOT_FOUND'));
    await expect(storage.read(`s3://no-${bucket}/x`)).rejects.toThrow(code('NOT_FOUND'));
    const wrong = { ...properties, 's3.secret-access-key': 'wrong' };
    const stranger = openStorage({ properties: wrong, credentials: [] }, { clients });
    await expect(stranger.read(at('once'))).rejects.toThrow(code('PERMISSION_DENIED'));
  });

  it('that does not accept a session token is asked once more with renewed credentials', async () => {
    await storage.write(at('renewed'), Buffer.from('x'));
    const bad = { prefix: at(''), config: { ...properties, 's3.session-token': 'no-session' } };
    const good = { prefix: at(''), config: properties };
    const place = { 's3.endpoint': store.endpoint, 's3.path-style-access': 'true' };
    const renewing = openStorage({ properties: place, credentials: [bad], refresh: async () => [good] }, { clients });
    expect(Buffer.from(await renewing.read(at('renewed'))).toString()).toBe('x');
  });
});
