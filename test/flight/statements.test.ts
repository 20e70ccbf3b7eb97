import { Field, Int64, Schema, Utf8 } from 'apache-arrow';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeSchema } from '../../src/arrow/index.js';
import {
  CancelFlightInfoRequest,
  CancelFlightInfoResult,
  FlightEndpoint,
  FlightInfo,
  flightSql,
  openAny,
  packAny,
  RenewFlightEndpointRequest,
  unpackAny,
} from '../../src/flight/protocol.js';
import { failure, TestClient, ticketOf, until } from './client.js';
import { type Fixture, startFixture } from './fake.js';

const { CommandStatementQuery, CommandStatementUpdate, CommandPreparedStatementQuery } = flightSql;
const { CommandPreparedStatementUpdate, TicketStatementQuery } = flightSql;
const PAIR = new Schema([new Field('1', new Int64(), true), new Field('2', new Utf8(), true)]);
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

async function prepare(query: string, by = client) {
  const request = packAny(flightSql.ActionCreatePreparedStatementRequest, { query });
  const [body] = await by.action('CreatePreparedStatement', request);
  return unpackAny(flightSql.ActionCreatePreparedStatementResult, body as Uint8Array);
}

const cancelled = async (info: FlightInfo, by = client) => {
  const [body] = await by.action('CancelFlightInfo', CancelFlightInfoRequest.encode({ info }));
  return CancelFlightInfoResult.decode(body as Uint8Array).status;
};

