/**
 * How often a small statement crosses a border: tables loaded from the catalog, and requests to the engine process. `node bench/hops.mjs [FOLDER]`, the
 * folder being that of another build.
 */
import { subscribe } from 'node:diagnostics_channel';
import { pathToFileURL } from 'node:url';

const root = pathToFileURL(`${process.argv[2] ?? new URL('..', import.meta.url).pathname}/dist/`);
const load = (path) => import(new URL(path, root));
const { startLocalServer } = await load('commands/local-server.js');
const { connect } = await load('client/index.js');
const { EngineProcess } = await load('engine/duckdb/client/engine-process.js');

let engine = [];
for (const name of ['request', 'run']) {
  const before = EngineProcess.prototype[name];
  EngineProcess.prototype[name] = function (...args) {
    engine.push(name === 'run' ? 'run' : args[0]);
    return before.apply(this, args);
  };
}
let loads = 0;
subscribe('undici:request:create', ({ request: { method, path } }) => {
  if (method === 'GET' && path.includes('/tables/')) loads++;
});

const ignore = () => undefined;
const levels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'];
const logger = { ...Object.fromEntries(levels.map((level) => [level, ignore])), child: () => logger };
const local = await startLocalServer({ logger, port: 0, tokenLifetime: 3600 });
const client = connect({ address: local.server.address, token: await local.token('adminuser') });
await client.executeUpdate('CREATE TABLE quickstart.demo.few AS SELECT range AS id, range % 5 AS kind FROM range(25)');

async function read({ batches }) {
  for await (const _ of batches);
}

const statements = {
  'SELECT 1': () => 'SELECT 1',
  '25 rows': () => 'SELECT * FROM quickstart.demo.few',
  'a text never seen before': (run) => `SELECT kind, count(*) FROM quickstart.demo.few WHERE id > ${run} GROUP BY kind`,
  'a join': () => 'SELECT count(*) FROM quickstart.demo.few a JOIN quickstart.demo.few b ON a.id = b.kind',
};
const ways = {
  'GetFlightInfo, DoGet': async (sql) => read(await client.execute(sql)),
  'Prepare, GetFlightInfo, DoGet': async (sql) => {
    const statement = await client.prepare(sql);
    await read(await statement.execute());
    await statement.close();
  },
};
console.log('| statement | calls | table loads at the catalog | requests to the engine process |');
console.log('| --- | --- | --- | --- |');
for (const [name, text] of Object.entries(statements)) {
  for (const [way, run] of Object.entries(ways)) {
    await run(text(-1));
    await run(text(-1));
    [engine, loads] = [[], 0];
    await run(text(way.length));
    console.log(`| ${name} | ${way} | ${loads} | ${engine.length}: ${engine.join(', ')} |`);
  }
}
client.close();
await local.stop();
process.exit(0);
