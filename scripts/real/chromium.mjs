/** The browser in which the console is tested: Debian's package, or the one that `SKUA_TEST_CHROMIUM` names. */
import { existsSync } from 'node:fs';
import { onPath, runToEnd } from './cache.mjs';

export function findChromium() {
  const path = process.env.SKUA_TEST_CHROMIUM ?? onPath('chromium');
  if (path !== undefined && existsSync(path)) return { path };
  return { missing: 'no chromium on the PATH: apt-get install chromium' };
}

export function installChromium() {
  const { path } = findChromium();
  if (path !== undefined) return path;
  runToEnd('apt-get', ['update', '-qq']);
  runToEnd('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium', 'fonts-dejavu-core']);
  return onPath('chromium');
}
