/**
 * `node bench/rewrites.mjs [FILES] [DELETE FILES]`: tables of many small files and many files of position deletes, which Skua and Spark take care of by the
 * same procedures on the same machine. Prints how long each took, the time of the processors that its processes spent meanwhile, what files there
 * were then, and the most memory that they held at once. `SPARK_PYTHON` and `ICEBERG_SPARK_JAR` say where Spark is; without them Skua works alone.
 */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parquetWriteFile } from 'hyparquet-writer';
import { batchToRows } from '../dist/arrow/index.js';
import { startReader } from '../scripts/peers/index.mjs';
import { startBenchServer } from './support/bench-server.mjs';

const files = Number(process.argv[2] ?? 10_000);
const deletes = Number(process.argv[3] ?? 3_000);
const rowsOfFile = 1_000;
const calls = [
  ['rewrite_position_delete_files', "table => '$', options => map('rewrite-all', 'true')"],
  ['rewrite_data_files', "table => '$', options => map('min-input-files', '2', 'delete-ratio-threshold', '1')"],
  ['rewrite_manifests', "table => '$'"],
];

const place = await startBenchServer('rewrites');
const { stack, token, client } = place;
const hasSpark = process.env.SPARK_PYTHON !== undefined;
try {
  const tables = ['skua', ...(hasSpark ? ['spark'] : [])];
  for (const table of tables) await timed(`table ${table} made`, () => make(table));
  const engines = {
    skua: { call: (sql) => rows(sql), use: () => useBelow(process.pid, /skua\.cjs serve|process\/main\.js/) },
    ...(hasSpark && { spark: await sparkEngine() }),
  };
  for (const [name, given] of calls) {
    for (const table of tables) {
      const { call, use } = engines[table];
      const before = use();
      let most = 0;
      const sampling = setInterval(() => {
        most = Math.max(most, use().bytes);
      }, 200);
      const answer = await timed(`${table} ${name}`, () =>
        call(`CALL quickstart.system.${name}(${given.replace('$', `demo.${table}`)})`),
      );
      clearInterval(sampling);
      const spent = use().seconds - before.seconds;
      const left = await rows(
        `SELECT content, count(*), sum(record_count) FROM demo.${table}$files GROUP BY 1 ORDER BY 1`,
      );
      const manifests = await rows(`SELECT count(*) FROM demo.${table}$manifests`);
      console.log(
        `  answered ${answer.join(' ')}; files ${left.join('; ')}; manifests ${manifests}; processors ${spent.toFixed(1)} s, memory ${Math.round(most / 2 ** 20)} MiB`,
      );
    }
  }
  const sums = [];
  for (const table of tables)
    sums.push(String(await rows(`SELECT count(*), sum(id), sum(n), min(s), max(s) FROM demo.${table}`)));
  console.log(`rows ${sums.join(' | ')}`);
  if (new Set(sums).size > 1) process.exitCode = 1;
  await engines.spark?.close();
} finally {
  await place.stop();
}

/** Small files that are taken in as they are, and one DELETE of a row of each of the first. */
async function make(table) {
  await client.execute(
    `CREATE TABLE ${table} (id BIGINT NOT NULL, n INT NOT NULL, s VARCHAR NOT NULL, d DOUBLE NOT NULL) TBLPROPERTIES ('format-version' = '2', 'write.delete.mode' = 'merge-on-read', 'write.delete.granularity' = 'file')`,
  );
  const data = join(stack.folder, 'warehouse', 'demo', table, 'data');
  mkdirSync(data, { recursive: true });
  for (let file = 0; file < files; file++) {
    // The catalog is in this process, too.
    if (file % 100 === 0) await nextTurn();
    const ids = Array.from({ length: rowsOfFile }, (_, row) => file * rowsOfFile + row);
    parquetWriteFile({
      filename: join(data, `${String(file).padStart(6, '0')}.parquet`),
      columnData: [
        { name: 'id', type: 'INT64', nullable: false, data: ids.map(BigInt) },
        { name: 'n', type: 'INT32', nullable: false, data: ids.map((id) => id % 1000) },
        { name: 's', type: 'STRING', nullable: false, data: ids.map((id) => `value ${id % 97}`) },
        { name: 'd', type: 'DOUBLE', nullable: false, data: ids.map((id) => id / 7) },
      ],
    });
  }
  await timed('  add_files', () =>
    rows(`CALL system.add_files(table => '${table}', source_table => '\`parquet\`.\`file://${data}\`')`),
  );
  await timed('  DELETE', () =>
    client.executeUpdate(`DELETE FROM ${table} WHERE id % ${rowsOfFile} = 7 AND id < ${deletes * rowsOfFile}`),
  );
  // A delete file for each of so many data files is what is to be rewritten, not how.
  await client.execute(`ALTER TABLE ${table} SET TBLPROPERTIES ('write.delete.granularity' = 'partition')`);
}

async function sparkEngine() {
  const reader = await startReader('spark', {
    name: 'quickstart',
    uri: stack.catalog.uri,
    warehouse: 'quickstart',
    token,
  });
  return {
    call: (sql) => reader.ask({ sql }),
    use: () => useBelow(process.pid, /java|reader\.py/),
    close: () => reader.close(),
  };
}

async function timed(what, work) {
  const began = performance.now();
  const result = await work();
  console.log(`${what}: ${((performance.now() - began) / 1000).toFixed(1)} s`);
  return result;
}

async function rows(sql) {
  const { schema, batches } = await client.execute(sql);
  const found = [];
  for await (const batch of batches) found.push(...batchToRows(schema, batch));
  return found;
}

/** Bytes that the processes below one hold whose command line fits, and seconds of the processors that they have spent; Linux only. */
function useBelow(root, fitting) {
  const use = { bytes: 0, seconds: 0 };
  const found = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const status = readFileSync(`/proc/${name}/status`, 'latin1');
      const command = readFileSync(`/proc/${name}/cmdline`, 'latin1').replaceAll('\0', ' ');
      const [, parent] = /^PPid:\s+(\d+)$/m.exec(status) ?? [];
      const [, resident] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? [];
      // Behind the name in parentheses: the state, and from the twelfth field on ticks of 10 ms in user and system mode.
      const fields = readFileSync(`/proc/${name}/stat`, 'latin1')
        .replace(/^.*\) /s, '')
        .split(' ');
      const seconds = (Number(fields[11]) + Number(fields[12])) / 100;
      found.set(Number(name), { parent: Number(parent), bytes: 1024 * Number(resident ?? 0), seconds, command });
    } catch {
      // It has ended.
    }
  }
  for (const [pid, { bytes, seconds, command }] of found) {
    let above = pid;
    while (above > 1 && above !== root) above = found.get(above)?.parent ?? 0;
    if (above !== root || pid === root || !fitting.test(command)) continue;
    use.bytes += bytes;
    use.seconds += seconds;
  }
  return use;
}
