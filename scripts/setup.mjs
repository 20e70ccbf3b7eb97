/**
 * Brings a clone to where its commands can run: installs the locked packages and compiles, each only when something changed. With `--console` the console is built
 * as well, which the demo does without; `--clean` begins anew.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Skua needs Node 20.19 or newer; this is ${process.versions.node}.`);
  process.exit(1);
}

const changed = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);

function newest(folder) {
  let time = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    time = Math.max(time, entry.isDirectory() ? newest(path) : changed(path));
  }
  return time;
}

function run(what, command, args) {
  console.error(`${what} …`);
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (result.status !== 0) {
    console.error(
      `${what} failed: ${command} ${args.join(' ')} ended with ${result.status ?? result.signal ?? result.error?.message}`,
    );
    process.exit(1);
  }
}

if (changed(join(root, 'node_modules/.package-lock.json')) < changed(join(root, 'package-lock.json'))) {
  run('Installing packages', 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
}

// What was compiled from files that are gone would be packed, too.
if (process.argv.includes('--clean')) rmSync(join(root, 'dist'), { recursive: true, force: true });

const sources = Math.max(
  newest(join(root, 'src')),
  changed(join(root, 'tsconfig.json')),
  changed(join(root, 'package-lock.json')),
);
if (changed(join(root, 'dist/.tsbuildinfo')) < sources) {
  run('Compiling', process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.json']);
}

const consoleSources = Math.max(newest(join(root, 'console')), sources);
if (process.argv.includes('--console') && changed(join(root, 'dist/console/index.html')) < consoleSources) {
  const vite = join(root, 'node_modules/vite/bin/vite.js');
  run('Building the console', process.execPath, [
    vite,
    'build',
    '--config',
    'console/vite.config.ts',
    '--logLevel',
    'warn',
  ]);
}
