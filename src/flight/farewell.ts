/** How clients and balancers hear that a server is about to go, before it refuses anything. */
import {
  constants,
  type Http2Server,
  type Http2Session,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Server } from '@grpc/grpc-js';
import { shortTurn } from '../short-turn.js';

const LOOK = 20;

/**
 * Takes no new connection, and takes the next call of each that there is as its last: while a balancer waits for the answer, it sends nothing
 * else over the connection that could get lost, and so hears then that it is to use another one (RFC 9113, section 6.8). Resolves once all clients
 * have left, or after `notice` milliseconds.
 */
export async function announceEnd(server: Server, notice: number): Promise<void> {
  const listeners = listenersOf(server);
  await shortTurn();
  for (const [listener] of listeners) {
    listener.on('stream', ({ session }: ServerHttp2Stream) => leave(session));
    // What grpc-js has for this closes the connections as well, and refuses the calls that are on their way.
    listener.close();
  }
  const isLeft = () => listeners.every(([, { sessions }]) => sessions.size === 0);
  for (const end = performance.now() + notice; !isLeft() && performance.now() < end; ) await sleep(LOOK);
}

/** Once all calls that came together are known: those that come later are none of this server's. */
async function leave(session: Http2Session | undefined): Promise<void> {
  await nextTurn();
  if (session && !session.destroyed && !session.closed) session.goaway(constants.NGHTTP2_NO_ERROR);
}

type Listeners = Map<Http2Server, { sessions: Set<ServerHttp2Session> }>;

/** grpc-js shows its connections to nobody. */
function listenersOf(server: Server): [Http2Server, { sessions: Set<ServerHttp2Session> }][] {
  return [...(server as unknown as { http2Servers: Listeners }).http2Servers];
}
