/** From Flight's RPCs to Flight SQL's typed methods: unpacks the Any, and holds no logic of its own. */
import type { Schema } from 'apache-arrow';
import { encodeSchema, rowsToBatch } from '../../arrow/index.js';
import { SkuaError } from '../../errors.js';
import type { FlightCall } from '../flight-call.js';
import type { FlightHandler } from '../handler.js';
import type { FlightDescriptor, FlightEndpoint, FlightInfo, PollInfo } from '../messages.js';
import type { Codec } from '../proto.js';
import { actionTypes, doAction } from './actions.js';
import { openAny, type PackedMessage, packAny } from './any.js';
import { endpoint, timestampOf } from './endpoint.js';
import { type FlightSql, type PlannedResult, type PolledResult, unimplemented } from './flight-sql.js';
import * as sql from './messages.js';
import { metadataResult } from './metadata-results.js';
import { shareLocations } from './peers.js';
import { each } from './statements.js';

const SUBSTRAIT = sql.CommandStatementSubstraitPlan.typeName;

export function dispatcher(service: FlightSql, locations: readonly string[]): FlightHandler {
  async function plan(call: FlightCall, descriptor: FlightDescriptor): Promise<FlightInfo> {
    const planned = await planOf(service, call, commandOf(descriptor), descriptor.cmd);
    const { schema, ticket, expires, shares = [] } = planned;
    if (shares.length === 0) return flightInfo(schema, descriptor, [endpoint(ticket, expires, locations)]);
    const endpoints = shares.map(({ server, ticket: share }) =>
      endpoint(packTicket(share), expires, shareLocations(server, locations)),
    );
    return { ...flightInfo(schema, descriptor, endpoints), ordered: false };
  }

  return {
    actions: actionTypes,

    getFlightInfo: plan,

    async pollFlightInfo(call, descriptor) {
      const command = commandOf(descriptor);
      const { typeName, value } = command;
      if (typeName === sql.TicketStatementQuery.typeName) {
        return pollInfo(await service.pollStatement(call, sql.TicketStatementQuery.decode(value)), locations);
      }
      const planned = await plannedStatement(service, call, command);
      if (planned !== undefined) return pollInfo(await service.startStatement(call, planned, descriptor), locations);
      return { info: await plan(call, descriptor), flight_descriptor: null, progress: 1, expiration_time: null };
    },

    continuesPoll({ type, cmd }) {
      if (type !== 'CMD') return false;
      try {
        return openAny(cmd).typeName === sql.TicketStatementQuery.typeName;
      } catch {
        // The call itself says what is wrong with the descriptor.
        return false;
      }
    },

    getSchema: (call, descriptor) => schemaOf(service, call, commandOf(descriptor)),

    async doGet(call, ticket) {
      const { typeName, value } = openAny(ticket);
      switch (typeName) {
        case sql.TicketStatementQuery.typeName:
          return service.streamStatement(call, sql.TicketStatementQuery.decode(value));
        case sql.CommandPreparedStatementQuery.typeName:
          return service.streamPreparedStatement(call, sql.CommandPreparedStatementQuery.decode(value));
      }
      const metadata = metadataResult(typeName, value);
      if (metadata === undefined) throw notExpected(typeName, 'a ticket');
      call.report.statement = shortName(typeName);
      const rows = await metadata.rows(service, call);
      const batches = rows.length === 0 ? [] : [rowsToBatch(metadata.schema, rows)];
      return { schema: metadata.schema, batches: each(batches) };
    },

    async doPut(call, stream) {
      const { typeName, value } = commandOf(stream.descriptor);
      const decode = <T>(codec: Codec<T>): T => codec.decode(value);
      switch (typeName) {
        case sql.CommandStatementUpdate.typeName:
          return updated(await service.updateStatement(call, decode(sql.CommandStatementUpdate)));
        case sql.CommandPreparedStatementUpdate.typeName:
          return updated(
            await service.updatePreparedStatement(call, decode(sql.CommandPreparedStatementUpdate), stream),
          );
        case sql.CommandStatementIngest.typeName:
          return updated(await service.ingest(call, decode(sql.CommandStatementIngest), stream));
        case sql.CommandPreparedStatementQuery.typeName: {
          const command = decode(sql.CommandPreparedStatementQuery);
          const handle = await service.bindPreparedStatement(call, command, stream);
          return sql.DoPutPreparedStatementResult.encode({ prepared_statement_handle: handle });
        }
      }
      throw notExpected(typeName, 'a command for DoPut');
    },

    doAction: (call, action) => doAction(service, call, action),
  };
}

