/** Keycloak, run from its own distribution. Needs a Java runtime (17 or newer). */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheFolder, copyFromMaven, onceInCache, onPath, runToEnd } from './cache.mjs';
import { answersOk, freePort, startServer, waitUntilReady } from './processes.mjs';

export const keycloakVersion = '26.7.3';

const folderName = `keycloak-${keycloakVersion}`;
const buildOptions = ['--db=dev-file', '--health-enabled=true'];
const environment = {
  JAVA_OPTS_KC_HEAP: '-Xms64m -Xmx512m',
  KC_BOOTSTRAP_ADMIN_USERNAME: 'admin',
  KC_BOOTSTRAP_ADMIN_PASSWORD: 'admin',
};

/** The installed distribution; undefined, with the reason, where something is missing. */
export function findKeycloak() {
  const home = join(cacheFolder, folderName);
  if (!onPath('java')) return { missing: 'no Java runtime on PATH' };
  if (!existsSync(home)) return { missing: `not installed: node scripts/real/install.mjs keycloak` };
  return { path: home };
}

/** Downloads the distribution and builds it once, so that later starts are quicker. */
export function installKeycloak() {
  return onceInCache(folderName, (folder) => {
    copyFromMaven(`org.keycloak:keycloak-quarkus-dist:${keycloakVersion}:tar.gz`, folder);
    const archive = readdirSync(folder).find((name) => name.endsWith('.tar.gz'));
    runToEnd('tar', ['-xzf', archive, '--strip-components=1'], { cwd: folder });
    rmSync(join(folder, archive));
    runToEnd(join(folder, 'bin/kc.sh'), ['build', ...buildOptions], { env: { ...process.env, ...environment } });
  });
}

/**
 * Starts Keycloak on 127.0.0.1, on a free port where none is given, with a fresh database and one realm, read from its export file.
 * Its data goes into a temporary folder that `stop` removes.
 */
export async function startKeycloak({ realmFile, realm, logFolder, port: wantedPort }) {
  const found = findKeycloak();
  if (found.missing) throw new Error(`Keycloak: ${found.missing}`);
  const home = mkdtempSync(join(tmpdir(), 'skua-keycloak-'));
  cpSync(found.path, home, { recursive: true, verbatimSymlinks: true });
  mkdirSync(join(home, 'data/import'), { recursive: true });
  cpSync(realmFile, join(home, 'data/import', `${realm}-realm.json`));

  const port = wantedPort ?? (await freePort());
  const managementPort = await freePort();
  const address = `http://127.0.0.1:${port}`;
  const server = startServer(
    'Keycloak',
    join(home, 'bin/kc.sh'),
    [
      'start-dev',
      '--import-realm',
      '--http-host=127.0.0.1',
      `--http-port=${port}`,
      `--hostname=${address}`,
      '--health-enabled=true',
      '--http-management-scheme=http',
      `--http-management-port=${managementPort}`,
      '--cache=local',
    ],
    { log: join(logFolder, 'keycloak.log'), cwd: home, env: environment },
  );
  try {
    await waitUntilReady(server, () => answersOk(`http://127.0.0.1:${managementPort}/health/ready`), 180);
  } catch (error) {
    rmSync(home, { recursive: true, force: true });
    throw error;
  }
  const issuer = `${address}/realms/${realm}`;
  return {
    address,
    issuer,
    jwksUrl: `${issuer}/protocol/openid-connect/certs`,
    async stop() {
      await server.stop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** An access token through the password grant of a public client (RFC 6749, section 4.3). */
export async function passwordGrant(issuer, clientId, username, password) {
  const answer = await fetch(`${issuer}/protocol/openid-connect/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'password', client_id: clientId, username, password, scope: 'openid' }),
  });
  const body = await answer.json();
  if (!answer.ok) throw new Error(`No token for ${username}: ${body.error_description ?? body.error}`);
  return body.access_token;
}
