/** The protocol without the server: what a client needs to speak to one. */
export * from './flight-data.js';
export * from './messages.js';
export { type Codec, codec, FLIGHT_SERVICE, flightService, packageDefinition } from './proto.js';
export { RELAYED, SYSTEM_ACTION } from './relay.js';
export { openAny, type PackedMessage, packAny, unpackAny } from './sql/any.js';
export * as flightSql from './sql/messages.js';
