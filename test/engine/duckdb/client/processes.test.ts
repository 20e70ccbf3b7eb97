import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { PlacementOptions } from '../../../../src/engine/duckdb/client/placement.js';
import { RemoteEngine } from '../../../../src/engine/duckdb/client/remote-engine.js';
import type { EngineInstance } from '../../../../src/engine/duckdb/contract.js';
import { rowsOf } from '../process/support.js';

/** Never ends by itself. */
const endless = 'SELECT count(*) FROM range(1000000000000)';
/** Has the engine fail over one of its own checks: it then answers nothing more. */
const breaking = 'SELECT reservoir_quantile(0.1, [], 7)';
/** Heeds no interrupt for longer than anybody waits. */
const deaf = "SELECT levenshtein(repeat('a', 1500000), repeat('b', 1500000))";
const never = new AbortController().signal;

let engine: RemoteEngine;
let folder: string;

afterEach(async () => {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

async function start(options: Partial<PlacementOptions> = {}): Promise<void> {
  folder = mkdtempSync(join(tmpdir(), 'skua-engine-'));
  engine = await RemoteEngine.open({ processes: 2, isolation: 'shared', memory: 8 * 2 ** 30, ...options });
}

function open(principal: string): Promise<EngineInstance> {
  return engine.open({ principal, directory: mkdtempSync(join(folder, 's-')), memoryLimit: 1 << 28, threads: 1 });
}

/** Kills all processes but the spare one, and says which. */
function kill(): number[] {
  const working = engine.processes().filter(({ role }) => role !== 'spare');
  for (const { pid } of working) process.kill(pid, 'SIGKILL');
  return working.map(({ pid }) => pid);
}

/** Runs a statement whose process ends while it runs, and gives its error. */
async function crash(instance: EngineInstance, sql = endless): Promise<unknown> {
  await rowsOf(instance, 'SELECT 1');
  const error = rowsOf(instance, sql).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  let running: number | undefined;
  for (let time = 0; time < 1000 && running === undefined; time++) {
    await setTimeout(10);
    running = engine.processes().find(({ requests }) => requests > 0)?.pid;
    // A text that is refused never runs.
    if (running === undefined && time > 50) return error;
  }
  if (running !== undefined) process.kill(running, 'SIGSEGV');
  return error;
}

/** The shared memory that a process has a way to, by number. */
function sharedMemoryOf(pid: number): number[] {
  const folder = `/proc/${pid}/fd`;
  const open = readdirSync(folder).filter((name) =>
    readlinkSync(`${folder}/${name}`).startsWith('/memfd:skua batches'),
  );
  return open.map((name) => statSync(`${folder}/${name}`).ino);
}

it.runIf(process.platform === 'linux')(
  'no engine process has a way to what another one shares with the server',
  async () => {
    await start({ isolation: 'principal' });
    for (const principal of ['ada', 'grace', 'joan'])
      expect(await rowsOf(await open(principal), 'SELECT 1')).toEqual([[1]]);
    const shared = engine.processes().map(({ pid }) => sharedMemoryOf(pid));
    expect(shared.length).toBeGreaterThan(2);
    expect(shared.every((inodes) => inodes.length > 0)).toBe(true);
    expect(new Set(shared.flatMap((inodes) => [...new Set(inodes)])).size).toBe(
      shared.reduce((sum, inodes) => sum + new Set(inodes).size, 0),
    );
  },
);

describe('a statement that ends its engine process', () => {
  it('fails with a sentence, and its session goes on', async () => {
    await start();
    const mallory = await open('mallory');
    expect(await crash(mallory)).toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(
        /engine process that ran this statement ended \(SIG\w+\); the statement came to nothing/,
      ),
    });
    expect(await rowsOf(mallory, 'SELECT 42')).toEqual([[42]]);
  });

  it('is refused once it has done so twice', async () => {
    await start();
    const mallory = await open('mallory');
    for (let time = 0; time < 2; time++) expect(await crash(mallory)).toMatchObject({ code: 'UNAVAILABLE' });
    expect(await crash(mallory)).toMatchObject({
      code: 'FAILED_PRECONDITION',
      message: expect.stringContaining('refused for the next 10 minutes'),
    });
    expect(await rowsOf(mallory, 'SELECT 42')).toEqual([[42]]);
  });

  it.each([1, 2])(
    'or has the engine fail in it is not noticed by another principal, with %i processes',
    async (processes) => {
      await start({ processes });
      const [alice, mallory] = [await open('alice'), await open('mallory')];
      let going = true;
      let answers = 0;
      const working = (async () => {
        for (; going; answers++) {
          expect(await rowsOf(alice, `SELECT sum(range) + ${answers} FROM range(20000)`)).toEqual([
            [BigInt(199990000 + answers)],
          ]);
        }
      })();
      // Each text is another one, since one alone would be refused soon.
      for (let time = 0; time < 3; time++) {
        const error = await rowsOf(mallory, `${breaking} AS v${time}`).catch((reason: unknown) => reason);
        expect(error).toMatchObject({ code: 'UNIMPLEMENTED', message: expect.stringContaining('its own checks') });
      }
      going = false;
      await working;
      expect(answers).toBeGreaterThan(0);
    },
  );
});