describe('a query', () => {
  it('has the same schema in its plan and its stream, and no location', async () => {
    const info = await client.info(CommandStatementQuery, { query: 'NUMBERS 2500' });
    expect(info).toMatchObject({ total_records: '-1', total_bytes: '-1', endpoint: [{ location: [] }] });
    const { schema, rows } = await client.fetch(ticketOf(info));
    expect(`${decodeSchema(info.schema)}`).toBe(`${schema}`);
    expect(rows).toHaveLength(2500);
    expect(rows.slice(2497)).toEqual([
      [2497n, null],
      [2498n, 'row 2498'],
      [2499n, 'row 2499'],
    ]);
    const described = await client.schema(CommandStatementQuery, { query: 'NUMBERS 1' });
    expect(`${decodeSchema(described.schema)}`).toBe(`${schema}`);
  });

  it('is fetched in the state that its plan saw', async () => {
    await client.query(CommandStatementQuery, { query: 'NUMBERS 1' });
    expect(fixture.statements.lastRequest?.pins?.[0]?.snapshotId).toBe(7205594037927935n);
  });

  it('without rows still has its schema', async () => {
    const { schema, rows } = await client.query(CommandStatementQuery, { query: 'NUMBERS 0' });
    expect([schema.names, rows]).toEqual([['n', 'text'], []]);
  });

  it('that breaks half way ends with its error, never as if it were whole', async () => {
    const broken = await failure(client.query(CommandStatementQuery, { query: 'BREAK AFTER 5000' }));
    expect(broken).toEqual({ code: 'UNAVAILABLE', details: 'the store went away' });
  });

  it('is split to messages that every client takes', async () => {
    await fixture.stop();
    fixture = await startFixture({ limits: { messageBytes: 4096 } });
    const info = await new TestClient(fixture.port, 'alice.is.good').info(CommandStatementQuery, {
      query: 'NUMBERS 5000',
    });
    const { rows, largest } = await new TestClient(fixture.port, 'alice.is.good').fetch(ticketOf(info));
    expect(rows.map(([n]) => n)).toEqual(Array.from({ length: 5000 }, (_, n) => BigInt(n)));
    expect(largest).toBeLessThan(3 * 4096);
  });

  it('with more rows than allowed ends with RESOURCE_EXHAUSTED', async () => {
    await fixture.stop();
    fixture = await startFixture({ limits: { resultRows: 1500 } });
    const limited = new TestClient(fixture.port, 'alice.is.good');
    expect((await failure(limited.query(CommandStatementQuery, { query: 'NUMBERS 1501' }))).code).toBe(
      'RESOURCE_EXHAUSTED',
    );
    expect((await limited.query(CommandStatementQuery, { query: 'NUMBERS 1500' })).rows).toHaveLength(1500);
    limited.close();
  });

  it('is produced no further than a client reads', async () => {
    const info = await client.info(CommandStatementQuery, { query: 'FOREVER' });
    const stream = client.get(ticketOf(info));
    const reader = stream[Symbol.asyncIterator]();
    await reader.next();
    let before = -1;
    while (fixture.statements.produced !== before) {
      before = fixture.statements.produced;
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
    expect(fixture.statements.open).toBe(1);
    stream.cancel();
    await until(() => fixture.statements.open === 0);
  });

  it('stops when its client goes away', async () => {
    const info = await client.info(CommandStatementQuery, { query: 'FOREVER' });
    const stream = client.get(ticketOf(info));
    stream.on('error', () => {});
    await stream[Symbol.asyncIterator]().next();
    client.close();
    stream.cancel();
    await until(() => fixture.statements.open === 0);
    await until(() => fixture.calls.some(({ rpc }) => rpc === 'DoGet'));
    expect(fixture.calls.find(({ rpc }) => rpc === 'DoGet')?.status).toBe('CANCELLED');
    client = new TestClient(fixture.port, 'alice.is.good');
  });
});

describe('a cancel', () => {
  it('stops the running stream, which ends with CANCELLED', async () => {
    const info = await client.info(CommandStatementQuery, { query: 'FOREVER' });
    const ended = failure(client.fetch(ticketOf(info)));
    await until(() => fixture.statements.open === 1);
    expect(await cancelled(info, new TestClient(fixture.port, 'alice.is.good'))).toBe('CANCEL_STATUS_CANCELLED');
    expect((await ended).code).toBe('CANCELLED');
    expect(fixture.statements.open).toBe(0);
  });

  it('keeps a statement from starting', async () => {
    const info = await client.info(CommandStatementQuery, { query: 'INSERT' });
    expect(await cancelled(info)).toBe('CANCEL_STATUS_CANCELLED');
    expect((await failure(client.fetch(ticketOf(info)))).code).toBe('CANCELLED');
    expect(fixture.statements.inserts).toBe(0);
  });

  it('says that it came too late, and that metadata has nothing to cancel', async () => {
    const info = await client.info(CommandStatementQuery, { query: 'NUMBERS 1' });
    await client.fetch(ticketOf(info));
    await until(() => fixture.server.running.calls === 0);
    expect(await cancelled(info)).toBe('CANCEL_STATUS_NOT_CANCELLABLE');
    expect(await cancelled(await client.info(flightSql.CommandGetCatalogs, {}))).toBe('CANCEL_STATUS_NOT_CANCELLABLE');
  });

  it("is refused for somebody else's statement", async () => {
    const info = await client.info(CommandStatementQuery, { query: 'NUMBERS 1' });
    const bob = new TestClient(fixture.port, 'bob.is.good');
    expect((await failure(cancelled(info, bob))).code).toBe('PERMISSION_DENIED');
    bob.close();
  });

  it('works by the older CancelQuery', async () => {
    const info = await client.info(CommandStatementQuery, { query: 'NUMBERS 1' });
    const request = packAny(flightSql.ActionCancelQueryRequest, { info: FlightInfo.encode(info) });
    const [body] = await client.action('CancelQuery', request);
    expect(unpackAny(flightSql.ActionCancelQueryResult, body as Uint8Array).result).toBe('CANCEL_RESULT_CANCELLED');
  });
});

describe('a ticket', () => {
  it('is good for its owner only, unchanged, and for its time', async () => {
    const info = await client.info(CommandStatementQuery, { query: 'NUMBERS 1' });
    const bob = new TestClient(fixture.port, 'bob.is.good');
    expect((await failure(bob.fetch(ticketOf(info)))).code).toBe('PERMISSION_DENIED');
    bob.close();
    const handle = Buffer.from(unpackAny(TicketStatementQuery, ticketOf(info)).statement_handle);
    handle[handle.length - 3] = (handle[handle.length - 3] as number) ^ 1;
    const tampered = packAny(TicketStatementQuery, { statement_handle: handle });
    expect((await failure(client.fetch(tampered))).code).toBe('INVALID_ARGUMENT');
    const made = packAny(TicketStatementQuery, { statement_handle: Buffer.from('SELECT 1') });
    expect((await failure(client.fetch(made))).code).toBe('INVALID_ARGUMENT');
    expect((await failure(client.fetch(Buffer.from('SELECT 1')))).code).toBe('INVALID_ARGUMENT');
  });

  it('expires', async () => {
    await fixture.stop();
    fixture = await startFixture({ tickets: { lifetime: 1 } });
    const late = new TestClient(fixture.port, 'alice.is.good');
    const info = await late.info(CommandStatementQuery, { query: 'NUMBERS 1' });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await failure(late.fetch(ticketOf(info)))).toMatchObject({
      code: 'FAILED_PRECONDITION',
      details: expect.stringContaining('expired'),
    });
    late.close();
  });

  it('is renewed with its endpoint', async () => {
    const info = await client.info(CommandStatementQuery, { query: 'NUMBERS 4' });
    const request = RenewFlightEndpointRequest.encode({ endpoint: info.endpoint[0] as FlightEndpoint });
    const [body] = await client.action('RenewFlightEndpoint', request);
    const renewed = FlightEndpoint.decode(body as Uint8Array);
    expect(Number(renewed.expiration_time?.seconds)).toBeGreaterThan(Date.now() / 1000);
    expect((await client.fetch(renewed.ticket?.ticket as Uint8Array)).rows).toHaveLength(4);
  });

  it('and a prepared statement work on another server with the same key', async () => {
    const other = await startFixture({ tickets: { key } });
    const elsewhere = new TestClient(other.port, 'alice.is.good');
    const info = await client.info(CommandStatementQuery, { query: 'NUMBERS 4' });
    expect((await elsewhere.fetch(ticketOf(info))).rows).toHaveLength(4);
    const { prepared_statement_handle: handle } = await prepare('PARAMETERS');
    const bound = await client.send(CommandPreparedStatementQuery, { prepared_statement_handle: handle }, PAIR, [
      [[7n, 'seven']],
    ]);
    const updated = flightSql.DoPutPreparedStatementResult.decode(bound).prepared_statement_handle as Uint8Array;
    const { rows } = await elsewhere.query(CommandPreparedStatementQuery, { prepared_statement_handle: updated });
    expect(rows).toEqual([[7n, 'seven']]);
    elsewhere.close();
    await other.stop();
  });
});

