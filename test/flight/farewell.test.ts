import { once } from 'node:events';
import { type ClientHttp2Session, connect } from 'node:http2';
import { connect as dial } from 'node:net';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { announceEnd } from '../../src/flight/farewell.js';

const identity = (bytes: Buffer) => bytes;
const echo = {
  path: '/test/Echo',
  requestStream: false,
  responseStream: false,
  requestSerialize: identity,
  requestDeserialize: identity,
  responseSerialize: identity,
  responseDeserialize: identity,
} as const;

let server: Server;
let port: number;
let client: ClientHttp2Session;
let lastStreams: (number | undefined)[];

beforeEach(async () => {
  server = new Server();
  server.addService(
    { echo },
    {
      echo: ({ request }: { request: Buffer }, answer: (error: null, bytes: Buffer) => void) =>
        setTimeout(() => answer(null, request), 30),
    },
  );
  port = await new Promise((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  client = connect(`http://127.0.0.1:${port}`);
  lastStreams = [];
  client.on('goaway', (_code, last) => lastStreams.push(last));
  await once(client, 'connect');
});
afterEach(() => {
  client.destroy();
  server.forceShutdown();
});

/** The gRPC status of a call, and the number of its stream. */
async function call(): Promise<{ status: unknown; stream: number | undefined }> {
  const headers = { ':method': 'POST', ':path': '/test/Echo', 'content-type': 'application/grpc', te: 'trailers' };
  const stream = client.request(headers);
  let status: unknown;
  stream.on('trailers', (trailers) => {
    status = trailers['grpc-status'];
  });
  stream.on('response', (answered) => {
    status ??= answered['grpc-status'];
  });
  stream.resume();
  stream.end(Buffer.from([0, 0, 0, 0, 1, 7]));
  await once(stream, 'close');
  return { status, stream: stream.id };
}

const isRefused = () =>
  new Promise((resolve) => {
    const socket = dial(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', () => resolve(true));
  });

describe('a server that is about to go', () => {
  it('answers a call on a connection that was idle, and says meanwhile that it is the last one there', async () => {
    await call();
    const gone = announceEnd(server, 60_000);
    await expect.poll(isRefused).toBe(true);
    expect(lastStreams).toEqual([]);
    const { status, stream } = await call();
    expect(status).toBe('0');
    expect(new Set(lastStreams)).toEqual(new Set([stream]));
    client.close();
    await gone;
  });

  it('answers all calls that come together', async () => {
    const gone = announceEnd(server, 60_000);
    await expect.poll(isRefused).toBe(true);
    const calls = await Promise.all(Array.from({ length: 20 }, call));
    expect(calls.map(({ status }) => status)).toEqual(calls.map(() => '0'));
    expect(Math.max(...lastStreams.map(Number))).toBe(Math.max(...calls.map(({ stream }) => Number(stream))));
    client.close();
    await gone;
  });

  it('lets calls that run go on', async () => {
    const running = call();
    const gone = announceEnd(server, 10);
    expect((await running).status).toBe('0');
    await gone;
  });
});
