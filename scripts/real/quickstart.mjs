/** The quickstart's servers without docker: Keycloak, RustFS, a catalog, and `skua serve` with the quickstart's own configuration. */
import { join } from 'node:path';
import { isServing } from '../health.mjs';
import { repository, runToEnd } from './cache.mjs';
import { passwordGrant, startKeycloak } from './keycloak.mjs';
import { answersOk, freePort, startServer, waitUntilReady } from './processes.mjs';
import { startRustfs } from './rustfs.mjs';

const folder = join(repository, 'quickstart/polaris-keycloak-user-token');
const realm = 'iceberg';
const clientId = 'polaris-frontend-client';
const passwords = { adminuser: 'adminuser123', testuser: 'testuser123' };

/** Where a Polaris that somebody started by hand expects the two others; see the quickstart's README. */
const keycloakPort = Number(process.env.KEYCLOAK_PORT ?? 28080);
const rustfsPort = Number(process.env.RUSTFS_PORT ?? 19000);

/**
 * Starts everything. With `polaris`, the address of one that is running, the embedded catalog stays out, and a Keycloak or RustFS that
 * answers at the ports above is used as it is.
 */
export async function startQuickstart({ logFolder, polaris }) {
  const started = [];
  const stop = async () => {
    for (const server of started.reverse()) await server.stop();
  };
  try {
    const keycloak = await useOrStart(
      polaris && `http://127.0.0.1:${keycloakPort}/realms/${realm}`,
      (issuer) => issuer,
      (issuer) => ({ issuer, jwksUrl: `${issuer}/protocol/openid-connect/certs` }),
      () =>
        startKeycloak({
          realmFile: join(folder, `keycloak/${realm}-realm.json`),
          realm,
          logFolder,
          port: polaris ? keycloakPort : undefined,
        }),
      started,
    );
    const store = await useOrStart(
      polaris && `http://127.0.0.1:${rustfsPort}`,
      (endpoint) => `${endpoint}/health/ready`,
      (endpoint) => ({
        endpoint,
        region: 'us-east-1',
        accessKeyId: process.env.S3_ACCESS_KEY ?? 's3admin',
        secretAccessKey: process.env.S3_SECRET_KEY ?? 's3adminpw',
      }),
      () => startRustfs({ logFolder, port: polaris ? rustfsPort : undefined }),
      started,
    );
    runToEnd(join(folder, 'rustfs-bucket.sh'), [], {
      env: {
        ...process.env,
        S3_ENDPOINT: store.endpoint,
        S3_ACCESS_KEY: store.accessKeyId,
        S3_SECRET_KEY: store.secretAccessKey,
      },
    });
    const catalogUri = polaris ? setUpPolaris(polaris, store) : await startEmbeddedCatalog(keycloak, store, started);
    const address = await startSkua(keycloak, catalogUri, logFolder, started);
    return {
      address,
      keycloak: keycloak.issuer,
      store,
      catalog: catalogUri,
      token: (user) => passwordGrant(keycloak.issuer, clientId, user, passwords[user]),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What runs at an address that may be given, or else a new one. */
async function useOrStart(address, probe, describe, start, started) {
  if (address && (await answersOk(probe(address)).catch(() => false))) return describe(address);
  const server = await start();
  started.push(server);
  return server;
}

async function startEmbeddedCatalog(keycloak, store, started) {
  const { startCatalog } = await import('../../dist/embedded/index.js');
  const catalog = await startCatalog({
    issuer: { issuer: keycloak.issuer, jwksUrl: keycloak.jwksUrl, audience: 'account' },
    warehouse: {
      kind: 's3',
      location: 's3://warehouse',
      endpoint: store.endpoint,
      region: store.region,
      accessKeyId: store.accessKeyId,
      secretAccessKey: store.secretAccessKey,
      sts: { durationSeconds: 900 },
    },
  });
  started.push({ stop: () => catalog.close() });
  return catalog.uri;
}

/** With POLARIS_ROOT_SECRET, sets up catalog, roles and users as docker compose does; without it, they are there. */
function setUpPolaris(polaris, store) {
  const url = polaris.replace(/\/+$/, '').replace(/\/api\/catalog$/, '');
  if (process.env.POLARIS_ROOT_SECRET) {
    runToEnd(join(folder, 'polaris/bootstrap.sh'), [], {
      env: { ...process.env, POLARIS_URL: url, S3_ENDPOINT: store.endpoint },
    });
  }
  return `${url}/api/catalog`;
}

async function startSkua(keycloak, catalogUri, logFolder, started) {
  const address = `127.0.0.1:${await freePort()}`;
  const server = startServer(
    'Skua',
    process.execPath,
    [join(repository, 'bin/skua.cjs'), 'serve', '--config', join(folder, 'skua.toml')],
    {
      log: join(logFolder, 'skua.log'),
      env: {
        SKUA_SERVER__HOST: '127.0.0.1',
        SKUA_SERVER__PORT: address.split(':')[1],
        SKUA_SERVER__ALLOW_PLAINTEXT: 'false',
        SKUA_HTTP__HOST: '127.0.0.1',
        SKUA_HTTP__PORT: String(await freePort()),
        SKUA_HTTP__ALLOW_PLAINTEXT: 'false',
        SKUA_AUTH__0__ISSUER: keycloak.issuer,
        SKUA_AUTH__0__JWKS_URL: keycloak.jwksUrl,
        SKUA_CATALOGS__QUICKSTART__URI: catalogUri,
      },
    },
  );
  started.push(server);
  await waitUntilReady(server, () => isServing(address), 30);
  return address;
}
