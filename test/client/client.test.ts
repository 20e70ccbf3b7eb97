import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { batchToRows, type ColumnarBatch } from '../../src/arrow/index.js';
import { connect, type FlightSqlClient } from '../../src/client/index.js';
import { FlightServer, NUMBERS } from './flight-server.js';

let server: FlightServer;
let client: FlightSqlClient;

beforeEach(async () => {
  server = new FlightServer();
  await server.start();
  client = connect({ address: server.address, token: 'a.b.c' });
});

afterEach(() => {
  client.close();
  server.stop();
});

async function values(batches: AsyncIterable<ColumnarBatch>): Promise<number[]> {
  const found: number[] = [];
  for await (const batch of batches) for (const [n] of batchToRows(NUMBERS, batch)) found.push(Number(n));
  return found;
}

describe('results', () => {
  test('a query gives its schema and all its batches, in order', async () => {
    const result = await client.execute('SELECT 3');
    expect(result.schema.fields.map(({ name }) => name)).toEqual(['n']);
    expect(await values(result.batches)).toEqual([0, 1, 2]);
  });

  test('all endpoints are followed, and locations that they name', async () => {
    const other = new FlightServer();
    await other.start();
    server.endpoints = 2;
    server.locations = [other.address];
    expect(await values((await client.execute('SELECT 2')).batches)).toEqual([0, 1, 0, 1]);
    expect([server.batchesSent, other.batchesSent]).toEqual([0, 4]);
    other.stop();
  });

  test('endpoints without an order are read at the same time, and at the next location where one is gone', async () => {
    const [gone, other] = [new FlightServer(), new FlightServer()];
    await gone.start();
    gone.stop();
    await other.start();
    server.endpoints = 6;
    server.ordered = false;
    server.locations = [gone.address, other.address, 'arrow-flight-reuse-connection://?'];
    const all = await values((await client.execute('SELECT 2')).batches);
    expect(all.toSorted()).toEqual([0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1]);
    expect([server.batchesSent, other.batchesSent]).toEqual([0, 12]);
    other.stop();
  });

  test('a result without rows still has its schema', async () => {
    const result = await client.execute('SELECT 0');
    expect(result.schema.fields).toHaveLength(1);
    expect(await values(result.batches)).toEqual([]);
  });

  test('a change gives its count', async () => {
    expect(await client.executeUpdate('UPDATE 4')).toBe(4);
  });

  test('any statement can be run without knowing its kind, and leaves no prepared statement behind', async () => {
    expect(await client.run('UPDATE 4')).toEqual({ kind: 'update', affectedRows: 4 });
    const outcome = await client.run('SELECT 2');
    expect(outcome.kind === 'query' && (await values(outcome.batches))).toEqual([0, 1]);
    await expect(client.run('FAIL')).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    expect(server.actions.filter((action) => action === 'ClosePreparedStatement')).toHaveLength(3);
  });

  test('a stream that breaks off fails, after what came before it', async () => {
    const seen: number[] = [];
    const { batches } = await client.execute('BREAK 2');
    await expect(
      (async () => {
        for await (const batch of batches) seen.push(batch.length);
      })(),
    ).rejects.toMatchObject({ code: 'UNAVAILABLE', message: 'The store is down.' });
  });

  test('a slow reader holds the server back', async () => {
    const { batches } = await client.execute('BIG 5000');
    await batches.next();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(server.batchesSent).toBeLessThan(2500);
    await batches.return(undefined);
  });
});

describe('stopping', () => {
  test('leaving the loop stops the query on the server', async () => {
    const { batches } = await client.execute('SLOW');
    for await (const _ of batches) break;
    await vi.waitFor(() => expect(server.streamsCancelled).toBe(1));
  });

  test('a signal stops it too', async () => {
    const stop = new AbortController();
    const { batches } = await client.execute('SLOW', { signal: stop.signal });
    const reading = values(batches);
    stop.abort();
    await expect(reading).rejects.toMatchObject({ code: 'CANCELLED' });
    await vi.waitFor(() => expect(server.streamsCancelled).toBe(1));
  });

  test('cancel asks the server by the FlightInfo', async () => {
    const { batches, cancel } = await client.execute('SLOW');
    await cancel();
    expect(server.actions).toContain('CancelFlightInfo');
    await batches.return(undefined);
  });
});

describe('metadata', () => {
  test('every call carries the token, and the session cookie once there is one', async () => {
    await client.run('UPDATE 1');
    await client.executeUpdate('UPDATE 1');
    expect(server.metadata.map((metadata) => metadata.get('authorization')[0])).toEqual(
      server.metadata.map(() => 'Bearer a.b.c'),
    );
    expect(server.metadata[0]?.get('cookie')).toEqual([]);
    expect(server.metadata.at(-1)?.get('cookie')).toEqual(['skua-session=s1']);
  });
});

describe('failures', () => {
  test('the server’s own sentence and status arrive', async () => {
    const failure = await client.execute('FAIL').catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'PERMISSION_DENIED', message: "Principal 'testuser' may not." });
  });

  test('where nothing listens, a sentence names the address', async () => {
    const { address } = server;
    server.stop();
    const lonely = connect({ address });
    const failure = await lonely.execute('SELECT 1').catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'UNAVAILABLE', message: `No server listens at ${address}.` });
    lonely.close();
  });

  test('an address that is none is refused', () => {
    for (const address of ['http://x', 'grpc://', 'grpc://h/path', 'grpc://user@h']) {
      expect(() => connect({ address })).toThrowError(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    }
  });

  test('without a scheme, TLS is left out only on this machine', () => {
    const shown = ['localhost:1', '127.0.0.1', '[::1]:2', 'db.example.com:3', 'grpc://db.example.com'].map(
      (address) => {
        const one = connect({ address });
        one.close();
        return one.address;
      },
    );
    expect(shown).toEqual([
      'grpc://localhost:1',
      'grpc://127.0.0.1:50051',
      'grpc://[::1]:2',
      'grpc+tls://db.example.com:3',
      'grpc://db.example.com:50051',
    ]);
  });
});
