/** Callers with different rights on one server, over the wire. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { batchToRows } from '../../src/arrow/index.js';
import type { FlightSqlClient } from '../../src/client/index.js';
import { flightSql } from '../../src/flight/protocol.js';
import { failure, TestClient, ticketOf } from '../flight/client.js';
import { rowsAsText, startTestServer, type TestServer } from './support/server.js';

const { CommandStatementQuery } = flightSql;

let server: TestServer;
let admin: FlightSqlClient;
let analyst: FlightSqlClient;
let raw: { admin: TestClient; analyst: TestClient };

beforeAll(async () => {
  server = await startTestServer({
    policies: [
      {
        table: 'demo.customers',
        role: 'analyst',
        rowFilter: { type: 'eq', left: { type: 'reference', name: 'region' }, right: 'EU' },
        masks: { email: 'mask-alphanum', phone: 'sha-256-query-local', 'address.street': 'replace-with-null' },
      },
      { table: 'demo.outgrown', role: 'analyst', masks: { gone: 'mask-alphanum' } },
      {
        table: 'demo.unmasked',
        role: 'analyst',
        rowFilter: { type: 'is-null', child: { type: 'reference', name: 'gone' } },
      },
    ],
  });
  admin = await server.client('adminuser');
  analyst = await server.client('analyst');
  raw = {
    admin: new TestClient(server.server.port, await server.token('adminuser')),
    analyst: new TestClient(server.server.port, await server.token('analyst')),
  };
  await admin.executeUpdate(
    'CREATE TABLE customers (id BIGINT, region VARCHAR, email VARCHAR, phone VARCHAR, address STRUCT(city VARCHAR, street VARCHAR))',
  );
  await admin.executeUpdate(`INSERT INTO customers VALUES
    (1, 'EU', 'ada1@example.org', '111', {'city': 'Bern', 'street': 'Gasse 1'}),
    (2, 'US', 'bob2@example.org', '222', {'city': 'Reno', 'street': 'Road 2'}),
    (3, 'EU', 'cyd3@example.org', '111', NULL)`);
  await admin.executeUpdate('CREATE TABLE outgrown AS SELECT 1 AS id');
  await admin.executeUpdate('CREATE TABLE unmasked AS SELECT 1 AS id');
});
afterAll(async () => {
  raw?.admin.close();
  raw?.analyst.close();
  await server?.stop();
});

const sql = 'SELECT id, email, address.city, address.street FROM customers ORDER BY id';
const shown = [
  ['1', 'xxxn@xxxxxxx.xxx', 'Bern', 'NULL'],
  ['3', 'xxxn@xxxxxxx.xxx', 'NULL', 'NULL'],
];

describe('on one server', () => {
  it('each caller sees what the catalog shows to them, whoever asked before', async () => {
    for (let round = 0; round < 2; round++) {
      expect(await rowsAsText(admin, sql)).toContainEqual(['2', 'bob2@example.org', 'Reno', 'Road 2']);
      expect(await rowsAsText(analyst, sql)).toEqual(shown);
    }
  });

  it('a prepared statement has a new salt each time it runs, and one for all of its rows', async () => {
    const statement = await analyst.prepare('SELECT phone FROM customers');
    const run = async () => {
      const { schema, batches } = await statement.execute();
      const rows: unknown[] = [];
      for await (const batch of batches) rows.push(...batchToRows(schema, batch).flat());
      return rows;
    };
    const [first, second] = [await run(), await run()];
    await statement.close();
    expect(new Set(first).size).toBe(1);
    expect(String(first[0])).toMatch(/^[0-9a-f]{64}$/);
    expect(first[0]).not.toBe(second[0]);
  });

  it('a ticket is good for its own caller alone, and tells no totals', async () => {
    const ofAdmin = await raw.admin.info(CommandStatementQuery, { query: sql });
    expect((await failure(raw.analyst.fetch(ticketOf(ofAdmin)))).code).toBe('PERMISSION_DENIED');
    const own = await raw.analyst.info(CommandStatementQuery, { query: sql });
    expect(own).toMatchObject({ total_records: '-1', total_bytes: '-1' });
    expect((await raw.analyst.fetch(ticketOf(own))).rows).toHaveLength(2);
  });

  it('the columns say which of them are masked, and how, to whom they are', async () => {
    const remarks = async (client: FlightSqlClient) =>
      (await rowsAsText(client, 'DESCRIBE customers')).map(([name, , , remark]) => [name, remark]);
    expect(await remarks(analyst)).toEqual([
      ['id', 'NULL'],
      ['region', 'NULL'],
      ['email', 'masked for you (mask-alphanum)'],
      ['phone', 'masked for you (sha-256-query-local)'],
      ['address', 'masked for you (address.street: replace-with-null)'],
    ]);
    expect((await remarks(admin)).map(([, remark]) => remark)).toEqual(Array(5).fill('NULL'));
  });

  it('a policy that does not fit its table shows no row of it', async () => {
    expect(await rowsAsText(analyst, 'SELECT * FROM outgrown')).toEqual([]);
    expect(await rowsAsText(analyst, 'SELECT * FROM unmasked')).toEqual([]);
    expect(await rowsAsText(admin, 'SELECT * FROM outgrown')).toEqual([['1']]);
  });
});
