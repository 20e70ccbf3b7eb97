/** NGINX, as the balancer in front of several servers: Debian's package. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onPath, runToEnd } from './cache.mjs';
import { freePort, startServer, waitUntilReady } from './processes.mjs';

export function findNginx() {
  const path = onPath('nginx') ?? ['/usr/sbin/nginx'].find(existsSync);
  return path === undefined ? { missing: 'no nginx on the PATH: apt-get install nginx-light' } : { path };
}

export function installNginx() {
  const { path } = findNginx();
  if (path !== undefined) return path;
  runToEnd('apt-get', ['update', '-qq']);
  runToEnd('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'nginx-light']);
  return findNginx().path;
}

const recipe = new URL('../../deploy/nginx/nginx.conf', import.meta.url);

/** Starts NGINX in front of servers at ports of 127.0.0.1, on a free one, by the recipe that users are given. */
export async function startBalancer(ports) {
  const found = findNginx();
  if (found.missing) throw new Error(`NGINX: ${found.missing}`);
  const folder = mkdtempSync(join(tmpdir(), 'skua-nginx-'));
  const port = await freePort();
  const file = join(folder, 'nginx.conf');
  const upstream = ports.map((each) => `    server 127.0.0.1:${each} fail_timeout=1s;\n`).join('');
  const text = readFileSync(recipe, 'utf8')
    .replace(/(?: *server 127[^\n]*;\n)+/, upstream)
    .replace('listen 127.0.0.1:31400', `listen 127.0.0.1:${port}`);
  writeFileSync(file, text);
  const server = startServer('NGINX', found.path, ['-p', folder, '-c', file, '-e', 'error.log', '-g', 'daemon off;'], {
    log: join(folder, 'output.log'),
  });
  await waitUntilReady(server, () => answers(port), 30);
  return {
    port,
    /** What NGINX complained of, but for connections that were refused, which it then tries elsewhere. */
    errors: () =>
      readFileSync(join(folder, 'error.log'), 'utf8')
        .split('\n')
        .filter((line) => line.includes('[error]') && !line.includes('Connection refused')),
    async stop() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function answers(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
