import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parts, repository } from '../../scripts/real/index.mjs';
import { isMissing } from './support/real-clients.js';
import { startTestServer, type TestServer } from './support/server.js';

const PATIENCE = 600_000;

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

it.skipIf(isMissing('sqlalchemy'))(
  'the SQLAlchemy dialect does what its tests say',
  async () => {
    const folder = join(repository, 'python/sqlalchemy-skua');
    const token = await server.token('adminuser');
    const child = spawn(
      parts.sqlalchemy.find().path ?? 'python3',
      ['-m', 'pytest', 'tests/test_dialect.py', '-q', '--tb=short', '-p', 'no:cacheprovider'],
      {
        cwd: folder,
        env: {
          ...process.env,
          PYTHONPATH: folder,
          PYTHONDONTWRITEBYTECODE: '1',
          SKUA_SQLALCHEMY_URL: `skua://${server.server.address}/quickstart?token=${token}`,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    const exitCode = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    const output = Buffer.concat(chunks).toString();
    expect(exitCode, output).toBe(0);
    expect(output).toMatch(/^\d+ passed in /m);
  },
  PATIENCE,
);
