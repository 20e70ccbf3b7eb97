/** JSON single-value serialization (Iceberg spec, Appendix D), from and to values. */
import { isJsonFloat } from '../../json.js';
import type { Type } from '../types.js';
import { encodeValue, type Value } from '../values/single-value.js';
import { formatValue, parseValue } from '../values/text-value.js';

/** Undefined for a value that JSON has no form for, such as NaN, and for years that have not four digits. */
export function valueToJson(type: Type, value: Value): unknown {
  if (typeof value === 'boolean') return value;
  if (type.kind === 'primitive') {
    switch (type.type) {
      case 'int':
      case 'long':
        return value;
      case 'float':
      case 'double':
        return Number.isFinite(value) ? value : undefined;
      case 'timestamp':
      case 'timestamptz':
        return fourDigitYear(padded(formatValue(type, value), 6));
      case 'timestamp_ns':
      case 'timestamptz_ns':
        return fourDigitYear(padded(formatValue(type, value), 9));
      case 'time':
        return padded(formatValue(type, value), 6);
      case 'date':
        return fourDigitYear(formatValue(type, value));
      case 'binary':
        return formatValue(type, value).toUpperCase();
    }
  }
  return type.kind === 'fixed' ? formatValue(type, value).toUpperCase() : formatValue(type, value);
}

/** With so many digits after the second. */
function padded(text: string, digits: number): string {
  const [, clock = '', fraction = '', zone = ''] = /^(.*?\d{2}:\d{2}:\d{2})(?:\.(\d+))?(\+00:00)?$/.exec(text) ?? [];
  return `${clock}.${fraction.padEnd(digits, '0')}${zone}`;
}

function fourDigitYear(text: string): string | undefined {
  return /^\d{4}-/.test(text) ? text : undefined;
}

/** Undefined for what is no value of the type, and for null. Days may come as numbers. */
export function valueFromJson(type: Type, json: unknown): Value | undefined {
  const isDate = type.kind === 'primitive' && type.type === 'date';
  if (isDate && typeof json === 'number' && Number.isInteger(json)) return json;
  const isText = typeof json === 'string' || typeof json === 'number' || typeof json === 'bigint' || isJsonFloat(json);
  return isText || typeof json === 'boolean' ? parseValue(type, String(json)) : undefined;
}

const WIDTHS: Record<string, number> = {
  boolean: 1,
  int: 4,
  date: 4,
  float: 4,
  long: 8,
  double: 8,
  time: 8,
  timestamp: 8,
  timestamptz: 8,
  timestamp_ns: 8,
  timestamptz_ns: 8,
  uuid: 16,
};

/**
 * A bound of a column, which servers send as the value or as the hexadecimal digits of its binary form. Undefined where a text could be either,
 * as those of strings, decimals and binary values can.
 */
export function boundFromJson(type: Type, json: unknown): Uint8Array | undefined {
  const width = type.kind === 'primitive' ? WIDTHS[type.type] : undefined;
  if (width === undefined) return undefined;
  if (typeof json === 'string' && json.length === 2 * width && /^[0-9a-f]+$/i.test(json)) {
    return Buffer.from(json, 'hex');
  }
  const value = valueFromJson(type, json);
  return value === undefined ? undefined : encodeValue(type, value);
}
