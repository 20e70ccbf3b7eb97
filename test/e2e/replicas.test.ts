import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parts, startBalancer } from '../../scripts/real/index.mjs';
import { connect, type FlightSqlClient } from '../../src/client/index.js';
import type { RunningServer } from '../../src/server/index.js';
import { type Replicas, startReplicas } from './support/replicas.js';
import { rowsAsText } from './support/server.js';

let replicas: Replicas;
let servers: RunningServer[];
beforeAll(async () => {
  replicas = await startReplicas();
  servers = await Promise.all([replicas.another(), replicas.another(), replicas.another()]);
});
afterAll(() => replicas?.stop());

describe.skipIf(parts.nginx.find().missing !== undefined)('three servers behind NGINX', () => {
  let balancer: Awaited<ReturnType<typeof startBalancer>>;
  let client: FlightSqlClient;
  beforeAll(async () => {
    balancer = await startBalancer(servers.map(({ port }) => port));
    const address = `grpc://127.0.0.1:${balancer.port}`;
    client = connect({ address, token: await replicas.stack.token('adminuser') });
    await client.executeUpdate('CREATE TABLE numbers AS SELECT range AS n FROM range(100)');
  });
  afterAll(async () => {
    client?.close();
    await balancer?.stop();
  });

  const rows = (sql: string) => rowsAsText(client, sql);

  it('know what a client chose with USE and SET, whichever of them answers', async () => {
    await client.executeUpdate('CREATE SCHEMA elsewhere');
    await client.executeUpdate('CREATE TABLE elsewhere.here (a INTEGER)');
    await client.executeUpdate('USE elsewhere');
    await client.executeUpdate("SET remove_orphan_files_min_retention = '7d'");
    for (let call = 0; call < 6; call++) {
      expect(await rows('SELECT current_schema()')).toEqual([['elsewhere']]);
      expect(await rows('SELECT count(*) FROM here')).toEqual([['0']]);
      expect(await rows('SHOW remove_orphan_files_min_retention')).toEqual([['7d']]);
    }
    await client.executeUpdate('USE demo');
    expect(await rows('SELECT current_schema()')).toEqual([['demo']]);
  });

  it('take what another one has prepared, bound, planned or begun to change', async () => {
    const prepared = await client.prepare('SELECT count(*) FROM numbers WHERE n < ?');
    for (const below of [1n, 50n, 100n, 1000n]) {
      const result = await prepared.execute({ parameters: [below] });
      const counted: unknown[] = [];
      for await (const row of result.rows()) counted.push(Object.values(row)[0]);
      expect(counted).toEqual([below < 100n ? below : 100n]);
    }
    await prepared.close();
    for (let call = 0; call < 4; call++)
      expect(await client.executeUpdate('INSERT INTO numbers VALUES (1000)')).toBe(1);
    expect(await rows('SELECT count(*) FROM numbers WHERE n = 1000')).toEqual([['4']]);
  });

  it('say what only one of them has, and change nothing outside of a transaction that was begun', async () => {
    await client.executeUpdate('BEGIN');
    const inside = await client.executeUpdate('DELETE FROM numbers').then(
      () => 'deleted',
      (error: Error) => error.message,
    );
    expect(inside).toContain('the open transaction can not be found here');
    expect(await rows('SELECT count(*) >= 100 FROM numbers')).toEqual([['true']]);
  });

  it('are stopped without a statement that one of them refuses', async () => {
    const stopped = replicas.leave(0);
    let isStopped = false;
    void stopped.then(() => {
      isStopped = true;
    });
    // NGINX sends no call twice: one that it had sent on in the instant in which the server left is answered by itself, with 502.
    let lost = 0;
    const orLost = (error: Error) => {
      if (!error.message.includes('HTTP status code 502') || ++lost > 1) throw error;
      return [['1']];
    };
    do expect(await rows('SELECT 1').catch(orLost)).toEqual([['1']]);
    while (!isStopped);
    await stopped;
    for (let call = 0; call < 4; call++) expect(await rows('SELECT 2')).toEqual([['2']]);
  });
});
