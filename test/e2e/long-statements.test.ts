import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FlightSqlClient } from '../../src/client/index.js';
import { rowsAsText, startTestServer, type TestServer } from './support/server.js';

const LIMIT = 2 ** 20;
let server: TestServer;
let client: FlightSqlClient;
let other: FlightSqlClient;

beforeAll(async () => {
  server = await startTestServer();
  client = await server.client('adminuser');
  other = await server.client('testuser');
  await client.executeUpdate('CREATE TABLE longer (id INT, name VARCHAR)');
});
afterAll(() => server?.stop());

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index).join(',');
const refused = (sql: string) =>
  rowsAsText(client, sql).then(
    () => 'it ran',
    (error) => `${error.code}: ${error.message}`,
  );

describe('a statement', () => {
  it('may be as long as the limit, in bytes, and no longer', async () => {
    const literal = (bytes: number) => `SELECT  length('${'é'.repeat((bytes - 18) / 2)}')`;
    expect(Buffer.byteLength(literal(LIMIT))).toBe(LIMIT);
    expect(await rowsAsText(client, literal(LIMIT))).toEqual([[String((LIMIT - 18) / 2)]]);
    for (const sql of [literal(LIMIT + 2), `SELECT${' '.repeat(60_000_000)}1`, `${' '.repeat(LIMIT)};`]) {
      expect(await refused(sql)).toMatch(/^INVALID_ARGUMENT: .*limits\.statement_size/);
    }
  });

  it('that is too long is refused however it comes', async () => {
    const long = `/*${' '.repeat(LIMIT)}*/`;
    await expect(client.executeUpdate(`DELETE FROM longer ${long}`)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    await expect(client.prepare(`SELECT 1 ${long}`)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(await refused(`EXPLAIN SELECT 1 ${long}`)).toMatch(/^INVALID_ARGUMENT/);
    expect(await refused(`CREATE VIEW v AS SELECT 1 ${long}`)).toMatch(/^INVALID_ARGUMENT/);
  });

  it('reads views whose texts are as long together as it may be itself', async () => {
    const text = `SELECT 1 AS a WHERE 5 NOT IN (${numbers(60_000)})`;
    await client.executeUpdate(`CREATE VIEW long_view AS ${text}`);
    expect(await rowsAsText(client, 'SELECT count(*) FROM long_view')).toEqual([['0']]);
    const twice = (name: string) => `SELECT l.a FROM ${name} l, ${name} r`;
    expect(await rowsAsText(client, `SELECT count(*) FROM (${twice('long_view')})`)).toEqual([['0']]);
    await client.executeUpdate(`CREATE VIEW two_views AS ${twice('long_view')}`);
    expect(await refused(`SELECT count(*) FROM (${twice('two_views')})`)).toMatch(
      /^INVALID_ARGUMENT: The text of view .*long_view.*limits\.statement_size/,
    );
  });

  it('that nests too deeply, or is of very many parts, is refused with a sentence', async () => {
    expect(await refused(`${'EXPLAIN '.repeat(50_000)}SELECT 1`)).toMatch(/^UNIMPLEMENTED: EXPLAIN shows the plans of/);
    expect(await refused(`SELECT ${'('.repeat(300_000)}`)).toMatch(/^INVALID_ARGUMENT: Brackets are nested more than/);
    expect(await refused(`SELECT ${'(SELECT '.repeat(2000)}1${')'.repeat(2000)}`)).toMatch(
      /^INVALID_ARGUMENT: Brackets/,
    );
    expect(await refused(`SELECT ${'- '.repeat(500_000)}1`)).toMatch(/^INVALID_ARGUMENT/);
    expect(await refused(`SELECT 1${'+1'.repeat(500_000)}`)).toMatch(/^INVALID_ARGUMENT/);
    expect(await refused(`SELECT a${'.a'.repeat(500_000)}`)).toMatch(
      /^INVALID_ARGUMENT: A name has more than 100 parts/,
    );
    expect(await refused(`UPDATE longer SET ${'id=1,'.repeat(200_000)}id=1`)).toMatch(
      /^INVALID_ARGUMENT: SET has more/,
    );
    expect(await refused('SELECT 1;'.repeat(100_000))).toMatch(/^INVALID_ARGUMENT: The text holds 100000 statements/);
    expect(await refused(`SELECT 1 FROM ${'longer,'.repeat(100_000)}longer`)).toMatch(/^INVALID_ARGUMENT/);
    expect(await refused(`SELECT '${'x'.repeat(1_000_000)}`)).toMatch(/^INVALID_ARGUMENT: A string is not closed/);
  });
});

it('long statements of one principal end, and another is answered meanwhile', async () => {
  const list = numbers(20_000);
  const statements = [
    `SELECT 1 WHERE 5 IN (${numbers(100_000)})`,
    `SELECT  length('${'x'.repeat(1_000_000)}')`,
    `SELECT octet_length(X'${'ab'.repeat(500_000)}')`,
    `SELECT count(*) FROM longer WHERE id IN (${list})`,
    `DELETE FROM longer WHERE id IN (${list})`,
  ];
  let answered = 0;
  let running = true;
  const asking = (async () => {
    while (running) {
      expect(await rowsAsText(other, 'SELECT 1')).toEqual([['1']]);
      answered++;
    }
  })();
  const before = answered;
  const results = [];
  for (const sql of statements) results.push((await rowsAsText(client, sql))[0]?.[0]);
  running = false;
  await asking;
  expect(results).toEqual(['1', '1000000', '500000', '0', '0']);
  expect(answered - before).toBeGreaterThan(statements.length);
}, 120_000);
