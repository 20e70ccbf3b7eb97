/**
 * `node bench/connections.mjs [CONNECTIONS]`: gRPC connections that have made one call and are idle then, as drivers' pools hold them, and what the server
 * takes for them. Linux only. A process needs as many open files: `ulimit -n`.
 */
import { readFileSync } from 'node:fs';
import { connect as connectHttp2, constants } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import { startBenchServer } from './support/bench-server.mjs';

const count = Number(process.argv[2] ?? 10_000);
/** Connections that are opened at the same time. */
const AT_ONCE = 50;
/** Until the server has given back what it no longer uses, in milliseconds. */
const REST = 10_000;
const QUESTIONS = 50;
const { HTTP2_HEADER_METHOD, HTTP2_HEADER_PATH } = constants;

const place = await startBenchServer('connections', '[http]\nenabled = false');
const { server, token, client } = place;
const sessions = [];
const figures = { connections: count };
try {
  await look('before');
  const began = performance.now();
  let next = 0;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (next < count) {
        next++;
        sessions.push(await opened());
      }
    }),
  );
  figures.opened = `${Math.round((performance.now() - began) / 1000)} s`;
  await look('idle');
  figures.closedByServer = sessions.filter(({ closed }) => closed).length;
  for (const session of sessions) session.close();
  await look('after');
} finally {
  for (const session of sessions) session.destroy();
  await place.stop();
}
console.log(JSON.stringify(figures, null, 2));

/** A connection whose one call has ended: ListActions. */
async function opened() {
  const session = connectHttp2(`http://${server.address}`);
  session.on('error', () => undefined);
  const call = session.request({
    [HTTP2_HEADER_METHOD]: 'POST',
    [HTTP2_HEADER_PATH]: '/arrow.flight.protocol.FlightService/ListActions',
    'content-type': 'application/grpc',
    te: 'trailers',
    authorization: `Bearer ${token}`,
  });
  call.end(Buffer.alloc(5));
  await new Promise((resolve, reject) => {
    call.on('trailers', (trailers) => {
      const { 'grpc-status': status } = trailers;
      if (status === '0') resolve();
      else reject(new Error(`the call ended with ${status}: ${trailers['grpc-message']}`));
    });
    call.on('error', reject);
    call.on('close', () => reject(new Error('the call had no end')));
    call.resume();
  });
  return session;
}

/** Resident memory of the server's process, and how long another client waits for `SELECT 42`. */
async function look(when) {
  await sleep(REST);
  const times = [];
  for (let question = 0; question < QUESTIONS; question++) {
    const began = performance.now();
    for await (const batch of (await client.execute('SELECT 42')).batches) void batch;
    times.push(performance.now() - began);
  }
  const status = readFileSync(`/proc/${server.pid()}/status`, 'latin1');
  figures[when] = {
    memoryMiB: Math.round(Number(/^RssAnon:\s+(\d+)/m.exec(status)[1]) / 1024),
    medianMs: Math.round(times.sort((a, b) => a - b)[QUESTIONS / 2] * 10) / 10,
  };
}
