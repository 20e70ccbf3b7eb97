/** A day of a table's life: writers whose rows are known, maintenance beside them, and other readers at checkpoints. */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { batchToRows } from '../../dist/arrow/index.js';
import { connect } from '../../dist/client/index.js';
import { localConfig } from '../../dist/commands/local-config.js';
import { startEmbeddedStack } from '../../dist/embedded/index.js';
import { SkuaError } from '../../dist/errors.js';
import { randomFrom } from '../faults/random.mjs';
import { startKilledServer } from '../faults/server.mjs';
import { startReader } from '../peers/index.mjs';
import { startWatch } from '../watch.mjs';

const DAY = 24 * 3600_000;
/** Of the day: how often, and how old what goes has to be. */
const HOUR = 3600_000;
const CHECKPOINT = 6 * HOUR;
const KEPT = 2 * HOUR;
const table = 'life';
const properties = {
  'format-version': '2',
  'write.delete.mode': 'merge-on-read',
  'write.update.mode': 'merge-on-read',
  'write.merge.mode': 'merge-on-read',
  'write.metadata.delete-after-commit.enabled': 'true',
  'write.metadata.previous-versions-max': '20',
  'commit.retry.num-retries': '20',
  // So many are there whenever they are counted, however long ago they were rewritten.
  'commit.manifest.min-count-to-merge': '20',
};

