import { type RecordBatch, tableFromArrays } from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect, type FlightSqlClient, type Parameter, type Row, SkuaError } from '../../src/client/index.js';
import { startTestServer, type TestServer } from './support/server.js';

let server: TestServer;
let client: FlightSqlClient;

beforeAll(async () => {
  server = await startTestServer();
  client = await server.client('adminuser');
});

afterAll(() => server.stop());

async function rows(sql: string, parameters: Parameter[] = []): Promise<Row[]> {
  const found: Row[] = [];
  for await (const row of (await client.execute(sql, { parameters })).rows()) found.push(row);
  return found;
}

describe('the client', () => {
  it.each<[string, string, unknown]>([
    ['BOOLEAN', 'true', true],
    ['INTEGER', '-5', -5],
    ['BIGINT', '9007199254740993', 9007199254740993n],
    ['DOUBLE', '0.1', 0.1],
    ['DECIMAL(38, 10)', '-1234567890123456789012345678.0123456789', '-1234567890123456789012345678.0123456789'],
    ['VARCHAR', "'naïve'", 'naïve'],
    ['DATE', "'0001-01-01'", '0001-01-01'],
    ['TIME', "'23:59:59.000001'", '23:59:59.000001'],
    ['TIMESTAMP', "'2026-01-31 10:00:00.123456'", '2026-01-31T10:00:00.123456'],
    ['TIMESTAMPTZ', "'2026-01-31 10:00:00+01'", '2026-01-31T09:00:00Z'],
    ['UUID', "'6f1e6b0c-0f2f-4d0a-9a0e-000000000001'", '6f1e6b0c-0f2f-4d0a-9a0e-000000000001'],
    ['BLOB', "'\\xFF'", Uint8Array.of(255)],
    ['INTERVAL', "'1 month 2 days'", '1 month 2 days'],
    ['INTEGER[]', '[1, NULL]', [1, null]],
    ['STRUCT(a DECIMAL(3, 1), b DATE)', "{a: 1.5, b: '2026-01-01'}", { a: '1.5', b: '2026-01-01' }],
    ['MAP(VARCHAR, BIGINT)', "MAP {'x': 1}", new Map([['x', 1n]])],
  ])('gives a %s as a value with all its digits', async (type, literal, value) => {
    expect(await rows(`SELECT CAST(${literal} AS ${type}) AS v, CAST(NULL AS ${type}) AS nothing`)).toEqual([
      { v: value, nothing: null },
    ]);
  });

  it.each<[string, Parameter, unknown]>([
    ['?::INTEGER', 5, 5],
    ['?', 1.5, 1.5],
    ['?::HUGEINT', 2n ** 70n, String(2n ** 70n)],
    ['?::DECIMAL(10, 2)', '2.25', '2.25'],
    ['?::DATE', '2026-01-31', '2026-01-31'],
    ['?::TIMESTAMPTZ', new Date('2026-01-31T10:00:00.125Z'), '2026-01-31T10:00:00.125Z'],
    ['?::BLOB', Uint8Array.of(1, 2), Uint8Array.of(1, 2)],
    ['?::VARCHAR', null, null],
    ['?', true, true],
    ['?::DOUBLE', -0, -0],
    ['?::BIGINT[]', [1, null, 3], [1n, null, 3n]],
    ['?::STRUCT(a BIGINT, b VARCHAR)', { a: 1, b: 'x' }, { a: 1n, b: 'x' }],
  ])('binds %s as %o', async (expression, parameter, value) => {
    expect(await rows(`SELECT ${expression} AS v`, [parameter])).toEqual([{ v: value }]);
  });

  it('refuses parameters that nothing can hold, before it sends them', async () => {
    for (const [parameter, why] of [
      [new Date(Number.NaN), 'invalid date'],
      [10n ** 38n, 'more than 38 digits'],
      [Symbol('x'), 'symbol'],
      [new Map(), 'Map'],
      [[1, 'a'], 'different kinds'],
    ] as [Parameter, string][]) {
      const refusal = await client.execute('SELECT ?', { parameters: [parameter] }).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(SkuaError);
      expect(refusal).toMatchObject({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(why) });
    }
  });

  it('gives columns of one name a name each', async () => {
    expect(await rows('SELECT 1 AS a, 2 AS a')).toEqual([{ a: 1, a_2: 2 }]);
  });

  it('gives record batches of apache-arrow, nested columns and nulls included', async () => {
    const result = await client.execute(
      "SELECT i, CASE WHEN i % 2 = 0 THEN i::VARCHAR END AS s, [i, i + 1] AS l, {'x': i} AS r FROM range(1000) t(i)",
    );
    const table = await result.table();
    expect([table.numRows, table.getChild('s')?.nullCount]).toEqual([1000, 500]);
    expect(table.get(10)?.toJSON()).toMatchObject({ i: 10n, s: '10' });
    expect(table.get(999)?.l.toArray()).toEqual(BigInt64Array.of(999n, 1000n));
    expect(table.get(7)?.r.toJSON()).toEqual({ x: 7n });
  });

  it('copies the result of a query into a table, batch by batch', async () => {
    const source = await client.execute('SELECT i, i::VARCHAR AS text FROM range(200000) t(i)');
    expect(await client.ingest({ schema: 'demo', table: 'copied' }, source)).toBe(200_000);
    expect(await rows('SELECT count(*) AS n, sum(i) AS s FROM demo.copied')).toEqual([
      { n: 200_000n, s: '19999900000' },
    ]);
    await expect(client.ingest({ schema: 'demo', table: 'copied' }, tableFromArrays({ i: [1] }))).rejects.toMatchObject(
      {
        code: 'ALREADY_EXISTS',
      },
    );
    expect(await client.ingest('copied', tableFromArrays({ text: ['a', 'b', 'a'] }), { mode: 'append' })).toBe(3);
  });

  it('ingests zeros of both signs as they are', async () => {
    const d = Float64Array.from({ length: 1000 }, (_, index) => (index % 2 === 0 ? 0 : -0));
    expect(await client.ingest({ schema: 'demo', table: 'signed_zeros' }, tableFromArrays({ d }))).toBe(1000);
    expect(await rows('SELECT count(*) AS n, count_if(signbit(d))::BIGINT AS negative FROM demo.signed_zeros')).toEqual(
      [{ n: 1000n, negative: 500n }],
    );
  });

  it('leaves nothing behind where the source of an ingest fails, and says what the source said', async () => {
    async function* broken(): AsyncGenerator<RecordBatch> {
      yield tableFromArrays({ n: Int32Array.of(1) }).batches[0] as RecordBatch;
      throw new Error('the disk is gone');
    }
    await expect(client.ingest('broken', broken())).rejects.toThrow('the disk is gone');
    await expect(rows('SELECT * FROM broken')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('asks for the token before every call', async () => {
    const tokens = [await server.token('adminuser'), await server.token('testuser')];
    let calls = 0;
    const moving = connect({
      address: server.server.address,
      cookies: false,
      token: async () => tokens[calls++] ?? (tokens[1] as string),
    });
    await moving.executeUpdate('CREATE TABLE demo.of_admin (n INTEGER)');
    await expect(moving.executeUpdate('DROP TABLE demo.of_admin')).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    expect(calls).toBe(2);
    moving.close();
  });

  it('commits what ran in a transaction, ingest included, and nothing of one that is rolled back', async () => {
    for (const end of ['rollback', 'commit'] as const) {
      const transaction = await client.begin();
      await transaction.ingest(end, tableFromArrays({ n: Int32Array.of(1, 2) }));
      await transaction.executeUpdate(`UPDATE "${end}" SET n = ? WHERE n = 1`, { parameters: [7] });
      await transaction[end]();
    }
    expect(await rows('SELECT n FROM "commit" ORDER BY n')).toEqual([{ n: 2 }, { n: 7 }]);
    await expect(rows('SELECT n FROM "rollback"')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('lists keys, types and what the server is', async () => {
    expect(await client.metadata.primaryKeys({ schema: 'demo', table: 'copied' })).toEqual([]);
    expect((await client.metadata.types()).map(({ type_name }) => type_name)).toContain('BIGINT');
    expect((await client.metadata.serverInfo([0])).get(0)).toBe('Skua');
    expect(await client.metadata.tableTypes()).toEqual(['TABLE', 'VIEW']);
  });
});
