/** Values from and to the canonical text of literals, by Iceberg type. */

import { decimalText } from '../../decimal-text.js';
import type { Literal } from '../../expressions/index.js';
import type { PrimitiveType, Type } from '../types.js';
import { unscaledDecimal } from './json-value.js';
import type { Value } from './single-value.js';
import { floorDivide, formatDate, formatTime, formatTimestamp, parseTime, parseTimestamp } from './temporal.js';

/** A text as a value of the type; undefined where it is none, or not exactly. */
export function parseValue(type: Type, text: string): Value | undefined {
  const rounded = parseValueDown(type, text);
  return rounded?.isExact ? rounded.value : undefined;
}

/** A text as the greatest value of the type that is not above it; `isExact` where nothing was lost. */
export function parseValueDown(type: Type, text: string): { value: Value; isExact: boolean } | undefined {
  if (type.kind === 'decimal') return decimalDown(text, type.scale);
  if (type.kind === 'fixed') return exact(parseHex(text));
  if (type.kind !== 'primitive') return undefined;
  switch (type.type) {
    case 'boolean':
      return exact({ true: true, false: false, t: true, f: false, '1': true, '0': false }[text.toLowerCase()]);
    case 'int': {
      const down = decimalDown(text, 0);
      return down && { value: Number(down.value), isExact: down.isExact };
    }
    case 'long':
      return decimalDown(text, 0);
    case 'float':
    case 'double':
      return exact(parseFloating(text));
    case 'date': {
      const nanoseconds = parseTimestamp(text);
      if (nanoseconds === undefined) return undefined;
      const days = floorDivide(nanoseconds, 86_400_000_000_000n);
      return { value: Number(days), isExact: days * 86_400_000_000_000n === nanoseconds };
    }
    case 'time':
      return scaledDown(parseTime(text), 1000n);
    case 'timestamp':
    case 'timestamptz':
      return scaledDown(parseTimestamp(text), 1000n);
    case 'timestamp_ns':
    case 'timestamptz_ns':
      return exact(parseTimestamp(text));
    case 'string':
      return exact(text);
    case 'uuid':
      return exact(/^[0-9a-f-]{32,36}$/i.test(text) ? parseHex(text.replaceAll('-', '')) : undefined);
    case 'binary':
      return exact(parseHex(text));
    default:
      return undefined;
  }
}

function exact(value: Value | undefined): { value: Value; isExact: boolean } | undefined {
  return value === undefined ? undefined : { value, isExact: true };
}

function scaledDown(value: bigint | undefined, unit: bigint): { value: Value; isExact: boolean } | undefined {
  if (value === undefined) return undefined;
  const units = floorDivide(value, unit);
  return { value: units, isExact: units * unit === value };
}

function decimalDown(text: string, scale: number): { value: bigint; isExact: boolean } | undefined {
  const unscaled = unscaledDecimal(text, scale);
  if (unscaled !== undefined) return { value: unscaled, isExact: true };
  const fraction = /^[+-]?\d*\.(\d+)$/.exec(text.trim())?.[1];
  const finer = fraction && unscaledDecimal(text, fraction.length);
  if (finer === undefined || finer === '') return undefined;
  return { value: floorDivide(finer, 10n ** BigInt((fraction as string).length - scale)), isExact: false };
}

function parseFloating(text: string): number | undefined {
  const named = /^([+-]?)(nan|inf|infinity)$/i.exec(text.trim());
  if (named) {
    if (named[2]?.toLowerCase() === 'nan') return Number.NaN;
    return named[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  const value = Number(text);
  return text.trim() === '' || Number.isNaN(value) ? undefined : value;
}

function parseHex(text: string): Uint8Array | undefined {
  return text.length % 2 === 0 && /^[0-9a-f]*$/i.test(text) ? Buffer.from(text, 'hex') : undefined;
}

const literalTypes: Partial<Record<PrimitiveType, Literal['type']>> = {
  boolean: 'boolean',
  int: 'integer',
  long: 'integer',
  float: 'float',
  double: 'float',
  date: 'date',
  time: 'time',
  timestamp: 'timestamp',
  timestamptz: 'timestamptz',
  timestamp_ns: 'timestamp',
  timestamptz_ns: 'timestamptz',
  string: 'string',
  uuid: 'uuid',
  binary: 'binary',
};

/** A value as a literal of the engine; undefined for types without literals. */
export function valueToLiteral(type: Type, value: Value): Literal | undefined {
  const text = formatValue(type, value);
  if (type.kind === 'decimal') return { type: 'decimal', text };
  if (type.kind === 'fixed') return { type: 'binary', text };
  const literalType = type.kind === 'primitive' ? literalTypes[type.type] : undefined;
  return literalType && { type: literalType, text };
}

/** Canonical text: ISO dates and times, plain decimals, lower-case hex. */
export function formatValue(type: Type, value: Value): string {
  if (type.kind === 'decimal') return decimalText(BigInt(value as bigint), type.scale);
  if (type.kind === 'primitive') {
    switch (type.type) {
      case 'date':
        return formatDate(Number(value));
      case 'time':
        return formatTime((value as bigint) * 1000n);
      case 'timestamp':
        return formatTimestamp((value as bigint) * 1000n);
      case 'timestamptz':
        return `${formatTimestamp((value as bigint) * 1000n)}+00:00`;
      case 'timestamp_ns':
        return formatTimestamp(value as bigint);
      case 'timestamptz_ns':
        return `${formatTimestamp(value as bigint)}+00:00`;
      case 'uuid':
        return Buffer.from(value as Uint8Array)
          .toString('hex')
          .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
      case 'float':
      case 'double':
        return Object.is(value, -0) ? '-0.0' : String(value);
    }
  }
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : String(value);
}
