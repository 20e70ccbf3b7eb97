/** Statements: planned by GetFlightInfo, fetched by DoGet, changed by DoPut, with parameters or without. */

import { DataType, Field, Schema, TimeMillisecond, Timestamp, TimeUnit, Utf8 } from 'apache-arrow';
import type { RunningCall } from '../../admission/index.js';
import { type ColumnarBatch, encodeSchema, ownedBatch } from '../../arrow/index.js';
import { SkuaError } from '../../errors.js';
import type { StatementDescription, StatementRequest, StatementService } from '../../query/contract.js';
import { TIME_ZONE, timeZoneOf } from '../../query/index.js';
import type { FlightCall } from '../flight-call.js';
import type { Parameters, PutStream } from '../put-stream.js';
import type { ResultStream } from '../result-stream.js';
import type { Bindings } from './bindings.js';
import type { Executions } from './executions.js';
import type { FlightSql, PlannedResult, PolledResult } from './flight-sql.js';
import type { Handles, PreparedStatement } from './handles.js';
import type * as sql from './messages.js';
import { type Dividing, sharersOf } from './peers.js';
import type { PolledRun } from './polled-run.js';
import type { PolledRuns } from './polled-runs.js';
import { type StatementTicket, schemaDigest, type Tickets } from './tickets.js';

export interface StatementParts {
  statements: StatementService;
  tickets: Tickets;
  handles: Handles;
  bindings: Bindings;
  executions: Executions;
  runs: PolledRuns;
  /** Most bytes of parameters that one DoPut may bring. */
  parameterBytes: number;
  dividing: Dividing | undefined;
}

/** How long a poll waits for news at most, in milliseconds. The first answers quickly. */
const FIRST_WAIT = 100;
const LATER_WAIT = 2000;

interface PlannedStatement extends PlannedResult {
  planned: StatementTicket;
}

type StatementCommands = Pick<
  FlightSql,
  | 'planStatement'
  | 'startStatement'
  | 'pollStatement'
  | 'describeStatement'
  | 'streamStatement'
  | 'updateStatement'
  | 'planPreparedStatement'
  | 'describePreparedStatement'
  | 'streamPreparedStatement'
  | 'updatePreparedStatement'
  | 'bindPreparedStatement'
  | 'createPreparedStatement'
  | 'closePreparedStatement'
>;

