import { connect, constants } from 'node:http2';
import type { Metadata } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeSchemaMessage } from '../../src/arrow/index.js';
import { BasicAuth, FlightInfo, flightSql, headerOnly, packAny } from '../../src/flight/protocol.js';
import { descriptorOf, failure, TestClient, ticketOf, until } from './client.js';
import { type Fixture, NUMBERS, startFixture } from './fake.js';

const { CommandStatementIngest, CommandStatementQuery } = flightSql;
const INGEST = {
  table: 'numbers',
  table_definition_options: { if_not_exist: 'TABLE_NOT_EXIST_OPTION_CREATE', if_exists: 'TABLE_EXISTS_OPTION_APPEND' },
} as const;
let fixture: Fixture;
let client: TestClient;

beforeEach(async () => {
  fixture = await startFixture();
  client = new TestClient(fixture.port, 'alice.is.good');
});

afterEach(async () => {
  client.close();
  await fixture.stop();
});

function basic(user: string, password: string, padded = true): string {
  const encoded = Buffer.from(`${user}:${password}`).toString('base64');
  return `Basic ${padded ? encoded : encoded.replace(/=+$/, '')}`;
}

describe('every call', () => {
  it('needs a good token, and says what is wrong with a bad one', async () => {
    const without = await failure(new TestClient(fixture.port).info(CommandStatementQuery, { query: 'NUMBERS 1' }));
    expect(without).toMatchObject({ code: 'UNAUTHENTICATED', details: expect.stringContaining('no token') });
    const bad = await failure(new TestClient(fixture.port, 'bad').info(CommandStatementQuery, { query: 'NUMBERS 1' }));
    expect(bad).toEqual({ code: 'UNAUTHENTICATED', details: 'The token is signed with an unknown key.' });
  });

  it.each(['GetFlightInfo', 'PollFlightInfo', 'GetSchema', 'DoGet', 'DoAction'])(
    '%s says that a request is no message of the protocol, to callers that are known',
    async (method) => {
      const broken = Buffer.from([0x0f]);
      expect(await failure(client.raw(method, broken))).toMatchObject({
        code: 'INVALID_ARGUMENT',
        details: expect.stringContaining('the request is no message of Flight'),
      });
      const unknown = new TestClient(fixture.port);
      expect(await failure(unknown.raw(method, broken))).toMatchObject({ code: 'UNAUTHENTICATED' });
      unknown.close();
    },
  );

  it('fails with the sentence of its error, in any script', async () => {
    const wrong = await failure(client.info(CommandStatementQuery, { query: 'WRONG' }));
    expect(wrong).toEqual({ code: 'INVALID_ARGUMENT', details: 'syntax error at line 1, column 7: ünknöwn' });
  });

  it('tells the client of an unforeseen error nothing but the id under which the log has it', async () => {
    const crash = await failure(client.info(CommandStatementQuery, { query: 'CRASH' }));
    expect(crash.code).toBe('INTERNAL');
    expect(crash.details).not.toContain('secret');
    const logged = fixture.log.find(({ level }) => level === 'error')?.entry as { incident: string; error: Error };
    expect(crash.details).toContain(logged.incident);
    expect(String((logged.error.cause as Error).message)).toContain('secret');
  });

  it('ends in one log line that says who, what, how it ended and how much, and neither token nor text', async () => {
    await client.query(CommandStatementQuery, { query: 'NUMBERS 1500' });
    await failure(client.info(CommandStatementQuery, { query: 'WRONG' }));
    expect(fixture.calls).toMatchObject([
      { rpc: 'GetFlightInfo', user: 'alice', statement: 'NUMBERS', status: 'OK' },
      { rpc: 'DoGet', user: 'alice', statement: 'NUMBERS', status: 'OK', rows: 1500 },
      { rpc: 'GetFlightInfo', user: 'alice', status: 'INVALID_ARGUMENT' },
    ]);
    expect(fixture.calls[1]?.bytes).toBeGreaterThan(1500 * 8);
    expect(JSON.stringify(fixture.log)).not.toMatch(/alice\.is\.good|1500"|WRONG/);
    expect(fixture.log).toHaveLength(3);
  });

  it('waits while as many statements run as are allowed, and says in the log how long', async () => {
    await fixture.stop();
    fixture = await startFixture({ limits: { concurrentStatements: 1 } });
    client = new TestClient(fixture.port, 'alice.is.good');
    const running = client.send(flightSql.CommandStatementUpdate, { query: 'SLOW INSERT' });
    await until(() => fixture.server.running.statements === 1);
    const waiting = client.info(CommandStatementQuery, { query: 'NUMBERS 1' });
    await until(() => fixture.server.running.waiting === 1);
    fixture.statements.release();
    await Promise.all([running, waiting]);
    expect(fixture.calls).toMatchObject([
      { rpc: 'DoPut', status: 'OK' },
      { rpc: 'GetFlightInfo', status: 'OK', waitedMs: expect.any(Number) },
    ]);
    expect(fixture.calls[0]).not.toHaveProperty('waitedMs');
  });

  it('that uploads takes a place with its first message, and ends when its client falls silent', async () => {
    await fixture.stop();
    fixture = await startFixture({ limits: { concurrentStatements: 4, uploadIdleTimeout: 1000 } });
    client = new TestClient(fixture.port, 'alice.is.good');
    const silent = Array.from({ length: 60 }, () => {
      const stream = client.put();
      return failure(
        (async () => {
          for await (const _ of stream);
        })(),
      );
    });
    await until(() => fixture.server.running.calls === 60);
    expect(fixture.server.running).toMatchObject({ statements: 0, waiting: 0 });
    await client.query(CommandStatementQuery, { query: 'NUMBERS 1' });
    const begun = client.put();
    const begunEnds = failure(
      (async () => {
        for await (const _ of begun);
      })(),
    );
    begun.write(headerOnly(encodeSchemaMessage(NUMBERS), descriptorOf(CommandStatementIngest, INGEST)));
    await until(() => fixture.server.running.statements === 1);
    for (const ended of [...(await Promise.all(silent)), await begunEnds]) {
      expect(ended).toEqual({ code: 'DEADLINE_EXCEEDED', details: 'the client sent nothing for 1 s' });
    }
    await until(() => fixture.server.running.calls === 0);
    expect(fixture.server.running).toMatchObject({ statements: 0, waiting: 0 });
  });

  it('that waits ends with its deadline or its cancel', async () => {
    await fixture.stop();
    fixture = await startFixture({ limits: { concurrentStatements: 1 } });
    client = new TestClient(fixture.port, 'alice.is.good');
    const running = client.send(flightSql.CommandStatementUpdate, { query: 'SLOW INSERT' });
    await until(() => fixture.server.running.statements === 1);
    const late = await failure(
      client.info(CommandStatementQuery, { query: 'NUMBERS 1' }, { deadline: Date.now() + 200 }),
    );
    expect(late.code).toBe('DEADLINE_EXCEEDED');
    await until(() => fixture.calls.length === 1);
    const fetching = client.get(new Uint8Array(1));
    fetching.on('error', () => {});
    await until(() => fixture.server.running.waiting === 1);
    fetching.cancel();
    await until(() => fixture.server.running.waiting === 0 && fixture.calls.length === 2);
    expect(fixture.calls.map(({ status }) => status)).toEqual(['DEADLINE_EXCEEDED', 'CANCELLED']);
    fixture.statements.release();
    await running;
  });

  it('is refused when it may not wait any longer, but a cancel gets through', async () => {
    await fixture.stop();
    fixture = await startFixture({ limits: { concurrentStatements: 1, queueTimeout: 0 } });
    client = new TestClient(fixture.port, 'alice.is.good');
    const info = await client.info(CommandStatementQuery, { query: 'SLOW INSERT' });
    const running = failure(client.fetch(ticketOf(info)));
    await until(() => fixture.server.running.statements === 1);
    const refused = await failure(client.info(CommandStatementQuery, { query: 'NUMBERS 1' }));
    expect(refused).toMatchObject({ code: 'RESOURCE_EXHAUSTED', details: expect.stringContaining('too busy') });
    await client.action(
      'CancelQuery',
      packAny(flightSql.ActionCancelQueryRequest, {
        info: FlightInfo.encode(info),
      }),
    );
    expect((await running).code).toBe('CANCELLED');
    await client.info(CommandStatementQuery, { query: 'NUMBERS 1' });
  });

  it('that runs longer than allowed ends with DEADLINE_EXCEEDED', async () => {
    await fixture.stop();
    fixture = await startFixture({ limits: { statementTimeout: 100 } });
    client = new TestClient(fixture.port, 'alice.is.good');
    const ended = await failure(client.send(flightSql.CommandStatementUpdate, { query: 'SLOW INSERT' }));
    expect(ended.code).toBe('DEADLINE_EXCEEDED');
  });

  it('takes a token that is larger than other servers allow', async () => {
    const large = new TestClient(fixture.port, 'x'.repeat(40_000));
    expect((await failure(large.info(CommandStatementQuery, { query: 'NUMBERS 1' }))).code).toBe('UNAUTHENTICATED');
    large.close();
  });

  it('of what Flight SQL does not have is UNIMPLEMENTED', async () => {
    const drain = async (name: string, request: object) => {
      for await (const _ of client.stream(name, request));
    };
    expect((await failure(drain('ListFlights', {}))).code).toBe('UNIMPLEMENTED');
    const substrait = client.info(flightSql.CommandStatementSubstraitPlan, {});
    expect((await failure(substrait)).code).toBe('UNIMPLEMENTED');
    expect((await failure(client.action('BeginSavepoint'))).code).toBe('UNIMPLEMENTED');
    expect((await failure(client.action('MakeCoffee'))).code).toBe('UNIMPLEMENTED');
    const path = client.unary('GetFlightInfo', { type: 'PATH', path: ['a'] });
    expect((await failure(path)).code).toBe('INVALID_ARGUMENT');
  });
});

describe('handshake', () => {
  async function shake(authorization: string | undefined, payload?: Uint8Array) {
    const shaking = new TestClient(fixture.port);
    if (authorization !== undefined) shaking.metadata.set('authorization', authorization);
    const stream = shaking.handshake();
    const headers = new Promise<Metadata>((resolve) => {
      stream.on('metadata', resolve as (value: never) => void);
    });
    if (payload !== undefined) stream.write({ protocol_version: '0', payload });
    stream.end();
    const answers: string[] = [];
    try {
      for await (const { payload: answer } of stream) answers.push(Buffer.from(answer).toString());
      return { answers, header: (await headers).get('authorization')[0] };
    } finally {
      shaking.close();
    }
  }

  it.each([
    ['a bearer header', 'Bearer alice.is.good'],
    ['user token and the token as password', basic('token', 'alice.is.good')],
    ['no user', basic('', 'alice.is.good')],
    ['base64 without padding', basic('token', 'alice.is.good', false)],
  ])('answers %s with the bearer header that the client then sends', async (_, header) => {
    expect(await shake(header)).toEqual({ answers: ['alice.is.good'], header: 'Bearer alice.is.good' });
  });

  it('waits for credentials only for a while, and with only so many at a time', async () => {
    await fixture.stop();
    fixture = await startFixture({ handshake: { timeout: 200, pending: 1 } });
    const open = () => {
      const shaking = new TestClient(fixture.port);
      const stream = shaking.handshake();
      return failure(
        (async () => {
          for await (const _ of stream);
        })(),
      ).finally(() => shaking.close());
    };
    const codes = (await Promise.all([open(), open()])).map(({ code }) => code);
    expect(codes.sort()).toEqual(['DEADLINE_EXCEEDED', 'RESOURCE_EXHAUSTED']);
    const payload = BasicAuth.encode({ username: 'token', password: 'alice.is.good' });
    expect((await shake(undefined, payload)).header).toBe('Bearer alice.is.good');
  });

  it('reads credentials from the first message too', async () => {
    const payload = BasicAuth.encode({ username: 'token', password: 'alice.is.good' });
    expect((await shake(undefined, payload)).header).toBe('Bearer alice.is.good');
  });

  it('takes no password, and says so', async () => {
    const refused = await failure(shake(basic('joe', 'secret')));
    expect(refused.code).toBe('UNAUTHENTICATED');
    expect(refused.details).toContain('takes no passwords');
    expect((await failure(shake(undefined))).code).toBe('UNAUTHENTICATED');
    expect((await failure(shake('Bearer forged'))).code).toBe('UNAUTHENTICATED');
  });
});

describe('a server that drains', () => {
  it('lets running streams finish, refuses new calls, and then ends', async () => {
    const info = await client.info(CommandStatementQuery, { query: 'SLOW INSERT' });
    const running = client.fetch(ticketOf(info));
    await until(() => fixture.server.running.statements === 1);
    const drained = fixture.server.drain(60_000);
    const refused = await failure(client.info(CommandStatementQuery, { query: 'NUMBERS 1' }));
    expect(refused).toMatchObject({ code: 'UNAVAILABLE', details: expect.stringContaining('shutting down') });
    fixture.statements.release();
    expect((await running).rows).toEqual([[1n]]);
    await drained;
    expect((await failure(client.info(CommandStatementQuery, { query: 'NUMBERS 1' }))).code).toBe('UNAVAILABLE');
  });

  it('stops what takes too long with UNAVAILABLE', async () => {
    const running = failure(client.send(flightSql.CommandStatementUpdate, { query: 'SLOW INSERT' }));
    await until(() => fixture.server.running.statements === 1);
    await fixture.server.drain(10);
    expect((await running).code).toBe('UNAVAILABLE');
  });

  it('says that its port is taken', async () => {
    const taken = await failure(
      startFixture({}, fixture.port).catch((error) => Promise.reject(Object.assign(error, { details: error.message }))),
    );
    expect(taken.details).toMatch(/^cannot listen on [^ ]*: another process listens there; choose another port$/);
  });
});

describe('a connection', () => {
  /** What the server says to a connection that makes no call: the code of its GOAWAY. */
  function goodbyeTo(port: number): Promise<number> {
    const session = connect(`http://127.0.0.1:${port}`);
    session.on('error', () => undefined);
    return new Promise((resolve) => {
      session.once('goaway', (code) => {
        session.destroy();
        resolve(code);
      });
    });
  }

  it('that grew older than allowed takes no new call, while what runs on it goes on and its client opens another', async () => {
    await fixture.stop();
    fixture = await startFixture({ connections: { maxAge: 60, grace: 60_000 } });
    const own = new TestClient(fixture.port, 'alice.is.good');
    const running = own.send(flightSql.CommandStatementUpdate, { query: 'SLOW INSERT' });
    await until(() => fixture.server.running.statements === 1);
    expect(await goodbyeTo(fixture.port)).toBe(constants.NGHTTP2_NO_ERROR);
    fixture.statements.release();
    await running;
    expect((await own.query(CommandStatementQuery, { query: 'NUMBERS 3' })).rows).toHaveLength(3);
    own.close();
  });

  it('without a call is closed after the idle time', async () => {
    await fixture.stop();
    fixture = await startFixture({ connections: { maxIdle: 50 } });
    expect(await goodbyeTo(fixture.port)).toBe(constants.NGHTTP2_NO_ERROR);
  });
});

describe('tokens that are refused', () => {
  it('beyond those that an address may bring in a minute are answered late, and hold up no good one', async () => {
    await fixture.stop();
    fixture = await startFixture({ limits: { refusedTokens: 1 } });
    client = new TestClient(fixture.port, 'alice.is.good');
    const stranger = new TestClient(fixture.port, 'bad');
    const call = (from: TestClient) => from.info(CommandStatementQuery, { query: 'NUMBERS 1' });
    await failure(call(stranger));
    const answered: string[] = [];
    const late = failure(call(stranger)).then(({ code }) => answered.push(code));
    for (let calls = 0; calls < 5; calls++) await call(client).then(() => answered.push('good'));
    await late;
    expect(answered).toEqual(['good', 'good', 'good', 'good', 'good', 'UNAUTHENTICATED']);
    stranger.close();
  });
});
