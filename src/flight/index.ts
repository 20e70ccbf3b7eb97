/** Arrow Flight SQL over gRPC. What a client needs of the protocol is in `protocol.ts`. */
export * from './protocol.js';
export { createFlightServer, type FlightLimits, type FlightServer, type FlightServerOptions } from './server.js';
