import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/index.js';
import { type EmbeddedStack, startEmbeddedStack } from '../../src/embedded/index.js';
import { CancelFlightInfoRequest, type FlightInfo, flightSql, type PollInfo } from '../../src/flight/protocol.js';
import { createLogger } from '../../src/logging.js';
import { type RunningServer, startServer } from '../../src/server/index.js';
import { failure, TestClient, ticketOf } from '../flight/client.js';

const { CommandStatementQuery, CommandStatementUpdate, DoPutUpdateResult } = flightSql;

let stack: EmbeddedStack;
let token: string;
const servers: RunningServer[] = [];
const clients: TestClient[] = [];

/** Another server over the same catalog, with the same ticket key. */
async function another(more = ''): Promise<TestClient> {
  const text = (value: string) => JSON.stringify(value);
  const config = loadConfig({
    env: {},
    text: `
server = { port = 0, drain_timeout = "0s" }
tickets.key = "${'k'.repeat(32)}"
auth = [{ issuer = ${text(stack.issuer.issuer)}, jwks_url = ${text(stack.issuer.jwksUrl)}, audience = ${text(stack.issuer.audience)}, allow_insecure_jwks = true }]
catalogs.quickstart = { uri = ${text(stack.catalog.uri)}, warehouse = "quickstart", credential_delegation = "none" }
storage.local_roots = [${text(join(stack.folder, 'warehouse'))}]
default = { catalog = "quickstart", schema = "demo" }
${more}
`,
  });
  const server = await startServer(config, { logger: createLogger({ level: 'error', format: 'json' }) });
  servers.push(server);
  const client = new TestClient(server.port, token);
  clients.push(client);
  return client;
}

let one: TestClient;
let two: TestClient;
beforeAll(async () => {
  stack = await startEmbeddedStack({ issuer: { lifetimeSeconds: 3600 } });
  token = await stack.token('adminuser');
  one = await another();
  two = await another();
});
afterAll(async () => {
  for (const client of clients) client.close();
  await Promise.all(servers.map((server) => server.stop()));
  await stack?.close();
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

  it('that makes a table fails at the second server as any such statement does', async () => {
    const ticket = ticketOf(await plan('CREATE TABLE made (n BIGINT)'));
    await one.fetch(ticket);
    expect((await failure(two.fetch(ticket))).code).toBe('ALREADY_EXISTS');
  });
});

const ENDLESS = 'SELECT count(*) FROM range(1000000000) a, range(1000000000) b';

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
    const leaving = new TestClient(servers.at(-1)?.port as number, token);
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
