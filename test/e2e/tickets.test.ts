import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CancelFlightInfoRequest, type FlightInfo, flightSql, type PollInfo } from '../../src/flight/protocol.js';
import { failure, TestClient, ticketOf } from '../flight/client.js';
import { type Replicas, startReplicas } from './support/replicas.js';

const { CommandStatementQuery, CommandStatementUpdate, DoPutUpdateResult } = flightSql;

let replicas: Replicas;
let token: string;
let lastPort: number;
const clients: TestClient[] = [];

/** Another server over the same catalog, with the same ticket key. */
async function another(settings = ''): Promise<TestClient> {
  const server = await replicas.another(settings);
  lastPort = server.port;
  const client = new TestClient(lastPort, token);
  clients.push(client);
  return client;
}

let one: TestClient;
let two: TestClient;
beforeAll(async () => {
  replicas = await startReplicas();
  token = await replicas.stack.token('adminuser');
  one = await another();
  two = await another();
});
afterAll(async () => {
  for (const client of clients) client.close();
  await replicas?.stop();
});

async function update(sql: string): Promise<string> {
  return DoPutUpdateResult.decode(await one.send(CommandStatementUpdate, { query: sql })).record_count;
}

const plan = (sql: string) => one.info(CommandStatementQuery, { query: sql });
const rows = async (sql: string) => (await one.query(CommandStatementQuery, { query: sql })).rows;

describe('the ticket of a change', () => {
  it.each([
    ['INSERT', 'INSERT INTO $ SELECT range FROM range(5)', 5n, 15n],
    ['UPDATE', 'UPDATE $ SET n = n + 100 WHERE n < 4', 4n, 10n],
    ['DELETE', 'DELETE FROM $ WHERE n < 3', 3n, 7n],
  ])('%s takes effect once, at whatever server it is redeemed, then or later', async (verb, sql, count, left) => {
    const table = `once_${verb.toLowerCase()}`;
    await update(`CREATE TABLE ${table} AS SELECT range AS n FROM range(10)`);
    const ticket = ticketOf(await plan(sql.replace('$', table)));
    const snapshots = async () => (await rows(`SELECT count(*) FROM "${table}$snapshots"`))[0]?.[0] as bigint;
    const before = await snapshots();
    expect((await one.fetch(ticket)).rows).toEqual([[count]]);
    expect((await two.fetch(ticket)).rows).toEqual([[count]]);
    const restarted = await another();
    expect((await restarted.fetch(ticket)).rows).toEqual([[count]]);
    expect(await rows(`SELECT count(*) FROM ${table}`)).toEqual([[left]]);
    expect(await snapshots()).toBe(before + 1n);
  });

  it('takes effect once where two servers redeem it at the same moment', async () => {
    await update('CREATE TABLE raced (n BIGINT)');
    for (let round = 1n; round <= 3n; round++) {
      const ticket = ticketOf(await plan('INSERT INTO raced SELECT range FROM range(1000)'));
      const answers = await Promise.all([one.fetch(ticket), two.fetch(ticket)]);
      expect(answers.map((answer) => answer.rows)).toEqual([[[1000n]], [[1000n]]]);
      expect(await rows('SELECT count(*) FROM raced')).toEqual([[1000n * round]]);
    }
  });

  it.each([
    ['a change of no row', 'DELETE FROM told WHERE n > 5', 'INSERT INTO told VALUES (7)', [[0n]]],
    ['a definition', 'CREATE TABLE told_twice (n BIGINT)', 'DROP TABLE told_twice', [[0n]]],
  ])('%s is answered at another server as at the first, and does nothing there', async (_, sql, between, answer) => {
    await update('CREATE OR REPLACE TABLE told AS SELECT 1::BIGINT AS n');
    const ticket = ticketOf(await plan(sql));
    expect((await one.fetch(ticket)).rows).toEqual(answer);
    await update(between);
    expect((await two.fetch(ticket)).rows).toEqual(answer);
    const tables = await rows(
      "SELECT table_name FROM information_schema.tables WHERE table_name LIKE 'told%' ORDER BY 1",
    );
    expect(tables).toEqual([['told']]);
    const left = await rows('SELECT count(*) FROM told');
    expect(left).toEqual([[sql.startsWith('DELETE') ? 2n : 1n]]);
  });

  it('a procedure moves a table once, and says at another server what it did at the first', async () => {
    await update('CREATE TABLE moved AS SELECT 1 AS n');
    await update('INSERT INTO moved VALUES (2)');
    const [[first]] = (await rows('SELECT min_by(snapshot_id, committed_at) FROM "moved$snapshots"')) as [[bigint]];
    const ticket = ticketOf(await plan(`CALL system.rollback_to_snapshot('moved', ${first})`));
    const { rows: answer } = await one.fetch(ticket);
    expect(answer).toEqual([[expect.any(BigInt), first]]);
    await update('INSERT INTO moved VALUES (3)');
    expect((await two.fetch(ticket)).rows).toEqual(answer);
    expect((await (await another()).fetch(ticket)).rows).toEqual(answer);
    expect(await rows('SELECT n FROM moved ORDER BY n')).toEqual([[1], [3]]);
  });
});

