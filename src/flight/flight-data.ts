/**
 * FlightData on the wire. This is the hot path: a message is written in one pass from the batch's own buffers into the buffer that goes to
 * the socket, and read without copying.
 */
import { align, type EncodedBatch } from '../arrow/index.js';
import { SkuaError, toSkuaError } from '../errors.js';
import { FlightDescriptor } from './messages.js';

/** FlightData to send. */
export interface OutgoingFlightData {
  descriptor?: FlightDescriptor;
  header: Uint8Array;
  appMetadata?: Uint8Array;
  /** Written one after the other, each padded to 8 bytes. */
  body: readonly Uint8Array[];
  bodyLength: number;
}

/** FlightData as received; the arrays refer to the message's buffer. */
export interface IncomingFlightData {
  descriptor?: FlightDescriptor;
  header: Uint8Array;
  appMetadata: Uint8Array;
  body: Uint8Array;
  /** Why the message could not be read. */
  malformed?: SkuaError;
}

const NOTHING = new Uint8Array(0);

/** A schema message, or any other message without a body. */
export function headerOnly(header: Uint8Array, descriptor?: FlightDescriptor): OutgoingFlightData {
  return { header, body: [], bodyLength: 0, ...(descriptor === undefined ? {} : { descriptor }) };
}

export function batchMessage(encoded: EncodedBatch): OutgoingFlightData {
  return { header: encoded.header, body: encoded.buffers, bodyLength: encoded.bodyLength };
}

const TAG_DESCRIPTOR = (1 << 3) | 2;
const TAG_HEADER = (2 << 3) | 2;
const TAG_APP_METADATA = (3 << 3) | 2;
const TAG_BODY = (1000 << 3) | 2;

/**
 * Serialises for grpc-js, which asks its serializer for a Buffer and then does exactly two things with it: reads `byteLength`, and calls
 * `copy(target, 5)` to put it behind the message prefix. This object answers both, so that the body is copied once instead of twice.
 */
export function serializeFlightData(message: OutgoingFlightData): Buffer {
  return new FlightDataWriter(message) as unknown as Buffer;
}

/** The same as one Buffer. */
export function encodeFlightData(message: OutgoingFlightData): Buffer {
  const writer = new FlightDataWriter(message);
  const buffer = Buffer.allocUnsafe(writer.byteLength);
  writer.copy(buffer, 0);
  return buffer;
}

class FlightDataWriter {
  readonly byteLength: number;
  readonly #message: OutgoingFlightData;
  readonly #descriptor: Uint8Array;

  constructor(message: OutgoingFlightData) {
    this.#message = message;
    this.#descriptor = message.descriptor === undefined ? NOTHING : FlightDescriptor.encode(message.descriptor);
    this.byteLength =
      fieldLength(TAG_DESCRIPTOR, this.#descriptor.byteLength) +
      fieldLength(TAG_HEADER, message.header.byteLength) +
      fieldLength(TAG_APP_METADATA, message.appMetadata?.byteLength ?? 0) +
      fieldLength(TAG_BODY, message.bodyLength);
  }

  get length(): number {
    return this.byteLength;
  }

  copy(target: Uint8Array, start: number): number {
    const { header, appMetadata, body, bodyLength } = this.#message;
    let offset = start;
    offset = writeField(target, offset, TAG_DESCRIPTOR, this.#descriptor);
    offset = writeField(target, offset, TAG_HEADER, header);
    offset = writeField(target, offset, TAG_APP_METADATA, appMetadata ?? NOTHING);
    if (bodyLength > 0) {
      offset = writeVarint(target, writeVarint(target, offset, TAG_BODY), bodyLength);
      for (const buffer of body) {
        target.set(buffer, offset);
        const end = offset + buffer.byteLength;
        offset += align(buffer.byteLength);
        target.fill(0, end, offset);
      }
    }
    return offset - start;
  }
}

function fieldLength(tag: number, length: number): number {
  return length === 0 ? 0 : varintLength(tag) + varintLength(length) + length;
}

function writeField(target: Uint8Array, start: number, tag: number, value: Uint8Array): number {
  if (value.byteLength === 0) return start;
  const offset = writeVarint(target, writeVarint(target, start, tag), value.byteLength);
  target.set(value, offset);
  return offset + value.byteLength;
}

function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) length++;
  return length;
}

function writeVarint(target: Uint8Array, start: number, value: number): number {
  let offset = start;
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) target[offset++] = (rest % 128) | 128;
  target[offset++] = rest;
  return offset;
}

/** Reads a FlightData message; unknown fields are passed over. Malformed: INVALID_ARGUMENT. */
export function deserializeFlightData(bytes: Uint8Array): IncomingFlightData {
  const message: IncomingFlightData = { header: NOTHING, appMetadata: NOTHING, body: NOTHING };
  const reader = new FieldReader(bytes);
  while (reader.more) {
    const tag = reader.varint();
    if (tag === TAG_DESCRIPTOR) message.descriptor = FlightDescriptor.decode(reader.bytes());
    else if (tag === TAG_HEADER) message.header = reader.bytes();
    else if (tag === TAG_APP_METADATA) message.appMetadata = reader.bytes();
    else if (tag === TAG_BODY) message.body = reader.bytes();
    else reader.skip(tag & 7);
  }
  return message;
}

/** The same for grpc-js, which would answer INTERNAL if its deserializer threw: what is malformed says so itself. */
export function receiveFlightData(bytes: Uint8Array): IncomingFlightData {
  try {
    return deserializeFlightData(bytes);
  } catch (error) {
    return { header: NOTHING, appMetadata: NOTHING, body: NOTHING, malformed: toSkuaError(error) };
  }
}

class FieldReader {
  readonly #source: Uint8Array;
  #offset = 0;

  constructor(source: Uint8Array) {
    this.#source = source;
  }

  get more(): boolean {
    return this.#offset < this.#source.byteLength;
  }

  varint(): number {
    let value = 0;
    let factor = 1;
    for (let i = 0; i < 10; i++) {
      const byte = this.#source[this.#offset++];
      if (byte === undefined) break;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
      factor *= 128;
    }
    throw malformed();
  }

  bytes(): Uint8Array {
    const length = this.varint();
    const start = this.#offset;
    this.#offset += length;
    if (this.#offset > this.#source.byteLength) throw malformed();
    return this.#source.subarray(start, this.#offset);
  }

  /** Passes over a field of that wire type (Protocol Buffers encoding, "Message Structure"). */
  skip(wireType: number): void {
    if (wireType === 0) this.varint();
    else if (wireType === 1) this.#offset += 8;
    else if (wireType === 2) this.bytes();
    else if (wireType === 5) this.#offset += 4;
    else throw malformed();
  }
}

function malformed(): SkuaError {
  return new SkuaError('INVALID_ARGUMENT', 'malformed FlightData message');
}
