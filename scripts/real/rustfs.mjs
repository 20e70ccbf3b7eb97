/**
 * RustFS, an S3 store. It comes as a binary: the one that `RUSTFS_BINARY` names, or `rustfs` on `PATH`, or unpacked from the archive
 * that `RUSTFS_ARCHIVE` names (`rustfs-1.0.1-linux-x64.xz`).
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, closeSync, existsSync, mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheFolder, onceInCache, onPath } from './cache.mjs';
import { answersOk, freePort, startServer, waitUntilReady } from './processes.mjs';

export const rustfsVersion = '1.0.1';

const folderName = `rustfs-${rustfsVersion}`;

export function findRustfs() {
  const named = process.env.RUSTFS_BINARY;
  if (named)
    return existsSync(named) ? { path: named } : { missing: `RUSTFS_BINARY names ${named}, which is not there` };
  const program = onPath('rustfs');
  if (program) return { path: program };
  const unpacked = join(cacheFolder, folderName, 'rustfs');
  if (existsSync(unpacked)) return { path: unpacked };
  return { missing: 'no rustfs on PATH, and neither RUSTFS_BINARY nor RUSTFS_ARCHIVE is set' };
}

/** Unpacks the archive that `RUSTFS_ARCHIVE` names, where no binary is there yet. */
export function installRustfs() {
  const found = findRustfs();
  if (found.path) return found.path;
  const archive = process.env.RUSTFS_ARCHIVE;
  if (!archive) throw new Error(`RustFS: ${found.missing}`);
  const folder = onceInCache(folderName, (partial) => {
    const binary = join(partial, 'rustfs');
    const output = openSync(binary, 'w');
    const result = spawnSync('xz', ['--decompress', '--stdout', archive], { stdio: ['ignore', output, 'inherit'] });
    closeSync(output);
    if (result.status !== 0) throw new Error(`xz could not unpack ${archive}`);
    chmodSync(binary, 0o755);
  });
  return join(folder, 'rustfs');
}

/**
 * Starts RustFS on 127.0.0.1, on a free port where none is given, with an empty store, or one that holds the empty `bucket`. `stop` removes the
 * store.
 */
export async function startRustfs({ logFolder, port: wantedPort, bucket }) {
  const found = findRustfs();
  if (found.missing) throw new Error(`RustFS: ${found.missing}`);
  const folder = mkdtempSync(join(tmpdir(), 'skua-rustfs-'));
  const data = join(folder, 'data');
  mkdirSync(data);
  const accessKeyId = 's3admin';
  const secretAccessKey = 's3adminpw';
  const region = 'us-east-1';
  const port = wantedPort ?? (await freePort());
  const endpoint = `http://127.0.0.1:${port}`;
  const server = startServer(
    'RustFS',
    found.path,
    ['server', '--address', `127.0.0.1:${port}`, '--region', region, data],
    {
      log: join(logFolder, 'rustfs.log'),
      env: {
        RUSTFS_ACCESS_KEY: accessKeyId,
        RUSTFS_SECRET_KEY: secretAccessKey,
        RUSTFS_CONSOLE_ENABLE: 'false',
        RUSTFS_CHECK_UPDATE: 'false',
        RUSTFS_OBS_LOG_DIRECTORY: join(folder, 'logs'),
        RUSTFS_OBS_LOGGER_LEVEL: 'warn',
      },
    },
  );
  try {
    await waitUntilReady(server, () => answersOk(`${endpoint}/health/ready`), 30);
    if (bucket !== undefined) await createBucket({ endpoint, region, accessKeyId, secretAccessKey }, bucket);
  } catch (error) {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  return {
    endpoint,
    region,
    accessKeyId,
    secretAccessKey,
    async stop() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A client of the store that is not the server's. */
export async function storeClient({ endpoint, region, accessKeyId, secretAccessKey }) {
  // Only here, since it is large, and most of those who look for the store's binary want no client.
  const { S3Client } = await import('@aws-sdk/client-s3');
  return new S3Client({ endpoint, region, forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } });
}

async function createBucket(store, bucket) {
  const { CreateBucketCommand } = await import('@aws-sdk/client-s3');
  const client = await storeClient(store);
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  client.destroy();
}

/** The store's keys, as TOML for a server whose catalog hands out none. */
export function storageSettings({ accessKeyId, secretAccessKey }) {
  const [id, secret] = [accessKeyId, secretAccessKey].map((value) => JSON.stringify(value));
  return `[storage]\naccess_key_id = ${id}\nsecret_access_key = ${secret}\n`;
}

/** How to reach the store, in the words of Iceberg's catalogs. */
export function storageProperties({ endpoint, region, accessKeyId, secretAccessKey }) {
  return {
    's3.endpoint': endpoint,
    's3.access-key-id': accessKeyId,
    's3.secret-access-key': secretAccessKey,
    's3.path-style-access': 'true',
    'client.region': region,
  };
}