describe('a change', () => {
  const count = (body: Uint8Array) => flightSql.DoPutUpdateResult.decode(body).record_count;

  it('by DoPut answers its affected rows', async () => {
    expect(count(await client.send(CommandStatementUpdate, { query: 'INSERT' }))).toBe('1');
    expect(count(await client.send(CommandStatementUpdate, { query: 'INSERT' }, new Schema([])))).toBe('1');
    expect(fixture.statements.inserts).toBe(2);
    expect((await failure(client.send(CommandStatementUpdate, { query: 'NUMBERS 1' }))).code).toBe('INVALID_ARGUMENT');
  });

  it('through the query path happens once, however often it is planned and its ticket fetched', async () => {
    await client.info(CommandStatementQuery, { query: 'INSERT' });
    const info = await client.info(CommandStatementQuery, { query: 'INSERT' });
    expect(fixture.statements.inserts).toBe(0);
    const [first, second] = await Promise.all([client.fetch(ticketOf(info)), client.fetch(ticketOf(info))]);
    const third = await client.fetch(ticketOf(info));
    expect([first.rows, second.rows, third.rows]).toEqual([[[1n]], [[1n]], [[1n]]]);
    expect(first.schema.names).toEqual(['affected_rows']);
    expect(fixture.statements.inserts).toBe(1);
  });

  it('stops when its client cancels', async () => {
    const info = await client.info(CommandStatementQuery, { query: 'SLOW INSERT' });
    const stream = client.get(ticketOf(info));
    stream.on('error', () => {});
    await until(() => fixture.server.running.statements === 1);
    stream.cancel();
    await until(() => fixture.server.running.statements === 0);
    expect((await failure(client.fetch(ticketOf(info)))).code).toBe('CANCELLED');
    expect(fixture.statements.inserts).toBe(0);
  });
});

