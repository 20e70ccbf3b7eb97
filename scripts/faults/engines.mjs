/**
 * Engine processes that are killed at random instants while some write, some read and some stream. An answer is right or an error; afterwards each
 * acknowledged change is there once, no other is there twice or by half, no file is there that no snapshot names, and the server holds what it held before.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { batchToRows } from '../../dist/arrow/index.js';
import { connect } from '../../dist/client/index.js';
import { startFuzzServer } from '../fuzz/server.mjs';
import { orphansOf } from './orphans.mjs';
import { randomFrom } from './random.mjs';

const quiet = Object.fromEntries(
  ['fatal', 'error', 'warn', 'info', 'debug', 'trace'].map((level) => [level, () => {}]),
);
const logger = { ...quiet, child: () => logger };
const TABLES = ['one', 'two', 'kept'];
const KEPT_ROWS = 20_000;

/**
 * `{ kills, checked, acknowledged, leftOpen, failed, wrong, unexpected, lost, repeated, halves, orphans, held, seconds }`. `wrong` are answers that were
 * none, `leftOpen` transactions that failed and were neither committed nor rolled back when their session ended, `unexpected` errors with another status
 * than UNAVAILABLE; `held` is what the server has before and after, of mapped shared memory, files and memory.
 */
export async function runEngineKills({ kills, seed = 1, store = 'local', pause = 700, say }) {
  const began = performance.now();
  const random = randomFrom(seed);
  const server = await startFuzzServer(store, logger);
  const clients = [];
  const as = async (user) => {
    const client = connect({ address: server.address, token: await server.token(user) });
    clients.push(client);
    return client;
  };
  const outcome = { kills: 0, checked: 0, acknowledged: 0, leftOpen: 0, failed: {}, wrong: [], unexpected: [] };
  const sure = new Map();
  let going = true;

  /** What came of a statement; undefined where it failed. */
  async function attempt(work) {
    try {
      return await work();
    } catch (error) {
      const code = error.code ?? 'UNKNOWN';
      outcome.failed[code] = (outcome.failed[code] ?? 0) + 1;
      if (code !== 'UNAVAILABLE') outcome.unexpected.push(`${code}: ${error.message}`);
      return undefined;
    }
  }

  async function check(client, sql, wanted) {
    const rows = await attempt(() => rowsOf(client, sql));
    if (rows === undefined) return;
    outcome.checked++;
    if (String(rows) !== wanted) outcome.wrong.push(`${sql}: ${String(rows).slice(0, 100)}`);
  }

  /** Rows of one table, or of two in a transaction; `part` says in how many. */
  async function write(client, id) {
    const isOne = id % 3 !== 0;
    const values = `SELECT ${id}, ${isOne ? 1 : 2}, repeat('x', 1000) FROM range(1)`;
    const done = await attempt(async () => {
      if (isOne) return client.executeUpdate(`INSERT INTO ${TABLES[id % 2]} ${values}`);
      const transaction = await client.begin();
      try {
        await transaction.executeUpdate(`INSERT INTO one ${values}`);
        await transaction.executeUpdate(`INSERT INTO two ${values}`);
        await transaction.commit();
      } catch (error) {
        // Every second one is left to the end of its session.
        if (id % 2 === 0) await transaction.rollback().catch(() => undefined);
        else outcome.leftOpen++;
        throw error;
      }
      return 1;
    });
    if (done !== undefined) sure.set(id, isOne ? 1 : 2);
  }

  async function stream(client) {
    const count = await attempt(async () => {
      const { schema, batches } = await client.execute(
        'SELECT range AS i, repeat(chr(65 + (range % 26)::INTEGER), 40) AS s FROM range(300000)',
      );
      let [rows, sum] = [0, 0];
      for await (const batch of batches) {
        for (const [i] of batchToRows(schema, batch)) sum += Number(i);
        rows += batch.length;
      }
      return `${rows} ${sum}`;
    });
    if (count === undefined) return;
    outcome.checked++;
    if (count !== '300000 44999850000') outcome.wrong.push(`a stream ended well with ${count}`);
  }

  try {
    const [admin, reader] = [await as('adminuser'), await as('testuser')];
    for (const table of TABLES)
      await admin.executeUpdate(`CREATE TABLE ${table} (id BIGINT, part BIGINT, filler VARCHAR)`);
    await admin.executeUpdate(`INSERT INTO kept SELECT range, 1, 'k' || range FROM range(${KEPT_ROWS})`);
    const sumOfKept = (KEPT_ROWS * (KEPT_ROWS - 1)) / 2;
    const before = held();
    let next = 1;
    const forever = async (work) => {
      while (going) await work();
    };
    const [writers, streamer] = [[await as('adminuser'), await as('adminuser')], await as('testuser')];
    const load = [
      ...writers.map((client) => forever(() => write(client, next++))),
      forever(() => check(reader, 'SELECT count(*), sum(range) FROM range(300000)', '300000,44999850000')),
      forever(() =>
        check(
          admin,
          'SELECT count(*), sum(id), count(DISTINCT filler) FROM kept',
          `${KEPT_ROWS},${sumOfKept},${KEPT_ROWS}`,
        ),
      ),
      forever(() => stream(streamer)),
    ];
    while (outcome.kills < kills) {
      const answered = outcome.checked + sure.size;
      await sleep(20 + random() * pause);
      // Where the machine is slow, something is to come to its end between two kills all the same.
      for (let waits = 0; outcome.checked + sure.size === answered && waits < 300; waits++) await sleep(random() * 200);
      const engines = enginesOf(process.pid);
      if (engines.length === 0) continue;
      process.kill(engines[Math.floor(random() * engines.length)], 'SIGKILL');
      outcome.kills++;
      if (outcome.kills % 25 === 0) say?.(`${outcome.kills} kills, ${outcome.checked} answers, ${sure.size} changes`);
    }
    going = false;
    await Promise.all(load);
    for (const client of writers) await client.closeSession();
    outcome.acknowledged = sure.size;
    const counts = await countsOf(admin);
    const token = await server.token('adminuser');
    const judged = {
      lost: [...sure.keys()].filter((id) => !counts.has(id)),
      repeated: [...counts].filter(([, { count, part }]) => count > part).map(([id]) => id),
      halves: [...counts].filter(([, { count, part }]) => count < part).map(([id]) => id),
      orphans: await orphansLeft({ catalogUri: server.catalogUri, token, storage: server.storage }),
    };
    return { ...outcome, ...judged, held: { before, after: held() }, seconds: (performance.now() - began) / 1000 };
  } finally {
    going = false;
    for (const client of clients) client.close();
    await server.stop();
  }
}