it('DROP TABLE … PURGE takes the files along where the catalog does not purge, and no others', async () => {
  await update('CREATE TABLE purged AS SELECT range AS n FROM range(3)');
  await update('DELETE FROM purged WHERE n < 1');
  const folder = join(replicas.stack.folder, 'warehouse', 'demo', 'purged');
  writeFileSync(join(folder, 'data', 'of-somebody-else.txt'), 'kept');
  await update("ALTER TABLE purged SET TBLPROPERTIES ('gc.enabled' = 'false')");
  expect((await failure(update('DROP TABLE purged PURGE'))).code).toBe('FAILED_PRECONDITION');
  expect(await rows('SELECT count(*) FROM purged')).toEqual([[2n]]);
  await update("ALTER TABLE purged SET TBLPROPERTIES ('gc.enabled' = 'true')");
  await update('DROP TABLE purged PURGE');
  expect((await failure(update('DROP TABLE purged PURGE'))).code).toBe('NOT_FOUND');
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  expect(files.map(({ name }) => name)).toEqual(['of-somebody-else.txt']);
});

const ENDLESS = 'SELECT count(*) FROM range(1000000000) a, range(1000000000) b';

it('the ticket of a query means by its names what they meant when it was planned, in whatever session it is fetched', async () => {
  await update('CREATE SCHEMA apart');
  await update('CREATE TABLE apart.twins AS SELECT 2 AS a');
  await update('CREATE TABLE twins AS SELECT 1 AS a');
  const inDemo = ticketOf(await plan('SELECT a FROM twins'));
  await update('USE apart');
  const inApart = ticketOf(await plan('SELECT a FROM twins'));
  const fetched = async (client: TestClient, ticket: Uint8Array) => (await client.fetch(ticket)).rows;
  expect(await fetched(one, inDemo)).toEqual([[1]]);
  expect(await fetched(two, inApart)).toEqual([[2]]);
  await update('USE demo');
  await update("SET TimeZone = 'Europe/Berlin'");
  const inBerlin = ticketOf(await plan("SELECT epoch(TIMESTAMPTZ '2024-07-01 02:00:00')"));
  await update('RESET TimeZone');
  for (const client of [one, two]) expect((await client.fetch(inBerlin)).rows).toEqual([[1719792000]]);
  expect(await fetched(one, inApart)).toEqual([[2]]);
});

