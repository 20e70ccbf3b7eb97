/**
 * A server under a mixed load for a while, with faults on all of its three sides. Answers are right or errors that a fault explains; and at rest the server
 * holds at the end what it held after a sixth of the time.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '../../dist/client/index.js';
import { localConfig } from '../../dist/commands/local-config.js';
import { orphansOf } from '../faults/orphans.mjs';
import { randomFrom } from '../faults/random.mjs';
import { startKilledServer } from '../faults/server.mjs';
import { startHarmedStack } from '../faults/stack.mjs';
import { freePort } from '../real/index.mjs';
import { startCuts } from './cuts.mjs';
import { Gate } from './gate.mjs';
import { heldBy } from './held.mjs';
import { cancelEarly, KEPT_ROWS, readCatalog, readKept, stream } from './readers.mjs';
import { rowsOf, Worker } from './worker.mjs';
import { Writer } from './writer.mjs';

const WRITERS = 4;
/** How long a piece of work may take until it is said to hang, in milliseconds. */
const PATIENCE = 120_000;
/** How long sessions live without a call, and how long the server rests before it is looked at, in seconds. */
const IDLE = 10;
const REST = 15;
/** Seconds that it may take besides until no temporary file is left. */
const MOST_LOOKS = 45;
/** Memory may be so much more at the end, and handles and files so many. */
const MORE_MEMORY = 1.1;
const MORE_HANDLES = 4;
/** Of the server, for each engine process that there has been more than before: what it shared with the server is kept for another one. */
const HANDLES_OF_A_PROCESS = 5;
/** Shorter runs say nothing about memory, in minutes. */
const LONG = 5;

/**
 * `{ checked, done, failed, problems, harm, held, seconds }`: pieces of work by kind, failures by status, what must not be in sentences, harm by kind,
 * and what was held after a sixth of the time, in between, and at the end.
 */
export async function runSoak({ minutes, seed = 1, store = 'local', rate = 0.02, say }) {
  const began = performance.now();
  const random = randomFrom(seed);
  const folder = mkdtempSync(join(tmpdir(), 'skua-soak-'));
  const closing = [() => rmSync(folder, { recursive: true, force: true })];
  try {
    const writers = Array.from({ length: WRITERS }, (_, number) => `writer${number + 1}`);
    const user = (name, roles) => ({ name, password: 'unused', roles });
    const users = [
      user('adminuser', ['catalog_admin']),
      user('testuser', ['table_reader']),
      ...writers.map((name) => user(name, ['data_writer'])),
    ];
    const { place, stack, proxy: catalog } = await startHarmedStack(store, { folder, closing, rate, random, users });
    const httpPort = await freePort();
    const own = join(folder, 'server');
    mkdirSync(own);
    const told = [];
    const server = await startKilledServer(
      folder,
      (port) => configOf({ port, httpPort, stack, own, uri: catalog.origin, settings: place.settings }),
      undefined,
      (part) => told.push(...errorsIn(part)),
    );
    closing.push(() => server.stop());
    const pause = 6_000;
    const cuts = {
      flight: await startCuts({ target: server.port, pause, random }),
      http: await startCuts({ target: httpPort, pause, random }),
    };
    closing.push(async () => {
      for (const each of Object.values(cuts)) await each.close();
    });

    const admin = connect({ address: server.address, token: await stack.token('adminuser') });
    closing.push(() => admin.close());
    await persist(() => admin.execute('CREATE TABLE IF NOT EXISTS kept (id BIGINT, n BIGINT, filler VARCHAR)'));
    for (let from = 0; from < KEPT_ROWS; from += KEPT_ROWS / 4) await fill(admin, from, from + KEPT_ROWS / 4);

    const outcome = { checked: 0, done: {}, failed: {}, problems: [] };
    const gate = new Gate();
    const world = {
      say,
      addresses: { flight: `127.0.0.1:${cuts.flight.port}`, http: `http://127.0.0.1:${cuts.http.port}` },
      token: (name) => stack.token(name),
      outcome,
      gate,
      seed,
    };
    const made = writers.map((name) => new Writer(new Worker(world, name, name)));
    const load = Promise.all([
      ...made.map((writer) => writer.worker.go(() => writer.work())),
      ...['reader', 'second_reader'].map((name) => readerOf(world, name, readKept)),
      readerOf(world, 'asker', readCatalog),
      ...['streamer', 'second_streamer'].map((name) => readerOf(world, name, stream)),
      readerOf(world, 'canceller', cancelEarly),
    ]);
    const held = [];

    /** Has all wait and everything be whole, and looks at what the server holds. */
    async function look() {
      const late = await gate.shut(PATIENCE);
      for (const name of late) outcome.problems.push(`${name} did not come to an end within ${PATIENCE / 1000} s`);
      for (const each of Object.values(cuts)) each.calm();
      await sleep((minutes >= LONG ? REST : IDLE + 1) * 1000);
      // Sessions end when they are looked over next, and what is left of their statements with them.
      for (let looks = 0; looks < MOST_LOOKS && heldBy(server.pid(), own).temporaryFiles > 0; looks++)
        await sleep(1000);
      const minute = Math.round((performance.now() - began) / 6_000) / 10;
      held.push({ minute, ...heldBy(server.pid(), own) });
      say?.(JSON.stringify(held.at(-1)));
    }

    const total = minutes * 60_000;
    const looks = minutes >= LONG ? [1 / 6, 1 / 3, 1 / 2, 2 / 3, 5 / 6] : [];
    const start = performance.now();
    for (const share of looks) {
      await sleep(Math.max(0, start + share * total - performance.now()));
      await look();
      say?.(
        `${outcome.checked} answers checked, ${JSON.stringify(outcome.failed)}, ${outcome.problems.length} problems`,
      );
      for (const each of Object.values(cuts)) each.resume();
      gate.open();
    }
    await sleep(Math.max(0, start + total - performance.now()));
    await look();
    gate.end();
    await load;
    catalog.calm();
    place.calm?.();
    const tables = ['kept', ...made.flatMap((writer) => writer.tables)];
    outcome.problems.push(
      ...(await leftBehind({
        admin,
        tables,
        catalogUri: stack.catalog.uri,
        token: await stack.token('adminuser'),
        place,
        server,
        own,
      })),
      ...grown(held, minutes >= LONG),
      ...told,
    );
    const clients = { flight: cuts.flight.counts, http: cuts.http.counts };
    const harm = { clients, catalog: catalog.counts, ...(place.counts && { store: place.counts }) };
    return { ...outcome, harm, held, seconds: Math.round((performance.now() - began) / 1000) };
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

/** What the server's log has of faults of its own. A statement that heeds no interrupt for 2 seconds may cost its engine process. */
function errorsIn(part) {
  return String(part)
    .split('\n')
    .filter((line) => line.includes('"level":"error"') && !line.includes('"reason":"unstoppable"'))
    .map((line) => `the server's log: ${line.slice(0, 1_000)}`);
}

function readerOf(world, name, work) {
  const worker = new Worker(world, name.startsWith('second') ? 'adminuser' : 'testuser', name);
  return worker.go(() => work(worker));
}

/** Until the rows are there, once: a fault may have struck before or after they were. */
async function fill(admin, from, to) {
  await persist(async () => {
    const [[count]] = await rowsOf(await admin.execute(`SELECT count(*) FROM kept WHERE id >= ${from} AND id < ${to}`));
    if (Number(count) === to - from) return;
    await admin.executeUpdate(`INSERT INTO kept SELECT range, range % 97, 'k' || range FROM range(${from}, ${to})`);
  });
}

async function persist(work) {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (tries >= 40) throw error;
      await sleep(200);
    }
  }
}

