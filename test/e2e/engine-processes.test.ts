import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { connect, type FlightSqlClient } from '../../src/client/index.js';
import { below, randomFrom } from './support/random-rows.js';
import { rowsAsText, startTestServer, type TestServer } from './support/server.js';

const seed = process.env.SKUA_TEST_SEED ?? '1';
/** Kills during the mixed load. */
const kills = Number(process.env.SKUA_TEST_KILLS ?? 12);

const cleanups: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function server(): Promise<TestServer> {
  const started = await startTestServer();
  cleanups.push(() => started.stop());
  return started;
}

/** Engine processes of a process, without the spare one being told apart. */
function enginesOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const status = readFileSync(`/proc/${pid}/stat`, 'latin1');
        const after = status.slice(status.lastIndexOf(')') + 2).split(' ');
        return (
          after[0] !== 'Z' &&
          Number(after[1]) === parent &&
          readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('engine')
        );
      } catch {
        return false;
      }
    })
    .map(Number);
}

describe.runIf(process.platform === 'linux')('engine processes', () => {
  it('end with the server, also when that is killed, and hold nothing of its environment', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'skua-killed-'));
    cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
    const bin = new URL('../../bin/skua.cjs', import.meta.url).pathname;
    const started: ChildProcess = spawn(process.execPath, [bin, 'start', '--port', '0', '--folder', folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, SOME_SECRET: 'not-for-engines' },
    });
    cleanups.push(() => started.kill('SIGKILL'));
    let address = '';
    let token = '';
    for await (const line of createInterface({ input: started.stdout as NodeJS.ReadableStream })) {
      address ||= /grpc:\/\/([\d.]+:\d+)/.exec(line)?.[1] ?? '';
      token ||= /SKUA_TOKEN=(\S+)/.exec(line)?.[1] ?? '';
      if (address && token) break;
    }
    const client = connect({ address, token });
    expect(await rowsAsText(client, 'SELECT 42')).toEqual([['42']]);
    const engines = enginesOf(started.pid ?? 0);
    expect(engines.length).toBeGreaterThan(0);
    for (const pid of engines) {
      const environment = readFileSync(`/proc/${pid}/environ`, 'latin1');
      expect(environment).not.toContain('not-for-engines');
      expect(environment).not.toContain('SKUA_');
    }
    const endless = rowsAsText(client, 'SELECT count(*) FROM range(1000000000000)').catch(() => undefined);
    await setTimeout(500);
    started.kill('SIGKILL');
    await endless;
    client.close();
    await expect.poll(() => engines.filter((pid) => existsSync(`/proc/${pid}/exe`)).length, { timeout: 5000 }).toBe(0);
  }, 60_000);

  it('end at any moment of a mixed load: answers are right or errors, and nothing is lost, doubled or left behind', async () => {
    const random = randomFrom(`kills ${seed}`);
    const local = await server();
    const [admin, reader] = [await local.client('adminuser'), await local.client('testuser')];
    await admin.executeUpdate('CREATE TABLE killed (writer INT, number INT, filler VARCHAR)');
    let going = true;
    const acknowledged = new Set<string>();
    const tried = new Set<string>();
    const failures = new Set<string>();
    const refusal = (error: unknown) => failures.add((error as { code: string }).code);
    const write = async (client: FlightSqlClient, writer: number) => {
      for (let number = 0; going; number++) {
        tried.add(`${writer}|${number}`);
        const sql = `INSERT INTO killed SELECT ${writer}, ${number}, repeat('x', 1000) FROM range(1)`;
        await client.executeUpdate(sql).then(() => acknowledged.add(`${writer}|${number}`), refusal);
      }
    };
    let checked = 0;
    const read = async (client: FlightSqlClient) => {
      for (; going; ) {
        const rows = await rowsAsText(client, 'SELECT count(*), sum(range) FROM range(300000)').catch(refusal);
        if (Array.isArray(rows)) expect(rows).toEqual([['300000', '44999850000']]);
        checked++;
      }
    };
    const work = [write(admin, 1), write(await local.client('adminuser'), 2), read(reader)];
    for (let kill = 0; kill < kills; kill++) {
      await setTimeout(50 + below(random, 700));
      const engines = enginesOf(process.pid);
      const pid = engines[below(random, engines.length)];
      if (pid !== undefined) process.kill(pid, 'SIGKILL');
    }
    going = false;
    await Promise.all(work);
    expect(checked).toBeGreaterThan(0);
    expect([...failures].filter((code) => code !== 'UNAVAILABLE')).toEqual([]);
    const rows = (await rowsAsText(admin, 'SELECT writer, number FROM killed')).map((row) => row.join('|'));
    expect(new Set(rows).size, `seed ${seed}: a row is there twice`).toBe(rows.length);
    expect(
      [...acknowledged].filter((row) => !rows.includes(row)),
      `seed ${seed}: lost`,
    ).toEqual([]);
    expect(rows.filter((row) => !tried.has(row))).toEqual([]);
    const live = (await rowsAsText(admin, 'SELECT file_path FROM "killed$files"')).map(([path]) =>
      path?.split('/').at(-1),
    );
    const data = readdirSync(local.stack.folder, { recursive: true })
      .map(String)
      .filter((path) => path.includes('killed') && path.endsWith('.parquet'));
    expect(
      data.map((path) => path.split('/').at(-1)).filter((name) => !live.includes(name)),
      'orphans',
    ).toEqual([]);
  }, 120_000);
});
