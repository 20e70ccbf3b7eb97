import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parts, repository } from '../../scripts/real/index.mjs';
import { isMissing } from './support/real-clients.js';
import { startTestServer, type TestServer } from './support/server.js';

const PATIENCE = 300_000;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server?.stop());

it.skipIf(isMissing('dbt'))(
  "the dbt adapter passes dbt's own tests of seeds, tables, views, incremental models, snapshots and comments",
  async () => {
    const folder = join(repository, 'python/dbt-skua');
    const wanted = 'TestSimpleMaterializations or TestMergeExcludeColumns or TestSnapshotTimestamp or TestPersistDocs';
    const child = spawn(
      parts.dbt.find().path ?? 'python3',
      ['-m', 'pytest', 'tests', '-q', '--show-capture=no', '-p', 'no:cacheprovider', '-k', wanted],
      {
        cwd: folder,
        env: {
          ...process.env,
          PYTHONPATH: folder,
          PYTHONDONTWRITEBYTECODE: '1',
          SKUA_DBT_ADDRESS: server.server.address,
          SKUA_DBT_TOKEN: await server.token('adminuser'),
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (piece) => {
        output += piece;
      });
    }
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    expect(code, output).toBe(0);
    expect(output).toMatch(/\b4 passed/);
  },
  PATIENCE,
);
