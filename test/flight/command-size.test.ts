import { Field, Int64, Schema } from 'apache-arrow';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { flightSql, packAny, SetSessionOptionsRequest, unpackAny } from '../../src/flight/protocol.js';
import { failure, TestClient, ticketOf } from './client.js';
import { type Fixture, startFixture } from './fake.js';

let fixture: Fixture;
let client: TestClient;

beforeEach(async () => {
  fixture = await startFixture({ limits: { statementBytes: 4096 } });
  client = new TestClient(fixture.port, 'alice.is.good');
});
afterEach(async () => {
  client.close();
  await fixture.stop();
});

const long = 'x'.repeat(200_000);
const query = `NUMBERS 1 ${long}`;
const rows = new Schema([new Field('n', new Int64(), true)]);
const appended = {
  if_not_exist: 'TABLE_NOT_EXIST_OPTION_CREATE',
  if_exists: 'TABLE_EXISTS_OPTION_APPEND',
} as const;

describe('a command that is longer than a statement may be is refused', () => {
  const ways: Record<string, () => Promise<unknown>> = {
    'as a query': () => client.info(flightSql.CommandStatementQuery, { query }),
    'as a query to poll': () => client.poll(flightSql.CommandStatementQuery, { query }),
    'as a query whose schema is asked for': () => client.schema(flightSql.CommandStatementQuery, { query }),
    'as an update': () => client.send(flightSql.CommandStatementUpdate, { query: `${long} INSERT` }),
    'when it is prepared': () =>
      client.action('CreatePreparedStatement', packAny(flightSql.ActionCreatePreparedStatementRequest, { query })),
    'as names of metadata': () => client.info(flightSql.CommandGetTables, { table_name_filter_pattern: long }),
    'as the table of an ingest': () =>
      client.send(flightSql.CommandStatementIngest, { table: long, table_definition_options: appended }, rows, [
        [[1n]],
      ]),
    'as an option of an ingest': () =>
      client.send(
        flightSql.CommandStatementIngest,
        { table: 't', table_definition_options: appended, options: { [long]: 'x' } },
        rows,
        [[[1n]]],
      ),
    'as a session option': () =>
      client.action(
        'SetSessionOptions',
        SetSessionOptionsRequest.encode({ session_options: { schema: { string_value: long } } }),
      ),
    'as a ticket that nobody issued': () =>
      client.fetch(packAny(flightSql.TicketStatementQuery, { statement_handle: Buffer.alloc(500_000) })),
  };

  it.each(Object.keys(ways))('%s', async (way) => {
    const refused = await failure(ways[way]?.() ?? Promise.resolve());
    expect(refused).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(refused.details).toMatch(/limits\.statement_size/);
    expect(fixture.statements.lastRequest).toBeUndefined();
    expect(fixture.statements.ingested).toEqual([]);
  });
});

it('tickets and handles of statements that are as long as they may be can be used', async () => {
  await fixture.stop();
  fixture = await startFixture({ limits: { statementBytes: 300_000 } });
  client = new TestClient(fixture.port, 'alice.is.good');
  const quoted = `NUMBERS ${'"\n\u0001'.repeat(90_000)} 3`;
  const info = await client.info(flightSql.CommandStatementQuery, { query: quoted });
  expect((await client.fetch(ticketOf(info))).rows).toHaveLength(3);
  const [body] = await client.action(
    'CreatePreparedStatement',
    packAny(flightSql.ActionCreatePreparedStatementRequest, { query: quoted }),
  );
  const { prepared_statement_handle } = unpackAny(flightSql.ActionCreatePreparedStatementResult, body as Uint8Array);
  const prepared = await client.info(flightSql.CommandPreparedStatementQuery, { prepared_statement_handle });
  expect((await client.fetch(ticketOf(prepared))).rows).toHaveLength(3);
});
