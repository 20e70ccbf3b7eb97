/** A way to a server on which connections are cut or stall at random instants, as networks and clients have it. */
import { connect, createServer } from 'node:net';

/** How long a connection stalls, in milliseconds. */
const STALL = 1_500;

/**
 * `{ port, counts, calm(), resume(), close() }`: passes connections on to `target`, a port of this machine. About every `pause` milliseconds one of them, chosen by
 * `random`, is reset on both sides, or passes nothing for a while, until `calm`.
 */
export async function startCuts({ target, pause, random }) {
  const counts = { cut: 0, stalled: 0 };
  const pairs = new Set();
  let timer;

  const server = createServer((incoming) => {
    const onward = connect(target, '127.0.0.1');
    const pair = [incoming, onward];
    pairs.add(pair);
    for (const [own, other] of [pair, [onward, incoming]]) {
      own.setNoDelay(true);
      own.pipe(other);
      // What one side sees of an end, the other shall see.
      own.on('error', () => other.destroy());
      own.on('close', () => {
        other.destroy();
        pairs.delete(pair);
      });
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));

  function harm() {
    const all = [...pairs];
    const pair = all[Math.floor(random() * all.length)];
    if (pair !== undefined) {
      if (random() < 0.7) {
        counts.cut++;
        for (const socket of pair) socket.resetAndDestroy();
      } else {
        counts.stalled++;
        for (const socket of pair) socket.pause();
        setTimeout(() => pair.forEach((socket) => void socket.resume()), STALL).unref();
      }
    }
    again();
  }

  function again() {
    timer = setTimeout(harm, random() * 2 * pause);
    timer.unref();
  }

  again();
  return {
    port: server.address().port,
    counts,
    calm: () => clearTimeout(timer),
    /** Harms again after it was calm. */
    resume: again,
    async close() {
      clearTimeout(timer);
      for (const pair of pairs) for (const socket of pair) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
