/** The messages of Flight.proto as types, each with its codec. Enums are their names, 64-bit integers decimal strings. */
import { type Codec, codec } from './proto.js';

export interface HandshakeRequest {
  protocol_version: string;
  payload: Uint8Array;
}

export type HandshakeResponse = HandshakeRequest;

export interface BasicAuth {
  username: string;
  password: string;
}

export interface ActionType {
  type: string;
  description: string;
}

export interface Action {
  type: string;
  body: Uint8Array;
}

export interface Result {
  body: Uint8Array;
}

export interface SchemaResult {
  schema: Uint8Array;
}

export interface FlightDescriptor {
  type: 'UNKNOWN' | 'PATH' | 'CMD';
  cmd: Uint8Array;
  path?: string[];
}

export interface Timestamp {
  seconds: string;
  nanos: number;
}

export interface Ticket {
  ticket: Uint8Array;
}

export interface FlightEndpoint {
  ticket: Ticket | null;
  location: { uri: string }[];
  expiration_time?: Timestamp | null;
  app_metadata?: Uint8Array;
}

export interface FlightInfo {
  schema: Uint8Array;
  flight_descriptor: FlightDescriptor | null;
  endpoint: FlightEndpoint[];
  /** -1 where unknown. */
  total_records: string;
  total_bytes: string;
  ordered: boolean;
  app_metadata: Uint8Array;
}

export interface PollInfo {
  info: FlightInfo | null;
  flight_descriptor: FlightDescriptor | null;
  progress?: number | null;
  expiration_time: Timestamp | null;
}

export interface CancelFlightInfoRequest {
  info: FlightInfo | null;
}

export type CancelStatus =
  | 'CANCEL_STATUS_UNSPECIFIED'
  | 'CANCEL_STATUS_CANCELLED'
  | 'CANCEL_STATUS_CANCELLING'
  | 'CANCEL_STATUS_NOT_CANCELLABLE';

export interface CancelFlightInfoResult {
  status: CancelStatus;
}

export interface RenewFlightEndpointRequest {
  endpoint: FlightEndpoint | null;
}

export interface PutResult {
  app_metadata: Uint8Array;
}

/** Exactly one of the fields is set; none at all clears the option. */
export interface SessionOptionValue {
  string_value?: string | null;
  bool_value?: boolean | null;
  int64_value?: string | null;
  double_value?: number | null;
  string_list_value?: { values: string[] } | null;
}

export interface SetSessionOptionsRequest {
  session_options: Record<string, SessionOptionValue>;
}

export type SetSessionOptionsError = 'UNSPECIFIED' | 'INVALID_NAME' | 'INVALID_VALUE' | 'ERROR';

export interface SetSessionOptionsResult {
  errors: Record<string, { value: SetSessionOptionsError }>;
}

export interface GetSessionOptionsResult {
  session_options: Record<string, SessionOptionValue>;
}

export interface CloseSessionResult {
  status: 'UNSPECIFIED' | 'CLOSED' | 'CLOSING' | 'NOT_CLOSEABLE';
}

function flight<T>(name: string): Codec<T> {
  return codec<T>(`arrow.flight.protocol.${name}`);
}

export const HandshakeRequest = flight<HandshakeRequest>('HandshakeRequest');
export const HandshakeResponse = flight<HandshakeResponse>('HandshakeResponse');
export const BasicAuth = flight<BasicAuth>('BasicAuth');
export const Action = flight<Action>('Action');
export const FlightDescriptor = flight<FlightDescriptor>('FlightDescriptor');
export const FlightEndpoint = flight<FlightEndpoint>('FlightEndpoint');
export const FlightInfo = flight<FlightInfo>('FlightInfo');
export const PollInfo = flight<PollInfo>('PollInfo');
export const Ticket = flight<Ticket>('Ticket');
export const CancelFlightInfoRequest = flight<CancelFlightInfoRequest>('CancelFlightInfoRequest');
export const CancelFlightInfoResult = flight<CancelFlightInfoResult>('CancelFlightInfoResult');
export const RenewFlightEndpointRequest = flight<RenewFlightEndpointRequest>('RenewFlightEndpointRequest');
export const SetSessionOptionsRequest = flight<SetSessionOptionsRequest>('SetSessionOptionsRequest');
export const SetSessionOptionsResult = flight<SetSessionOptionsResult>('SetSessionOptionsResult');
export const GetSessionOptionsRequest = flight<object>('GetSessionOptionsRequest');
export const GetSessionOptionsResult = flight<GetSessionOptionsResult>('GetSessionOptionsResult');
export const CloseSessionRequest = flight<object>('CloseSessionRequest');
export const CloseSessionResult = flight<CloseSessionResult>('CloseSessionResult');
