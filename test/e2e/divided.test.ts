/** Queries that several servers answer together. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../scripts/real/index.mjs';
import { connect, type FlightSqlClient } from '../../src/client/index.js';
import {
  CancelFlightInfoRequest,
  CancelFlightInfoResult,
  FlightEndpoint,
  type FlightInfo,
  flightSql,
  type PollInfo,
  RenewFlightEndpointRequest,
} from '../../src/flight/protocol.js';
import { failure, TestClient } from '../flight/client.js';
import { type Replicas, startReplicas } from './support/replicas.js';
import { rowsAsText } from './support/server.js';

const { CommandStatementQuery } = flightSql;
const SERVERS = 3;

let replicas: Replicas;
let addresses: string[];
let client: FlightSqlClient;
const raw: TestClient[] = [];
const httpUrls: string[] = [];
beforeAll(async () => {
  replicas = await startReplicas();
  const ports = await Promise.all(Array.from({ length: SERVERS }, freePort));
  addresses = ports.map((port) => `grpc://127.0.0.1:${port}`);
  const token = await replicas.stack.token('adminuser');
  for (const port of ports) {
    const server = await replicas.another(
      `
http = { enabled = true, port = 0 }
[cluster]
address = "grpc://127.0.0.1:${port}"
servers = ${JSON.stringify(addresses)}
divide_from = "1KiB"
`,
      port,
    );
    httpUrls.push(server.httpUrl as string);
    raw.push(new TestClient(port, token));
  }
  client = connect({ address: addresses[0] as string, token });
  await client.executeUpdate('CREATE TABLE numbers (n BIGINT, s VARCHAR) PARTITIONED BY (bucket(16, n))');
  await client.executeUpdate("INSERT INTO numbers SELECT range, 'row ' || range FROM range(20000)");
  await client.executeUpdate('DELETE FROM numbers WHERE n % 7 = 3');
  await client.executeUpdate('CREATE VIEW seen AS SELECT n FROM numbers');
  await client.executeUpdate('CREATE TABLE small AS SELECT 1 AS a');
  // Each server looks at the others by itself.
  while ((await endpoints('SELECT * FROM numbers')).length < SERVERS) await sleep(200);
});
afterAll(async () => {
  client?.close();
  for (const each of raw) each.close();
  await replicas?.stop();
});

const info = (query: string) => (raw[0] as TestClient).info(CommandStatementQuery, { query });
const endpoints = async (query: string) => (await info(query)).endpoint;

/** What each endpoint has, fetched at the server of that index. */
async function partsOf(query: string, serverOf: (index: number) => number): Promise<unknown[][][]> {
  const parts: unknown[][][] = [];
  for (const [index, { ticket }] of (await endpoints(query)).entries()) {
    const server = raw[serverOf(index)] as TestClient;
    parts.push((await server.fetch(ticket?.ticket as Uint8Array)).rows);
  }
  return parts;
}

describe('a query that takes each row by itself', () => {
  it.each([
    'SELECT * FROM numbers',
    "SELECT n + 1, upper(s) AS u FROM demo.numbers t WHERE n BETWEEN 10 AND 19000 AND s LIKE 'row 1%'",
    'SELECT CASE WHEN n > 5 THEN s END FROM numbers WHERE coalesce(n, 1) IN (1, 2, 3, 5000, 19999)',
    'FROM numbers',
  ])('has an endpoint at each server, and all of them have its rows: %s', async (query) => {
    const { endpoint, ordered } = await info(query);
    expect(ordered).toBe(false);
    expect(endpoint.map(({ location }) => location[0]?.uri).sort()).toEqual([...addresses].sort());
    const whole = await rowsAsText(client, `SELECT * FROM (${query}) ORDER BY ALL`);
    const together = (await rowsAsText(client, query)).sort();
    expect(together).toEqual([...whole].sort());
    for (const serverOf of [(index: number) => index, () => 1]) {
      const parts = await partsOf(query, serverOf);
      expect(parts.flat()).toHaveLength(whole.length);
    }
  });

  it('leaves a share of the files to each server', async () => {
    const parts = await partsOf('SELECT n FROM numbers', (index) => index);
    for (const rows of parts) expect(rows.length).toBeGreaterThan(0);
    const values = parts.flat(2).map(Number);
    expect(new Set(values).size).toBe(values.length);
  });

  it('has its files at the same server after a ticket is renewed', async () => {
    for (const endpoint of await endpoints('SELECT n FROM numbers')) {
      const request = RenewFlightEndpointRequest.encode({ endpoint });
      const [renewed] = await (raw[0] as TestClient).action('RenewFlightEndpoint', request);
      expect(FlightEndpoint.decode(renewed as Uint8Array).location).toEqual(endpoint.location);
    }
  });

  it('is of the snapshot that it was planned with, whatever is committed before it is fetched', async () => {
    const planned = await endpoints('SELECT n FROM numbers WHERE n >= 0');
    const before = await rowsAsText(client, 'SELECT count(*) FROM numbers');
    await client.executeUpdate("INSERT INTO numbers SELECT 100000 + range, 'more' FROM range(100)");
    let rows = 0;
    for (const [index, { ticket }] of planned.entries()) {
      rows += (await (raw[index] as TestClient).fetch(ticket?.ticket as Uint8Array)).rows.length;
    }
    expect([[String(rows)]]).toEqual(before);
  });

  it('goes on without a server that has gone', async () => {
    const query = 'SELECT n FROM numbers';
    const [{ location: [first] = [] } = { location: [] }] = await endpoints(query);
    expect(first?.uri).toBeDefined();
    const expected = await rowsAsText(client, 'SELECT count(*) FROM numbers');
    await replicas.leave(2);
    expect([[String((await rowsAsText(client, query)).length)]]).toEqual(expected);
  });
});

