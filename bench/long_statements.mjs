/**
 * What long statements of one principal cost the others: how long the server's event loop is held up, and what another principal's SELECT 1
 * takes meanwhile. `node bench/long_statements.mjs [part of a name]`. Server, long statements and SELECT 1 have processes of their own.
 */
import { fork } from 'node:child_process';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { connect } from '../dist/client/index.js';
import { startLocalServer } from '../dist/commands/local-server.js';
import { createLogger } from '../dist/logging.js';
import { quantile, spread } from './support/figures.mjs';

/** Characters of most statements: just below the limit. */
const long = 2 ** 20 - 1024;
const filled = (piece, length = long) => piece.repeat(Math.floor(length / piece.length));
const numbers = (length) => {
  let list = '0';
  for (let number = 1; list.length < length; number++) list += `,${number}`;
  return list;
};

const statements = {
  '50,000 times EXPLAIN': () => `${'EXPLAIN '.repeat(50_000)}SELECT 1`,
  '60 MB of blanks': () => `SELECT${' '.repeat(60_000_000)}1`,
  'IN of 589 KB': () => `SELECT 1 WHERE 5 IN (${numbers(589_000)})`,
  'a literal of 1 MB': () => `SELECT '${filled('x')}'`,
  'a binary literal': () => `SELECT octet_length(X'${filled('ab')}')`,
  'a string that is not closed': () => `SELECT '${filled('x')}`,
  'a literal that is no number': () => `SELECT CAST('${filled('x')}' AS INTEGER)`,
  'escaped quotes': () => `SELECT E'${filled("\\'")}'`,
  'a comment': () => `SELECT 1 /*${filled('/*', long / 2)}${filled('*/', long / 2)}*/`,
  'open brackets': () => `SELECT ${filled('(')}`,
  signs: () => `SELECT ${filled('- ')}1`,
  'a sum': () => `SELECT 1${filled('+1')}`,
  conditions: () => `SELECT 1 WHERE ${filled('1=2 OR ')}1=1`,
  'names in backticks': () => `SELECT ${filled('`a`,')}1 FROM (SELECT 1 AS a)`,
  columns: () => `SELECT ${filled('1,')}1`,
  'UNION ALL': () => `${filled('SELECT 1 UNION ALL ')}SELECT 1`,
  'a name of many parts': () => `SELECT a${filled('.a')}`,
  tables: () => `SELECT 1 FROM ${filled('nation,')}nation`,
  joins: () => `SELECT 1 FROM nation ${filled('NATURAL JOIN nation ')}`,
  semicolons: () => filled('SELECT 1;'),
  'an error in the last line': () => `SELECT 1\n${filled('\n')}FROM FROM`,
  VALUES: () => `VALUES ${filled('(1),')}(1)`,
  INSERT: () => `INSERT INTO long_statements VALUES ${filled("(1,'x'),")}(1,'x')`,
  UPDATE: () => `UPDATE long_statements SET id = 1 WHERE ${filled('id=2 OR ')}id=3`,
  assignments: () => `UPDATE long_statements SET ${filled('id=?,')}id=1`,
  'assignments with an error': () => `UPDATE long_statements SET name = 1 1 WHERE ${filled('id=2 OR ')}id=3`,
  DELETE: () => `DELETE FROM long_statements WHERE id IN (${numbers(589_000)})`,
  MERGE: () =>
    `MERGE INTO long_statements t USING (SELECT 1 AS id WHERE 5 IN (${numbers(589_000)})) s ON t.id = s.id WHEN MATCHED THEN DELETE`,
  'a filter of a table': () => `SELECT count(*) FROM nation WHERE n_nationkey IN (${numbers(589_000)})`,
};

async function serve() {
  const local = await startLocalServer({
    logger: createLogger({ level: 'fatal', format: 'json' }),
    port: 0,
    tokenLifetime: 3600,
  });
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  process.on('message', async (what) => {
    if (what === 'stop') {
      await local.stop();
      process.exit(0);
    }
    process.send({ heldUp: delay.max / 1e6, resident: process.memoryUsage.rss() });
    delay.reset();
  });
  process.send({
    address: local.server.address,
    tokens: [await local.token('adminuser'), await local.token('testuser')],
  });
}

/** Runs SELECT 1 without a pause, and tells the milliseconds of each since it was last asked. */
function select() {
  let milliseconds = [];
  process.on('message', async ({ address, token }) => {
    if (address === undefined) {
      process.send(milliseconds);
      milliseconds = [];
      return;
    }
    const client = connect({ address, token });
    const warmUp = 50;
    for (let run = 0; ; run++) {
      const started = performance.now();
      for await (const _ of (await client.execute('SELECT 1')).batches);
      milliseconds.push(performance.now() - started);
      if (run === warmUp) process.send('warm');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  });
}

const start = (role) => fork(fileURLToPath(import.meta.url), [role]);
const answerOf = (child, message) =>
  new Promise((resolve) => {
    child.once('message', resolve);
    if (message !== undefined) child.send(message);
  });

async function outcomeOf(client, sql) {
  try {
    let rows = 0;
    for await (const batch of (await client.execute(sql)).batches) rows += batch.length;
    return `${rows} rows`;
  } catch (error) {
    return `${error.code}: ${error.message.slice(0, 90).replaceAll('\n', ' ')}`;
  }
}

async function main(wanted = '') {
  const server = start('serve');
  const { address, tokens } = await answerOf(server);
  const other = start('select');
  await answerOf(other, { address, token: tokens[1] });
  const client = connect({ address, token: tokens[0] });
  await outcomeOf(client, 'CREATE TABLE long_statements (id INT, name VARCHAR)');
  await outcomeOf(client, 'CREATE TABLE nation AS SELECT CAST(range AS INT) AS n_nationkey FROM range(25)');
  await answerOf(other, {});
  await answerOf(server, 'read');
  await new Promise((resolve) => setTimeout(resolve, 3000));
  const quiet = await answerOf(other, {});
  const { heldUp } = await answerOf(server, 'read');
  console.log(`SELECT 1 in quiet: ${spread(quiet)} ms; event loop held up at most ${heldUp.toFixed(1)} ms\n`);
  console.log(
    '| statement | event loop held up at most, ms | SELECT 1 of another, ms | 95 of 100 | took, ms | server, MB | outcome |',
  );
  console.log('| --- | --- | --- | --- | --- | --- | --- |');
  for (const [name, textOf] of Object.entries(statements)) {
    if (!name.includes(wanted)) continue;
    const sql = textOf();
    await answerOf(other, {});
    await answerOf(server, 'read');
    const started = performance.now();
    const outcome = await outcomeOf(client, sql);
    const took = performance.now() - started;
    // At least one SELECT 1 ends behind it.
    await new Promise((resolve) => setTimeout(resolve, 200));
    const { heldUp, resident } = await answerOf(server, 'read');
    const milliseconds = await answerOf(other, {});
    if (milliseconds.length === 0) milliseconds.push(took);
    console.log(
      `| ${name} | ${heldUp.toFixed(1)} | ${spread(milliseconds)} | ${quantile(milliseconds, 0.95).toFixed(1)} | ${took.toFixed(0)} | ${(resident / 2 ** 20).toFixed(0)} | ${outcome} |`,
    );
  }
  client.close();
  other.kill();
  server.send('stop');
}

if (process.argv[2] === 'serve') await serve();
else if (process.argv[2] === 'select') select();
else await main(process.argv[2]);
