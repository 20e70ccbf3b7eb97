/** Partition transforms (Iceberg spec, "Partition Transforms"). */
import type { Type } from '../types.js';
import { minimalBigEndian, type Value } from '../values/single-value.js';
import { civilFromDays, floorDivide } from '../values/temporal.js';
import { murmur3 } from './murmur3.js';

export type Transform =
  | { kind: 'identity' | 'year' | 'month' | 'day' | 'hour' | 'void' | 'unknown' }
  | { kind: 'bucket' | 'truncate'; parameter: number };

/** A transform from its name; one that this version of the specification does not know is `unknown`. */
export function parseTransform(text: string): Transform {
  const match = /^(bucket|truncate)\[(\d+)\]$/.exec(text);
  if (match) return { kind: match[1] as 'bucket' | 'truncate', parameter: Number(match[2]) };
  switch (text) {
    case 'identity':
    case 'year':
    case 'month':
    case 'day':
    case 'hour':
    case 'void':
      return { kind: text };
    default:
      return { kind: 'unknown' };
  }
}

/** The type of a transform's results. */
export function resultTypeOf(transform: string, source: Type): Type {
  switch (parseTransform(transform).kind) {
    case 'bucket':
    case 'year':
    case 'month':
    case 'hour':
      return { kind: 'primitive', type: 'int' };
    case 'day':
      return { kind: 'primitive', type: 'date' };
    case 'unknown':
      return { kind: 'primitive', type: 'string' };
    default:
      return source;
  }
}

/** Applies a transform to a value that is there. Undefined where the transform is unknown or does not take the type; void gives null. */
export function applyTransform(transform: Transform, type: Type, value: Value): Value | null | undefined {
  switch (transform.kind) {
    case 'identity':
      return value;
    case 'void':
      return null;
    case 'bucket': {
      const hash = bucketHash(type, value);
      return hash === undefined ? undefined : (hash & 0x7fffffff) % transform.parameter;
    }
    case 'truncate':
      return truncate(type, value, transform.parameter);
    case 'year':
    case 'month':
    case 'day':
    case 'hour':
      return timeUnits(transform.kind, type, value);
    case 'unknown':
      return undefined;
  }
}

/** The hash that `bucket` takes modulo (Appendix B); undefined for types that can't be hashed. */
export function bucketHash(type: Type, value: Value): number | undefined {
  if (type.kind === 'decimal') return murmur3(minimalBigEndian(value as bigint));
  if (type.kind === 'fixed') return murmur3(value as Uint8Array);
  if (type.kind !== 'primitive') return undefined;
  switch (type.type) {
    case 'int':
    case 'long':
    case 'date':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      return hashLong(BigInt(value as bigint));
    case 'timestamp_ns':
    case 'timestamptz_ns':
      return hashLong(floorDivide(value as bigint, 1000n));
    case 'string':
      return murmur3(Buffer.from(value as string, 'utf8'));
    case 'uuid':
    case 'binary':
      return murmur3(value as Uint8Array);
    default:
      return undefined;
  }
}

function hashLong(value: bigint): number {
  const bytes = Buffer.alloc(8);
  // A literal may lie beyond 64 bits; no row equals it, whatever its hash.
  bytes.writeBigInt64LE(BigInt.asIntN(64, value));
  return murmur3(bytes);
}

function truncate(type: Type, value: Value, width: number): Value | undefined {
  if (type.kind === 'decimal') return floorToWidth(value as bigint, width);
  if (type.kind !== 'primitive') return undefined;
  switch (type.type) {
    // Next to the smallest integer the result is one too small for the type, and wraps around to the largest as it does in Java.
    case 'int':
      return (Math.floor((value as number) / width) * width) | 0;
    case 'long':
      return BigInt.asIntN(64, floorToWidth(BigInt(value as bigint), width));
    case 'string':
      return truncateString(value as string, width);
    case 'binary':
      return (value as Uint8Array).slice(0, width);
    default:
      return undefined;
  }
}

/** The multiple of `width` that is the value or the next one below. */
export function floorToWidth(value: bigint, width: number): bigint {
  return floorDivide(value, BigInt(width)) * BigInt(width);
}

/** The first `width` code points. */
export function truncateString(value: string, width: number): string {
  if (value.length <= width) return value;
  let end = 0;
  for (let count = 0; count < width && end < value.length; count++) {
    end += (value.codePointAt(end) as number) > 0xffff ? 2 : 1;
  }
  return value.slice(0, end);
}

function timeUnits(unit: 'year' | 'month' | 'day' | 'hour', type: Type, value: Value): number | undefined {
  if (type.kind !== 'primitive') return undefined;
  if (type.type === 'date') return unit === 'hour' ? undefined : fromDays(unit, value as number);
  const perHour = type.type.endsWith('_ns') ? 3_600_000_000_000n : 3_600_000_000n;
  if (!type.type.startsWith('timestamp')) return undefined;
  const hours = Number(floorDivide(value as bigint, perHour));
  // Microseconds reach further than 32 bits of hours, which wrap around as they do in Java.
  return unit === 'hour' ? hours | 0 : fromDays(unit, Math.floor(hours / 24));
}

function fromDays(unit: 'year' | 'month' | 'day', days: number): number {
  if (unit === 'day') return days;
  const { year, month } = civilFromDays(days);
  return unit === 'year' ? year - 1970 : (year - 1970) * 12 + month - 1;
}
