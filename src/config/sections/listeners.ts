/** Where the server listens, and what it shares with those beside it. */
import { z } from 'zod';
import { choice, duration, flag, integer, path, secret, secretList, size, text, url, urlList } from '../keys.js';

/** Schemes of addresses of Flight. */
const GRPC = ['grpc:', 'grpc+tcp:', 'grpc+tls:'];

const tls = z.strictObject({
  certificate: path('PEM file with the server certificate and its chain.').optional(),
  key: path('PEM file with the private key of the certificate.').optional(),
  clientCa: path('PEM file with the authorities whose client certificates are required of every client.').optional(),
});

export const server = z.strictObject({
  host: text('Address to listen on.').prefault('127.0.0.1'),
  port: integer(0, 65535, 'Port to listen on; 0 takes a free one.').prefault(50051),
  allowPlaintext: flag(
    'Listens without TLS on an address that other machines can reach: tokens travel unencrypted unless something in front ends TLS.',
  ).prefault(false),
  locations: urlList(
    'Addresses of this server that are put into every flight endpoint. Without any, clients keep using the connection they have, which is right unless another server shall serve the data.',
    GRPC,
  ).prefault([]),
  maxMetadataSize: size(8192, 'Largest metadata of one call; must hold the largest token.').prefault('64KiB'),
  maxMessageSize: size(65536, 'Largest message that a client may send.').prefault('64MiB'),
  resultCompression: choice(
    ['none', 'lz4', 'zstd'],
    'How record batches of results are compressed for clients that do not say it themselves in the header `skua-compression`. Pays where the network is slower than the processor; every client has to know the codec. `zstd` needs Node.js 22.15.',
  ).prefault('none'),
  drainDelay: duration(
    { minimum: '0s', maximum: '5m' },
    'How long the server goes on as before after SIGTERM, new connections included, and says only that it is not ready. For balancers that send new connections until they have looked at that, and for Kubernetes, which tells nodes and pods at the same time.',
  ).prefault('0s'),
  drainTimeout: duration(
    { minimum: '0s', maximum: '1h' },
    'How long running statements may go on after SIGTERM.',
  ).prefault('30s'),
  drainNotice: duration(
    { minimum: '0s', maximum: '5m' },
    'How long calls are still taken after SIGTERM, the next one of each connection as its last: with the answer, clients and balancers are told to open another, so that none of them is refused. It ends as soon as they have left.',
  ).prefault('1s'),
  warmUp: flag(
    'Run some statements over a table in memory before the port is opened, so that the first client does not wait for what a process does once. The start takes about 0.4 seconds longer by it.',
  ).prefault(true),
  pidFile: path('File that holds the process id of the server while it runs, for `skua reload`.').optional(),
  maxConnectionAge: duration(
    { minimum: '10s', maximum: '30d' },
    'A gRPC connection that is older takes no new call, and its client opens another; calls under way go on for `drain_timeout`. Without it, connections live on. Of use behind a balancer.',
  ).optional(),
  maxConnectionIdle: duration(
    { minimum: '1s', maximum: '30d' },
    'A gRPC connection without a call for so long is closed.',
  ).prefault('1h'),
  tls: tls.prefault({}),
});

const mcp = z.strictObject({
  enabled: flag('Serves agents by the Model Context Protocol, at `/mcp`. They only read.').prefault(true),
  maxRows: integer(1, 10_000, 'Rows of one answer to an agent.').prefault(1000),
  maxAnswerSize: size(
    1024,
    'Values of one answer to an agent, as JSON; further rows are left out, and the answer says so.',
  ).prefault('256KiB'),
  maxScanSize: size(
    0,
    'Data files that a statement of an agent may plan to read; one that would read more is refused before it runs.',
  ).prefault('10GiB'),
});

export const http = z.strictObject({
  enabled: flag('Listens for HTTP too: statements, health, metrics.').prefault(true),
  host: text('Address to listen on for HTTP.').prefault('127.0.0.1'),
  port: integer(
    0,
    65535,
    'Port to listen on for HTTP; 0 takes a free one. Without it, 50080, or a free one where that is taken.',
  ).optional(),
  allowPlaintext: flag(
    'Speaks plain HTTP although `server.tls` is set, or on an address that other machines can reach: tokens travel unencrypted unless something in front ends TLS.',
  ).prefault(false),
  allowedOrigins: urlList(
    'Origins, such as `https://tools.example.com`, of pages that may call the server from a browser. Without any, only its own pages may.',
    ['https:', 'http:'],
  ).prefault([]),
  console: flag('Serves the console for browsers, at `/console/`.').prefault(true),
  mcp: mcp.prefault({}),
  maxBodySize: size(65536, 'Largest body of a request over HTTP.').prefault('16MiB'),
  maxConnections: integer(1, 1_000_000, 'Connections over HTTP at the same time; more are closed at once.').prefault(
    10_000,
  ),
});

export const tickets = z.strictObject({
  key: secret(
    'Key that signs tickets. Without it, a random one at each start; several servers behind one address need the same.',
    32,
  ).optional(),
  previousKeys: secretList(
    'Keys that signed tickets before, newest first: what they signed is still taken, and nothing more is signed with them. To change the key, put the old one here until `limits.ticket_lifetime` is over.',
    32,
  ).prefault([]),
});

export const cluster = z.strictObject({
  address: url(
    'Where clients and the other servers reach this one, such as `grpc+tls://skua-0.skua:50051`. Needed for all else here.',
    GRPC,
  ).optional(),
  servers: urlList('Addresses of all servers; this one may be among them.', GRPC).prefault([]),
  discover: url(
    'A URL whose host name has one address for each server, as a headless Service of Kubernetes has: `grpc://skua-headless:50051`.',
    GRPC,
  ).optional(),
  ca: path(
    'PEM file with the authorities that the certificates of the other servers are checked against, instead of those of the system. Where they ask for a client certificate (`server.tls.client_ca`), this server shows its own.',
  ).optional(),
  divideFrom: size(
    0,
    'Queries that take each row of one table by itself are divided among the servers where the data files of the table hold so much: clients get an endpoint at each.',
  ).prefault('64MiB'),
});
