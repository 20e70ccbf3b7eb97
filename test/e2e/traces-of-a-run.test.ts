/** What a run leaves behind: the audit log, lineage, OpenTelemetry traces, the history, and in none of it what would let somebody in. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect } from '../../src/client/index.js';
import { type LocalServer, startLocalServer } from '../../src/commands/local-server.js';
import { flightSql } from '../../src/flight/protocol.js';
import { createLogger } from '../../src/logging.js';
import { TestClient } from '../flight/client.js';
import { rowsAsText } from './support/server.js';

const TICKET_KEY = 'a-key-for-tickets-that-nobody-may-ever-read';
const SECRET_KEY = 'a-secret-access-key-that-nobody-may-read';
const LINEAGE_KEY = 'a-key-for-lineage-that-nobody-may-read';
const TRACES_KEY = 'a-key-for-traces-that-nobody-may-read';
/** Of the clients' traces: one that calls over HTTP, one over gRPC, and one that wants nothing recorded. */
const [HTTP_TRACE, GRPC_TRACE, SILENT_TRACE] = ['1', '2', '3'].map((digit) => digit.repeat(32)) as [
  string,
  string,
  string,
];
const CLIENT_SPAN = 'ab'.repeat(8);

let folder: string;
let collector: Server;
let local: LocalServer;
let isRunning = true;
const logged: string[] = [];
/** Of `/metrics` and `/readyz`. */
const answers: string[] = [];
const received: { authorization: string | undefined; event: Record<string, unknown> }[] = [];
const exported: { authorization: string | undefined; text: string }[] = [];
const tokens: string[] = [];

interface ExportedSpan {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: { key: string; value: Record<string, unknown> }[];
  events: { name: string; attributes: { key: string; value: Record<string, unknown> }[] }[];
  status: { code?: number; message?: string };
}

/** The spans that were received, as OTLP's JSON has them. */
const spans = () =>
  exported.flatMap(({ text }) => {
    const { resourceSpans } = JSON.parse(text) as {
      resourceSpans: { scopeSpans: { spans: ExportedSpan[] }[] }[];
    };
    return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
  });

const attribute = ({ attributes }: Pick<ExportedSpan, 'attributes'>, key: string) =>
  Object.values(attributes.find((one) => one.key === key)?.value ?? {})[0];

interface AuditLine {
  event: string;
  user?: string;
  statement?: string;
  sql?: string;
  outcome?: string;
  reason?: string;
  tables?: { table: string; access: string; snapshot?: string; columns?: string[] }[];
}

const auditLines = async () =>
  (await readFile(join(folder, 'audit.jsonl'), 'utf8').catch(() => ''))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as AuditLine);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skua-traces-'));
  collector = createServer(async (request, response) => {
    let text = '';
    for await (const piece of request) text += piece;
    const { authorization } = request.headers;
    if (request.url === '/v1/traces') {
      exported.push({ authorization, text });
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      return;
    }
    received.push({ authorization, event: JSON.parse(text) });
    response.writeHead(201).end();
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  const { port } = collector.address() as AddressInfo;
  const path = (name: string) => JSON.stringify(join(folder, name));
  const sink = new Writable({
    write(chunk, _, done) {
      logged.push(String(chunk));
      done();
    },
  });
  local = await startLocalServer({
    logger: createLogger({ level: 'trace', format: 'json' }, sink),
    port: 0,
    httpPort: 0,
    tokenLifetime: 600,
    settings: `
[tickets]
key = ${JSON.stringify(TICKET_KEY)}

[catalogs.quickstart.storage]
access_key_id = "AKIAEXAMPLE"
secret_access_key = ${JSON.stringify(SECRET_KEY)}

[observe]
operator_roles = ["catalog_admin"]
history_file = ${path('history.jsonl')}

[audit]
output = "file"
file = ${path('audit.jsonl')}

[lineage]
url = "http://127.0.0.1:${port}/api/v1/lineage"
api_key = ${JSON.stringify(LINEAGE_KEY)}
file = ${path('lineage.jsonl')}

[traces]
url = "http://127.0.0.1:${port}/v1/traces"
api_key = ${JSON.stringify(TRACES_KEY)}
`,
  });
  await useIt();
}, 120_000);

afterAll(async () => {
  if (isRunning) await local?.stop();
  collector?.close();
  await rm(folder, { recursive: true, force: true });
});

