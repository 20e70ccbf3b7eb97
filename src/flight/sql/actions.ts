/**
 * The actions of Flight and Flight SQL. Those of Flight SQL travel in an Any, in and out; those of Flight itself travel bare.
 */
import { SkuaError } from '../../errors.js';
import type { FlightCall } from '../flight-call.js';
import * as flight from '../messages.js';
import { packAny, unpackAny } from './any.js';
import { type FlightSql, unimplemented } from './flight-sql.js';
import * as sql from './messages.js';

interface ActionHandler {
  description: string;
  /** The bodies of the results. */
  run(service: FlightSql, call: FlightCall, body: Uint8Array): Promise<Uint8Array[]>;
}

const ACTIONS: Record<string, ActionHandler> = {
  CreatePreparedStatement: {
    description: 'Prepares a statement: ActionCreatePreparedStatementRequest, ActionCreatePreparedStatementResult.',
    async run(service, call, body) {
      const request = unpackAny(sql.ActionCreatePreparedStatementRequest, body);
      return [packAny(sql.ActionCreatePreparedStatementResult, await service.createPreparedStatement(call, request))];
    },
  },
  ClosePreparedStatement: {
    description: 'Closes a prepared statement: ActionClosePreparedStatementRequest, no result.',
    async run(service, call, body) {
      await service.closePreparedStatement(call, unpackAny(sql.ActionClosePreparedStatementRequest, body));
      return [new Uint8Array(0)];
    },
  },
  BeginTransaction: {
    description: 'Begins a transaction: ActionBeginTransactionRequest, ActionBeginTransactionResult.',
    async run(service, call, body) {
      unpackAny(sql.ActionBeginTransactionRequest, body);
      return [packAny(sql.ActionBeginTransactionResult, { transaction_id: await service.beginTransaction(call) })];
    },
  },
  EndTransaction: {
    description: 'Commits a transaction or rolls it back: ActionEndTransactionRequest, no result.',
    async run(service, call, body) {
      await service.endTransaction(call, unpackAny(sql.ActionEndTransactionRequest, body));
      return [new Uint8Array(0)];
    },
  },
  CancelFlightInfo: {
    description: 'Stops the statement of a flight: CancelFlightInfoRequest, CancelFlightInfoResult.',
    async run(service, call, body) {
      const { info } = flight.CancelFlightInfoRequest.decode(body);
      const status = await service.cancelFlightInfo(call, required(info, 'CancelFlightInfoRequest.info'));
      return [flight.CancelFlightInfoResult.encode({ status })];
    },
  },
  CancelQuery: {
    description: 'The older CancelFlightInfo: ActionCancelQueryRequest, ActionCancelQueryResult.',
    async run(service, call, body) {
      const info = flight.FlightInfo.decode(unpackAny(sql.ActionCancelQueryRequest, body).info);
      const result = CANCEL_RESULTS[await service.cancelFlightInfo(call, info)];
      return [packAny(sql.ActionCancelQueryResult, { result })];
    },
  },
  RenewFlightEndpoint: {
    description: 'Gives a ticket its full lifetime again: RenewFlightEndpointRequest, FlightEndpoint.',
    async run(service, call, body) {
      const { endpoint } = flight.RenewFlightEndpointRequest.decode(body);
      const renewed = await service.renewFlightEndpoint(
        call,
        required(endpoint, 'RenewFlightEndpointRequest.endpoint'),
      );
      return [flight.FlightEndpoint.encode(renewed)];
    },
  },
  SetSessionOptions: {
    description: 'Sets session options, `catalog` and `schema`: SetSessionOptionsRequest, SetSessionOptionsResult.',
    async run(service, call, body) {
      const result = await service.setSessionOptions(call, flight.SetSessionOptionsRequest.decode(body));
      return [flight.SetSessionOptionsResult.encode(result)];
    },
  },
  GetSessionOptions: {
    description: 'Gives the session options: GetSessionOptionsRequest, GetSessionOptionsResult.',
    async run(service, call) {
      return [flight.GetSessionOptionsResult.encode(await service.getSessionOptions(call))];
    },
  },
  CloseSession: {
    description: 'Ends the session of the cookie: CloseSessionRequest, CloseSessionResult.',
    async run(service, call) {
      return [flight.CloseSessionResult.encode({ status: await service.closeSession(call) })];
    },
  },
};

const CANCEL_RESULTS = {
  CANCEL_STATUS_UNSPECIFIED: 'CANCEL_RESULT_UNSPECIFIED',
  CANCEL_STATUS_CANCELLED: 'CANCEL_RESULT_CANCELLED',
  CANCEL_STATUS_CANCELLING: 'CANCEL_RESULT_CANCELLING',
  CANCEL_STATUS_NOT_CANCELLABLE: 'CANCEL_RESULT_NOT_CANCELLABLE',
} as const;

/** Actions of the contract that this server answers with UNIMPLEMENTED. */
const REFUSED = new Set(['BeginSavepoint', 'EndSavepoint', 'CreatePreparedSubstraitPlan']);

export const actionTypes: flight.ActionType[] = Object.entries(ACTIONS).map(([type, { description }]) => ({
  type,
  description,
}));

/** An action that is in no contract: UNIMPLEMENTED too, as Flight's own servers answer. */
export async function doAction(service: FlightSql, call: FlightCall, action: flight.Action): Promise<Uint8Array[]> {
  const handler = Object.hasOwn(ACTIONS, action.type) ? ACTIONS[action.type] : undefined;
  if (handler !== undefined) {
    call.report.statement = action.type;
    return handler.run(service, call, action.body);
  }
  if (REFUSED.has(action.type)) throw unimplemented(action.type);
  throw new SkuaError('UNIMPLEMENTED', 'unknown action; ListActions names those that this server has');
}

function required<T>(value: T | null | undefined, name: string): T {
  if (value === null || value === undefined) throw new SkuaError('INVALID_ARGUMENT', `${name} is missing`);
  return value;
}
