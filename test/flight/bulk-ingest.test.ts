import { Field, Int64, Schema, Utf8 } from 'apache-arrow';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeBatch, encodeSchemaMessage, rowsToBatch } from '../../src/arrow/index.js';
import { batchMessage, encodeFlightData, flightSql, headerOnly } from '../../src/flight/protocol.js';
import { descriptorOf, failure, TestClient, until } from './client.js';
import { type Fixture, startFixture } from './fake.js';

const { CommandStatementIngest } = flightSql;
const PAIR = new Schema([new Field('1', new Int64(), true), new Field('2', new Utf8(), true)]);

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

describe('bulk ingest', () => {
  const options = {
    if_not_exist: 'TABLE_NOT_EXIST_OPTION_CREATE',
    if_exists: 'TABLE_EXISTS_OPTION_APPEND',
  } as const;

  it('hands over target and rows, and answers the count', async () => {
    const command = { table: 't', schema: 's', catalog: 'c', temporary: true, table_definition_options: options };
    const body = await client.send(CommandStatementIngest, command, PAIR, [
      [[1n, 'a']],
      [
        [2n, null],
        [3n, 'c'],
      ],
    ]);
    expect(flightSql.DoPutUpdateResult.decode(body).record_count).toBe('3');
    expect(fixture.statements.ingested).toEqual([
      {
        target: { table: 't', schema: 's', catalog: 'c', temporary: true, ifNotExists: 'create', ifExists: 'append' },
        rows: [
          [1n, 'a'],
          [2n, null],
          [3n, 'c'],
        ],
      },
    ]);
  });

  it('must say what to do with the table', async () => {
    expect((await failure(client.send(CommandStatementIngest, { table: 't' }, PAIR, []))).code).toBe(
      'INVALID_ARGUMENT',
    );
  });

  it.each([
    ['bytes that are no message', [Buffer.from('garbage, garbage')]],
    ['a length beyond the message', [Buffer.of(0x0a, 0xff, 0xff, 0xff, 0xff, 0x7f)]],
    ['a schema that is none', [headerOnly(Buffer.from('garbage, garbage'))]],
    ['a batch that is none', [headerOnly(encodeSchemaMessage(PAIR)), headerOnly(Buffer.from('garbage, garbage'))]],
    [
      'a batch without its body',
      [headerOnly(encodeSchemaMessage(PAIR)), headerOnly(encodeBatch(rowsToBatch(PAIR, [[1n, 'a']])).header)],
    ],
  ])('of %s is INVALID_ARGUMENT', async (_, messages) => {
    const stream = client.putRaw();
    const descriptor = descriptorOf(CommandStatementIngest, { table: 't', table_definition_options: options });
    stream.write(encodeFlightData(headerOnly(new Uint8Array(0), descriptor)));
    for (const message of messages) stream.write('header' in message ? encodeFlightData(message) : message);
    stream.end();
    const drained = (async () => {
      for await (const _ of stream);
    })();
    expect((await failure(drained)).code).toBe('INVALID_ARGUMENT');
    expect(fixture.statements.ingested).toEqual([]);
  });

  it('that breaks off half way never looks complete', async () => {
    const stream = client.put();
    stream.on('error', () => {});
    const descriptor = descriptorOf(CommandStatementIngest, { table: 't', table_definition_options: options });
    stream.write(headerOnly(encodeSchemaMessage(PAIR), descriptor));
    stream.write(batchMessage(encodeBatch(rowsToBatch(PAIR, [[1n, 'a']]))));
    await until(() => fixture.server.running.statements === 1);
    stream.cancel();
    await until(() => fixture.calls.length === 1);
    expect(fixture.calls[0]).toMatchObject({ rpc: 'DoPut', statement: 'INGEST', status: 'CANCELLED' });
    expect(fixture.statements.ingested).toEqual([]);
  });
});
