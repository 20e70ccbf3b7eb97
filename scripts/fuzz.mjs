/** `npm run fuzz -- TARGET [COUNT] [SEED]`: random input against a server on the embedded stack. Prints its seed; exits 1 where something is wrong. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as functions from './fuzz/functions.mjs';

const targets = { functions };
const [name, count, seed = String(Date.now())] = process.argv.slice(2);
const target = targets[name];
if (!target) {
  console.error('npm run fuzz -- TARGET [COUNT] [SEED], with one of these targets:');
  for (const [word, { description, usualCount }] of Object.entries(targets)) {
    console.error(`  ${word}: ${description} (${usualCount} times)`);
  }
  process.exit(2);
}

const { batchToRows } = await import('../dist/arrow/index.js');
const { connect } = await import('../dist/client/index.js');
const { startLocalServer } = await import('../dist/commands/local-server.js');

let deaths = 0;
const ignore = () => undefined;
const logger = {
  error: (_, message) => {
    if (message === 'An engine process ended') deaths++;
  },
  ...Object.fromEntries(['fatal', 'warn', 'info', 'debug', 'trace'].map((level) => [level, ignore])),
  child: () => logger,
};
const folder = mkdtempSync(join(tmpdir(), 'skua-fuzz-'));
const prepared = await target.prepare?.();
const local = await startLocalServer({ logger, port: 0, tokenLifetime: 8 * 3600, folder });
const clients = [];
const server = {
  deaths: () => deaths,
  async client(user) {
    const client = connect({ address: local.server.address, token: await local.token(user) });
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
console.log(`${name}, ${count ?? target.usualCount} times, seed ${seed}`);
const wrong = await target.run({
  count: Number(count ?? target.usualCount),
  random: randomFrom(seed),
  server,
  prepared,
  log: (line) => console.log(line),
});
for (const client of clients) client.close();
await local.stop();
rmSync(folder, { recursive: true, force: true });
for (const line of wrong.slice(0, 20)) console.error(line);
console.log(
  wrong.length === 0 ? 'Nothing wrong.' : `${wrong.length} wrong; npm run fuzz -- ${name} ${count ?? ''} ${seed}`,
);
process.exit(wrong.length === 0 ? 0 : 1);

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