describe('an engine process that is killed', () => {
  it('fails what is half read, which never looks whole', async () => {
    await start();
    const alice = await open('alice');
    const { batches } = await alice.run('SELECT * FROM range(100000000)', [], { signal: never, batchBytes: 100_000 });
    let rows = 0;
    const reading = (async () => {
      for await (const { length } of batches) {
        rows += length;
        if (rows === length) kill();
      }
    })();
    await expect(reading).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(rows).toBeLessThan(100000000);
    expect(await rowsOf(alice, 'SELECT 42')).toEqual([[42]]);
  });

  it.each([
    {
      how: 'another takes its place',
      end: async () => {
        kill();
        expect(await rowsOf(await open('bob'), 'SELECT count(-range) FROM range(200000)')).toEqual([[200000n]]);
      },
    },
    { how: 'the engine is closed', end: () => engine.close() },
  ])('leaves what it had sent to whoever still reads it, also when $how', async ({ end }) => {
    await start({ processes: 1 });
    const alice = await open('alice');
    const sql = 'SELECT range AS n FROM range(30000)';
    const { batches } = await alice.run(sql, [], { signal: never, batchBytes: 100_000, lend: true });
    // All of it is on its way before anything is read.
    await expect.poll(() => engine.processes().every(({ requests }) => requests === 0)).toBe(true);
    await end();
    await setTimeout(300);
    let [rows, sum] = [0, 0n];
    for await (const { length, buffers } of batches) {
      const values = buffers.at(-1) as Uint8Array;
      for (const value of new BigInt64Array(values.buffer, values.byteOffset, length)) sum += value;
      rows += length;
    }
    expect([rows, sum]).toEqual([30000, 449985000n]);
  });

  it('leaves nothing behind, however often', async () => {
    await start();
    const alice = await open('alice');
    const left = () => ({
      files: readdirSync('/proc/self/fd').length,
      maps: readFileSync('/proc/self/maps', 'utf8')
        .split('\n')
        .filter((line) => line.includes('skua batches')).length,
    });
    const round = async () => {
      for (let time = 0; time < 10; time++) {
        await rowsOf(alice, 'SELECT * FROM range(100000)');
        const killed = kill();
        const left = () => engine.processes().filter(({ pid }) => killed.includes(pid)).length;
        await expect.poll(left, { timeout: 10_000 }).toBe(0);
      }
      await rowsOf(alice, 'SELECT 1');
    };
    await round();
    const before = left();
    await round();
    const after = left();
    expect(after.maps).toBeLessThanOrEqual(before.maps + 2);
    expect(after.files).toBeLessThanOrEqual(before.files + 10);
  }, 60_000);
});

describe('a statement that heeds no interrupt', () => {
  it('ends all the same when it is told to, and its process with it', async () => {
    await start();
    const [alice, mallory] = [await open('alice'), await open('mallory')];
    await rowsOf(mallory, 'SELECT 1');
    const pids = engine.processes().map(({ pid }) => pid);
    const stop = new AbortController();
    const running = mallory.run(deaf, [], { signal: stop.signal, batchBytes: 1000 });
    void setTimeout(1000).then(() => stop.abort());
    await expect(running).rejects.toMatchObject({ code: 'CANCELLED' });
    const left = () => engine.processes().filter(({ pid }) => pids.includes(pid)).length;
    await expect.poll(left, { timeout: 10_000 }).toBeLessThan(pids.length);
    expect(await rowsOf(alice, 'SELECT 42')).toEqual([[42]]);
    expect(await rowsOf(mallory, 'SELECT 42')).toEqual([[42]]);
  });
});

