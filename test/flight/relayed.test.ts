import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { FlightCall } from '../../src/flight/flight-call.js';
import type { FlightHandler } from '../../src/flight/handler.js';
import { flightSql, packAny, SYSTEM_ACTION } from '../../src/flight/protocol.js';
import { Sealer } from '../../src/flight/seal.js';
import type { Peer } from '../../src/flight/sql/peers.js';
import type { PolledRuns } from '../../src/flight/sql/polled-runs.js';
import { besideOthers } from '../../src/flight/sql/relayed.js';
import { type StatementTicket, Tickets } from '../../src/flight/sql/tickets.js';

const OWN = 'grpc://one:1';
const owner = { issuer: 'issuer', subject: 'subject', token: 'the token' };
const tickets = new Tickets(new Sealer('a key'), 1000);

function handler(others: string[], runs: string[] = []) {
  const here = {
    continuesPoll: () => true,
    pollFlightInfo: async () => 'polled here',
    doAction: async () => 'acted here',
  } as unknown as FlightHandler;
  const peers = others.map((address) => ({ address, poll: async (token: unknown) => `${address} with ${token}` }));
  return besideOthers(here, {
    peers: { own: OWN, serving: [], others: peers as unknown as Peer[] },
    tickets,
    runs: { has: (id: string) => runs.includes(id) } as PolledRuns,
    system: async (principal, question) => [principal === (owner as never), question],
  });
}

function call(isRelayed = false): FlightCall {
  return { principal: owner, isRelayed, signal: new AbortController().signal } as unknown as FlightCall;
}

function descriptorOf(server: string | undefined, id: string = randomUUID()) {
  const sealed = tickets.issuePoll(owner, { id } as StatementTicket, server);
  return {
    type: 'CMD' as const,
    cmd: packAny(flightSql.TicketStatementQuery, { statement_handle: sealed }),
    path: [],
  };
}

it('passes a poll on to the server that runs the statement, once, with the caller’s token', async () => {
  const { pollFlightInfo } = handler(['grpc://two:1', 'grpc://three:1'], ['known']);
  expect(await pollFlightInfo(call(), descriptorOf('grpc://three:1'))).toBe('grpc://three:1 with the token');
  const here = [descriptorOf(OWN), descriptorOf(undefined), descriptorOf('grpc://three:1', 'known')];
  for (const descriptor of here) expect(await pollFlightInfo(call(), descriptor)).toBe('polled here');
  expect(await pollFlightInfo(call(true), descriptorOf('grpc://three:1'))).toBe('polled here');
});

it('names the server that has gone with the statement', async () => {
  await expect(handler(['grpc://two:1']).pollFlightInfo(call(), descriptorOf('grpc://three:1'))).rejects.toMatchObject({
    code: 'FAILED_PRECONDITION',
    message: expect.stringContaining('grpc://three:1'),
  });
});

it('answers other servers for the caller in whose name they ask', async () => {
  const { doAction } = handler([]);
  const bodies = await doAction(call(true), { type: SYSTEM_ACTION, body: Buffer.from('{"stop":"it"}') });
  expect(bodies.map((body) => JSON.parse(Buffer.from(body).toString()))).toEqual([true, { stop: 'it' }]);
  await expect(doAction(call(true), { type: SYSTEM_ACTION, body: Buffer.from('{') })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
  });
  expect(await doAction(call(), { type: 'CancelQuery', body: new Uint8Array(0) })).toBe('acted here');
});