/** `{ changes, refused, maintenance, checkpoints, problems }`. A day is `minutes` long. */
export async function runLife({ minutes, writers, seed, readers, say }) {
  const scale = (minutes * 60_000) / DAY;
  const folder = mkdtempSync(join(tmpdir(), 'skua-life-'));
  const stack = await startEmbeddedStack({ folder: join(folder, 'stack'), issuer: { lifetimeSeconds: 24 * 3600 } });
  const server = await startKilledServer(folder, (port) => configOf({ port, stack, folder }));
  const token = await stack.token('adminuser');
  const client = connect({ address: server.address, token });
  const outcome = { changes: 0, refused: 0, maintenance: {}, checkpoints: [], problems: [] };
  const began = Date.now();
  const watch = startWatch({
    say,
    address: server.address,
    token,
    progress: () =>
      `${Math.round((Date.now() - began) / 1000)} s: ${outcome.changes} changes, ${outcome.refused} refused`,
  });
  const others = [];
  try {
    for (const kind of readers) {
      others.push(
        await startReader(kind, { name: 'quickstart', uri: stack.catalog.uri, warehouse: 'quickstart', token }),
      );
    }
    const list = Object.entries(properties).map(([key, value]) => `'${key}' = '${value}'`);
    await client.execute(
      `CREATE TABLE ${table} (id BIGINT, writer INT, n BIGINT) PARTITIONED BY (bucket(4, id)) TBLPROPERTIES (${list.join(', ')})`,
    );
    const end = Date.now() + minutes * 60_000;
    const isOver = () => Date.now() >= end;
    const known = Array.from({ length: writers }, () => new Map());
    const everything = [
      ...known.map((rows, number) =>
        write({ address: server.address, token, number, rows, seed, isOver, outcome, watch }),
      ),
      care({ client, scale, isOver, outcome, watch }),
      checkpoints({ client, others, stack, scale, isOver, outcome, say, watch }),
    ];
    await Promise.all(everything);
    outcome.checkpoints.push(
      await watch.during('the last checkpoint', () => checkpoint({ client, others, stack, outcome })),
    );
    const [[count, sum]] = await rowsOf(client, `SELECT count(*), sum(n) FROM ${table}`);
    const rows = known.flatMap((own) => [...own.values()]);
    const total = rows.reduce((before, n) => before + n, 0);
    if (Number(count) !== rows.length || Number(sum) !== total) {
      outcome.problems.push(
        `the writers know of ${rows.length} rows with ${total}, the table has ${count} with ${sum}`,
      );
    }
    outcome.problems.push(...unbounded(outcome.checkpoints));
    return { ...outcome, longest: watch.longest };
  } finally {
    watch.close();
    client.close();
    for (const other of others) await other.close();
    await server.stop();
    await stack.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Each writer changes rows of its own, so that it knows what they are. What is not acknowledged is looked up. */
async function write({ address, token, number, rows, seed, isOver, outcome, watch }) {
  const client = connect({ address, token });
  const random = randomFrom(seed * 1000 + number);
  let next = number * 1e9;
  while (!isOver()) {
    const kind = random();
    const first = next;
    const some = [...rows.keys()].filter(() => random() < 0.05).slice(0, 50);
    const ids = some.length > 0 ? some.join(', ') : '-1';
    const [sql, apply] =
      kind < 0.6 || some.length === 0
        ? [
            `INSERT INTO ${table} SELECT range, ${number}, range % 97 FROM range(${first}, ${first + 200})`,
            () => {
              for (let id = first; id < first + 200; id++) rows.set(id, id % 97);
            },
          ]
        : kind < 0.75
          ? [`DELETE FROM ${table} WHERE id IN (${ids})`, () => some.forEach((id) => void rows.delete(id))]
          : kind < 0.9
            ? [
                `UPDATE ${table} SET n = n + 1 WHERE id IN (${ids})`,
                () => some.forEach((id) => void rows.set(id, rows.get(id) + 1)),
              ]
            : [
                `MERGE INTO ${table} t USING (SELECT unnest([${ids}]) AS id) s ON t.id = s.id WHEN MATCHED THEN UPDATE SET n = 1`,
                () => some.forEach((id) => void rows.set(id, 1)),
              ];
    next += 200;
    try {
      await watch.during(sql, () => client.executeUpdate(sql));
      apply();
      outcome.changes++;
    } catch (error) {
      if (!(error instanceof SkuaError)) throw error;
      // A refusal has changed nothing; an error that nobody can tell of is none of these here, since nothing is cut.
      outcome.refused++;
      if (error.code !== 'ABORTED') outcome.problems.push(`${sql.slice(0, 60)}: ${error.code} ${error.message}`);
    }
    await sleep(random() * 400);
  }
  client.close();
}

async function care({ client, scale, isOver, outcome, watch }) {
  const calls = [
    [
      'rewrite_data_files',
      () => `table => '${table}', options => map('min-input-files', '2', 'delete-file-threshold', '2')`,
    ],
    ['rewrite_position_delete_files', () => `'${table}'`],
    ['rewrite_manifests', () => `'${table}'`],
    [
      'expire_snapshots',
      () => `table => '${table}', older_than => to_timestamp(${(Date.now() - KEPT * scale) / 1000}), retain_last => 5`,
    ],
  ];
  while (!isOver()) {
    await sleep(Math.min(HOUR * scale, 60_000));
    for (const [name, given] of calls) {
      try {
        await watch.during(name, () => rowsOf(client, `CALL system.${name}(${given()})`));
        outcome.maintenance[name] = (outcome.maintenance[name] ?? 0) + 1;
      } catch (error) {
        if (!(error instanceof SkuaError)) throw error;
        const key = `${name} ${error.code}`;
        outcome.maintenance[key] = (outcome.maintenance[key] ?? 0) + 1;
        if (error.code !== 'ABORTED') outcome.problems.push(`${name}: ${error.code} ${error.message}`);
      }
    }
  }
}

async function checkpoints({ client, others, stack, scale, isOver, outcome, say, watch }) {
  for (let number = 1; ; number++) {
    const due = Date.now() + CHECKPOINT * scale;
    while (Date.now() < due) {
      if (isOver()) return;
      await sleep(200);
    }
    const seen = await watch.during('checkpoint', () => checkpoint({ client, others, stack, outcome }));
    outcome.checkpoints.push(seen);
    say?.(`${number * 6} h: ${JSON.stringify(seen)}`);
  }
}

/** One snapshot, kept by a tag while it is read, by all readers. */
async function checkpoint({ client, others: [pyiceberg, spark], stack, outcome }) {
  await client.execute(`ALTER TABLE ${table} CREATE OR REPLACE TAG checkpoint`);
  const [[snapshot]] = await rowsOf(client, `SELECT snapshot_id FROM "${table}$refs" WHERE name = 'checkpoint'`);
  const own = await rowsOf(client, `SELECT count(*), sum(id), sum(n) FROM ${table} FOR VERSION AS OF 'checkpoint'`);
  const wanted = own[0].map(Number).join();
  const read = {
    pyiceberg: await pyiceberg?.ask({ table: `demo.${table}`, columns: ['id', 'n'], snapshot: String(snapshot) }),
    spark: await spark?.ask({
      sql: `SELECT count(*), sum(id), sum(n) FROM quickstart.demo.${table} VERSION AS OF 'checkpoint'`,
    }),
  };
  for (const [name, rows] of Object.entries(read)) {
    if (rows && rows[0].map(Number).join() !== wanted) {
      outcome.problems.push(`${name} reads ${rows[0]} of snapshot ${snapshot}, Skua ${own[0]}`);
    }
  }
  const [[snapshots]] = await rowsOf(client, `SELECT count(*) FROM "${table}$snapshots"`);
  const [[manifests]] = await rowsOf(client, `SELECT count(*) FROM "${table}$manifests"`);
  const kinds = await rowsOf(client, `SELECT content, count(*) FROM "${table}$files" GROUP BY 1 ORDER BY 1`);
  return {
    rows: wanted,
    snapshots: Number(snapshots),
    manifests: Number(manifests),
    files: kinds.map((row) => row.map(Number)),
    ...sizes(stack),
  };
}

/** Of the table's folder of metadata. */
function sizes(stack) {
  const folder = join(stack.folder, 'warehouse', 'demo', table, 'metadata');
  const names = readdirSync(folder);
  const versions = names.filter((name) => name.endsWith('.metadata.json'));
  const bytes = (name) => statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0;
  return {
    metadataFiles: names.length,
    versions: versions.length,
    largestVersion: Math.max(...versions.map(bytes)),
    metadataBytes: names.reduce((sum, name) => sum + bytes(name), 0),
  };
}

/** What is kept at the end may not be more than twice what was kept after the first quarter, when the first snapshots had expired. */
function unbounded(seen) {
  const [first, last] = [seen[0], seen.at(-1)];
  if (!first || first === last) return [];
  return ['snapshots', 'manifests', 'metadataFiles', 'versions', 'largestVersion', 'metadataBytes'].flatMap((key) =>
    last[key] > 2 * first[key] + 20 ? [`${key} grew from ${first[key]} to ${last[key]}`] : [],
  );
}

async function rowsOf(client, sql) {
  const { schema, batches } = await client.execute(sql);
  const rows = [];
  for await (const batch of batches) rows.push(...batchToRows(schema, batch));
  return rows;
}

function configOf({ port, stack, folder }) {
  const text = JSON.stringify;
  return localConfig(
    stack,
    `
[server]
port = ${port}
drain_timeout = "5s"

[http]
enabled = false

[storage]
cache_directory = ${text(folder)}
journal_directory = ${text(join(folder, 'journal'))}
local_roots = [${text(join(stack.folder, 'warehouse'))}]
`,
  );
}
