import { DataType, type Field, TimeUnit } from 'apache-arrow';
import { decimalText } from '../../../../decimal-text.js';
import type { Literal } from '../../../../expressions/index.js';
import { isNode, type SyntaxNode, textOf } from '../parsing/syntax-tree.js';
import { isUuid } from '../types/sql-type.js';

/** A constant of a filter text: the type that DuckDB gave it and its text. */
export interface Constant {
  type: string;
  text: string;
}

/** The constant that an expression is, `'…'::DATE` and negative numbers included. */
export function constantOf(node: SyntaxNode): Constant | undefined {
  if (node.type === 'OPERATOR_CAST' && isNode(node.child) && isNode(node.cast_type)) {
    const child = constantOf(node.child);
    return child && { type: textOf(node.cast_type.id), text: child.text };
  }
  if (node.type === 'FUNCTION' && node.function_name === '-' && Array.isArray(node.children)) {
    const [only, more] = node.children;
    const child = isNode(only) && more === undefined ? constantOf(only) : undefined;
    return child && { ...child, text: `-${child.text}` };
  }
  if (node.type !== 'VALUE_CONSTANT' || !isNode(node.value) || node.value.is_null === true) return undefined;
  const type = isNode(node.value.type) ? node.value.type : {};
  const id = textOf(type.id);
  const { value } = node.value;
  // A number that JSON does not hold exactly stands for another one.
  if (typeof value === 'number' && id !== 'DOUBLE' && id !== 'FLOAT' && !Number.isSafeInteger(value)) return undefined;
  if (typeof value === 'object' || value === undefined) return undefined;
  if (id === 'DECIMAL' && isNode(type.type_info) && /^-?\d+$/.test(String(value))) {
    return { type: id, text: decimalText(BigInt(String(value)), Number(type.type_info.scale)) };
  }
  return { type: id, text: String(value) };
}

const plainNumber = /^-?\d+(?:\.\d+)?$/;
const date = /^\d{4}-\d{2}-\d{2}$/;
const time = /^\d{2}:\d{2}:\d{2}(?:\.\d+)?$/;
const timestamp = /^(?<date>\d{4}-\d{2}-\d{2})(?:[ T](?<time>\d{2}:\d{2}:\d{2}(?:\.\d+)?))?(?<utc>\+00(?::00)?)?$/;

/** The constant as a literal of the column's type; undefined where that would change its meaning. */
export function literalFor(field: Field, { text }: Constant): Literal | undefined {
  const { type } = field;
  if (isUuid(field)) return /^[0-9a-f-]{36}$/i.test(text) ? { type: 'uuid', text: text.toLowerCase() } : undefined;
  if (DataType.isBool(type)) {
    if (/^(?:t|true|1)$/i.test(text)) return { type: 'boolean', text: 'true' };
    return /^(?:f|false|0)$/i.test(text) ? { type: 'boolean', text: 'false' } : undefined;
  }
  if (DataType.isInt(type)) return /^-?\d+$/.test(text) ? { type: 'integer', text } : undefined;
  if (DataType.isDecimal(type)) {
    if (!plainNumber.test(text)) return undefined;
    const [whole = '', fraction = ''] = text.split('.');
    const digits = fraction.replace(/0+$/, '');
    if (digits.length > type.scale) return undefined;
    return { type: 'decimal', text: type.scale === 0 ? whole : `${whole}.${digits.padEnd(type.scale, '0')}` };
  }
  if (DataType.isFloat(type)) return Number.isFinite(Number(text)) ? { type: 'float', text } : undefined;
  if (DataType.isUtf8(type) || DataType.isLargeUtf8(type)) return { type: 'string', text };
  if (DataType.isDate(type)) return date.test(text) ? { type: 'date', text } : undefined;
  if (DataType.isTime(type)) return time.test(text) ? { type: 'time', text } : undefined;
  if (DataType.isTimestamp(type)) {
    const parts = timestamp.exec(text)?.groups;
    if (!parts) return undefined;
    const iso = `${parts.date}T${parts.time ?? '00:00:00'}`;
    if (!type.timezone) return parts.utc ? undefined : { type: 'timestamp', text: iso };
    // Without its offset, a text is a time in the session's zone; of moments in nanoseconds the engine writes UTC without one.
    const isUtc = parts.utc !== undefined || type.unit === TimeUnit.NANOSECOND;
    return isUtc ? { type: 'timestamptz', text: `${iso}+00:00` } : undefined;
  }
  return undefined;
}

export type Comparison = 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge';

/** The type that a cast leads to: its name, and the scale of a decimal. */
export interface CastTarget {
  name: string;
  scale?: number;
}

export function castTargetOf(cast: SyntaxNode): CastTarget {
  const type = isNode(cast.cast_type) ? cast.cast_type : {};
  const info = isNode(type.type_info) ? type.type_info : {};
  return { name: textOf(type.id), ...(typeof info.scale === 'number' && { scale: info.scale }) };
}

/**
 * A comparison of `CAST(column AS type)` with a constant, as one of the column itself. Only where the cast keeps each value and the order: of
 * integers to wider numbers, of dates to timestamps, of decimals to those with as many digits behind the point.
 */
export function withoutCast(
  field: Field,
  target: CastTarget,
  op: Comparison,
  constant: Constant,
): { op: Comparison; constant: Constant } | undefined {
  if (DataType.isInt(field.type)) return keepsIntegers(target, constant) ? amongIntegers(op, constant) : undefined;
  if (DataType.isDate(field.type)) {
    const parts = zoneless.has(target.name) ? timestamp.exec(constant.text)?.groups : undefined;
    if (!parts) return undefined;
    const day = { type: 'DATE', text: parts.date as string };
    return /^[0:.]*$/.test(parts.time ?? '') ? { op, constant: day } : between(op, day);
  }
  if (DataType.isDecimal(field.type) && target.name === 'DECIMAL' && constant.type === 'DECIMAL') {
    return (target.scale ?? 0) >= field.type.scale ? { op, constant } : undefined;
  }
  return undefined;
}

const zoneless: ReadonlySet<string> = new Set(['TIMESTAMP', 'TIMESTAMP_S', 'TIMESTAMP_MS', 'TIMESTAMP_NS']);
const wholeNumbers: ReadonlySet<string> = new Set(['SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT', 'DECIMAL']);
/** Up to here each integer has a floating number of its own; what lies above stays above. */
const exactUpTo: Readonly<Record<string, number>> = { DOUBLE: 2 ** 53, FLOAT: 2 ** 24 };

function keepsIntegers({ name }: CastTarget, { text }: Constant): boolean {
  if (!plainNumber.test(text)) return false;
  const most = exactUpTo[name];
  return most === undefined ? wholeNumbers.has(name) : Math.abs(Number(text)) < most;
}

function amongIntegers(op: Comparison, { text }: Constant): { op: Comparison; constant: Constant } | undefined {
  const [whole = '0', fraction = ''] = text.split('.');
  if (/^0*$/.test(fraction)) return { op, constant: { type: 'BIGINT', text: whole } };
  const below = BigInt(whole === '-0' ? '0' : whole) - (text.startsWith('-') ? 1n : 0n);
  return between(op, { type: 'BIGINT', text: String(below) });
}

/** The constant lies strictly between `below` and the next value of the column's type. */
function between(op: Comparison, below: Constant): { op: Comparison; constant: Constant } | undefined {
  if (op === 'gt' || op === 'ge') return { op: 'gt', constant: below };
  if (op === 'lt' || op === 'le') return { op: 'le', constant: below };
  return undefined;
}
