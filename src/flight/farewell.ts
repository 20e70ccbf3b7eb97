/** How clients and balancers hear that a server is about to go, before it refuses anything. */
import { constants, type ServerHttp2Session } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Server } from '@grpc/grpc-js';

/** "No stream is refused yet": a client that reads it opens its next stream on another connection (RFC 9113, section 6.8). */
const NO_LAST_STREAM = 2 ** 31 - 1;
const LOOK = 20;

/**
 * Takes no new connection, and asks the clients of those that there are to open another; calls that still come are taken. Resolves once all
 * have left, or after `notice` milliseconds.
 */
export async function announceEnd(server: Server, address: string, notice: number): Promise<void> {
  // Unbinding forgets the connections' listeners, so they are asked for first.
  const listeners = listenersOf(server);
  server.unbind(address);
  for (const { sessions } of listeners) {
    for (const session of sessions) {
      if (!session.destroyed) session.goaway(constants.NGHTTP2_NO_ERROR, NO_LAST_STREAM);
    }
  }
  const isLeft = () => listeners.every(({ sessions }) => sessions.size === 0);
  for (const end = performance.now() + notice; !isLeft() && performance.now() < end; ) await sleep(LOOK);
}

/** grpc-js shows its connections to nobody. */
function listenersOf(server: Server): { sessions: Set<ServerHttp2Session> }[] {
  const { http2Servers } = server as unknown as { http2Servers: Map<unknown, { sessions: Set<ServerHttp2Session> }> };
  return [...http2Servers.values()];
}
