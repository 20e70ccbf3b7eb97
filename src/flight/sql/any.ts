/** Flight SQL's commands, actions and tickets travel in a `google.protobuf.Any`. */
import { SkuaError } from '../../errors.js';
import { type Codec, codec } from '../proto.js';

interface AnyMessage {
  type_url: string;
  value: Uint8Array;
}

const Any = codec<AnyMessage>('google.protobuf.Any');
const PREFIX = 'type.googleapis.com/';

export function packAny<T>(message: Codec<T>, value: Partial<T>): Buffer {
  return Any.encode({ type_url: PREFIX + message.typeName, value: message.encode(value) });
}

export interface PackedMessage {
  /** `arrow.flight.protocol.sql.CommandStatementQuery` */
  typeName: string;
  value: Uint8Array;
}

/** Opens an Any without looking into its message. Anything that is no Any: INVALID_ARGUMENT. */
export function openAny(bytes: Uint8Array): PackedMessage {
  const { type_url, value } = Any.decode(bytes);
  const typeName = type_url.slice(type_url.lastIndexOf('/') + 1);
  if (typeName === '')
    throw new SkuaError('INVALID_ARGUMENT', 'expected a Flight SQL message in a google.protobuf.Any');
  return { typeName, value };
}

/** Opens an Any that must hold this message; any other: INVALID_ARGUMENT. */
export function unpackAny<T>(message: Codec<T>, bytes: Uint8Array): T {
  const { typeName, value } = openAny(bytes);
  if (typeName !== message.typeName) {
    throw new SkuaError('INVALID_ARGUMENT', `expected ${message.typeName}, not ${typeName}`);
  }
  return message.decode(value);
}