describe('a prepared statement', () => {
  const handleOf = async (query: string) => (await prepare(query)).prepared_statement_handle;

  it('says whether it is an update, and its parameters with a type that drivers can bind', async () => {
    const query = await prepare('PARAMETERS');
    expect(query.is_update).toBe(false);
    expect(decodeSchema(query.dataset_schema).names).toEqual(['n', 'text']);
    expect(decodeSchema(query.parameter_schema).fields.map(({ type }) => `${type}`)).toEqual(['Int64', 'Utf8']);
    const update = await prepare('INSERT');
    expect(update).toMatchObject({ is_update: true });
    expect(update.dataset_schema).toHaveLength(0);
    expect(decodeSchema((await prepare('NUMBERS 1')).parameter_schema).fields).toEqual([]);
  });

  it('streams the union of its results for many bound rows, small or large, by the old handle or the new', async () => {
    for (const size of [3, 3000]) {
      const rows = Array.from({ length: size }, (_, i) => [BigInt(i), i % 2 ? `text ${i}` : null]);
      const handle = await handleOf('PARAMETERS');
      const batches = [rows.slice(0, 2), rows.slice(2)];
      const result = await client.send(
        CommandPreparedStatementQuery,
        { prepared_statement_handle: handle },
        PAIR,
        batches,
      );
      const updated = flightSql.DoPutPreparedStatementResult.decode(result).prepared_statement_handle as Uint8Array;
      for (const used of [updated, handle]) {
        const { rows: got } = await client.query(CommandPreparedStatementQuery, { prepared_statement_handle: used });
        expect(got).toEqual(rows);
      }
    }
  });

  it('can be fetched by its handle alone', async () => {
    const ticket = packAny(CommandPreparedStatementQuery, { prepared_statement_handle: await handleOf('NUMBERS 5') });
    expect((await client.fetch(ticket)).rows).toHaveLength(5);
  });

  it('runs an update once for each bound row', async () => {
    const handle = await handleOf('INSERT');
    const rows = [
      [1n, 'a'],
      [2n, 'b'],
      [3n, null],
    ];
    const body = await client.send(CommandPreparedStatementUpdate, { prepared_statement_handle: handle }, PAIR, [rows]);
    expect(flightSql.DoPutUpdateResult.decode(body).record_count).toBe('3');
    const none = await client.send(CommandPreparedStatementUpdate, { prepared_statement_handle: handle }, PAIR, []);
    expect(flightSql.DoPutUpdateResult.decode(none).record_count).toBe('0');
    await client.send(CommandPreparedStatementUpdate, { prepared_statement_handle: handle }, new Schema([]));
    expect(fixture.statements.inserts).toBe(4);
  });

  it('that was closed, or belongs to somebody else, is refused', async () => {
    const handle = await handleOf('NUMBERS 1');
    const bob = new TestClient(fixture.port, 'bob.is.good');
    const theirs = bob.query(CommandPreparedStatementQuery, { prepared_statement_handle: handle });
    expect((await failure(theirs)).code).toBe('PERMISSION_DENIED');
    bob.close();
    const request = packAny(flightSql.ActionClosePreparedStatementRequest, { prepared_statement_handle: handle });
    await client.action('ClosePreparedStatement', request);
    const closed = await failure(client.query(CommandPreparedStatementQuery, { prepared_statement_handle: handle }));
    expect(closed).toMatchObject({ code: 'FAILED_PRECONDITION', details: expect.stringContaining('closed') });
  });

  it('expires when it is not used', async () => {
    await fixture.stop();
    fixture = await startFixture({ limits: { preparedStatementIdleTimeout: 1 } });
    const late = new TestClient(fixture.port, 'alice.is.good');
    const { prepared_statement_handle } = await prepare('NUMBERS 1', late);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect((await failure(late.query(CommandPreparedStatementQuery, { prepared_statement_handle }))).code).toBe(
      'FAILED_PRECONDITION',
    );
    late.close();
  });
});

describe('a transaction', () => {
  it('is begun, reaches its statements, and is committed or rolled back', async () => {
    const begin = packAny(flightSql.ActionBeginTransactionRequest, {});
    const [body] = await client.action('BeginTransaction', begin);
    const { transaction_id } = unpackAny(flightSql.ActionBeginTransactionResult, body as Uint8Array);
    await client.query(CommandStatementQuery, { query: 'NUMBERS 1', transaction_id });
    expect(fixture.statements.lastRequest?.transaction).toBe('transaction 1');
    for (const action of ['END_TRANSACTION_COMMIT', 'END_TRANSACTION_ROLLBACK'] as const) {
      await client.action('EndTransaction', packAny(flightSql.ActionEndTransactionRequest, { transaction_id, action }));
    }
    expect(fixture.statements.transactions).toEqual(['begin', 'commit transaction 1', 'rollback transaction 1']);
    const neither = client.action('EndTransaction', packAny(flightSql.ActionEndTransactionRequest, { transaction_id }));
    expect((await failure(neither)).code).toBe('INVALID_ARGUMENT');
  });
});

it('metadata tickets are their commands', async () => {
  const info = await client.info(flightSql.CommandGetTableTypes, {});
  expect(openAny(ticketOf(info)).typeName).toBe(flightSql.CommandGetTableTypes.typeName);
});
