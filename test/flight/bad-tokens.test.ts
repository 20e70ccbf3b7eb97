import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAuthenticator } from '../../src/auth/index.js';
import { BasicAuth, flightSql, packAny } from '../../src/flight/protocol.js';
import { createHttpServer, type HttpServer, type HttpServerOptions } from '../../src/http/server.js';
import type { StatementService } from '../../src/query/contract.js';
import { BAD_TOKENS, SETTINGS, TokenMaker } from '../auth/bad-tokens.js';
import { failure, TestClient } from './client.js';
import { FakeStatements, type Fixture, startFixture } from './fake.js';

const maker = new TokenMaker();
let fixture: Fixture;
let client: TestClient;
let http: HttpServer;
let address: string;
/** What was asked of whatever stands behind the admission, from where the catalog is asked. */
const asked: string[] = [];

beforeAll(async () => {
  await maker.start();
  const statements: StatementService = new Proxy(new FakeStatements(), {
    get(target, property) {
      asked.push(String(property));
      const value: unknown = Reflect.get(target, property);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const authenticator = createAuthenticator([maker.issuer.config(SETTINGS)]);
  fixture = await startFixture({ authenticator, statements });
  client = new TestClient(fixture.port);
  const limits = { headerBytes: 1 << 20, bodyBytes: 1 << 20, connections: 100, resultRows: 1000 };
  const system = {
    statements: () => asked.push('system statements'),
    stop: () => asked.push('system stop'),
  };
  http = createHttpServer({ admission: fixture.admission, statements, system, limits } as unknown as HttpServerOptions);
  address = `http://127.0.0.1:${await http.listen('127.0.0.1', 0)}`;
});

afterAll(async () => {
  client?.close();
  await http?.close();
  await fixture?.stop();
  await maker.issuer.stop();
});

const { CommandStatementQuery, CommandStatementUpdate } = flightSql;
const query = packAny(CommandStatementQuery, { query: 'NUMBERS 1' });

const RPCS: Record<string, () => Promise<unknown>> = {
  Handshake: () => all(client.handshake()),
  ListFlights: () => all(client.stream('ListFlights', { expression: new Uint8Array(0) })),
  GetFlightInfo: () => client.info(CommandStatementQuery, { query: 'NUMBERS 1' }),
  PollFlightInfo: () => client.poll(CommandStatementQuery, { query: 'NUMBERS 1' }),
  GetSchema: () => client.schema(CommandStatementQuery, { query: 'NUMBERS 1' }),
  DoGet: () => all(client.get(query)),
  DoPut: () => client.send(CommandStatementUpdate, { query: 'INSERT' }),
  DoExchange: () => all(client.exchange()),
  DoAction: () => all(client.stream('DoAction', { type: 'GetSessionOptions', body: new Uint8Array(0) })),
  ListActions: () => all(client.stream('ListActions', {})),
};

const REQUESTS = [
  ['POST', '/v1/statements'],
  ['GET', '/v1/statements/some'],
  ['DELETE', '/v1/statements/some'],
  ['DELETE', '/v1/session'],
] as const;

describe('a bad token reaches nothing behind the admission', () => {
  it.each(BAD_TOKENS)('$name', async ({ parts, sentence }) => {
    const token = maker.token(parts(maker));
    const details = typeof sentence === 'string' ? sentence : expect.stringMatching(sentence);
    const sessions = fixture.sessions.size;
    asked.length = 0;
    for (const [rpc, run] of Object.entries(RPCS)) {
      client.metadata.set('authorization', `Bearer ${token}`);
      expect({ rpc, ...(await failure(run())) }).toEqual({ rpc, code: 'UNAUTHENTICATED', details });
    }
    client.metadata.set('authorization', `Basic ${Buffer.from(`token:${token}`).toString('base64')}`);
    expect(await failure(RPCS.GetFlightInfo?.() as Promise<unknown>)).toEqual({ code: 'UNAUTHENTICATED', details });
    client.metadata.remove('authorization');
    client.metadata.set('auth-token-bin', Buffer.from(token));
    expect(await failure(RPCS.GetFlightInfo?.() as Promise<unknown>)).toEqual({ code: 'UNAUTHENTICATED', details });
    client.metadata.remove('auth-token-bin');
    const login = client.handshake();
    login.write({ protocol_version: '0', payload: BasicAuth.encode({ username: 'token', password: token }) });
    expect(await failure(all(login))).toEqual({ code: 'UNAUTHENTICATED', details });
    for (const [method, path] of REQUESTS) {
      const response = await fetch(address + path, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/sql' },
        ...(method === 'POST' && { body: 'SELECT 1' }),
      });
      expect([path, response.status, response.headers.get('www-authenticate')]).toEqual([path, 401, 'Bearer']);
      expect(await response.json()).toMatchObject({ code: 'UNAUTHENTICATED', detail: details });
    }
    expect(asked).toEqual([]);
    expect(fixture.sessions.size).toBe(sessions);
  });

  it('of which there are more than 130', () => {
    expect(BAD_TOKENS.length).toBeGreaterThanOrEqual(130);
  });
});

it('a good one reaches it', async () => {
  asked.length = 0;
  client.metadata.set('authorization', `Bearer ${maker.token()}`);
  await client.query(CommandStatementQuery, { query: 'NUMBERS 1' });
  expect(asked).not.toEqual([]);
});

async function all(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const message of stream) void message;
}