/** Files that no snapshot names and entries of the journal, once somebody has come to the tables: what a fault left is removed then. */
async function leftBehind({ admin, tables, catalogUri, token, place, server, own }) {
  const there = (await rowsOf(await admin.execute('SHOW TABLES'))).flat().filter((name) => tables.includes(name));
  let left = [];
  for (let looks = 0; looks < 30; looks++) {
    for (const table of there) await rowsOf(await admin.execute(`SELECT count(*) FROM ${table}`));
    const orphans = await orphansOf(there, { catalogUri, token, storage: place.storage });
    const { journalEntries } = heldBy(server.pid(), own);
    left = orphans.map((location) => `no snapshot names ${location}`);
    if (journalEntries > 0) left.push(`${journalEntries} entries are left in the journal`);
    if (left.length === 0) break;
    await sleep(1_000);
  }
  return left;
}

function grown(held, isLong) {
  const [first, last] = [held[0], held.at(-1)];
  const problems = [];
  const isMore = (key, most) => {
    if (last[key] > most) problems.push(`${key} grew from ${first[key]} to ${last[key]}`);
  };
  for (const { minute, temporaryFiles } of held) {
    if (temporaryFiles > 0)
      problems.push(`${temporaryFiles} temporary files were left at rest after ${minute} minutes`);
  }
  if (!isLong) return problems;
  const moreProcesses = Math.max(...held.map(({ engines }) => engines)) - first.engines;
  isMore('serverHandles', first.serverHandles + MORE_HANDLES + HANDLES_OF_A_PROCESS * moreProcesses);
  isMore('handlesOfAnEngine', first.handlesOfAnEngine + MORE_HANDLES);
  for (const key of ['serverMiB', 'anEngineMiB']) isMore(key, first[key] * MORE_MEMORY);
  return problems;
}

function configOf({ port, httpPort, stack, own, uri, settings }) {
  const text = JSON.stringify;
  return localConfig(
    stack,
    `
[server]
port = ${port}

[http]
port = ${httpPort}

[catalogs.quickstart]
uri = ${text(uri + new URL(stack.catalog.uri).pathname)}
timeout = "5s"

[storage]
cache_directory = ${text(own)}
journal_directory = ${text(join(own, 'journal'))}
# No room for the table that is streamed, so that it is fetched in portions.
cache_size = "128KiB"
portion_size = "32KiB"

[engine]
processes = 2

[limits]
memory_per_session = "128MiB"
session_idle_timeout = "${IDLE}s"
# They end with their sessions; a busy machine may take longer than that between two uses.
prepared_statement_idle_timeout = "60s"

[logging]
format = "json"
`,
    settings,
  );
}
