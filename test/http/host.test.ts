import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { calledHost } from '../../src/http/host.js';

function called(host: string | undefined, local: { localAddress?: string; localPort?: number } = {}) {
  const socket = new Socket();
  Object.defineProperties(socket, {
    localAddress: { value: local.localAddress ?? '10.0.0.1' },
    localPort: { value: local.localPort ?? 50080 },
  });
  const incoming = new IncomingMessage(socket);
  if (host !== undefined) incoming.headers.host = host;
  return calledHost(incoming);
}

it.each([
  ['lake.example.com', 'lake.example.com'],
  ['lake.example.com:50080', 'lake.example.com'],
  ['127.0.0.1:50080', '127.0.0.1'],
  ['[::1]:50080', '[::1]'],
  ['my_host', 'my_host'],
])('%s is what the client calls the machine', (host, hostname) => {
  expect(called(host)).toEqual({ host, hostname });
});

it.each([
  undefined,
  '',
  'a b',
  'a", error="x',
  'user@host',
  'host/path?query',
  'host:port',
  '[::1',
  `eyJhbGciOiJSUzI1NiJ9.${'x'.repeat(300)}.${'y'.repeat(340)}`,
  'a.'.repeat(200),
])('%s is no host, and not repeated', (host) => {
  expect(called(host)).toEqual({ host: '10.0.0.1:50080', hostname: '10.0.0.1' });
  expect(called(host, { localAddress: '::1' }).host).toBe('[::1]:50080');
});
