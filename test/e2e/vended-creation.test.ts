import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parts, type RunningRustfs, startRustfs } from '../../scripts/real/index.mjs';
import { batchToRows } from '../../src/arrow/index.js';
import { BearerToken, type Principal } from '../../src/auth/principal.js';
import { loadConfig } from '../../src/config/index.js';
import { type EmbeddedStack, startEmbeddedStack } from '../../src/embedded/index.js';
import { createLogger } from '../../src/logging.js';
import type { Call, StatementService } from '../../src/query/contract.js';
import { createStatementService } from '../../src/query/index.js';
import { type OpenedEnvironment, openEnvironment } from '../../src/server/environment.js';
import { createSessionStore } from '../../src/session/index.js';

const { missing } = parts.rustfs.find();

describe.skipIf(missing !== undefined)('a server without keys, in a store whose catalog vends credentials', () => {
  let logFolder: string;
  let rustfs: RunningRustfs;
  let stack: EmbeddedStack;
  let opened: OpenedEnvironment;
  let statements: StatementService;
  let own: S3Client;
  let call: () => Call;

  beforeAll(async () => {
    logFolder = mkdtempSync(join(tmpdir(), 'skua-vended-'));
    rustfs = await startRustfs({ logFolder });
    const { endpoint, accessKeyId, secretAccessKey } = rustfs;
    own = new S3Client({ endpoint, region: rustfs.region, forcePathStyle: true, credentials: rustfs });
    await own.send(new CreateBucketCommand({ Bucket: 'warehouse' }));
    const store = { kind: 's3', endpoint, accessKeyId, secretAccessKey } as const;
    stack = await startEmbeddedStack({
      catalog: { warehouse: { ...store, location: 's3://warehouse/', sts: { durationSeconds: 900 } } },
    });
    const quoted = JSON.stringify;
    opened = await openEnvironment(
      loadConfig({
        env: {},
        text: `
[[auth]]
issuer = ${quoted(stack.issuer.issuer)}
jwks_url = ${quoted(stack.issuer.jwksUrl)}
audience = ${quoted(stack.issuer.audience)}
allow_insecure_jwks = true

[catalogs.quickstart]
uri = ${quoted(stack.catalog.uri)}
warehouse = "quickstart"
credential_delegation = "vended"
`,
      }),
      createLogger({ level: 'error', format: 'json' }),
    );
    statements = createStatementService(opened.environment);
    const sessions = createSessionStore({
      idleTimeout: 3_600_000,
      perPrincipal: 4,
      total: 4,
      catalog: 'quickstart',
      schema: ['demo'],
    });
    const principal: Principal = {
      issuer: stack.issuer.issuer,
      subject: 'adminuser',
      name: 'adminuser',
      roles: [],
      expiresAt: Date.now() + 3_600_000,
      token: new BearerToken(await stack.token('adminuser')),
    };
    const { session } = sessions.acquire(principal, undefined);
    call = () => ({ principal, session, signal: new AbortController().signal, report: {} });
  });
  afterAll(async () => {
    await opened?.close();
    await stack?.close();
    own?.destroy();
    await rustfs?.stop();
    rmSync(logFolder, { recursive: true, force: true });
  });

  const update = (sql: string) => statements.update(call(), { sql });
  async function rows(sql: string): Promise<unknown[][]> {
    const { schema, batches } = await statements.query(call(), { sql });
    const found: unknown[][] = [];
    for await (const batch of batches) found.push(...batchToRows(schema, batch));
    return found;
  }
  async function objects(): Promise<string[]> {
    const { Contents } = await own.send(new ListObjectsV2Command({ Bucket: 'warehouse' }));
    return (Contents ?? []).map(({ Key }) => Key ?? '').sort();
  }

  it('CREATE TABLE AS writes with credentials for the place where the table will lie', async () => {
    expect(await update('CREATE TABLE made AS SELECT range AS n FROM range(100)')).toBe(100);
    expect(await rows('SELECT count(*), max(n) FROM made')).toEqual([[100n, 99n]]);
  });

  it('CREATE TABLE AS that fails leaves no object', async () => {
    const before = await objects();
    const query =
      "SELECT CASE WHEN range = 9999 THEN error('no') ELSE range END AS n, range % 3 AS p FROM range(10000)";
    await expect(update(`CREATE TABLE half PARTITIONED BY (p) AS ${query}`)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    await expect(update('CREATE TABLE made AS SELECT 1 AS n')).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    expect(await objects()).toEqual(before);
  });

  it('a table is made in a transaction, and is nowhere if that is rolled back', async () => {
    const before = await objects();
    await update('BEGIN');
    await update('CREATE TABLE later (n BIGINT)');
    await update('INSERT INTO later VALUES (1), (2)');
    expect(await rows('SELECT n FROM later ORDER BY n')).toEqual([[1n], [2n]]);
    await update('ROLLBACK');
    expect(await objects()).toEqual(before);
    await update('BEGIN');
    await update('CREATE TABLE later (n BIGINT)');
    await update('INSERT INTO later VALUES (3)');
    await update('COMMIT');
    expect(await rows('SELECT n FROM later')).toEqual([[3n]]);
  });
});
