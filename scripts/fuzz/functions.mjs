/**
 * Calls every function of the engine with random arguments, as one principal, while another one's queries are checked without a pause. Any number of
 * engine processes may end; the other principal must not notice, each call ends soon after its time, with an honest status, and the server must go on.
 */
import { Database } from '../../dist/engine/duckdb/process/native/database.js';

export const description =
  'functions of the engine with random arguments, beside a principal whose answers are checked';
export const usualCount = 2000;
/** Of the server: how long a call may take, in seconds. */
const timeout = 5;
export const server = { settings: `[limits]\nstatement_timeout = "${timeout}s"` };
/** A statement is planned in one call and run in another, each of which has its time, and two seconds to end after it; the rest is for a busy machine. In milliseconds. */
const latest = 2 * timeout * 1000 + 2000 + 2000;
/** Calls between two lines that say how far it is. */
const step = 1000;

const values = [
  'NULL',
  '0',
  '1',
  '-1',
  '2',
  '7',
  '127',
  '255',
  '2147483647',
  '-2147483648',
  '9223372036854775807',
  '1e308',
  "'NaN'::DOUBLE",
  '0.1',
  '-0.0::DOUBLE',
  '12345678901234567890.12::DECIMAL(38,2)',
  'true',
  "''",
  "'x'",
  "'%'",
  "'[0-9'",
  '\'{"a": [1, null]}\'',
  "'é🦉'",
  "repeat('ab', 5000)",
  "'\\x00\\xFF'::BLOB",
  "DATE '2024-02-29'",
  "DATE '0001-01-01'",
  "TIMESTAMP '9999-12-31 23:59:59.999999'",
  "TIMESTAMPTZ '1970-01-01 00:00:00+00'",
  "TIME '23:59:59'",
  'INTERVAL 1 MONTH',
  "INTERVAL '-99999 days'",
  "'00000000-0000-0000-0000-000000000000'::UUID",
  '[]',
  '[1, NULL, 3]',
  "['a', 'b']",
  '[[1], [], NULL]',
  "{'a': 1, 'b': 'x'}",
  "MAP {'k': 1}",
  'MAP {}',
  "'x'::VARIANT",
  "{'a': [1, 2]}::VARIANT",
  '[1, 2]::VARIANT',
  "'101'::BIT",
  "'a'::ENUM('a', 'b')",
  '[1, 2, 3]::INTEGER[3]',
  'x -> x',
  '(x, y) -> x + y',
];

/** What a parameter of a type mostly gets. */
const fitting = [
  [/^(?:U?(?:TINY|SMALL|BIG|HUGE)INT|U?INTEGER)$/, values.slice(1, 11)],
  [/^(?:DOUBLE|FLOAT|DECIMAL)/, values.slice(10, 16)],
  [/^(?:VARCHAR|JSON)$/, values.filter((value) => /^(?:'.*'|repeat.*)$/.test(value))],
  [/\[\]$/, values.filter((value) => /^\[/.test(value))],
  [/^VARIANT$/, values.filter((value) => /VARIANT$/.test(value))],
  [/^(?:DATE|TIME|INTERVAL)/, values.filter((value) => /^(?:DATE|TIME|INTERVAL)/.test(value))],
  [/^(?:LAMBDA)/, values.slice(-2)],
];

/** Functions that wait, by design. */
const left = /^(?:sleep|pg_sleep)/i;

/** The functions with the types of their parameters. Loads the engine, which must be done before the server shares memory with its processes. */
export async function prepare() {
  const database = await Database.open({ threads: '1' });
  const connection = database.connect();
  const rows = await connection.rows(
    "SELECT DISTINCT function_name, array_to_string(parameter_types, '|') FROM duckdb_functions() WHERE function_type IN ('scalar', 'aggregate') ORDER BY ALL",
  );
  await connection.close();
  await database.close();
  return rows
    .filter(([name]) => !left.test(name))
    .map(([name, types]) => ({ name, types: (types ?? '').split('|').filter(Boolean) }));
}

/** What says that a process ended, that a call had to be stopped, or that something is wrong. */
const telling = new Set(['UNAVAILABLE', 'INTERNAL', 'UNKNOWN', 'DATA_LOSS', 'DEADLINE_EXCEEDED']);

export async function run({ count, random, server, log, prepared: functions }) {
  const pick = (items) => items[Math.floor(random() * items.length)];
  const argument = (type) => {
    const [, pool] = random() < 0.7 ? (fitting.find(([pattern]) => pattern.test(type)) ?? []) : [];
    return pick(pool ?? values);
  };
  const call = () => {
    const { name, types } = pick(functions);
    const given = random() < 0.8 ? types : Array.from({ length: Math.floor(random() * 5) }, () => '');
    return `SELECT "${name}"(${given.map(argument).join(', ')})`;
  };
  let going = true;
  let checked = 0;
  let slowest = 0;
  const wrong = [];
  const other = await server.client('testuser');
  const checking = (async () => {
    for (; going; checked++) {
      const sql = `SELECT sum(range) + ${checked} FROM range(1000)`;
      const began = performance.now();
      const answer = await server.rows(other, sql).catch((error) => `${error.code}: ${error.message}`);
      slowest = Math.max(slowest, performance.now() - began);
      if (String(answer) !== String(499500 + checked)) wrong.push(`${sql}: ${answer}`);
    }
  })();
  const outcomes = new Map();
  const one = async (client) => {
    const sql = call();
    const began = performance.now();
    const { code, message } = await server.rows(client, sql).then(
      () => ({ code: 'OK' }),
      (error) => ({ code: error.code ?? 'UNKNOWN', message: error.message }),
    );
    const took = performance.now() - began;
    if (took > latest) wrong.push(`${code} after ${Math.round(took)} ms: ${sql}`);
    if (telling.has(code)) log(`${code}: ${sql}: ${message.split('\n')[0].slice(0, 150)}`);
    outcomes.set(code, (outcomes.get(code) ?? 0) + 1);
  };
  const soFar = () => [...outcomes].map(([code, times]) => `${code} ${times}`).join(', ');
  const clients = await Promise.all([1, 2].map(() => server.client('adminuser')));
  let done = 0;
  await Promise.all(
    clients.map(async (client) => {
      while (done < count) {
        if (++done % step === 0)
          log(
            `${done}: ${server.deaths()} engine processes ended; ${checked} checked, ${wrong.length} wrong; ${soFar()}`,
          );
        await one(client);
      }
    }),
  );
  going = false;
  await checking;
  log(`${functions.length} signatures; ${soFar()}`);
  log(
    `${server.deaths()} engine processes ended; ${checked} checked answers of the other principal, the slowest after ${Math.round(slowest)} ms`,
  );
  return wrong;
}