/** Good statements and bad ones, over both protocols, with good tokens and bad ones. */
async function useIt(): Promise<void> {
  const [admin, reader] = [await local.token('adminuser'), await local.token('testuser')];
  tokens.push(admin, reader);
  const client = connect({ address: local.server.address, token: admin });
  await client.executeUpdate('CREATE TABLE quickstart.demo.people (id INT, name VARCHAR)');
  await client.executeUpdate("INSERT INTO quickstart.demo.people VALUES (1, 'Grace Hopper'), (2, 'Ada')");
  await rowsAsText(client, "SELECT id FROM quickstart.demo.people WHERE name = 'Grace Hopper'");
  await client.executeUpdate('CREATE TABLE quickstart.demo.copies AS SELECT id FROM quickstart.demo.people');
  await rowsAsText(client, "SELECT name FROM quickstart.demo.people WHERE nmae = 'Grace Hopper'").catch(() => []);
  await rowsAsText(client, 'SELECT * FROM system.runtime.settings');
  client.close();
  const stranger = connect({ address: local.server.address, token: `${reader.slice(0, -6)}AAAAAA` });
  tokens.push(`${reader.slice(0, -6)}AAAAAA`);
  await rowsAsText(stranger, 'SELECT 1').catch(() => []);
  stranger.close();
  const refused = connect({ address: local.server.address, token: reader });
  await refused.executeUpdate("INSERT INTO quickstart.demo.people VALUES (3, 'Mallory')").catch(() => 0);
  refused.close();
  const url = `${local.server.httpUrl}/v1/statements`;
  const headers = { authorization: `Bearer ${reader}`, 'content-type': 'application/sql' };
  await (await fetch(url, { method: 'POST', headers, body: 'SELECT count(*) FROM quickstart.demo.people' })).text();
  await (await fetch(url, { method: 'POST', headers, body: 'SELECT * FROM nowhere' })).text();
  const traced = { ...headers, traceparent: `00-${HTTP_TRACE}-${CLIENT_SPAN}-01` };
  const body = "SELECT id FROM quickstart.demo.people WHERE name = 'Grace Hopper'";
  await (await fetch(url, { method: 'POST', headers: traced, body })).text();
  const silent = { ...headers, traceparent: `00-${SILENT_TRACE}-${CLIENT_SPAN}-00` };
  await (await fetch(url, { method: 'POST', headers: silent, body })).text();
  const flight = new TestClient(local.server.port, admin);
  flight.metadata.set('traceparent', `00-${GRPC_TRACE}-${CLIENT_SPAN}-01`);
  await flight.query(flightSql.CommandStatementQuery, { query: "SELECT 'Grace Hopper' AS name" });
  await flight.info(flightSql.CommandStatementQuery, { query: "SELECT nme, 'Grace Hopper'" }).catch(() => undefined);
  flight.close();
  for (const page of ['metrics', 'readyz']) answers.push(await (await fetch(`${local.server.httpUrl}/${page}`)).text());
}

describe('the audit log', () => {
  it('says who did what with which tables, columns and snapshots, and how it ended', async () => {
    const find = async (statement: string, user: string) =>
      (await auditLines()).find((line) => line.statement === statement && line.user === user);
    await expect.poll(() => find('SELECT', 'testuser')).toBeDefined();
    expect(await find('INSERT', 'adminuser')).toMatchObject({
      event: 'statement',
      address: '127.0.0.1',
      outcome: 'OK',
      affectedRows: 2,
      tables: [{ table: 'quickstart.demo.people', access: 'write', snapshot: expect.stringMatching(/^\d+$/) }],
    });
    expect(await find('SELECT', 'adminuser')).toMatchObject({
      tables: [{ table: 'quickstart.demo.people', access: 'read', columns: ['id', 'name'] }],
      rows: 1,
    });
    expect(await find('INSERT', 'testuser')).toMatchObject({ outcome: 'PERMISSION_DENIED' });
  });

  it('has no literal of any text', async () => {
    const text = await readFile(join(folder, 'audit.jsonl'), 'utf8');
    expect(text).toContain('WHERE name = ?');
    expect(text).not.toMatch(/Grace|Hopper|Mallory/);
  });

  it('has the tokens that were refused, by reason and address', async () => {
    const refused = (await auditLines()).filter(({ event }) => event === 'refused token');
    expect(refused).toContainEqual(expect.objectContaining({ reason: 'signature', address: '127.0.0.1' }));
  });
});

