/**
 * Values as the specification has them, out of what batches hold: integers, dates, times and decimals (unscaled) as bigints, in the type's own
 * unit; bytes as buffers; structs as arrays in the order of their fields, maps as arrays of pairs. Types that no rule looks into stay as they are.
 */

const INTEGERS = new Set(['int', 'long', 'date', 'time', 'timestamp', 'timestamptz', 'timestamp_ns', 'timestamptz_ns']);
const BYTES = new Set(['uuid', 'fixed', 'binary']);

export function valueFrom(type, value) {
  if (value === null || value === undefined) return null;
  if (INTEGERS.has(type.kind) || type.kind === 'decimal') return BigInt(value);
  if (BYTES.has(type.kind)) return Buffer.from(value);
  switch (type.kind) {
    case 'struct':
      return type.fields.map((field) => valueFrom(field.type, value[field.name]));
    case 'list':
      return Array.from(value, (item) => valueFrom(type.element.type, item));
    case 'map':
      return value.map(([key, item]) => [valueFrom(type.entryKey.type, key), valueFrom(type.value.type, item)]);
    default:
      return value;
  }
}

export const rowOf = (fields, row) => fields.map(({ type }, index) => valueFrom(type, row[index]));

/** A text that two values have in common where they are the same. Zeros of both signs are one: a file may keep one of them for both. */
export function textOf(type, value) {
  if (value === null) return 'null';
  switch (type.kind) {
    case 'struct':
      return `{${type.fields.map((field, index) => textOf(field.type, value[index])).join(', ')}}`;
    case 'list':
      return `[${value.map((item) => textOf(type.element.type, item)).join(', ')}]`;
    case 'map': {
      const pairs = value.map(([key, item]) => `${textOf(type.entryKey.type, key)}=${textOf(type.value.type, item)}`);
      return `map(${pairs.sort().join(', ')})`;
    }
    case 'float':
    case 'double':
      return String(value === 0 ? 0 : value);
    case 'string':
      return JSON.stringify(value);
    default:
      if (Buffer.isBuffer(value)) return `x${value.toString('hex')}`;
      if (value instanceof Uint8Array) return `x${Buffer.from(value).toString('hex')}`;
      return typeof value === 'object' ? JSON.stringify(value, written) : String(value);
  }
}

const written = (_, value) => (typeof value === 'bigint' ? `${value}` : value);

/** Rows as texts in one order. */
export const rowTexts = (fields, rows) =>
  rows.map((row) => row.map((value, index) => textOf(fields[index].type, value)).join(' | ')).sort();
