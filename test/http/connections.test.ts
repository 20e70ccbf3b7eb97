import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { createHttpServer, type HttpServerOptions } from '../../src/http/server.js';

it('connections above the limit are closed at once, and a place that is left can be taken', async () => {
  const limits = { headerBytes: 1024, bodyBytes: 1024, connections: 1, resultRows: 1 };
  const admission = { drained: async () => undefined };
  const server = createHttpServer({ limits, admission } as unknown as HttpServerOptions);
  const port = await server.listen('127.0.0.1', 0);
  const opened = async (): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    return socket;
  };
  const answered = async (socket: Socket) => {
    socket.write('GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n');
    return Promise.race([once(socket, 'data').then(() => true), once(socket, 'close').then(() => false)]);
  };
  const first = await opened();
  expect(await answered(first)).toBe(true);
  expect(await answered(await opened())).toBe(false);
  first.destroy();
  await once(first, 'close');
  let third = await opened();
  // The server hears of the end of the first one a moment later.
  while (!(await answered(third))) third = await opened();
  third.destroy();
  await server.close();
});
