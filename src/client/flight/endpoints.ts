/** The result of a flight: read from all its endpoints. */
import type { Schema } from 'apache-arrow';
import { type ColumnarBatch, IpcDecoder } from '../../arrow/index.js';
import { SkuaError } from '../../errors.js';
import type { FlightEndpoint, FlightInfo, IncomingFlightData, Ticket } from '../../flight/protocol.js';
import type { CallOptions } from '../contract.js';

/** Of Flight's URI for the connection that the client has (Arrow Flight RPC, "Connection reuse"). */
const REUSE_CONNECTION = 'arrow-flight-reuse-connection:';

/** Endpoints that are read at the same time, where their order does not matter. */
const MOST_AT_ONCE = 4;

export interface Places {
  /** Whether the connection is encrypted. */
  isEncrypted: boolean;
  /** DoGet at a location; undefined stands for the connection that there is. */
  doGet(location: string | undefined, ticket: Ticket, options: CallOptions): AsyncGenerator<IncomingFlightData>;
}

type Part = Schema | ColumnarBatch;

/** The schema first, then the batches of all endpoints: in order where the flight says that it has one, else as they arrive. */
export async function* readEndpoints(info: FlightInfo, places: Places, options: CallOptions): AsyncGenerator<Part> {
  const parts = info.endpoint.map((endpoint) => () => readEndpoint(endpoint, places, options));
  let isFirst = true;
  for await (const part of info.ordered ? inOrder(parts) : asTheyArrive(parts)) {
    const isSchema = 'fields' in part;
    if (isSchema && !isFirst) continue;
    isFirst = false;
    yield part;
  }
}

/** The next location is tried where one can't be reached, and had sent nothing yet. */
async function* readEndpoint(endpoint: FlightEndpoint, places: Places, options: CallOptions): AsyncGenerator<Part> {
  const { ticket } = endpoint;
  if (ticket === null) throw new SkuaError('INTERNAL', 'The server gave an endpoint without a ticket.');
  const locations = usableLocations(endpoint, places.isEncrypted);
  for (const [index, location] of locations.entries()) {
    const decoder = new IpcDecoder();
    let hasBegun = false;
    try {
      for await (const message of places.doGet(location, ticket, options)) {
        if (message.header.byteLength === 0) continue;
        const batch = decoder.decode(message.header, message.body);
        if (!hasBegun && decoder.schema !== undefined) {
          hasBegun = true;
          yield decoder.schema;
        }
        if (batch !== undefined) yield batch;
      }
      return;
    } catch (error) {
      const isAway = error instanceof SkuaError && error.code === 'UNAVAILABLE';
      if (hasBegun || !isAway || index === locations.length - 1) throw error;
    }
  }
}

/** No location at all means the connection that there is. */
function usableLocations({ location }: FlightEndpoint, isEncrypted: boolean): (string | undefined)[] {
  if (location.length === 0) return [undefined];
  // A token that travels encrypted to the server must not travel unencrypted to another place that it names.
  const allowed = isEncrypted ? ['grpc+tls:'] : ['grpc:', 'grpc+tcp:', 'grpc+tls:'];
  const usable = location.flatMap(({ uri }) => {
    if (uri.startsWith(REUSE_CONNECTION)) return [undefined];
    return allowed.some((scheme) => uri.startsWith(scheme)) ? [uri] : [];
  });
  if (usable.length > 0) return usable;
  const named = location.map(({ uri }) => uri).join(', ');
  throw new SkuaError('UNIMPLEMENTED', `The result lies at locations that this client can't use: ${named}.`);
}

async function* inOrder<T>(sources: readonly (() => AsyncGenerator<T>)[]): AsyncGenerator<T> {
  for (const open of sources) yield* open();
}

/** Each source is asked for its next value once the last one was taken. A failure of one ends all of them. */
async function* asTheyArrive<T>(sources: readonly (() => AsyncGenerator<T>)[]): AsyncGenerator<T> {
  const waiting = [...sources];
  const asked = new Map<AsyncGenerator<T>, Promise<{ source: AsyncGenerator<T>; result: IteratorResult<T> }>>();
  const ask = (source: AsyncGenerator<T>) => {
    const next = source.next().then((result) => ({ source, result }));
    // The failure of one that is not waited for any more is nobody's.
    next.catch(() => undefined);
    asked.set(source, next);
  };
  const open = () => {
    const next = waiting.shift();
    if (next !== undefined) ask(next());
  };
  for (let count = 0; count < MOST_AT_ONCE; count++) open();
  try {
    while (asked.size > 0) {
      const { source, result } = await Promise.race(asked.values());
      asked.delete(source);
      if (result.done) open();
      else {
        ask(source);
        yield result.value;
      }
    }
  } finally {
    await Promise.all([...asked.keys()].map((source) => source.return(undefined).catch(() => undefined)));
  }
}
