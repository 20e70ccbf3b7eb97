/**
 * How evenly the files of a table fall to the servers of a cluster, how many change hands where one leaves, and what a server needs to plan its share:
 * `node bench/cluster.mjs`, with `--files 10000000` by default. Writes the figures as a table, and the plot docs/images/cluster.svg.
 */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { createMetadataCache, planScan } from '../dist/iceberg/index.js';
import { Rendezvous } from '../dist/rendezvous.js';
import { openStorage } from '../dist/storage/index.js';
import { balancePlot } from './cluster/plot.mjs';
import { writeTable } from './planning/table.mjs';

const FILES = Number(process.argv.includes('--files') ? process.argv[process.argv.indexOf('--files') + 1] : 10_000_000);
const SERVERS = [3, 10, 30, 64, 100, 300, 1000];
/** The largest clusters of which a query is divided among all; beyond, a table's queries go to so many of them. */
const SHARERS = 64;
const LARGE_TABLE = { manifestCount: 1000, filesPerManifest: 1000 };

const addresses = (count) => Array.from({ length: count }, (_, index) => `grpc+tls://skua-${index}.skua:50051`);
const fileOf = (number) => `s3://warehouse/db/table/data/day=${number % 1000}/${number.toString(36)}-00001.parquet`;

/** Files of each server, and how many another server has once the first has left. */
function distribute(count) {
  const servers = addresses(count);
  const [, ...rest] = servers;
  const before = new Rendezvous(servers);
  const after = new Rendezvous(rest);
  const files = new Uint32Array(count);
  let moved = 0;
  let needlessly = 0;
  // The second look is only needed of a sample: whether a file stays does not hang on the others.
  const sample = Math.max(1, Math.floor(FILES / 1_000_000));
  for (let number = 0; number < FILES; number++) {
    const location = fileOf(number);
    const owner = before.ownerOf(location);
    files[owner]++;
    if (owner === 0) moved++;
    else if (number % sample === 0 && after.ownerOf(location) !== owner - 1) needlessly++;
  }
  return { files, moved, needlessly };
}

/** Of 10,000 tables in a cluster where each is divided among some of the servers: tables of each, and what one that leaves changes. */
function chooseSharers(count, tables = 10_000) {
  const servers = addresses(count);
  const before = new Rendezvous(servers);
  const after = new Rendezvous(servers.slice(1));
  const held = new Map(servers.map((server) => [server, 0]));
  let changed = 0;
  for (let table = 0; table < tables; table++) {
    const name = `table-${table}`;
    const chosen = before.ownersOf(name, SHARERS);
    for (const server of chosen) held.set(server, held.get(server) + 1);
    const kept = new Set(after.ownersOf(name, SHARERS));
    changed += chosen.filter((server) => !kept.has(server)).length;
  }
  const counts = [...held.values()];
  return { imbalance: (Math.max(...counts) * count) / (tables * SHARERS), changed: changed / (tables * SHARERS) };
}

async function plan({ folder, metadata, share }) {
  const storage = openStorage({ properties: {}, credentials: [] }, { localRoots: [folder] });
  const started = performance.now();
  const { tasks } = await planScan({ metadata, share, storage, cache: createMetadataCache(256 * 2 ** 20) });
  return {
    milliseconds: performance.now() - started,
    files: tasks.length,
    resident: process.resourceUsage().maxRSS * 1024,
  };
}

function inProcess(request) {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), { serialization: 'advanced' });
    child.once('message', resolve);
    child.once('exit', (code) => reject(new Error(`The planning process ended with ${code}`)));
    child.send(request);
  });
}

async function main() {
  console.log(`Node ${process.versions.node}, ${cpus().length} cores; ${FILES.toLocaleString('en')} files`);
  console.log(
    '| servers | files of one, mean | most / mean | moved where one leaves, of 1/n | moved besides | seconds |',
  );
  console.log('| --- | --- | --- | --- | --- | --- |');
  const points = [];
  for (const count of SERVERS) {
    const started = performance.now();
    const { files, moved, needlessly } = distribute(count);
    const mean = FILES / count;
    const most = files.reduce((left, right) => Math.max(left, right)) / mean;
    const share = moved / mean;
    points.push({ count, most, share });
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(
      `| ${count} | ${Math.round(mean)} | ${most.toFixed(3)} | ${share.toFixed(3)} | ${needlessly} | ${seconds} |`,
    );
    if (most >= 1.15 || share >= 1.5 || needlessly > 0) process.exitCode = 1;
  }
  const { imbalance, changed } = chooseSharers(1000);
  console.log(
    `1000 servers, 10,000 tables, each divided among ${SHARERS}: most tables / mean ${imbalance.toFixed(3)}; ${(changed * 1000).toFixed(3)} of 1/n of the places change where one leaves`,
  );
  writeFileSync(new URL('../docs/images/cluster.svg', import.meta.url), balancePlot(points, FILES));

  const folder = mkdtempSync(join(tmpdir(), 'skua-cluster-'));
  try {
    const { metadata, manifestBytes } = writeTable(folder, LARGE_TABLE);
    const files = LARGE_TABLE.manifestCount * LARGE_TABLE.filesPerManifest;
    console.log(
      `\nPlanning a table of ${files.toLocaleString('en')} files, ${Math.round(manifestBytes / 2 ** 20)} MiB of manifests`,
    );
    console.log('| servers | files planned | seconds | peak memory of the process, MiB |');
    console.log('| --- | --- | --- | --- |');
    for (const count of [1, 3, 10, SHARERS]) {
      const share = count === 1 ? undefined : { servers: addresses(count), index: 0 };
      const { milliseconds, files: planned, resident } = await inProcess({ folder, metadata, share });
      console.log(
        `| ${count} | ${planned} | ${(milliseconds / 1000).toFixed(1)} | ${Math.round(resident / 2 ** 20)} |`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.send) {
  process.once('message', async (request) => process.send(await plan(request), () => process.exit(0)));
} else await main();
