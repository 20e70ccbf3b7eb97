import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  CancelFlightInfoRequest,
  CancelFlightInfoResult,
  type FlightInfo,
  flightSql,
  type PollInfo,
} from '../../src/flight/protocol.js';
import { failure, TestClient, ticketOf, until } from './client.js';
import { type Fixture, startFixture } from './fake.js';

const { CommandStatementQuery } = flightSql;
const key = 'k'.repeat(32);

let fixture: Fixture;
let client: TestClient;

beforeEach(async () => {
  fixture = await startFixture({ tickets: { key } });
  client = new TestClient(fixture.port, 'alice.is.good');
});

afterEach(async () => {
  client.close();
  await fixture.stop();
});

const start = (query: string) => client.poll(CommandStatementQuery, { query });

const infoOf = (poll: PollInfo) => poll.info as FlightInfo;

const cancel = async (poll: PollInfo) => {
  const [body] = await client.action('CancelFlightInfo', CancelFlightInfoRequest.encode({ info: infoOf(poll) }));
  return CancelFlightInfoResult.decode(body as Uint8Array).status;
};

/** Polls with the last descriptor until the statement is complete. */
async function untilComplete(poll: PollInfo): Promise<PollInfo> {
  let last = poll;
  while (last.flight_descriptor !== null) last = await client.pollAgain(last.flight_descriptor);
  return last;
}

const ready = async (query: string) => untilComplete(await start(query));

