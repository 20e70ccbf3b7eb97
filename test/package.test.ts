import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const repository = fileURLToPath(new URL('../', import.meta.url));
let folder: string;
let installed: string;

/** As `npm install` of the packed file lays it out, with links to the packages that it depends on, and to no other. */
beforeAll(async () => {
  await run(process.execPath, [join(repository, 'scripts/setup.mjs'), '--console']);
  folder = await mkdtemp(join(tmpdir(), 'skua-package-'));
  installed = join(folder, 'node_modules/skua');
  await mkdir(installed, { recursive: true });
  const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
  const { stdout } = await run('npm', pack, { cwd: repository, maxBuffer: 2 ** 26 });
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
  await run('tar', ['-xzf', join(folder, filename), '-C', installed, '--strip-components', '1']);
  const lock = JSON.parse(await readFile(join(repository, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean }>;
  };
  for (const [path, { dev }] of Object.entries(lock.packages)) {
    if (dev === true || !/^node_modules\/(@[^/]+\/)?[^/]+$/.test(path)) continue;
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await symlink(join(repository, path), join(folder, path));
  }
}, 120_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the package', () => {
  it('runs the demo, with nothing but itself and what it depends on', async () => {
    const { stdout } = await run(process.execPath, [join(installed, 'bin/skua.cjs'), 'demo'], { cwd: folder });
    expect(stdout).toMatch(/All \d+ came out as they should\./);
  }, 120_000);

  it('has clients that can be imported, over Flight SQL and over HTTP, with their types', async () => {
    const script =
      "import * as a from 'skua/client'; import * as b from 'skua/client/http'; console.log(typeof a.connect, typeof b.connect);";
    await writeFile(join(folder, 'clients.mjs'), script);
    expect((await run(process.execPath, [join(folder, 'clients.mjs')])).stdout).toBe('function function\n');
    expect(await readFile(join(installed, 'dist/client/index.d.ts'), 'utf8')).toContain('FlightSqlClient');
  });

  it('has the console, the licence and the documentation, and nothing of the workshop', async () => {
    const files = (await readdir(installed, { recursive: true })).filter((path) => !path.startsWith('dist/'));
    expect(await readdir(join(installed, 'dist/console'))).toContain('index.html');
    expect(files).toEqual(
      expect.arrayContaining(['LICENSE', 'README.md', 'CHANGELOG.md', 'docs/client.md', 'package.json']),
    );
    expect(files.filter((path) => /^(src|test|console|bench|node_modules)\//.test(path))).toEqual([]);
    const manifest = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'));
    expect(manifest.private).toBeUndefined();
  });
});