/** What a session has left is removed soon after its end. */
async function orphansLeft(where) {
  let orphans = await orphansOf(TABLES, where);
  for (let looks = 0; orphans.length > 0 && looks < 50; looks++) {
    await sleep(200);
    orphans = await orphansOf(TABLES, where);
  }
  return orphans;
}

async function rowsOf(client, sql) {
  const { schema, batches } = await client.execute(sql);
  const rows = [];
  for await (const batch of batches) rows.push(...batchToRows(schema, batch));
  return rows;
}

/** By id of a change: how many rows there are of it, and how many there should be. */
async function countsOf(client) {
  const counts = new Map();
  for (const table of ['one', 'two']) {
    for (const [id, part] of await rowsOf(client, `SELECT id, part FROM ${table}`)) {
      const known = counts.get(Number(id)) ?? { count: 0, part: Number(part) };
      counts.set(Number(id), { ...known, count: known.count + 1 });
    }
  }
  return counts;
}

/** Of this process, which is the server's. Linux only; nothing elsewhere. */
function held() {
  if (process.platform !== 'linux') return undefined;
  const maps = readFileSync('/proc/self/smaps', 'latin1').split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m);
  const shared = maps.filter((each) => each.includes('skua batches'));
  const resident = shared.map((each) => Number(/^Rss:\s+(\d+) kB/m.exec(each)?.[1] ?? 0));
  return {
    sharedMappings: shared.length,
    sharedResidentMiB: Math.round(resident.reduce((sum, kib) => sum + kib, 0) / 1024),
    openFiles: readdirSync('/proc/self/fd').length,
    memoryMiB: Math.round(process.memoryUsage().rss / 2 ** 20),
    engines: enginesOf(process.pid).length,
  };
}

/** Engine processes of a process, the spare one among them. */
export function enginesOf(parent) {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const status = readFileSync(`/proc/${pid}/stat`, 'latin1');
        const [state, ppid] = status.slice(status.lastIndexOf(')') + 2).split(' ');
        const isChild = state !== 'Z' && Number(ppid) === parent;
        return isChild && readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('engine');
      } catch {
        return false;
      }
    })
    .map(Number);
}
