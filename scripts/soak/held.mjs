/** What a server and its engine processes hold. Linux only; elsewhere the figures of processes are 0. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { enginesOf } from '../faults/engines.mjs';

/**
 * `{ serverMiB, anEngineMiB, sharedMiB, engines, serverHandles, handlesOfAnEngine, journalEntries, temporaryFiles }`. Memory is what is resident of a
 * process and no other maps, of engine processes the mean, since their number differs; what batches cross in is `sharedMiB`. `folder`: where the server keeps journal, cache and temporary files.
 */
export function heldBy(pid, folder) {
  const engines = process.platform === 'linux' ? enginesOf(pid) : [];
  const mean = (numbers) => Math.round(numbers.reduce((sum, number) => sum + number, 0) / (numbers.length || 1));
  const own = memoryOf(pid);
  const theirs = engines.map(memoryOf);
  const files = filesIn(folder);
  return {
    serverMiB: own.anonymous,
    anEngineMiB: mean(theirs.map(({ anonymous }) => anonymous)),
    sharedMiB: own.shared,
    engines: engines.length,
    serverHandles: handlesOf(pid),
    handlesOfAnEngine: mean(engines.map(handlesOf)),
    journalEntries: files.filter((path) => path.endsWith('.entry')).length,
    temporaryFiles: files.filter((path) => path.includes('/sessions/') || path.endsWith('.part')).length,
  };
}

function memoryOf(pid) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    const mebibytes = (name) =>
      Math.round(Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0) / 1024);
    return { anonymous: mebibytes('RssAnon'), shared: mebibytes('RssShmem') };
  } catch {
    return { anonymous: 0, shared: 0 };
  }
}

function handlesOf(pid) {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}

function filesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
