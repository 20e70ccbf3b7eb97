import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parts, type RunningRustfs, startRustfs } from '../../scripts/real/index.mjs';
import { type EmbeddedStack, startEmbeddedStack } from '../../src/embedded/index.js';
import { asUser } from './client.js';

const { path: python = '', missing } = parts.duckdb.find();
const absent = missing ?? parts.rustfs.find().missing;
const program = fileURLToPath(new URL('duckdb_walk.py', import.meta.url));

describe.skipIf(absent !== undefined)("DuckDB's Iceberg client", () => {
  let folder: string;
  let rustfs: RunningRustfs;
  let stack: EmbeddedStack;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'skua-duckdb-'));
    rustfs = await startRustfs({ logFolder: folder });
    const { endpoint, accessKeyId, secretAccessKey, region } = rustfs;
    const store = new S3Client({ endpoint, region, forcePathStyle: true, credentials: rustfs });
    await store.send(new CreateBucketCommand({ Bucket: 'warehouse' }));
    store.destroy();
    const warehouse = { kind: 's3', endpoint, accessKeyId, secretAccessKey, location: 's3://warehouse/' } as const;
    stack = await startEmbeddedStack({ catalog: { warehouse } });
  });
  afterAll(async () => {
    await stack?.close();
    await rustfs?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('creates, fills, changes and drops tables, also several in one transaction', async () => {
    const { endpoint, accessKeyId, secretAccessKey } = rustfs;
    const token = await stack.token('adminuser');
    const access = [stack.catalog.uri, stack.catalog.name, token, endpoint, accessKeyId, secretAccessKey];
    const { stdout } = await promisify(execFile)(python, [program, ...access]);
    const steps = ['attached', 'created', 'inserted', 'changed', 'copied', 'transaction', 'dropped'];
    expect(stdout.trim().split('\n')).toEqual(steps);
    const admin = await asUser(stack, 'adminuser');
    const { metadata } = (await admin('GET', 'namespaces/demo/tables/made')).body;
    expect(metadata).toMatchObject({ location: 's3://warehouse/demo/made', 'current-schema-id': 0 });
  }, 120_000);
});