describe('a statement that is slow to stop', () => {
  it('takes nothing with it that began after it was told to, be it of the same session', async () => {
    await start();
    const alice = await open('alice');
    await rowsOf(alice, 'SELECT 1');
    const stop = new AbortController();
    const slow = alice.run(deaf, [], { signal: stop.signal, batchBytes: 1000 }).catch((error: unknown) => error);
    await setTimeout(1000);
    const doomed = engine.processes().find(({ requests }) => requests > 0)?.pid;
    stop.abort();
    await setTimeout(300);
    const { batches } = await alice.run('SELECT range FROM range(3000000)', [], { signal: never, batchBytes: 100_000 });
    let rows = 0;
    for await (const { length } of batches) {
      rows += length;
      if (rows > length) continue;
      expect(await slow).toMatchObject({ code: 'CANCELLED' });
      await expect.poll(() => engine.processes().map(({ pid }) => pid)).not.toContain(doomed);
    }
    expect(rows).toBe(3_000_000);
  });
});

describe('a statement whose process does nothing', () => {
  it('ends when it is told to, whatever it is for, and also while its place there is being made', async () => {
    await start({ processes: 1 });
    const settled = await open('alice');
    await rowsOf(settled, 'SELECT 1');
    for (const { pid } of engine.processes()) process.kill(pid, 'SIGSTOP');
    const begins: ((instance: EngineInstance, signal: AbortSignal) => Promise<unknown>)[] = [
      (instance, signal) => instance.run('SELECT 42', [], { signal, batchBytes: 1000 }),
      (instance, signal) => instance.describe('SELECT 43', [], signal),
      (instance, signal) => instance.explain('SELECT 44', [], { analyze: true, signal }),
      (instance, signal) => instance.parser.parseQuery('SELECT 45', { signal }),
    ];
    const ended = async (instance: EngineInstance, isUnderWay: () => Promise<unknown>) => {
      const stop = new AbortController();
      const begun = begins.map((begin) => begin(instance, stop.signal).catch((error: unknown) => error));
      await isUnderWay();
      stop.abort();
      for (const error of await Promise.all(begun)) expect(error).toMatchObject({ code: 'CANCELLED' });
    };
    const requests = () => engine.processes().reduce((sum, process) => sum + process.requests, 0);
    await ended(settled, () => expect.poll(requests).toBe(begins.length));
    await ended(await open('alice'), () => Promise.resolve());
    for (const { pid } of engine.processes()) process.kill(pid, 'SIGCONT');
    expect(await rowsOf(settled, 'SELECT 42')).toEqual([[42]]);
  });
});

describe('isolation by principal', () => {
  it('gives each principal a process of its own, whatever its sessions', async () => {
    await start({ isolation: 'principal' });
    const instances = [await open('alice'), await open('alice'), await open('bob')];
    for (const instance of instances) expect(await rowsOf(instance, 'SELECT 42')).toEqual([[42]]);
    const own = engine.processes().filter(({ role }) => role === 'own');
    expect(own.map(({ sessions }) => sessions).sort()).toEqual([1, 2]);
  });
});

describe.each(['memory', 'channel'] as const)('batches that cross by %s', (transport) => {
  it('are the rows of the query, small, wide, nested and null', async () => {
    await start({ transport });
    const alice = await open('alice');
    const sql = `SELECT i, repeat('é', (i % 50)::INT) AS t, [i, NULL, i + 1] AS l, {'a': i, 'b': t} AS s,
      CASE WHEN i % 7 = 0 THEN NULL ELSE i * 1.5 END AS d, i % 2 = 0 AS b FROM range(30000) q(i)`;
    const rows = await rowsOf(alice, sql);
    expect(rows).toHaveLength(30000);
    expect(rows[29_999]).toEqual([
      29_999n,
      'é'.repeat(49),
      [29_999n, null, 30_000n],
      { a: 29_999n, b: 'é'.repeat(49) },
      expect.anything(),
      false,
    ]);
    expect(rows.filter(([i, , , , d]) => (d === null) !== ((i as bigint) % 7n === 0n))).toEqual([]);
  });

  it('may be larger than the memory that is shared', async () => {
    await start({ transport });
    const alice = await open('alice');
    const { batches } = await alice.run("SELECT repeat('x', 100000000) AS x FROM range(3)", [], {
      signal: never,
      batchBytes: 1000,
    });
    let bytes = 0;
    for await (const { buffers } of batches) for (const { byteLength } of buffers) bytes += byteLength;
    expect(bytes).toBeGreaterThanOrEqual(300_000_000);
  });
});
