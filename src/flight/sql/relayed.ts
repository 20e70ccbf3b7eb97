/** What a server answers with the help of those beside it, or to them. */
import type { Principal } from '../../auth/index.js';
import { SkuaError } from '../../errors.js';
import type { FlightHandler } from '../handler.js';
import type { FlightDescriptor } from '../messages.js';
import { SYSTEM_ACTION } from '../relay.js';
import { openAny } from './any.js';
import { TicketStatementQuery } from './messages.js';
import type { Peers } from './peers.js';
import type { PolledRuns } from './polled-runs.js';
import type { Tickets } from './tickets.js';

/** What this server alone knows, as the principal may see it. */
export type SystemAnswers = (principal: Principal, question: unknown) => Promise<unknown[]>;

interface Parts {
  peers: Peers;
  tickets: Tickets;
  runs: PolledRuns;
  system: SystemAnswers | undefined;
}

/** The handler of a server that passes polls on to the server that runs the statement, and answers for its own part of `system.runtime`. */
export function besideOthers(handler: FlightHandler, { peers, tickets, runs, system }: Parts): FlightHandler {
  return {
    ...handler,

    async pollFlightInfo(call, descriptor) {
      if (call.isRelayed || !handler.continuesPoll(descriptor)) return handler.pollFlightInfo(call, descriptor);
      const { id, server } = tickets.openPoll(call.principal, handleOf(descriptor));
      if (server === undefined || server === peers.own || runs.has(id)) return handler.pollFlightInfo(call, descriptor);
      const peer = peers.others.find(({ address }) => address === server);
      if (peer === undefined) {
        throw new SkuaError(
          'FAILED_PRECONDITION',
          `the server that runs the statement, ${server}, does not serve at this moment, or is not known here; poll again, or start the statement anew`,
        );
      }
      return peer.poll(call.principal.token, descriptor, call.signal);
    },

    async doAction(call, action) {
      if (action.type !== SYSTEM_ACTION || system === undefined) return handler.doAction(call, action);
      const answer = await system(call.principal, questionOf(action.body));
      // Each by itself, for together they may be larger than a message can be.
      return answer.map((entry) => Buffer.from(JSON.stringify(entry), 'utf8'));
    },
  };
}

function handleOf({ cmd }: FlightDescriptor): Uint8Array {
  return TicketStatementQuery.decode(openAny(cmd).value).statement_handle;
}

function questionOf(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'));
  } catch (error) {
    throw new SkuaError('INVALID_ARGUMENT', 'the question of the other server is no JSON', { cause: error });
  }
}
