/**
 * `npm run fuzz -- TARGET [COUNT] [SEED] [STORE]`: random input against a server on the embedded stack, whose warehouse is on local files or, with
 * `s3` for STORE, on RustFS; or against what decodes it. Prints its seed; exits 1 where something is wrong.
 */
import { avro, metadata, parquet } from './fuzz/decoders.mjs';
import * as functions from './fuzz/functions.mjs';
import * as http from './fuzz/http/index.mjs';
import * as messages from './fuzz/messages.mjs';
import * as policies from './fuzz/policies.mjs';
import * as rules from './fuzz/rules.mjs';
import * as sql from './fuzz/sql.mjs';

const targets = { functions, sql, policies, rules, messages, http, metadata, avro, parquet };
const [name, count, seed = String(Date.now()), store = 'local'] = process.argv.slice(2);
const target = targets[name];
if (!target || !['local', 's3'].includes(store)) {
  console.error('npm run fuzz -- TARGET [COUNT] [SEED] [local | s3], with one of these targets:');
  for (const [word, { description, usualCount }] of Object.entries(targets)) {
    console.error(`  ${word}: ${description} (${usualCount} times)`);
  }
  process.exit(2);
}

if (target.standsAlone) {
  const times = Number(count ?? target.usualCount);
  console.log(`${name}, ${times} times, seed ${seed}`);
  report(await target.run({ count: times, seed, randomFrom, log: (line) => console.log(line) }));
}

const { batchToRows } = await import('../dist/arrow/index.js');
const { connect } = await import('../dist/client/index.js');
const { startFuzzServer } = await import('./fuzz/server.mjs');

let deaths = 0;
const errors = [];
const ignore = () => undefined;
const logger = {
  error: (entry, message) => {
    if (message === 'An engine process ended') deaths++;
    errors.push(`${message}: ${entry.error ?? JSON.stringify(entry)}`);
  },
  ...Object.fromEntries(['fatal', 'warn', 'info', 'debug', 'trace'].map((level) => [level, ignore])),
  child: () => logger,
};
const prepared = await target.prepare?.();
const started = await startFuzzServer(store, logger, target.server);
const clients = [];
const server = {
  ...started,
  deaths: () => deaths,
  errors: () => errors,
  async client(user) {
    const client = connect({ address: started.address, token: await started.token(user) });
    clients.push(client);
    return client;
  },
  async rows(client, sql, signal) {
    const { schema, batches } = await client.execute(sql, signal && { signal });
    const rows = [];
    for await (const batch of batches) rows.push(...batchToRows(schema, batch));
    return rows.flat();
  },
};
console.log(`${name}, ${count ?? target.usualCount} times, seed ${seed}, on ${store === 's3' ? 'S3' : 'local files'}`);
const wrong = await target.run({
  count: Number(count ?? target.usualCount),
  seed,
  random: randomFrom(seed),
  randomFrom,
  server,
  prepared,
  log: (line) => console.log(line),
});
for (const client of clients) client.close();
await started.stop();
report(wrong);

/** Says what is wrong, and ends. */
function report(wrong) {
  for (const line of wrong.slice(0, 20)) console.error(line);
  const again = `npm run fuzz -- ${name} ${count ?? target.usualCount} ${seed} ${store}`;
  console.log(wrong.length === 0 ? 'Nothing wrong.' : `${wrong.length} wrong; ${again}`);
  process.exit(wrong.length === 0 ? 0 : 1);
}

/** 0 to 1, exclusive; the same numbers for the same seed (FNV-1a over the text, then mulberry32). */
function randomFrom(text) {
  let state = 0x811c9dc5;
  for (const byte of Buffer.from(text)) state = Math.imul(state ^ byte, 0x01000193);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
