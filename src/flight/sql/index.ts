/** Flight SQL over the statement service. */
import { SkuaError } from '../../errors.js';
import type { IngestTarget, StatementService } from '../../query/contract.js';
import type { FlightCall } from '../flight-call.js';
import type { FlightHandler } from '../handler.js';
import type { FlightInfo } from '../messages.js';
import type { PutStream } from '../put-stream.js';
import type { Sealer } from '../seal.js';
import { openAny, packAny } from './any.js';
import { Bindings } from './bindings.js';
import { withinCommandSize } from './command-size.js';
import { dispatcher } from './dispatch.js';
import { endpoint } from './endpoint.js';
import { Executions } from './executions.js';
import { type FlightSql, unimplementedFlightSql } from './flight-sql.js';
import { Handles } from './handles.js';
import { type CommandStatementIngest, TicketStatementQuery } from './messages.js';
import { metadataCommands } from './metadata.js';
import { cancelElsewhere, type Dividing, type Peers, shareLocations } from './peers.js';
import { PolledRuns, type PolledRunsOptions } from './polled-runs.js';
import { besideOthers, type SystemAnswers } from './relayed.js';
import { sessionActions } from './session-options.js';
import { statementCommands, transactionId } from './statements.js';
import { Tickets } from './tickets.js';

export type { Dividing, SystemAnswers };

export interface FlightSqlOptions {
  statements: StatementService;
  sealer: Sealer;
  version: string;
  locations: readonly string[];
  /** In milliseconds, as are the others. */
  ticketLifetime: number;
  preparedStatementIdleTimeout: number;
  statementTimeout: number;
  /** Longest text of a statement, in bytes. */
  statementBytes: number;
  /** Bound parameters of one principal that the server keeps, in bytes. */
  parameterBytes: number;
  polling: PolledRunsOptions;
  /** Where the server does not stand alone. */
  dividing?: Dividing | undefined;
  /** What it tells the servers beside it in the name of a caller. */
  system?: SystemAnswers | undefined;
}

export function createFlightSqlHandler(options: FlightSqlOptions): FlightHandler {
  const { statements, sealer, preparedStatementIdleTimeout: idleTimeout, parameterBytes } = options;
  const tickets = new Tickets(sealer, options.ticketLifetime);
  const executions = new Executions();
  const runs = new PolledRuns(options.polling);
  const peers = options.dividing?.peers;
  const service: FlightSql = {
    ...unimplementedFlightSql,
    ...statementCommands({
      statements,
      tickets,
      executions,
      runs,
      handles: new Handles(sealer, idleTimeout),
      bindings: new Bindings({ bytesPerPrincipal: parameterBytes, idleTimeout }),
      parameterBytes,
      dividing: options.dividing,
    }),
    ...metadataCommands(statements.metadata, options),
    ...sessionActions(statements),
    ...transactionActions(statements),
    ...flightActions({ tickets, executions, peers }, options.locations),
    ingest: (call, command, stream) => ingest(statements, call, command, stream),
  };
  const handler = dispatcher(service, options.locations);
  const relaying =
    peers === undefined ? handler : besideOthers(handler, { peers, tickets, runs, system: options.system });
  return withinCommandSize(relaying, options.statementBytes);
}

function transactionActions(statements: StatementService): Pick<FlightSql, 'beginTransaction' | 'endTransaction'> {
  return {
    beginTransaction: async (call) => Buffer.from(await statements.begin(call), 'utf8'),
    async endTransaction(call, { transaction_id, action }) {
      const transaction = transactionId(transaction_id);
      if (transaction === undefined) throw new SkuaError('INVALID_ARGUMENT', 'the transaction id is missing');
      switch (action) {
        case 'END_TRANSACTION_COMMIT':
          return statements.commit(call, transaction);
        case 'END_TRANSACTION_ROLLBACK':
          return statements.rollback(call, transaction);
        default:
          throw new SkuaError('INVALID_ARGUMENT', 'EndTransaction must say whether to commit or to roll back');
      }
    },
  };
}

