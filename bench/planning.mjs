/**
 * How long a scan of a table with 100,000 data files in 1,000 manifests takes to plan, and how long the event loop is held up meanwhile.
 * Each figure comes from processes of its own, so that nothing is warm: `node bench/planning.mjs`.
 */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { createMetadataCache, planScan } from '../dist/iceberg/index.js';
import { openStorage } from '../dist/storage/index.js';
import { dayOf, writeTable } from './planning/table.mjs';
import { spread } from './support/figures.mjs';

const runs = 7;
const size = { manifestCount: 1000, filesPerManifest: 100 };
const timestamp = (text) => ({ text, type: 'timestamp' });

const cases = {
  'no filter': undefined,
  'one day': {
    op: 'and',
    operands: [
      { op: 'ge', column: 'event_time', value: timestamp(`${dayOf(500)} 00:00:00`) },
      { op: 'lt', column: 'event_time', value: timestamp(`${dayOf(501)} 00:00:00`) },
    ],
  },
  'one user, by statistics': { op: 'eq', column: 'user_id', value: { text: '52000123', type: 'integer' } },
};

async function plan(source, filter) {
  const cache = createMetadataCache(256 * 1024 * 1024);
  const storage = openStorage({ properties: {}, credentials: [] }, { localRoots: [source.folder] });
  const results = [];
  for (const temperature of ['cold', 'warm']) {
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    // The histogram counts from its second tick on.
    await new Promise((resolve) => setTimeout(resolve, 20));
    const started = performance.now();
    const { statistics, tasks } = await planScan({ metadata: source.metadata, filter, storage, cache });
    const milliseconds = performance.now() - started;
    await new Promise((resolve) => setTimeout(resolve, 20));
    delay.disable();
    results.push({ temperature, milliseconds, blocked: delay.max / 1e6, tasks: tasks.length, statistics });
  }
  return { results, residentBytes: process.memoryUsage.rss() };
}

if (process.send) {
  process.once('message', async ({ source, name }) => {
    process.send(await plan(source, cases[name]), () => process.exit(0));
  });
} else {
  const folder = mkdtempSync(join(tmpdir(), 'skua-planning-'));
  try {
    const source = { folder, ...writeTable(folder, size) };
    const kilobytes = (source.manifestBytes / size.manifestCount / 1024).toFixed(0);
    console.log(
      `Node ${process.versions.node}, ${cpus().length} cores; ${runs} processes each; median (lowest to highest)`,
    );
    console.log(`${size.manifestCount} manifests of ${kilobytes} KiB with ${size.filesPerManifest} files each`);
    console.log(
      '| filter | | plan, ms | event loop held up at most, ms | manifests read | files planned | process, MB |',
    );
    console.log('| --- | --- | --- | --- | --- | --- | --- |');
    for (const name of Object.keys(cases)) {
      const answers = [];
      for (let run = 0; run < runs; run++) answers.push(await inProcess(source, name));
      for (const index of [0, 1]) {
        const results = answers.map((answer) => answer.results[index]);
        const [{ temperature, statistics, tasks }] = results;
        const cells = [
          name,
          temperature,
          spread(results.map(({ milliseconds }) => milliseconds)),
          spread(results.map(({ blocked }) => blocked)),
          `${statistics.manifestsRead} of ${statistics.manifestsTotal}`,
          `${tasks} of ${statistics.filesTotal}`,
          spread(answers.map(({ residentBytes }) => residentBytes / 1e6)),
        ];
        console.log(`| ${cells.join(' | ')} |`);
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Only structured clones carry the metadata's bigints. */
function inProcess(source, name) {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), { serialization: 'advanced' });
    child.once('message', resolve);
    child.once('error', reject);
    child.once('exit', (code) => code && reject(new Error(`The planning process ended with ${code}`)));
    child.send({ source, name });
  });
}