it.each([
  ['is aggregated', 'SELECT count(*) FROM numbers'],
  ['is grouped', 'SELECT s FROM numbers GROUP BY s'],
  ['is distinct', 'SELECT DISTINCT s FROM numbers'],
  ['has an order', 'SELECT n FROM numbers ORDER BY n'],
  ['has a limit', 'SELECT n FROM numbers LIMIT 5'],
  ['looks at other rows', 'SELECT lag(n) OVER (ORDER BY n) FROM numbers'],
  ['joins', 'SELECT a.n FROM numbers a, small b'],
  ['asks for more', 'SELECT n FROM numbers WHERE n IN (SELECT a FROM small)'],
  ['hangs on chance', 'SELECT n, random() FROM numbers'],
  ['hangs on the moment', "SELECT n FROM numbers WHERE current_date > DATE '2000-01-01'"],
  ['is a sample', 'SELECT n FROM numbers USING SAMPLE 10%'],
  ['is a union', 'SELECT n FROM numbers UNION ALL SELECT n FROM numbers'],
  ['reads a view', 'SELECT n FROM seen'],
  ['reads a variable', "SELECT n FROM numbers WHERE n = getvariable('n')"],
  ['is small', 'SELECT a FROM small'],
  ['reads metadata', 'SELECT * FROM numbers$files'],
])('a query that %s is answered by one server', async (_, query) => {
  expect(await endpoints(query)).toHaveLength(1);
});

async function cancel(at: TestClient, flight: FlightInfo): Promise<string> {
  const [answer] = await at.action('CancelFlightInfo', CancelFlightInfoRequest.encode({ info: flight }));
  return CancelFlightInfoResult.decode(answer as Uint8Array).status;
}

it('a statement that another server runs is cancelled through any of them', async () => {
  const [one, two] = raw as [TestClient, TestClient];
  const endless = await one.info(CommandStatementQuery, {
    query: 'SELECT sum(a.range * b.range) FROM range(10000000) a, range(1000000) b',
  });
  const running = failure(two.fetch(endless.endpoint[0]?.ticket?.ticket as Uint8Array));
  await expect
    .poll(
      async () => (await rowsAsText(client, "SELECT count(*) FROM system.runtime.queries WHERE state = 'RUNNING'"))[0],
    )
    .toBeDefined();
  await sleep(500);
  expect(await cancel(one, endless)).toMatch(/CANCELL(?:ED|ING)$/);
  expect((await running).code).toBe('CANCELLED');
});

const ENDLESS = 'SELECT sum(a.range * b.range) FROM range(10000000) a, range(1000000) b';

/** Polls at the second server what was begun at the first, to the end. */
async function polledElsewhere(query: string): Promise<PollInfo> {
  const [one, two] = raw as [TestClient, TestClient];
  let polled = await one.poll(CommandStatementQuery, { query });
  while (polled.flight_descriptor !== null) polled = await two.pollAgain(polled.flight_descriptor);
  return polled;
}