export function statementCommands(parts: StatementParts): StatementCommands {
  const { statements, tickets, handles, bindings, executions, runs } = parts;

  async function describe(call: FlightCall, request: StatementRequest): Promise<StatementDescription> {
    const description = await statements.describe(call, request);
    call.report.statement = description.statement;
    return description;
  }

  async function plan(
    call: FlightCall,
    request: StatementRequest,
    binding: StatementTicket['binding'],
  ): Promise<PlannedStatement> {
    const description = await describe(call, request);
    const { kind, statement, schema, pins, namePins, plan } = description;
    const { session } = call;
    const names = { catalog: session.catalog, schema: session.schema, timeZone: timeZoneOf(session) };
    const planned = { sql: request.sql, kind, statement, names, pins, namePins, schema: schemaDigest(schema) };
    const { ticket, sealed, expires } = tickets.issue(call.principal, {
      ...planned,
      plan,
      ...(request.transaction === undefined ? {} : { transaction: request.transaction }),
      ...(binding === undefined ? {} : { binding }),
    });
    const servers = sharersOf(parts.dividing, description);
    const shares = servers.map((server, index) => ({
      server,
      ticket: tickets.issue(call.principal, { ...planned, share: { servers, index } }).sealed,
    }));
    return { schema, ticket: sealed, expires, planned: ticket, shares };
  }

  async function stream(call: FlightCall, ticket: StatementTicket, expires: number): Promise<ResultStream> {
    call.report.statement = ticket.statement;
    lookUpAsPlanned(call, ticket);
    executions.enter(ticket.id, expires, call);
    const authorize = () => statements.describe(call, { ...requestOfTicket(call, ticket), plan: undefined });
    return (await runs.take(ticket.id, call, authorize)) ?? execute(call, ticket, expires);
  }

  function requestOfTicket(call: RunningCall, ticket: StatementTicket): StatementRequest {
    const parameters = bindings.resolve(call.principal, ticket.binding);
    const { pins, namePins, plan, share } = ticket;
    return { ...requestOf(ticket.sql, ticket.transaction, parameters), pins, namePins, plan, share };
  }

  async function execute(call: RunningCall, ticket: StatementTicket, expires: number): Promise<ResultStream> {
    const request = requestOfTicket(call, ticket);
    if (ticket.kind === 'query') return asAnnounced(await statements.query(call, request), ticket);
    const { schema, batches } = await executions.once(ticket.id, expires, async () =>
      collect(await statements.query(call, { ...request, executionId: ticket.id })),
    );
    return { schema, batches: each(batches) };
  }

  async function polled(call: FlightCall, run: PolledRun, longest: number): Promise<PolledResult> {
    const { ticket, schema, descriptor } = run.plan;
    call.report.statement = ticket.statement;
    await run.wait(longest, call.signal);
    const { sealed, expires } = tickets.seal(call.principal, ticket);
    const server = parts.dividing?.peers.own;
    executions.extend(ticket.id, expires);
    return {
      schema,
      ticket: sealed,
      expires,
      descriptor,
      complete: run.isComplete,
      progress: run.progress,
      server,
      poll: tickets.issuePoll(call.principal, ticket, server),
      pollExpires: run.expires,
    };
  }

  function openPrepared(call: FlightCall, handle: Uint8Array) {
    const prepared = handles.open(call.principal, handle);
    const parameters = bindings.resolve(call.principal, prepared.binding);
    const request = requestOf(prepared.sql, prepared.transaction, parameters);
    return { prepared, request: { ...request, plan: prepared.plan } };
  }

  async function update(call: FlightCall, request: StatementRequest): Promise<number> {
    const count = await statements.update(call, request);
    if (count >= 0) call.report.rows = count;
    return count;
  }

  return {
    planStatement: (call, command) => plan(call, requestOfCommand(command), undefined),

    async startStatement(call, planned, descriptor) {
      call.leaveSlot();
      const { ticket, expires } = tickets.open(call.principal, planned.ticket);
      const run = runs.start(call, { ticket, schema: planned.schema, descriptor }, (background) => {
        background.report.statement = ticket.statement;
        lookUpAsPlanned(background, ticket);
        return execute(background, ticket, expires);
      });
      executions.enter(ticket.id, expires, run.call);
      return polled(call, run, FIRST_WAIT);
    },

    pollStatement: (call, started) =>
      polled(call, runs.find(tickets.openPoll(call.principal, started.statement_handle).id), LATER_WAIT),

    describeStatement: async (call, command) => (await describe(call, requestOfCommand(command))).schema,

    async streamStatement(call, command) {
      const { ticket, expires } = tickets.open(call.principal, command.statement_handle);
      return stream(call, ticket, expires);
    },

    updateStatement: (call, command) => update(call, requestOfCommand(command)),

    async planPreparedStatement(call, command) {
      const { prepared, request } = openPrepared(call, command.prepared_statement_handle);
      return plan(call, request, prepared.binding);
    },

    async describePreparedStatement(call, command) {
      const { request } = openPrepared(call, command.prepared_statement_handle);
      return (await describe(call, request)).schema;
    },

    async streamPreparedStatement(call, command) {
      const { prepared, request } = openPrepared(call, command.prepared_statement_handle);
      const { planned, expires } = await plan(call, request, prepared.binding);
      return stream(call, planned, expires);
    },

    async updatePreparedStatement(call, command, put: PutStream) {
      const { request } = openPrepared(call, command.prepared_statement_handle);
      const sent = await put.parameters(parts.parameterBytes);
      return update(call, sent === undefined ? request : { ...request, parameters: sent });
    },

    async bindPreparedStatement(call, command, put: PutStream) {
      call.report.statement = 'BIND';
      const prepared = handles.open(call.principal, command.prepared_statement_handle);
      const parameters = await put.parameters(parts.parameterBytes);
      bindings.release(call.principal, prepared.binding);
      const binding = parameters === undefined ? undefined : bindings.bind(call.principal, parameters);
      return handles.bind(call.principal, prepared, binding);
    },

    async createPreparedStatement(call, request) {
      const transaction = transactionId(request.transaction_id);
      const sql = request.query;
      const { kind, schema, returnsRows, parameters, plan } = await describe(call, requestOf(sql, transaction));
      const update = kind === 'update' && !returnsRows;
      return {
        prepared_statement_handle: handles.create(call.principal, {
          sql,
          plan,
          ...(transaction === undefined ? {} : { transaction }),
        }),
        // Clients that know no `is_update` take a statement without result columns for an update.
        dataset_schema: update ? new Uint8Array(0) : encodeSchema(schema),
        parameter_schema: encodeSchema(bindable(parameters)),
        is_update: update,
      };
    },

    async closePreparedStatement(call, request) {
      const prepared: PreparedStatement = handles.open(call.principal, request.prepared_statement_handle);
      bindings.release(call.principal, prepared.binding);
      handles.close(prepared);
    },
  };
}

