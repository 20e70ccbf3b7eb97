/**
 * Writers whose every statement has an id of its own, over proxies that do harm, at a server that is killed again and again. Afterwards each
 * acknowledged statement is there once, no other is there twice, and no file is there that no snapshot names.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { batchToRows } from '../../dist/arrow/index.js';
import { connect } from '../../dist/client/index.js';
import { localConfig } from '../../dist/commands/local-config.js';
import { SkuaError } from '../../dist/errors.js';
import { orphansOf } from './orphans.mjs';
import { randomFrom } from './random.mjs';
import { startKilledServer } from './server.mjs';
import { startHarmedStack } from './stack.mjs';

const quick = [
  ['commit.retry.min-wait-ms', 10],
  ['commit.retry.max-wait-ms', 200],
  ['commit.status-check.min-wait-ms', 20],
  ['commit.status-check.max-wait-ms', 200],
]
  .map(([name, value]) => `'${name}' = '${value}'`)
  .join(', ');

/**
 * `{ acknowledged, unanswered, kills, harm, lost, repeated, halves, orphans, seconds }`: the middle four are lists of what must not be. `statements`
 * are acknowledged in all, `kills` spread over them; `say` is told how it goes.
 */
export async function runFaults({ statements, kills, writers = 6, rate = 0.04, store = 'local', seed = 1, say }) {
  const began = performance.now();
  const random = randomFrom(seed);
  const folder = mkdtempSync(join(tmpdir(), 'skua-faults-'));
  const closing = [() => rmSync(folder, { recursive: true, force: true })];
  try {
    const { place, stack, proxy } = await startHarmedStack(store, { folder, closing, rate, random });
    const server = await startKilledServer(folder, (port) =>
      configOf({ port, stack, folder, uri: proxy.origin, ...place }),
    );
    let isUp = true;
    closing.push(() => (isUp ? server.stop() : undefined));

    const token = await stack.token('adminuser');
    const client = connect({ address: server.address, token });
    const tables = ['one', 'two', 'three'];
    for (const table of tables) {
      await persist(() =>
        client.execute(`CREATE TABLE IF NOT EXISTS ${table} (id BIGINT, part BIGINT) TBLPROPERTIES (${quick})`),
      );
    }
    client.close();
    const outcome = { acknowledged: [], unanswered: 0, kills: 0 };
    let phase = 'load';
    const telling = setInterval(
      () =>
        say?.(
          `${Math.round((performance.now() - began) / 1000)} s, ${phase}: ${outcome.acknowledged.length} acknowledged, ${outcome.unanswered} not, ${outcome.kills} kills`,
        ),
      30_000,
    );
    closing.push(() => clearInterval(telling));
    let next = 1;
    const isEnough = () => outcome.acknowledged.length >= statements;

    async function writer(number) {
      while (!isEnough()) {
        const own = connect({ address: server.address, token });
        try {
          while (!isEnough()) {
            const id = next++;
            const table = tables[(id + number) % tables.length];
            await write(own, table, tables[id % tables.length], id);
            outcome.acknowledged.push(id);
          }
        } catch (error) {
          if (!(error instanceof SkuaError)) throw error;
          outcome.unanswered++;
          await sleep(100);
        } finally {
          own.close();
        }
      }
    }

    async function killer() {
      for (; outcome.kills < kills && !isEnough(); outcome.kills++) {
        const due = (outcome.kills + random()) * (statements / kills);
        while (outcome.acknowledged.length < due && !isEnough()) await sleep(5 + random() * 30);
        await sleep(random() * 80);
        await server.kill();
      }
    }

    await Promise.all([...Array.from({ length: writers }, (_, number) => writer(number)), killer()]);
    phase = 'looking for what was left';
    proxy.calm();
    place.calm?.();
    await server.kill();
    const found = await settle(server, token, tables, () =>
      orphansOf(tables, { catalogUri: stack.catalog.uri, token, storage: place.storage }),
    );
    isUp = false;
    await server.stop();
    return {
      ...outcome,
      acknowledged: outcome.acknowledged.length,
      harm: { catalog: proxy.counts, ...(place.counts && { store: place.counts }) },
      ...judge(found.rows, outcome.acknowledged),
      orphans: found.orphans,
      seconds: (performance.now() - began) / 1000,
    };
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

/** One row in one table; every third time two, in two tables, all or nothing. Every fifth row of some is changed once more. */
async function write(client, table, other, id) {
  if (id % 3 !== 0 || table === other) {
    await client.executeUpdate(`INSERT INTO ${table} VALUES (${id}, 1)`);
    return;
  }
  const transaction = await client.begin();
  await transaction.executeUpdate(`INSERT INTO ${table} VALUES (${id}, 2)`);
  await transaction.executeUpdate(`INSERT INTO ${other} VALUES (${id}, 2)`);
  await transaction.commit();
}

/** Statements at each table, by which what is left behind is found, until nothing is, or for so long. */
async function settle(server, token, tables, orphans) {
  const client = connect({ address: server.address, token });
  try {
    const deadline = Date.now() + 60_000;
    for (;;) {
      const rows = {};
      for (const table of tables) {
        await persist(() => client.executeUpdate(`INSERT INTO ${table} VALUES (-1, 0)`));
        const { schema, batches } = await client.execute(`SELECT id, part FROM ${table} WHERE id > 0`);
        rows[table] = [];
        for await (const batch of batches) rows[table].push(...batchToRows(schema, batch));
      }
      const left = await orphans();
      if (left.length === 0 || Date.now() > deadline) return { rows, orphans: left };
      await sleep(1_000);
    }
  } finally {
    client.close();
  }
}

function judge(rows, acknowledged) {
  const counts = new Map();
  const parts = new Map();
  for (const [id, part] of Object.values(rows).flat()) {
    counts.set(Number(id), (counts.get(Number(id)) ?? 0) + 1);
    parts.set(Number(id), Number(part));
  }
  const lost = acknowledged.filter((id) => !counts.has(id));
  const repeated = [...counts].filter(([id, count]) => count > parts.get(id)).map(([id]) => id);
  const halves = [...counts].filter(([id, count]) => count < parts.get(id)).map(([id]) => id);
  return { lost, repeated, halves };
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

function configOf({ port, stack, folder, uri, settings }) {
  const text = JSON.stringify;
  const own = `
[server]
port = ${port}

[catalogs.quickstart]
uri = ${text(uri + new URL(stack.catalog.uri).pathname)}
timeout = "5s"

[storage]
cache_directory = ${text(folder)}
journal_directory = ${text(join(folder, 'journal'))}

[engine]
processes = 1

[logging]
level = "info"
format = "json"
`;
  return localConfig(stack, own, settings);
}
