import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../e2e/support/server.js';

const run = promisify(execFile);
const repository = fileURLToPath(new URL('../../', import.meta.url));
// Below the package, whose name resolves to itself there.
const folder = join(repository, 'dist/.docs-client');
let program: string;
let server: TestServer;

beforeAll(async () => {
  const page = await readFile(join(repository, 'docs/client.md'), 'utf8');
  program = [...page.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, block]) => block).join('\n');
  await mkdir(folder, { recursive: true });
  server = await startTestServer();
});

afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

describe('docs/client.md', () => {
  it('shows a program that prints what it says, by the package’s own entry', async () => {
    // The annotations that the page has for readers of TypeScript are the only ones to take away.
    await writeFile(join(folder, 'program.mjs'), program.replaceAll('(error: SkuaError)', '(error)'));
    const { stdout } = await run(process.execPath, [join(folder, 'program.mjs')], {
      env: { ...process.env, SKUA_ADDRESS: server.server.address, SKUA_TOKEN: await server.token('adminuser') },
    });
    const promised = [...program.matchAll(/^\/\/ → (.*)$/gm)].map(([, line]) => line);
    expect(stdout.trimEnd().split('\n')).toEqual(promised);
  });

  it('shows a program whose types are right', async () => {
    await writeFile(join(folder, 'program.mts'), program);
    const settings = {
      extends: join(repository, 'tsconfig.json'),
      compilerOptions: { rootDir: '.', noEmit: true, incremental: false, tsBuildInfoFile: null, declaration: false },
      files: ['program.mts'],
      include: [],
    };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(settings));
    await run(process.execPath, [join(repository, 'node_modules/typescript/bin/tsc'), '-p', folder]).catch((error) => {
      expect(error.stdout).toBe('');
    });
  });

  it('is right in that the client loads no native code', async () => {
    const script = `
      await import('skua/client');
      const native = process.report.getReport().sharedObjects;
      console.log(JSON.stringify(native.filter((path) => /koffi|duckdb|\\.node$/.test(path))));`;
    await writeFile(join(folder, 'native.mjs'), script);
    const { stdout } = await run(process.execPath, [join(folder, 'native.mjs')]);
    expect(JSON.parse(stdout)).toEqual([]);
  });
});
