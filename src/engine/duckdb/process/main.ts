/**
 * An engine process: DuckDB, and nothing of the server. It is started by the server, speaks with it over descriptor 3, shares the memory of
 * descriptors 4 (its own batches) and 5 (the server's) where there is any, and ends when the server does.
 */
import { Socket } from 'node:net';
import { Arena, Channel, type Command, mapSharedFile, type Report } from '../protocol/index.js';
import { settingsFrom } from '../protocol/process-settings.js';
import { endProcess, noCoreFiles } from './native/library.js';
import { endWithParent } from './parent.js';
import { RequestHandler } from './request-handler.js';

const CHANNEL = 3;
const OWN_MEMORY = 4;
const SERVER_MEMORY = 5;

const { parent, memory, ownBytes, serverBytes } = settingsFrom(process.argv[2]);
// A core file would hold what users read.
noCoreFiles();
endWithParent(parent);
// Signals for the whole process group are for the server, which drains first.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
process.on('SIGHUP', () => undefined);

const own = ownBytes > 0 ? mapSharedFile(OWN_MEMORY, ownBytes) : undefined;
const servers = serverBytes > 0 ? mapSharedFile(SERVER_MEMORY, serverBytes) : undefined;

const handler = RequestHandler.open({ memory, arena: own && new Arena(own), serverMemory: servers });
const channel = new Channel(
  new Socket({ fd: CHANNEL, readable: true, writable: true }),
  // The server is who started this process; its messages are typed where they are made.
  (message) => void handler.then((ready) => ready.take(message as Command)),
  () => endProcess(),
);
const outlet = { send: (message: Report) => channel.send(message), drained: () => channel.drained() };
handler.then(
  (ready) => {
    ready.speakTo(outlet);
    outlet.send({ kind: 'ready', sharesMemory: own !== undefined && servers !== undefined });
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
