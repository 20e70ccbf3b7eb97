/** Apache Spark with its Connect server and Iceberg's runtime for it. Needs a Java runtime (17 or newer). */
import { existsSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { cacheFolder, copyFromMaven, onceInCache, onPath, runToEnd } from './cache.mjs';
import { freePort, startServer, waitUntilReady } from './processes.mjs';

export const sparkVersion = '4.1.1';
const icebergVersion = '1.12.0';
const folderName = `spark-${sparkVersion}-iceberg-${icebergVersion}`;

/** The installed distribution; undefined, with the reason, where something is missing. */
export function findSpark() {
  const home = join(cacheFolder, folderName);
  if (!onPath('java')) return { missing: 'no Java runtime on PATH' };
  if (!existsSync(home)) return { missing: 'not installed: node scripts/real/install.mjs spark' };
  return { path: home };
}

/** The distribution comes as a Python package, which is not run as one. */
export function installSpark() {
  return onceInCache(folderName, (folder) => {
    const options = ['--quiet', '--disable-pip-version-check', '--no-deps', '--target', join(folder, 'python')];
    runToEnd('python3', ['-m', 'pip', 'install', ...options, `pyspark==${sparkVersion}`]);
    for (const name of ['iceberg-spark-runtime-4.1_2.13', 'iceberg-aws-bundle']) {
      copyFromMaven(`org.apache.iceberg:${name}:${icebergVersion}`, join(folder, 'jars'));
    }
  });
}

/**
 * Starts a Spark Connect server on 127.0.0.1 with two threads for its tasks and no catalog of its own. `port`: a free one where none is given.
 */
export async function startSpark({ logFolder, port: wantedPort }) {
  const found = findSpark();
  if (found.missing) throw new Error(`Spark: ${found.missing}`);
  const home = join(found.path, 'python/pyspark');
  const port = wantedPort ?? (await freePort());
  const settings = {
    'spark.connect.grpc.binding.address': '127.0.0.1',
    'spark.connect.grpc.binding.port': port,
    'spark.driver.extraClassPath': join(found.path, 'jars', '*'),
    'spark.sql.extensions': 'org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions',
    // Compiling a plan takes longer than to run it over a few rows.
    'spark.sql.codegen.wholeStage': false,
    'spark.sql.shuffle.partitions': 2,
    'spark.sql.warehouse.dir': join(logFolder, 'spark-warehouse'),
    'spark.ui.enabled': false,
  };
  const server = startServer(
    'Spark',
    join(home, 'bin/spark-submit'),
    [
      ...['--class', 'org.apache.spark.sql.connect.service.SparkConnectServer'],
      ...['--master', 'local[2]', '--driver-memory', '2g'],
      ...Object.entries(settings).flatMap(([name, value]) => ['--conf', `${name}=${value}`]),
      'spark-internal',
    ],
    { log: join(logFolder, 'spark.log'), cwd: logFolder, env: { SPARK_HOME: home, SPARK_LOCAL_IP: '127.0.0.1' } },
  );
  await waitUntilReady(server, () => listens(port), 180);
  return { endpoint: `sc://127.0.0.1:${port}`, stop: () => server.stop() };
}

function listens(port) {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1');
    socket.once('connect', () => resolve(socket.destroy() !== undefined));
    socket.once('error', () => resolve(false));
  });
}