describe('lineage', () => {
  it('names what a statement read and wrote, in OpenLineage events over HTTP and in a file', async () => {
    const named = () =>
      received.find(({ event }) => (event.job as { name: string }).name.startsWith('CREATE TABLE AS'));
    await expect.poll(named).toBeDefined();
    expect(named()?.authorization).toBe(`Bearer ${LINEAGE_KEY}`);
    const uri = local.stack.catalog.uri;
    expect(named()?.event).toMatchObject({
      eventType: 'COMPLETE',
      run: { runId: expect.stringMatching(/^[0-9a-f-]{36}$/) },
      job: { namespace: 'skua', name: 'CREATE TABLE AS quickstart.demo.copies' },
      inputs: [{ namespace: uri, name: 'demo.people', facets: { schema: { fields: [{ name: 'id' }] } } }],
      outputs: [{ namespace: uri, name: 'demo.copies' }],
    });
    const written = await readFile(join(folder, 'lineage.jsonl'), 'utf8');
    expect(written).toContain('CREATE TABLE AS');
    expect(written + JSON.stringify(received)).not.toMatch(/Grace|Hopper|Mallory/);
  });
});

describe('OpenTelemetry traces', () => {
  const named = (trace: string, name: string) => spans().filter((span) => span.traceId === trace && span.name === name);

  it('have a span for each call, below the span that its client named, with its phases and requests below it', async () => {
    // What was not sent yet is sent at the end.
    isRunning = false;
    await local.stop();
    expect(new Set(exported.map(({ authorization }) => authorization))).toEqual(new Set([`Bearer ${TRACES_KEY}`]));
    const [call, ...others] = named(HTTP_TRACE, 'POST /v1/statements') as [ExportedSpan, ...ExportedSpan[]];
    expect(others).toEqual([]);
    expect(call.parentSpanId).toBe(CLIENT_SPAN);
    expect(attribute(call, 'db.operation.name')).toBe('SELECT');
    expect(attribute(call, 'db.query.text')).toBe('SELECT id FROM quickstart.demo.people WHERE name = ?');
    expect(Number(attribute(call, 'db.response.returned_rows'))).toBe(1);
    expect(call.events.map((event) => attribute(event, 'skua.table.name'))).toEqual(['quickstart.demo.people']);
    const below = spans().filter(({ parentSpanId }) => parentSpanId === call.spanId);
    const names = below.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['bind', 'plan', 'first rows', 'send', 'catalog GET']));
    for (const { startTimeUnixNano: start, endTimeUnixNano: end } of below) {
      expect(BigInt(start)).toBeGreaterThanOrEqual(BigInt(call.startTimeUnixNano) - 1_000_000n);
      expect(BigInt(end)).toBeLessThanOrEqual(BigInt(call.endTimeUnixNano) + 1_000_000n);
    }
    expect(named(GRPC_TRACE, 'DoGet').map(({ parentSpanId }) => parentSpanId)).toEqual([CLIENT_SPAN]);
    const states = named(GRPC_TRACE, 'GetFlightInfo').map((span) => attribute(span, 'error.type'));
    expect(new Set(states)).toEqual(new Set([undefined, 'INVALID_ARGUMENT']));
  });

  it('of clients that want nothing recorded have nothing, and no literal is in any', () => {
    expect(spans().length).toBeGreaterThan(20);
    expect(spans().filter(({ traceId }) => traceId === SILENT_TRACE)).toEqual([]);
    expect(exported.map(({ text }) => text).join('')).not.toMatch(/Grace|Hopper|Mallory/);
  });
});

describe('nothing that a run leaves', () => {
  it('holds a token, a piece of one, or a key', async () => {
    const files = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')));
    const everything = [
      ...files,
      ...logged,
      ...answers,
      ...received.map(({ event }) => JSON.stringify(event)),
      ...exported.map(({ text }) => text),
    ];
    expect(everything.join('').length).toBeGreaterThan(10_000);
    // The signature, which alone makes a token one, and any long piece of its claims.
    const secrets = [
      TICKET_KEY,
      SECRET_KEY,
      LINEAGE_KEY,
      TRACES_KEY,
      ...tokens.flatMap((token) => token.split('.').slice(1)),
    ];
    for (const secret of secrets) {
      for (const piece of [secret, secret.slice(0, 40), secret.slice(-40)]) {
        expect(everything.some((text) => text.includes(piece))).toBe(false);
      }
    }
  });
});
