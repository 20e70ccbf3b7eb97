import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FlightSqlClient } from '../../src/client/index.js';
import { rowsAsText, startTestServer, type TestServer } from './support/server.js';

let server: TestServer;
let client: FlightSqlClient;

beforeAll(async () => {
  server = await startTestServer();
  client = await server.client('adminuser');
  await client.executeUpdate(
    'CREATE TABLE numbers AS SELECT range AS id, hash(range)::VARCHAR AS text FROM range(400000) ORDER BY id',
  );
});
afterAll(() => server?.stop());

async function explained(sql: string): Promise<string> {
  return (await rowsAsText(client, `EXPLAIN ANALYZE ${sql}`)).map(([line]) => line).join('\n');
}

function bytesRead(plan: string): number {
  const [, fetched, cached] = /fetched: (\d+) bytes from the store, (\d+) from the cache/.exec(plan) ?? [];
  return Number(fetched) + Number(cached);
}

describe('reading little', () => {
  it('answers COUNT(*), and MIN and MAX of whole numbers, without reading a file', async () => {
    expect(await explained('SELECT COUNT(*) FROM numbers')).toContain('answered from metadata');
    expect(await explained('SELECT MIN(id), MAX(id) FROM numbers')).toContain('answered from metadata');
    expect(await rowsAsText(client, 'SELECT MIN(id), MAX(id) FROM numbers')).toEqual([['0', '399999']]);
  });

  it('reads only the columns that a query names', async () => {
    const one = bytesRead(await explained('SELECT SUM(id) FROM numbers'));
    const all = bytesRead(await explained('SELECT SUM(id), MAX(text) FROM numbers'));
    expect(one).toBeGreaterThan(0);
    expect(one).toBeLessThan(all / 2);
  });

  it('skips row groups whose statistics rule out a filter', async () => {
    const some = bytesRead(await explained('SELECT MAX(text) FROM numbers WHERE id < 1000'));
    const all = bytesRead(await explained('SELECT MAX(text) FROM numbers WHERE id >= 0'));
    expect(some).toBeLessThan(all / 2);
    expect(await rowsAsText(client, 'SELECT COUNT(text) FROM numbers WHERE id BETWEEN 150000 AND 150009')).toEqual([
      ['10'],
    ]);
    expect(await rowsAsText(client, 'SELECT COUNT(*) FROM numbers WHERE id = 399999 AND random() >= 0')).toEqual([
      ['1'],
    ]);
  });
});