function flightActions(
  { tickets, executions, peers }: { tickets: Tickets; executions: Executions; peers: Peers | undefined },
  locations: readonly string[],
): Pick<FlightSql, 'cancelFlightInfo' | 'renewFlightEndpoint'> {
  return {
    /** Metadata flights have nothing to stop. */
    async cancelFlightInfo(call, info) {
      const sealed = ticketsOf(info).flatMap((ticket) => statementHandle(ticket) ?? []);
      const opened = sealed.map((handle) => tickets.open(call.principal, handle));
      const isElsewhere = !call.isRelayed && opened.some(({ ticket }) => !executions.isKnown(ticket.id));
      const elsewhere = isElsewhere ? cancelElsewhere(peers, call.principal.token, info) : undefined;
      const known = opened.map(({ ticket }) => executions.isKnown(ticket.id));
      const here = await Promise.all(opened.map(({ ticket, expires }) => executions.cancel(ticket.id, expires)));
      const told = await elsewhere;
      // Of what never came here, whoever has it says more.
      const statuses = told === undefined ? here : [told, ...here.filter((_, index) => known[index])];
      if (statuses.includes('CANCEL_STATUS_CANCELLING')) return 'CANCEL_STATUS_CANCELLING';
      return statuses.includes('CANCEL_STATUS_CANCELLED') ? 'CANCEL_STATUS_CANCELLED' : 'CANCEL_STATUS_NOT_CANCELLABLE';
    },

    async renewFlightEndpoint(call, renewed) {
      const handle = statementHandle(renewed.ticket?.ticket);
      // The tickets of metadata commands never expire.
      if (handle === undefined) return renewed;
      const { ticket, sealed, expires } = tickets.renew(call.principal, handle);
      executions.extend(ticket.id, expires);
      const server = ticket.share?.servers[ticket.share.index];
      const places = server === undefined ? locations : shareLocations(server, locations);
      return endpoint(packAny(TicketStatementQuery, { statement_handle: sealed }), expires, places);
    },
  };
}

/** The tickets of a flight. One that is still polled has no endpoint yet, but says which ticket it will have. */
function ticketsOf({ endpoint: endpoints, app_metadata }: FlightInfo): Uint8Array[] {
  if (endpoints.length === 0 && app_metadata.byteLength > 0) return [app_metadata];
  return endpoints.flatMap(({ ticket }) => (ticket === null ? [] : [ticket.ticket]));
}

/** The sealed part of a statement's ticket; undefined for another kind of ticket. */
function statementHandle(ticket: Uint8Array | undefined): Uint8Array | undefined {
  if (ticket === undefined) return undefined;
  const { typeName, value } = openAny(ticket);
  return typeName === TicketStatementQuery.typeName ? TicketStatementQuery.decode(value).statement_handle : undefined;
}

async function ingest(
  statements: StatementService,
  call: FlightCall,
  command: CommandStatementIngest,
  stream: PutStream,
): Promise<number> {
  call.report.statement = 'INGEST';
  const target = ingestTarget(command);
  const schema = await stream.schema();
  if (schema === undefined) throw new SkuaError('INVALID_ARGUMENT', 'bulk ingest needs a schema');
  const rows = await statements.ingest(call, target, schema, stream.batches());
  call.report.rows = rows;
  return rows;
}

/** What is left unspecified fails; leaving both unspecified: INVALID_ARGUMENT. */
function ingestTarget(command: CommandStatementIngest): IngestTarget {
  const { if_not_exist: ifNotExist, if_exists: ifExists } = command.table_definition_options ?? {};
  const unspecified =
    (ifNotExist ?? 'TABLE_NOT_EXIST_OPTION_UNSPECIFIED') === 'TABLE_NOT_EXIST_OPTION_UNSPECIFIED' &&
    (ifExists ?? 'TABLE_EXISTS_OPTION_UNSPECIFIED') === 'TABLE_EXISTS_OPTION_UNSPECIFIED';
  if (unspecified) {
    throw new SkuaError(
      'INVALID_ARGUMENT',
      'bulk ingest must say what to do where the table exists and where it does not (table_definition_options)',
    );
  }
  if (command.table === '') throw new SkuaError('INVALID_ARGUMENT', 'bulk ingest needs the name of a table');
  const transaction = transactionId(command.transaction_id);
  return {
    table: command.table,
    temporary: command.temporary,
    ifNotExists: ifNotExist === 'TABLE_NOT_EXIST_OPTION_CREATE' ? 'create' : 'fail',
    ifExists:
      ifExists === 'TABLE_EXISTS_OPTION_APPEND'
        ? 'append'
        : ifExists === 'TABLE_EXISTS_OPTION_REPLACE'
          ? 'replace'
          : 'fail',
    ...(command.catalog ? { catalog: command.catalog } : {}),
    ...(command.schema ? { schema: command.schema } : {}),
    ...(transaction === undefined ? {} : { transaction }),
  };
}
