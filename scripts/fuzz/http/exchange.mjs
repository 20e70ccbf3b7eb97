/** One request as bytes over a connection of its own, and what comes back. */
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long the server may take for the first byte of an answer, and to let go of a connection that its client has ended, in milliseconds. */
const PATIENCE = 20_000;
/** Nothing more is expected after so long a silence, in milliseconds. */
const SILENCE = 250;
/** More of an answer is not kept, in bytes. */
const KEPT = 1 << 20;

/**
 * `{ answer, isLate }`: the bytes that came until the connection was closed, and whether patience ended first. `pieces` are written one after the other;
 * `isWhole`: the request can't be taken for one whose rest is still to come, so an answer has to come. `isCut`: the client goes away at once.
 */
export function exchange(port, { pieces, isWhole, isCut }) {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const received = [];
    let bytes = 0;
    let silence;
    const patience = setTimeout(() => finish(true), PATIENCE);

    function finish(isLate) {
      clearTimeout(patience);
      clearTimeout(silence);
      socket.destroy();
      resolve({ answer: Buffer.concat(received), isLate });
    }

    function listen() {
      clearTimeout(silence);
      if (isWhole && bytes === 0) return;
      silence = setTimeout(() => socket.end(), SILENCE);
    }

    socket.on('data', (piece) => {
      if (bytes < KEPT) received.push(piece);
      bytes += piece.length;
      listen();
    });
    socket.on('end', () => socket.end());
    // The server may refuse while the request is still being sent.
    socket.on('error', () => undefined);
    socket.on('close', () => finish(false));
    socket.on('connect', async () => {
      for (const piece of pieces) {
        if (socket.destroyed) return;
        socket.write(piece);
        if (pieces.length > 1) await sleep(1);
      }
      if (isCut) socket.destroy();
      else listen();
    });
  });
}

/** `{ status, head, body }` of an answer's bytes; undefined where they are none. The body's chunks are joined. */
export function parseAnswer(bytes) {
  const text = bytes.toString('latin1');
  const end = text.indexOf('\r\n\r\n');
  const status = /^HTTP\/1\.1 (\d{3})/.exec(text)?.[1];
  if (status === undefined || end === -1) return undefined;
  const head = text.slice(0, end);
  // An interim answer stands before the other one.
  if (status === '100') return parseAnswer(bytes.subarray(end + 4)) ?? { status: 100, head, body: '' };
  const rest = text.slice(end + 4);
  // What follows answers what the server took for another request.
  const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? rest.length);
  const body = /^transfer-encoding: chunked/im.test(head) ? unchunked(rest) : rest.slice(0, length);
  return { status: Number(status), head, body };
}

function unchunked(text) {
  let body = '';
  for (let at = 0; ; ) {
    const end = text.indexOf('\r\n', at);
    const size = Number.parseInt(text.slice(at, end), 16);
    if (end === -1 || !(size > 0)) return body;
    body += text.slice(end + 2, end + 2 + size);
    at = end + 2 + size + 2;
  }
}
