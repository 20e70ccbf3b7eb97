import type { Schema } from 'apache-arrow';
import type { FlightCall } from './flight-call.js';
import type { Action, ActionType, FlightDescriptor, FlightInfo, PollInfo } from './messages.js';
import type { PutStream } from './put-stream.js';
import type { ResultStream } from './result-stream.js';

/** What answers the Flight RPCs once the admission has let them pass. */
export interface FlightHandler {
  readonly actions: readonly ActionType[];
  getFlightInfo(call: FlightCall, descriptor: FlightDescriptor): Promise<FlightInfo>;
  pollFlightInfo(call: FlightCall, descriptor: FlightDescriptor): Promise<PollInfo>;
  /** Whether the descriptor is one that an earlier poll gave: then the poll only waits, and takes no place among the statements. */
  continuesPoll(descriptor: FlightDescriptor): boolean;
  getSchema(call: FlightCall, descriptor: FlightDescriptor): Promise<Schema>;
  doGet(call: FlightCall, ticket: Uint8Array): Promise<ResultStream>;
  /** The `app_metadata` of the one PutResult. */
  doPut(call: FlightCall, stream: PutStream): Promise<Uint8Array>;
  /** The bodies of the results. */
  doAction(call: FlightCall, action: Action): Promise<Uint8Array[]>;
}
