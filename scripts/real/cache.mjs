/** Where downloaded servers and clients are kept, and how they get there. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const repository = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** The folder that `SKUA_TEST_CACHE` names, or `.cache` in the repository. */
export const cacheFolder = process.env.SKUA_TEST_CACHE
  ? resolve(process.env.SKUA_TEST_CACHE)
  : join(repository, '.cache');

/** The full path of a program, from `PATH`; undefined where there is none. */
export function onPath(program) {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const candidate = join(folder, program);
    try {
      accessSync(candidate, constants.X_OK);
      return candidate;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

/** Runs a program to its end. Fails with the end of what it printed. */
export function runToEnd(command, args, options = {}) {
  const result = spawnSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1 << 28,
    ...options,
  });
  if (result.status !== 0) {
    const printed = `${result.stdout ?? ''}\n${result.stderr ?? ''}`.trim().slice(-3000);
    const end = result.error?.message ?? result.signal ?? `exit code ${result.status}`;
    throw new Error(`${command} ${args.join(' ')} ended with ${end}\n${printed}`);
  }
  return result.stdout;
}

/** Copies one artifact, `group:name:version[:type]`, out of Maven's repository into a folder. */
export function copyFromMaven(artifact, folder) {
  mkdirSync(folder, { recursive: true });
  runToEnd('mvn', [
    '--batch-mode',
    '--quiet',
    'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy',
    `-Dartifact=${artifact}`,
    `-DoutputDirectory=${folder}`,
  ]);
}

/**
 * Makes a folder of the cache once. `fill` works in a folder beside it, which takes its place only when it is complete, so that an
 * interrupted download is never mistaken for a finished one.
 */
export function onceInCache(name, fill) {
  const folder = join(cacheFolder, name);
  if (existsSync(folder)) return folder;
  const partial = `${folder}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  fill(partial);
  renameSync(partial, folder);
  return folder;
}
