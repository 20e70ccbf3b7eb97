import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningQuickstart, repository, startQuickstart } from '../../scripts/real/index.mjs';
import { isMissing, realClients, runClient } from './support/real-clients.js';

const PATIENCE = 300_000;

describe.skipIf(isMissing('keycloak', 'rustfs'))('the quickstart with real Keycloak and RustFS', () => {
  let quickstart: RunningQuickstart;

  beforeAll(async () => {
    quickstart = await startQuickstart({ logFolder: `${repository}/.cache/logs/quickstart-test` });
  }, PATIENCE);
  afterAll(() => quickstart?.stop());

  // What the others can besides does not hang on the issuer and the store.
  for (const client of realClients) {
    const part = client.name === 'ADBC' ? 'full' : 'seed';
    it.skipIf(isMissing(client.needs))(
      `${client.name} does the scenario${part === 'full' ? ' and all else that it can' : ''}`,
      async () => {
        const { exitCode, output, wrong } = await runClient(client, part, {
          address: quickstart.address,
          token: await quickstart.token('adminuser'),
          readerToken: await quickstart.token('testuser'),
        });
        expect(wrong, output).toEqual([]);
        expect(exitCode, output).toBe(0);
      },
      PATIENCE,
    );
  }

  it("a refused INSERT leaves no file in the store, and says the catalog's sentence only", async () => {
    const admin = await quickstart.token('adminuser');
    const table = 'quickstart.demo.left_nothing';
    await query(
      admin,
      `DROP TABLE IF EXISTS ${table}; CREATE TABLE ${table} (id BIGINT); INSERT INTO ${table} VALUES (1)`,
    );
    const before = await storedObjects();
    expect(before.filter((key) => key.endsWith('.parquet'))).not.toEqual([]);
    const refused = await query(await quickstart.token('testuser'), `INSERT INTO ${table} VALUES (2)`);
    expect(refused.exitCode).toBe(1);
    expect(refused.errors).toMatch(/Principal 'testuser' .* is not authorized for op/);
    expect(refused.errors.trim().split('\n')).toHaveLength(1);
    expect(await storedObjects()).toEqual(before);
    await query(admin, `DROP TABLE ${table}`);
  });

  async function query(token: string, sql: string) {
    const child = spawn(
      process.execPath,
      [`${repository}/bin/skua.cjs`, 'query', '--address', quickstart.address, '-o', 'csv', '-e', sql],
      { env: { ...process.env, SKUA_TOKEN: token }, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
    const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
    return { exitCode: await exited, output, errors };
  }

  async function storedObjects(): Promise<string[]> {
    const { endpoint, region, accessKeyId, secretAccessKey } = quickstart.store;
    const s3 = new S3Client({ endpoint, region, forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } });
    try {
      const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket: 'warehouse' }));
      return (Contents ?? []).map(({ Key }) => Key ?? '').sort();
    } finally {
      s3.destroy();
    }
  }
});