it('the ticket of a query means by its views and variables what they meant when it was planned, or nothing any more', async () => {
  const planned = async (setUp: string, sql: string) => {
    await update(setUp);
    return ticketOf(await plan(sql));
  };
  const tickets = new Map([
    ['shown', await planned('CREATE VIEW shown AS SELECT 1 AS a', 'SELECT a FROM shown')],
    ['inner', await planned('CREATE VIEW outermost AS SELECT a FROM shown', 'SELECT a FROM outermost')],
    ['turned to a table', await planned('CREATE VIEW to_table AS SELECT 1 AS a', 'SELECT a FROM to_table')],
    ['turned to a view', await planned('CREATE TABLE to_view AS SELECT 1 AS a', 'SELECT a FROM to_view')],
    ['temporary', await planned('CREATE TEMP VIEW mine AS SELECT 1 AS a', 'SELECT a FROM mine')],
    ['variable', await planned('SET VARIABLE n = 1', "SELECT getvariable('N')")],
    ['variable that is not there', ticketOf(await plan("SELECT getvariable('m')"))],
  ]);
  expect((await two.fetch(ticketOf(await plan('SELECT a FROM outermost')))).rows).toEqual([[1]]);
  await update('CREATE OR REPLACE VIEW shown AS SELECT 2 AS a');
  await update('ALTER VIEW to_table RENAME TO put_aside');
  await update('CREATE TABLE another AS SELECT 2 AS a');
  await update('ALTER TABLE another RENAME TO to_table');
  await update('DROP TABLE to_view');
  await update('CREATE VIEW to_view AS SELECT 2 AS a');
  await update('CREATE OR REPLACE TEMP VIEW mine AS SELECT 2 AS a');
  await update('SET VARIABLE n = 2');
  await update('SET VARIABLE m = 2');
  for (const [name, ticket] of tickets) {
    expect(await failure(one.fetch(ticket)), name).toMatchObject({
      code: 'FAILED_PRECONDITION',
      details: expect.stringMatching(
        /^The (temporary view|view|variable) \S+ was replaced after the query was planned; plan it again/,
      ),
    });
  }
  expect((await failure(two.fetch(tickets.get('inner') as Uint8Array))).code).toBe('FAILED_PRECONDITION');
  expect(await rows('SELECT a FROM outermost')).toEqual([[2]]);
});

describe('a statement without end', () => {
  /** At a server that runs one statement at a time, so that the next one tells that the last one has ended. */
  let single: TestClient;
  beforeAll(async () => {
    single = await another('limits = { concurrent_statements = 1 }');
  });
  const begin = () => single.info(CommandStatementQuery, { query: ENDLESS });
  const cancel = (info: FlightInfo) => single.action('CancelFlightInfo', CancelFlightInfoRequest.encode({ info }));
  const next = async () => (await single.query(CommandStatementQuery, { query: 'SELECT 1' })).rows;

  it('ends when it is cancelled', async () => {
    const info = await begin();
    const fetching = failure(single.fetch(ticketOf(info)));
    await cancel(info);
    expect((await fetching).code).toBe('CANCELLED');
    expect(await next()).toEqual([[1]]);
  });

  it('ends when its deadline passes', async () => {
    const stream = single.get(ticketOf(await begin()), { deadline: Date.now() + 300 });
    const fetching = (async () => {
      for await (const _ of stream);
    })();
    expect((await failure(fetching)).code).toBe('DEADLINE_EXCEEDED');
    expect(await next()).toEqual([[1]]);
  });

  it('ends when its client goes away', async () => {
    const leaving = new TestClient(lastPort, token);
    const stream = leaving.get(ticketOf(await begin()));
    stream.on('error', () => {});
    await new Promise((resolve) => setTimeout(resolve, 300));
    stream.cancel();
    leaving.close();
    expect(await next()).toEqual([[1]]);
  });

  it('ends when it is polled and then cancelled', async () => {
    const poll = await single.poll(CommandStatementQuery, { query: ENDLESS });
    expect(poll.flight_descriptor).not.toBeNull();
    await cancel(poll.info as FlightInfo);
    expect((await failure(single.pollAgain(poll.flight_descriptor))).code).toBe('CANCELLED');
    expect(await next()).toEqual([[1]]);
  });
});

describe('a query that is polled', () => {
  it('tells how much of its tables it has read, and then has the same rows as any', async () => {
    await update('CREATE TABLE long AS SELECT range AS n FROM range(5000000)');
    const query = 'SELECT count(*) FROM long WHERE hash(md5(md5(n::varchar))) <> 1';
    let poll: PollInfo = await one.poll(CommandStatementQuery, { query });
    const seen: number[] = [];
    while (poll.flight_descriptor !== null) {
      poll = await one.pollAgain(poll.flight_descriptor);
      if (typeof poll.progress === 'number') seen.push(poll.progress);
    }
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(seen.some((progress) => progress > 0 && progress < 1)).toBe(true);
    expect((await one.fetch(ticketOf(poll.info as FlightInfo))).rows).toEqual([[5000000n]]);
  });
});
