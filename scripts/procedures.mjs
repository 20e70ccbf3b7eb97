/**
 * `npm run procedures`: procedures beside Spark's own. Two tables with the same files; Skua cares for one, Spark for the other. Prints what either
 * answers and what files there are then; exits 1 where the rows differ, by either reader. `SPARK_PYTHON` and `ICEBERG_SPARK_JAR` say where Spark is.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { batchToRows } from '../dist/arrow/index.js';
import { connect } from '../dist/client/index.js';
import { loadConfig } from '../dist/config/index.js';
import { startEmbeddedStack } from '../dist/embedded/index.js';
import { createLogger } from '../dist/logging.js';
import { startServer } from '../dist/server/index.js';
import { startReader } from './peers/index.mjs';

const text = JSON.stringify;
/** What makes a table, and what is called then, of `$`. */
const stories = [
  {
    name: 'small files with position deletes',
    version: 2,
    calls: [
      "rewrite_position_delete_files(table => '$', options => map('rewrite-all', 'true'))",
      "rewrite_data_files(table => '$', options => map('rewrite-all', 'true'))",
      "rewrite_manifests(table => '$')",
      "expire_snapshots(table => '$', older_than => TIMESTAMP '2100-01-01 00:00:00', retain_last => 1)",
      "remove_orphan_files(table => '$', dry_run => true)",
      "compute_table_stats(table => '$')",
    ],
  },
  {
    name: 'deletion vectors and lineage',
    version: 3,
    calls: [
      "rewrite_data_files(table => '$', strategy => 'sort', sort_order => 'id DESC NULLS LAST', options => map('rewrite-all', 'true'))",
      "expire_snapshots(table => '$', older_than => TIMESTAMP '2100-01-01 00:00:00', retain_last => 2)",
    ],
  },
  {
    name: 'z-order of a table whose partitions evolved',
    version: 2,
    evolves: true,
    calls: [
      "rewrite_data_files(table => '$', strategy => 'sort', sort_order => 'zorder(id, n)', options => map('rewrite-all', 'true'))",
    ],
  },
];

const folder = mkdtempSync(join(tmpdir(), 'skua-procedures-'));
const stack = await startEmbeddedStack({ folder: join(folder, 'stack'), issuer: { lifetimeSeconds: 24 * 3600 } });
const config = loadConfig({
  env: {},
  text: `
server = { port = 0, drain_timeout = "0s" }
http = { enabled = false }
auth = [{ issuer = ${text(stack.issuer.issuer)}, jwks_url = ${text(stack.issuer.jwksUrl)}, audience = ${text(stack.issuer.audience)}, allow_insecure_jwks = true }]
catalogs.quickstart = { uri = ${text(stack.catalog.uri)}, warehouse = "quickstart", credential_delegation = "none" }
storage = { local_roots = [${text(join(folder, 'stack', 'warehouse'))}], cache_directory = ${text(folder)} }
default = { catalog = "quickstart", schema = "demo" }
`,
});
const server = await startServer(config, { logger: createLogger({ level: 'error', format: 'json' }) });
const token = await stack.token('adminuser');
const client = connect({ address: `127.0.0.1:${server.port}`, token });
const spark = await startReader('spark', {
  name: 'quickstart',
  uri: stack.catalog.uri,
  warehouse: 'quickstart',
  token,
});
const problems = [];
try {
  for (const [index, story] of stories.entries()) {
    console.log(`\n${story.name}`);
    const [own, other] = ['skua', 'spark'].map((who) => `${who}_${index}`);
    for (const table of [own, other]) await make(table, story);
    for (const call of story.calls) {
      const [name] = call.split('(');
      const mine = await rows(`CALL quickstart.system.${call.replaceAll('$', `demo.${own}`)}`);
      const theirs = await spark
        .ask({ sql: `CALL quickstart.system.${call.replaceAll('$', `demo.${other}`)}` })
        .catch((error) => [[error.message.slice(0, 200)]]);
      console.log(
        `  ${name}\n    Skua  ${shown(mine)} ${await files(own)}\n    Spark ${shown(theirs)} ${await files(other)}`,
      );
      const sums = [];
      for (const table of [own, other]) {
        const sql = `SELECT count(*), sum(id), sum(n), count(DISTINCT s) FROM quickstart.demo.${table}`;
        sums.push(shown(await rows(sql)), shown(await spark.ask({ sql })));
      }
      if (new Set(sums).size > 1) problems.push(`${story.name}, ${name}: ${sums.join(' | ')}`);
    }
  }
} finally {
  await spark.close();
  client.close();
  await server.stop();
  await stack.close();
  rmSync(folder, { recursive: true, force: true });
}
console.log(problems.length > 0 ? `\nDiffering:\n${problems.join('\n')}` : '\nAll rows are the same.');
process.exit(problems.length > 0 ? 1 : 0);

async function make(table, { version, evolves }) {
  const modes = ['delete', 'update', 'merge'].map((kind) => `'write.${kind}.mode' = 'merge-on-read'`).join(', ');
  await client.execute(
    `CREATE TABLE ${table} (id BIGINT, n INT, s VARCHAR) PARTITIONED BY (bucket(2, id)) TBLPROPERTIES ('format-version' = '${version}', ${modes})`,
  );
  for (let round = 0; round < 8; round++) {
    if (evolves && round === 4) await client.execute(`ALTER TABLE ${table} ADD PARTITION FIELD truncate(1, s)`);
    await client.executeUpdate(
      `INSERT INTO ${table} SELECT range, range % 10, 'v' || (range % 5) FROM range(${round * 500}, ${round * 500 + 500})`,
    );
  }
  await client.executeUpdate(`DELETE FROM ${table} WHERE id % 7 = 0`);
  await client.executeUpdate(`UPDATE ${table} SET n = n + 100 WHERE id % 11 = 0`);
}

async function files(table) {
  const kinds = await rows(
    `SELECT content, count(*), sum(record_count) FROM demo.${table}$files GROUP BY 1 ORDER BY 1`,
  );
  const manifests = await rows(`SELECT count(*) FROM demo.${table}$manifests`);
  return `files ${shown(kinds)}, manifests ${shown(manifests)}`;
}

async function rows(sql) {
  const { schema, batches } = await client.execute(sql);
  const found = [];
  for await (const batch of batches) found.push(...batchToRows(schema, batch));
  return found;
}

function shown(found) {
  return found.map((row) => row.map((value) => String(value).replace(/.*\/metadata\//, '…/')).join(' ')).join('; ');
}