describe('a statement that is polled', () => {
  it('is followed at any server, and its endpoint names the one that has the result', async () => {
    const { info: flight } = await polledElsewhere('SELECT count(*), max(range) FROM range(300000000)');
    const { location, ticket } = (flight as FlightInfo).endpoint[0] as FlightEndpoint;
    expect(location[0]?.uri).toBe(addresses[0]);
    const { rows } = await (raw[0] as TestClient).fetch(ticket?.ticket as Uint8Array);
    expect(rows.map((row) => row.map(String))).toEqual([['300000000', '299999999']]);
  });

  it('fails at any server with the words of the one that runs it', async () => {
    const query = "SELECT CASE WHEN max(range) > 5 THEN error('too many') END FROM range(300000000)";
    await expect(polledElsewhere(query)).rejects.toMatchObject({
      code: 3,
      details: expect.stringContaining('too many'),
    });
  });

  it('is told from one that has ended, and from another principal’s', async () => {
    const [one, two] = raw as [TestClient, TestClient];
    const { flight_descriptor: descriptor, info: flight } = await one.poll(CommandStatementQuery, { query: ENDLESS });
    const stranger = new TestClient(Number(addresses[1]?.split(':').at(-1)), await replicas.stack.token('testuser'));
    raw.push(stranger);
    await expect(stranger.pollAgain(descriptor)).rejects.toMatchObject({ code: 7 });
    expect(await cancel(two, flight as FlightInfo)).toMatch(/CANCELL(?:ED|ING)$/);
    await expect(two.pollAgain(descriptor)).rejects.toMatchObject({ code: 1 });
  });
});

describe('system.runtime', () => {
  it('shows what runs at any server, which KILL stops from any', async () => {
    const other = connect({ address: addresses[1] as string, token: await replicas.stack.token('adminuser') });
    const running = rowsAsText(client, ENDLESS).catch((error) => error);
    const query = `SELECT id, server FROM system.runtime.queries WHERE state = 'RUNNING' AND source = 'DoGet' AND sql = '${ENDLESS}'`;
    await expect.poll(() => rowsAsText(other, query), { timeout: 10_000 }).toHaveLength(1);
    const [[id, server]] = (await rowsAsText(other, query)) as [[string, string]];
    expect(server).toBe(addresses[0]);
    await other.executeUpdate(`KILL '${id}'`);
    expect(await running).toMatchObject({ code: 'CANCELLED', message: expect.stringContaining('its owner') });
    await expect(other.executeUpdate(`KILL '${id}'`)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const nodes = "SELECT DISTINCT server FROM system.runtime.nodes WHERE kind = 'server' AND pid IS NOT NULL";
    expect((await rowsAsText(other, nodes)).flat()).toEqual(expect.arrayContaining(addresses.slice(0, 2)));
    other.close();
  });
});

it('a statement that another server runs is shown and stopped over HTTP', async () => {
  const headers = { authorization: `Bearer ${await replicas.stack.token('adminuser')}` };
  const running = rowsAsText(client, ENDLESS).catch((error) => error);
  const query = `SELECT id FROM system.runtime.queries WHERE state = 'RUNNING' AND source = 'DoGet' AND sql = '${ENDLESS}'`;
  await expect.poll(() => rowsAsText(client, query), { timeout: 10_000 }).toHaveLength(1);
  const [[id]] = (await rowsAsText(client, query)) as [[string]];
  const url = `${httpUrls[1]}/v1/statements/${id}`;
  expect(await (await fetch(url, { headers })).json()).toMatchObject({ id, state: 'RUNNING', server: addresses[0] });
  expect((await fetch(url, { method: 'DELETE', headers })).status).toBe(204);
  expect(await running).toMatchObject({ code: 'CANCELLED' });
  expect((await fetch(url, { method: 'DELETE', headers })).status).toBe(404);
});

it('a limit of rows holds for the whole of a result, which is then not divided', async () => {
  const port = await freePort();
  const address = `grpc://127.0.0.1:${port}`;
  await replicas.another(
    `
limits.result_rows = 1000
[cluster]
address = "${address}"
servers = ${JSON.stringify(addresses)}
divide_from = "1KiB"
`,
    port,
  );
  const token = await replicas.stack.token('adminuser');
  const limited = new TestClient(port, token);
  const asked = connect({ address, token });
  raw.push(limited);
  const nodes = "SELECT count(*) >= 3 FROM system.runtime.nodes WHERE kind = 'server' AND pid IS NOT NULL";
  await expect.poll(() => rowsAsText(asked, nodes), { timeout: 10_000 }).toEqual([['true']]);
  const { endpoint } = await limited.info(CommandStatementQuery, { query: 'SELECT n FROM numbers' });
  expect(endpoint).toHaveLength(1);
  await expect(rowsAsText(asked, 'SELECT n FROM numbers')).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
  asked.close();
});