describe('a statement that is polled', () => {
  it('is complete when its first rows are there, and can then be fetched', async () => {
    const poll = await ready('NUMBERS 2500');
    expect(poll).toMatchObject({ flight_descriptor: null, progress: 1 });
    expect((await client.fetch(ticketOf(infoOf(poll)))).rows).toHaveLength(2500);
  });

  it('runs between polls, says how far it is, and is not run again by the fetch', async () => {
    fixture.statements.progress = 0.25;
    const first = await start('SLOW NUMBERS 2500');
    expect(first).toMatchObject({ progress: 0.25, info: { endpoint: [] } });
    expect(infoOf(first).schema.byteLength).toBeGreaterThan(0);
    expect(Number(first.expiration_time?.seconds) * 1000).toBeGreaterThan(Date.now());
    fixture.statements.progress = 0.5;
    const second = await client.pollAgain(first.flight_descriptor);
    expect(second.progress).toBe(0.5);
    fixture.statements.progress = 0.4;
    const third = await client.pollAgain(second.flight_descriptor);
    expect(third.progress).toBe(0.5);
    fixture.statements.release();
    const last = await untilComplete(third);
    expect(last).toMatchObject({ flight_descriptor: null, progress: 1 });
    expect((await client.fetch(ticketOf(infoOf(last)))).rows).toHaveLength(2500);
    expect(fixture.statements.slow).toBe(1);
    expect(fixture.statements.open).toBe(0);
  });

  it('has no progress where the engine knows none', async () => {
    const poll = await start('SLOW NUMBERS 1');
    expect(poll.progress ?? null).toBeNull();
    await cancel(poll);
  });

  it('can be polled again with the same descriptor, before and after it is complete', async () => {
    const { flight_descriptor: descriptor } = await start('SLOW NUMBERS 3');
    await client.pollAgain(descriptor);
    await client.pollAgain(descriptor);
    fixture.statements.release();
    await until(() => fixture.server.running.statements === 0);
    expect((await client.pollAgain(descriptor)).flight_descriptor).toBeNull();
    const again = await client.pollAgain(descriptor);
    expect((await client.fetch(ticketOf(infoOf(again)))).rows).toHaveLength(3);
    expect((await client.pollAgain(descriptor)).flight_descriptor).toBeNull();
  });

  it('can be fetched more than once, as any ticket', async () => {
    const ticket = ticketOf(infoOf(await ready('NUMBERS 5')));
    expect((await client.fetch(ticket)).rows).toHaveLength(5);
    expect((await client.fetch(ticket)).rows).toHaveLength(5);
  });

  it('takes a place among the running statements until its result is there, while polls and the wait for a fetch take none', async () => {
    await fixture.stop();
    fixture = await startFixture({ limits: { concurrentStatements: 1, queueTimeout: 0 } });
    client = new TestClient(fixture.port, 'alice.is.good');
    const running = await start('SLOW NUMBERS 3');
    expect(fixture.server.running.statements).toBe(1);
    expect((await failure(start('NUMBERS 1'))).code).toBe('RESOURCE_EXHAUSTED');
    await client.pollAgain(running.flight_descriptor);
    fixture.statements.release();
    const complete = await untilComplete(running);
    expect(fixture.server.running.statements).toBe(0);
    await client.query(CommandStatementQuery, { query: 'NUMBERS 1' });
    expect((await client.fetch(ticketOf(infoOf(complete)))).rows).toHaveLength(3);
  });

  it('is stopped by a cancel, and every poll then says so', async () => {
    const poll = await start('SLOW NUMBERS 3');
    expect(await cancel(poll)).toBe('CANCEL_STATUS_CANCELLED');
    await until(() => fixture.server.running.calls === 0);
    expect((await failure(client.pollAgain(poll.flight_descriptor))).code).toBe('CANCELLED');
    expect((await failure(client.pollAgain(poll.flight_descriptor))).code).toBe('CANCELLED');
  });

  it('is stopped by a cancel while its result waits, or while it is fetched', async () => {
    const waiting = await ready('FOREVER');
    expect(await cancel(waiting)).toBe('CANCEL_STATUS_CANCELLED');
    expect((await failure(client.fetch(ticketOf(infoOf(waiting))))).code).toBe('CANCELLED');
    const fetched = await ready('FOREVER');
    const fetching = failure(client.fetch(ticketOf(infoOf(fetched))));
    await until(() => fixture.server.running.statements === 1);
    expect(await cancel(fetched)).toBe('CANCEL_STATUS_CANCELLED');
    expect((await fetching).code).toBe('CANCELLED');
    await until(() => fixture.server.running.calls === 0);
    expect(fixture.statements.open).toBe(0);
  });

  it('is stopped when the client that fetches it goes away', async () => {
    const stream = client.get(ticketOf(infoOf(await ready('FOREVER'))));
    stream.on('error', () => {});
    await until(() => fixture.server.running.statements === 1);
    stream.cancel();
    await until(() => fixture.server.running.calls === 0);
    expect(fixture.statements.open).toBe(0);
  });

  it('fails as it would in a fetch, at every poll', async () => {
    expect((await failure(start('WRONG'))).code).toBe('INVALID_ARGUMENT');
    const broken = await ready('BREAK AFTER 0').catch((error: unknown) => error);
    expect(broken).toMatchObject({ code: 14, details: 'the store went away' });
  });

  it('that is a change happens once, and answers its count', async () => {
    const poll = await start('SLOW INSERT');
    fixture.statements.release();
    const ticket = ticketOf(infoOf(await untilComplete(poll)));
    expect((await client.fetch(ticket)).rows).toEqual([[1n]]);
    expect((await client.fetch(ticket)).rows).toEqual([[1n]]);
    expect(fixture.statements.inserts).toBe(1);
  });

  it('runs no longer than any statement may', async () => {
    await fixture.stop();
    fixture = await startFixture({ limits: { statementTimeout: 150 } });
    client = new TestClient(fixture.port, 'alice.is.good');
    const poll = await start('SLOW NUMBERS 3');
    expect((await failure(untilComplete(poll))).code).toBe('DEADLINE_EXCEEDED');
  });

  it('ends when nobody polls or fetches it, and its ticket then starts it anew', async () => {
    await fixture.stop();
    fixture = await startFixture({ limits: { pollTimeout: 150 } });
    client = new TestClient(fixture.port, 'alice.is.good');
    const forgotten = await start('SLOW NUMBERS 3');
    await until(() => fixture.server.running.calls === 0);
    const late = await failure(client.pollAgain(forgotten.flight_descriptor));
    expect(late).toMatchObject({ code: 'FAILED_PRECONDITION', details: expect.stringContaining('start again') });
    const unfetched = await ready('NUMBERS 3');
    await until(() => fixture.server.running.calls === 0);
    expect(fixture.statements.open).toBe(0);
    expect((await client.fetch(ticketOf(infoOf(unfetched)))).rows).toHaveLength(3);
  });

  it('is at most one of 32 that a principal keeps: the oldest result makes room, running ones do not', async () => {
    const first = await ready('FOREVER');
    for (let n = 0; n < 32; n++) await ready('NUMBERS 1');
    await until(() => fixture.statements.aborted === 1);
    const stream = client.get(ticketOf(infoOf(first)));
    stream.on('error', () => {});
    await until(() => fixture.statements.open > 0);
    stream.cancel();
  });

  it('is not handed over to a token of the same principal that may not see it', async () => {
    const ticket = ticketOf(infoOf(await ready('NUMBERS 3')));
    const less = new TestClient(fixture.port, 'alice.opens.less');
    expect((await failure(less.fetch(ticket))).code).toBe('PERMISSION_DENIED');
    less.close();
    expect((await client.fetch(ticket)).rows).toHaveLength(3);
  });

  it('belongs to its principal, and to its server', async () => {
    const poll = await start('SLOW NUMBERS 3');
    const mallory = new TestClient(fixture.port, 'mallory.is.good');
    expect((await failure(mallory.pollAgain(poll.flight_descriptor))).code).toBe('PERMISSION_DENIED');
    mallory.close();
    const other = await startFixture({ tickets: { key } });
    const elsewhere = new TestClient(other.port, 'alice.is.good');
    expect((await failure(elsewhere.pollAgain(poll.flight_descriptor))).code).toBe('FAILED_PRECONDITION');
    elsewhere.close();
    await other.stop();
    const info = client.unary('GetFlightInfo', poll.flight_descriptor);
    expect((await failure(info)).code).toBe('INVALID_ARGUMENT');
    const ticket = { type: 'CMD', cmd: infoOf(poll).app_metadata, path: [] } as const;
    expect((await failure(client.pollAgain({ ...ticket, path: [] }))).code).toBe('INVALID_ARGUMENT');
    await cancel(poll);
  });

  it('is stopped when the server drains, since nobody can come back for it', async () => {
    await start('SLOW NUMBERS 3');
    await ready('FOREVER');
    await fixture.server.drain(60_000);
    expect(fixture.server.running.calls).toBe(0);
    expect(fixture.statements.open).toBe(0);
  });
});
