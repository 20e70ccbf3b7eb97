import type { FlightEndpoint, Timestamp } from '../messages.js';

/** The location that stands for the connection that the client has (Arrow Flight RPC, "Connection reuse"). */
export const REUSE_CONNECTION = 'arrow-flight-reuse-connection://?';

/** Without locations the client keeps the connection it has. `expires` is in milliseconds since the epoch. */
export function endpoint(
  ticket: Uint8Array,
  expires: number | undefined,
  locations: readonly string[],
): FlightEndpoint {
  return {
    ticket: { ticket },
    location: locations.map((uri) => ({ uri })),
    ...(expires === undefined ? {} : { expiration_time: timestampOf(expires) }),
  };
}

export function timestampOf(milliseconds: number): Timestamp {
  return {
    seconds: String(Math.floor(milliseconds / 1000)),
    nanos: Math.floor(milliseconds % 1000) * 1_000_000,
  };
}
