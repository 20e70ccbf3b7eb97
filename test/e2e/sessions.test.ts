import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rowsAsText, startTestServer, type TestServer } from './support/server.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server?.stop());

describe('a client that keeps its cookie', () => {
  it('finds the transaction again that its very first call began', async () => {
    await (await server.client('adminuser')).executeUpdate('CREATE TABLE counted (id BIGINT)');
    const client = await server.client('adminuser');
    await client.executeUpdate('BEGIN');
    await client.executeUpdate('INSERT INTO counted VALUES (1)');
    expect(await rowsAsText(client, 'SELECT COUNT(*) FROM counted')).toEqual([['1']]);
    const other = await server.client('testuser');
    expect(await rowsAsText(other, 'SELECT COUNT(*) FROM counted')).toEqual([['0']]);
    await client.executeUpdate('ROLLBACK');
    expect(await rowsAsText(client, 'SELECT COUNT(*) FROM counted')).toEqual([['0']]);
  });

  it('has names of its own', async () => {
    const admin = await server.client('adminuser');
    await admin.executeUpdate('CREATE SCHEMA other');
    const first = await server.client('adminuser');
    const second = await server.client('adminuser');
    await first.executeUpdate('USE other');
    await second.executeUpdate('USE demo');
    expect(await rowsAsText(second, 'SHOW CURRENT SCHEMA')).toEqual([['quickstart', 'demo']]);
    expect(await rowsAsText(first, 'SHOW CURRENT SCHEMA')).toEqual([['quickstart', 'other']]);
  });
});