/** Names in the text, and times without zone, mean what they meant to the plan. */
function lookUpAsPlanned(call: RunningCall, { names = {} }: StatementTicket): void {
  const { catalog, schema } = call.session;
  const isSame =
    catalog === names.catalog &&
    JSON.stringify(schema) === JSON.stringify(names.schema) &&
    timeZoneOf(call.session) === names.timeZone;
  if (!isSame) call.useNames({ ...names, options: new Map([[TIME_ZONE, names.timeZone ?? 'UTC']]) });
}

function requestOfCommand(command: sql.CommandStatement): StatementRequest {
  return requestOf(command.query, transactionId(command.transaction_id));
}

function requestOf(query: string, transaction?: string, parameters?: Parameters): StatementRequest {
  if (query.trim() === '') throw new SkuaError('INVALID_ARGUMENT', 'the statement is empty');
  return {
    sql: query,
    ...(transaction === undefined ? {} : { transaction }),
    ...(parameters === undefined ? {} : { parameters }),
  };
}

/** A transaction id as the statement service knows it. */
export function transactionId(bytes: Uint8Array | null | undefined): string | undefined {
  return bytes === null || bytes === undefined || bytes.byteLength === 0
    ? undefined
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

/**
 * The parameters as clients are asked to bind them. What has no type of its own is text, and so are UUIDs, which drivers have no way to bind. Times are asked for in milliseconds: the JDBC driver
 * has no finer ones, and writes milliseconds whatever unit it is told. A client that binds another unit is taken at its word.
 */
function bindable(parameters: Schema): Schema {
  const fields = parameters.fields.map((field) =>
    field.metadata.get('ARROW:extension:name') === 'arrow.uuid'
      ? new Field(field.name, new Utf8(), true)
      : new Field(field.name, bindableType(field.type), true, field.metadata),
  );
  return new Schema(fields, parameters.metadata);
}

function bindableType(type: DataType): DataType {
  if (DataType.isNull(type)) return new Utf8();
  if (DataType.isTimestamp(type)) return new Timestamp(TimeUnit.MILLISECOND, type.timezone);
  if (DataType.isTime(type)) return new TimeMillisecond();
  return type;
}

/** A result with other columns than the plan's would be read wrongly: FAILED_PRECONDITION. */
async function asAnnounced(result: ResultStream, { schema }: StatementTicket): Promise<ResultStream> {
  if (schema === undefined || schemaDigest(result.schema) === schema) return result;
  await result.batches[Symbol.asyncIterator]().return?.();
  throw new SkuaError(
    'FAILED_PRECONDITION',
    'the result no longer has the columns that it was planned with; plan the statement again',
  );
}

async function collect(stream: ResultStream): Promise<{ schema: Schema; batches: ColumnarBatch[] }> {
  const batches: ColumnarBatch[] = [];
  for await (const batch of stream.batches) batches.push(ownedBatch(batch));
  return { schema: stream.schema, batches };
}

export async function* each<T>(values: readonly T[]): AsyncGenerator<T> {
  yield* values;
}
