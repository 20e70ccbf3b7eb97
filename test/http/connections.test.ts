import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { createHttpServer, type HttpServerOptions } from '../../src/http/server.js';

function serverOf(connections: number) {
  const limits = { headerBytes: 1024, bodyBytes: 1024, connections, resultRows: 1 };
  const admission = { drained: async () => undefined };
  return createHttpServer({ limits, admission } as unknown as HttpServerOptions);
}

async function openTo(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

const REQUEST = 'GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n';

async function answerOver(socket: Socket): Promise<string> {
  socket.write(REQUEST);
  return String((await once(socket, 'data'))[0]);
}

it('a server that is about to go answers on connections that were idle, and says that it was the last time', async () => {
  const server = serverOf(10);
  const port = await server.listen('127.0.0.1', 0);
  const first = await openTo(port);
  expect(await answerOver(first)).toMatch(/^HTTP\/1.1 404.*keep-alive/s);
  const left = server.leave(60_000);
  const second = await openTo(port);
  for (const socket of [first, second]) {
    const closed = once(socket, 'close');
    expect(await answerOver(socket)).toMatch(/^HTTP\/1.1 404.*connection: close/is);
    await closed;
  }
  await left;
  await expect(openTo(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  await server.close();
});

it('connections above the limit are closed at once, and a place that is left can be taken', async () => {
  const server = serverOf(1);
  const port = await server.listen('127.0.0.1', 0);
  const answered = async (socket: Socket) => {
    socket.write(REQUEST);
    return Promise.race([once(socket, 'data').then(() => true), once(socket, 'close').then(() => false)]);
  };
  const first = await openTo(port);
  expect(await answered(first)).toBe(true);
  expect(await answered(await openTo(port))).toBe(false);
  first.destroy();
  await once(first, 'close');
  let third = await openTo(port);
  // The server hears of the end of the first one a moment later.
  while (!(await answered(third))) third = await openTo(port);
  third.destroy();
  await server.close();
});
