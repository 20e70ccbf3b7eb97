/** The gRPC contract in `proto/`, loaded once: the service definition, and a codec for each message. */
import { fileURLToPath } from 'node:url';
import type { ServiceDefinition } from '@grpc/grpc-js';
import { loadSync, type MessageTypeDefinition, type PackageDefinition } from '@grpc/proto-loader';
import { SkuaError } from '../errors.js';

/** Both packages, with their descriptors: what server reflection shows. */
export const packageDefinition: PackageDefinition = loadSync(['Flight.proto', 'FlightSql.proto'], {
  includeDirs: [fileURLToPath(new URL('../../proto', import.meta.url))],
  keepCase: true,
  longs: String,
  enums: String,
  defaults: true,
  arrays: true,
  objects: true,
  oneofs: false,
});

export const FLIGHT_SERVICE = 'arrow.flight.protocol.FlightService';

export const flightService = packageDefinition[FLIGHT_SERVICE] as unknown as ServiceDefinition;

export interface Codec<T> {
  /** `arrow.flight.protocol.sql.CommandStatementQuery` */
  readonly typeName: string;
  /** Absent fields get their defaults. */
  encode(message: Partial<T>): Buffer;
  /** Every field is there, with its default if it was not sent; optional fields and messages are null or undefined. Malformed: INVALID_ARGUMENT. */
  decode(bytes: Uint8Array): T;
}

export function codec<T>(typeName: string): Codec<T> {
  return codecIn(packageDefinition, typeName);
}

export function codecIn<T>(definitions: PackageDefinition, typeName: string): Codec<T> {
  const definition = definitions[typeName] as MessageTypeDefinition<object, object> | undefined;
  if (definition?.serialize === undefined)
    throw new SkuaError('INTERNAL', `no message ${typeName} in the loaded protocol`);
  return {
    typeName,
    encode: (message) => definition.serialize(message),
    decode: (bytes) => {
      try {
        return definition.deserialize(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)) as T;
      } catch (error) {
        throw new SkuaError('INVALID_ARGUMENT', `malformed ${typeName} message`, { cause: error });
      }
    },
  };
}
