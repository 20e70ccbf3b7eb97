/** Three servers behind NGINX: one is killed in the middle of streams, and two are restarted one after the other. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '../../dist/client/index.js';
import { localConfig } from '../../dist/commands/local-config.js';
import { startEmbeddedStack } from '../../dist/embedded/index.js';
import { freePort, startBalancer } from '../real/index.mjs';
import { startKilledServer } from './server.mjs';

const ROWS = 2_000_000;
const SERVERS = 3;

export async function runReplicas({ sessions, rounds = 1, say }) {
  const began = performance.now();
  const folder = mkdtempSync(join(tmpdir(), 'skua-replicas-'));
  const closing = [() => rmSync(folder, { recursive: true, force: true })];
  try {
    const stack = await startEmbeddedStack({ folder: join(folder, 'stack'), issuer: { lifetimeSeconds: 24 * 3600 } });
    closing.push(() => stack.close());
    const ports = await Promise.all(Array.from({ length: SERVERS }, freePort));
    const servers = [];
    for (const [index, port] of ports.entries()) {
      const own = join(folder, `server-${index}`);
      mkdirSync(own);
      const server = await startKilledServer(own, () => configOf({ stack, folder: own, port, ports }), port);
      servers.push(server);
      closing.push(() => server.end('SIGKILL').catch(() => undefined));
    }
    const balancer = await startBalancer(ports);
    closing.push(() => balancer.stop());
    const address = `grpc://127.0.0.1:${balancer.port}`;
    const token = await stack.token('adminuser');
    const clients = Array.from({ length: sessions }, () => connect({ address, token }));
    closing.push(() => {
      for (const client of clients) client.close();
    });
    const [first] = clients;
    await first.executeUpdate('CREATE SCHEMA elsewhere');
    await first.executeUpdate(
      `CREATE TABLE elsewhere.numbers AS SELECT range AS n, 'row ' || range AS s FROM range(${ROWS})`,
    );
    for (const client of clients) await client.executeUpdate('USE elsewhere');

    const outcome = { whole: 0, failed: {}, short: 0, namesLost: 0, triedAgain: 0, inRestart: 0, failedInRestart: [] };
    say?.(`${sessions} sessions, each with a stream of ${ROWS} rows; one of ${SERVERS} servers is killed`);
    let started = 0;
    const streams = clients.map((client) => readAll(client, () => started++, outcome));
    while (started < sessions / 2) await sleep(20);
    await servers[0].end('SIGKILL');
    await Promise.all(streams);

    await Promise.all(
      clients.map(async (client) => {
        const schema = await persist(() => oneValue(client, 'SELECT current_schema()'), outcome);
        if (schema !== 'elsewhere') outcome.namesLost++;
        await persist(() => oneValue(client, 'SELECT count(*) FROM numbers'), outcome);
      }),
    );
    await servers[0].start();

    say?.(`two servers are restarted one after the other, ${rounds} times`);
    let isOver = false;
    const load = clients.slice(0, 8).map(async (client) => {
      while (!isOver) {
        outcome.inRestart++;
        const value = await oneValue(client, 'SELECT count(*) FROM numbers WHERE n < 1000').catch((error) => error);
        if (String(value) !== '1000') outcome.failedInRestart.push(String(value));
        await sleep(20);
      }
    });
    for (let round = 0; round < rounds; round++) {
      for (const server of servers.slice(1)) {
        await server.end('SIGTERM');
        await server.start();
        await sleep(1000);
      }
    }
    isOver = true;
    await Promise.all(load);
    const balancerSaid = outcome.failedInRestart.length > 0 ? balancer.errors() : [];
    return { ...outcome, balancerSaid, seconds: (performance.now() - began) / 1000 };
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

async function readAll(client, onStart, outcome) {
  let rows = 0;
  try {
    const { batches } = await client.execute('SELECT n, s FROM numbers ORDER BY s');
    onStart();
    for await (const batch of batches) rows += batch.length;
    if (rows === ROWS) outcome.whole++;
    else outcome.short++;
  } catch ({ code }) {
    outcome.failed[code] = (outcome.failed[code] ?? 0) + 1;
  } finally {
    onStart();
  }
}

async function oneValue(client, sql) {
  const result = await client.execute(sql);
  for await (const row of result.rows()) return String(Object.values(row)[0]);
  return undefined;
}

/** What a client does whose call met the server that was killed. */
async function persist(work, outcome) {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (tries >= 20) throw error;
      outcome.triedAgain++;
      await sleep(100);
    }
  }
}

function configOf({ stack, folder, port, ports }) {
  const address = (each) => `grpc://127.0.0.1:${each}`;
  const text = JSON.stringify;
  return localConfig(
    stack,
    `
[server]
port = ${port}
drain_timeout = "30s"
drain_notice = "2s"

[http]
enabled = false

[tickets]
key = "${'k'.repeat(32)}"

[cluster]
address = ${text(address(port))}
servers = ${text(ports.map(address))}

[storage]
cache_directory = ${text(join(folder, 'cache'))}
local_roots = [${text(join(stack.folder, 'warehouse'))}]

[engine]
processes = 1

[limits]
sessions_per_principal = 500

[logging]
level = "info"
format = "json"
`,
  );
}
