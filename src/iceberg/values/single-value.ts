/** Binary single-value serialization (Iceberg spec, Appendix D), and the order of values. */
import { SkuaError } from '../../errors.js';
import type { PartitionValue, Type } from '../types.js';

/** A value that is there: numbers for int, date, float, double; bigints for long, time, timestamps and, unscaled, decimals. */
export type Value = Exclude<PartitionValue, null>;

/** A value from its bytes; undefined for types that have none. Bytes written before an int, float or date was widened are read as they were. */
export function decodeValue(type: Type, bytes: Uint8Array): Value | undefined {
  if (type.kind === 'decimal') return bytes.length > 0 ? signedBigEndian(bytes) : undefined;
  if (type.kind === 'fixed') return bytes;
  if (type.kind !== 'primitive') return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const width = bytes.byteLength;
  switch (type.type) {
    case 'boolean':
      return width === 1 ? bytes[0] !== 0 : undefined;
    case 'int':
    case 'date':
      return width === 4 ? view.getInt32(0, true) : undefined;
    case 'long':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
    case 'timestamp_ns':
    case 'timestamptz_ns':
      if (width === 4 && type.type === 'long') return BigInt(view.getInt32(0, true));
      if (width === 4 && type.type === 'timestamp') return BigInt(view.getInt32(0, true)) * 86_400_000_000n;
      if (width === 4 && type.type === 'timestamp_ns') return BigInt(view.getInt32(0, true)) * 86_400_000_000_000n;
      return width === 8 ? view.getBigInt64(0, true) : undefined;
    case 'float':
      return width === 4 ? view.getFloat32(0, true) : undefined;
    case 'double':
      if (width === 4) return view.getFloat32(0, true);
      return width === 8 ? view.getFloat64(0, true) : undefined;
    case 'string':
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
    case 'uuid':
    case 'binary':
      return bytes;
    default:
      return undefined;
  }
}

/** Whether a value, as a manifest's partition holds it, is of the type or of one that was widened to it. */
export function isValueOf(type: Type, value: Value): boolean {
  if (type.kind === 'decimal') return typeof value === 'bigint';
  if (type.kind === 'fixed') return value instanceof Uint8Array;
  if (type.kind !== 'primitive') return false;
  switch (type.type) {
    case 'boolean':
      return typeof value === 'boolean';
    case 'int':
    case 'date':
    case 'float':
    case 'double':
      return typeof value === 'number';
    case 'long':
      return typeof value === 'bigint' || typeof value === 'number';
    case 'string':
      return typeof value === 'string';
    case 'uuid':
    case 'binary':
      return value instanceof Uint8Array;
    default:
      return typeof value === 'bigint';
  }
}

/** The bytes of a value. A type without serialization: INTERNAL. */
export function encodeValue(type: Type, value: Value): Uint8Array {
  if (type.kind === 'decimal') return minimalBigEndian(BigInt(value as bigint));
  if (type.kind === 'fixed') return value as Uint8Array;
  if (type.kind === 'primitive') {
    switch (type.type) {
      case 'boolean':
        return Uint8Array.of(value ? 1 : 0);
      case 'int':
      case 'date':
        return numeric(4, (view) => view.setInt32(0, Number(value), true));
      case 'long':
      case 'time':
      case 'timestamp':
      case 'timestamptz':
      case 'timestamp_ns':
      case 'timestamptz_ns':
        return numeric(8, (view) => view.setBigInt64(0, BigInt(value as bigint), true));
      case 'float':
        return numeric(4, (view) => view.setFloat32(0, value as number, true));
      case 'double':
        return numeric(8, (view) => view.setFloat64(0, value as number, true));
      case 'string':
        return Buffer.from(value as string, 'utf8');
      case 'uuid':
      case 'binary':
        return value as Uint8Array;
    }
  }
  throw new SkuaError('INTERNAL', `A value of type ${type.kind} has no binary form`);
}

function numeric(width: number, write: (view: DataView) => void): Uint8Array {
  const bytes = new Uint8Array(width);
  write(new DataView(bytes.buffer));
  return bytes;
}

/** A two's-complement big-endian integer of any width. */
export function signedBigEndian(bytes: Uint8Array): bigint {
  if (bytes.length === 0) return 0n;
  const unsigned = BigInt(`0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')}`);
  return BigInt.asIntN(bytes.length * 8, unsigned);
}

/** Two's complement in as few bytes as hold the value. */
export function minimalBigEndian(value: bigint): Uint8Array {
  let width = 1;
  while (BigInt.asIntN(width * 8, value) !== value) width++;
  return fixedBigEndian(value, width);
}

/** Two's complement in `width` bytes. */
export function fixedBigEndian(value: bigint, width: number): Uint8Array {
  const hex = BigInt.asUintN(width * 8, value)
    .toString(16)
    .padStart(width * 2, '0');
  return Buffer.from(hex, 'hex');
}

function asBytes(value: Value): Uint8Array {
  return value instanceof Uint8Array ? value : Buffer.from(value as string, 'utf8');
}

/** Negative, zero or positive. Text by code point, also beside its UTF-8; bytes unsigned; NaN after every number, as the engine orders it. */
export function compareValues(left: Value, right: Value): number {
  if (typeof left === 'string' && typeof right === 'string') {
    return left === right ? 0 : Buffer.compare(Buffer.from(left, 'utf8'), Buffer.from(right, 'utf8'));
  }
  if (left instanceof Uint8Array || right instanceof Uint8Array) return Buffer.compare(asBytes(left), asBytes(right));
  if (Number.isNaN(left) || Number.isNaN(right)) return Number(Number.isNaN(left)) - Number(Number.isNaN(right));
  return left < right ? -1 : left > right ? 1 : 0;
}