type Planned = Omit<PlannedResult, 'expires'> & { expires?: number };

async function planOf(service: FlightSql, call: FlightCall, command: PackedMessage, cmd: Uint8Array): Promise<Planned> {
  const statement = await plannedStatement(service, call, command);
  if (statement !== undefined) return { ...statement, ticket: packTicket(statement.ticket) };
  const { typeName, value } = command;
  const metadata = metadataResult(typeName, value);
  if (metadata === undefined) throw notExpected(typeName, 'a command for GetFlightInfo');
  call.report.statement = shortName(typeName);
  return { schema: metadata.schema, ticket: cmd };
}

async function schemaOf(service: FlightSql, call: FlightCall, { typeName, value }: PackedMessage): Promise<Schema> {
  switch (typeName) {
    case sql.CommandStatementQuery.typeName:
      return service.describeStatement(call, sql.CommandStatementQuery.decode(value));
    case sql.CommandPreparedStatementQuery.typeName:
      return service.describePreparedStatement(call, sql.CommandPreparedStatementQuery.decode(value));
  }
  const metadata = metadataResult(typeName, value);
  if (metadata === undefined) throw notExpected(typeName, 'a command for GetSchema');
  call.report.statement = shortName(typeName);
  return metadata.schema;
}

/** Undefined for a command that is no statement. */
async function plannedStatement(
  service: FlightSql,
  call: FlightCall,
  { typeName, value }: PackedMessage,
): Promise<PlannedResult | undefined> {
  switch (typeName) {
    case sql.CommandStatementQuery.typeName:
      return service.planStatement(call, sql.CommandStatementQuery.decode(value));
    case sql.CommandPreparedStatementQuery.typeName:
      return service.planPreparedStatement(call, sql.CommandPreparedStatementQuery.decode(value));
  }
  return undefined;
}

function flightInfo(schema: Schema, descriptor: FlightDescriptor, endpoints: FlightEndpoint[]): FlightInfo {
  return {
    schema: encodeSchema(schema),
    flight_descriptor: descriptor,
    endpoint: endpoints,
    total_records: '-1',
    total_bytes: '-1',
    ordered: true,
    app_metadata: new Uint8Array(0),
  };
}

/** Its result waits at the server that runs it; any other one answers for the ticket too, but runs the query anew. The endpoint comes once the result can be fetched; until then the ticket is in `app_metadata`, so that the flight can be cancelled. */
function pollInfo(polled: PolledResult, locations: readonly string[]): PollInfo {
  const { complete, schema, descriptor, progress, server } = polled;
  const ticket = packTicket(polled.ticket);
  if (complete) {
    const where = server === undefined ? locations : shareLocations(server, locations);
    const info = flightInfo(schema, descriptor, [endpoint(ticket, polled.expires, where)]);
    return { info, flight_descriptor: null, progress: 1, expiration_time: timestampOf(polled.expires) };
  }
  return {
    info: { ...flightInfo(schema, descriptor, []), app_metadata: ticket },
    flight_descriptor: { type: 'CMD', cmd: packTicket(polled.poll), path: [] },
    ...(progress === undefined ? {} : { progress }),
    expiration_time: timestampOf(polled.pollExpires),
  };
}

function packTicket(sealed: Uint8Array): Uint8Array {
  return packAny(sql.TicketStatementQuery, { statement_handle: sealed });
}

function commandOf(descriptor: FlightDescriptor): PackedMessage {
  if (descriptor.type !== 'CMD') {
    throw new SkuaError('INVALID_ARGUMENT', 'this is a Flight SQL server: expected a descriptor with a command');
  }
  return openAny(descriptor.cmd);
}

function updated(count: number): Uint8Array {
  return sql.DoPutUpdateResult.encode({ record_count: String(count) });
}

function notExpected(typeName: string, what: string): SkuaError {
  if (typeName === SUBSTRAIT) return unimplemented('Substrait');
  return new SkuaError('INVALID_ARGUMENT', `${shortName(typeName)} is not ${what}`);
}

function shortName(typeName: string): string {
  return typeName.slice(typeName.lastIndexOf('.') + 1);
}
