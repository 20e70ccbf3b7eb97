import { expect, it } from 'vitest';
import { connect } from '../../src/client/index.js';
import { rowsAsText, startTestServer } from './support/server.js';

it('a server that is stopped takes new connections for the drain delay, and is not ready meanwhile', async () => {
  const { server, token: tokenOf, stop } = await startTestServer({ settings: '[server]\ndrain_delay = "3s"\n' });
  const readiness = async () => (await fetch(`${server.httpUrl}/readyz`)).status;
  await expect.poll(readiness).toBe(200);
  const token = await tokenOf('adminuser');
  const stopped = stop();
  expect(await readiness()).toBe(503);
  const client = connect({ address: server.address, token });
  expect(await rowsAsText(client, 'SELECT 1')).toEqual([['1']]);
  client.close();
  await stopped;
  const late = connect({ address: server.address, token });
  await expect(rowsAsText(late, 'SELECT 1')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  late.close();
});
