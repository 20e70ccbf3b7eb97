/** The examples print what their page says, each where its packages are there. */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'vite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parts, repository } from '../../scripts/real/index.mjs';
import { isMissing } from './support/real-clients.js';
import { startTestServer, type TestServer } from './support/server.js';

const PATIENCE = 180_000;
const example = (path: string) => join(repository, 'examples', path);

let server: TestServer;
let token: string;
let folder: string;
beforeAll(async () => {
  server = await startTestServer();
  token = await server.token('adminuser');
  folder = await mkdtemp(join(tmpdir(), 'skua-examples-'));
}, PATIENCE);
afterAll(async () => {
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function printed(command: string, args: string[], cwd = repository): Promise<string> {
  const env = {
    ...process.env,
    SKUA_ADDRESS: server.server.address,
    SKUA_HTTP: server.server.httpUrl,
    SKUA_TOKEN: token,
  };
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let [output, complaints] = ['', ''];
  child.stdout.on('data', (piece) => {
    output += piece;
  });
  child.stderr.on('data', (piece) => {
    complaints += piece;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  expect(code, complaints).toBe(0);
  return output;
}

const SUMS = 'click 3.75\nview 1.50\n';

it(
  'in TypeScript',
  async () => {
    await mkdir(join(folder, 'node_modules'));
    await symlink(repository, join(folder, 'node_modules/skua'));
    const outFile = join(folder, 'example.mjs');
    await build({
      configFile: false,
      logLevel: 'error',
      build: {
        ssr: example('typescript/example.ts'),
        target: 'node20',
        outDir: folder,
        emptyOutDir: false,
        rollupOptions: { external: ['skua/client'], output: { entryFileNames: 'example.mjs' } },
      },
    });
    expect(await printed(process.execPath, [outFile])).toBe(SUMS);
  },
  PATIENCE,
);

it.skipIf(isMissing('python'))(
  'in Python',
  async () => expect(await printed(parts.python.find().path as string, [example('python/example.py')])).toBe(SUMS),
  PATIENCE,
);

it.skipIf(isMissing('jdbc'))(
  'in Java',
  async () => {
    const jar = parts.jdbc.find().path as string;
    const options = ['--add-opens=java.base/java.nio=ALL-UNNAMED', '-cp', jar];
    expect(await printed('java', [...options, example('java/Example.java')])).toBe(SUMS);
  },
  PATIENCE,
);

it.skipIf(isMissing('goExample'))(
  'in Go',
  async () => expect(await printed(parts.goExample.find().path as string, [])).toBe(SUMS),
  PATIENCE,
);

it('in the shell', async () => expect(await printed('sh', [example('shell/example.sh')])).toBe(SUMS), PATIENCE);
