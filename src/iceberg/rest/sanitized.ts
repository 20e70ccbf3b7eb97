/**
 * Filters as reports about scans show them: which columns are asked about and how, without the values. What stands in the place of a value is
 * what Iceberg's own library puts there.
 */
import type { Filter, Literal } from '../../expressions/index.js';
import { murmur3 } from '../transforms/murmur3.js';
import { parseDate, parseTime, parseTimestamp } from '../values/temporal.js';

const DAY = 86_400_000;
const HOUR = 3_600_000;
const RECENT = 5 * 60_000;
const LARGEST_INT = 0x7fffffff;

/** An expression of the Iceberg REST specification; `true` where nothing is asked. */
export function sanitizedFilter(filter: Filter | undefined, now = Date.now()): unknown {
  if (!filter) return true;
  switch (filter.op) {
    case 'and':
    case 'or':
      return filter.operands
        .map((operand) => sanitizedFilter(operand, now))
        .reduce((left, right) => ({ type: filter.op, left, right }));
    case 'not':
      return { type: 'not', child: sanitizedFilter(filter.operand, now) };
    case 'isNull':
      return { type: 'is-null', term: filter.column };
    case 'notNull':
      return { type: 'not-null', term: filter.column };
    case 'in':
      return { type: 'in', term: filter.column, values: filter.values.map((value) => sanitized(value, now)) };
    case 'startsWith':
      return { type: 'starts-with', term: filter.column, value: hash(filter.prefix) };
    default:
      return { type: COMPARISONS[filter.op], term: filter.column, value: sanitized(filter.value, now) };
  }
}

const COMPARISONS = { eq: 'eq', ne: 'not-eq', lt: 'lt', le: 'lt-eq', gt: 'gt', ge: 'gt-eq' };

function sanitized({ type, text }: Literal, now: number): string {
  switch (type) {
    case 'integer':
      return `(${digits(text)}-digit-int)`;
    case 'float':
      return `(${digits(text)}-digit-float)`;
    case 'date':
      return dateOf(parseDate(text), now) ?? '(date)';
    case 'time':
      return '(time)';
    case 'timestamp':
    case 'timestamptz':
      return timestampOf(parseTimestamp(text), now) ?? '(timestamp)';
    case 'string':
      return stringOf(text, now);
    default:
      return hash(text);
  }
}

/** Of the whole part; 1 for what has none. */
function digits(text: string): number {
  const [whole = ''] = text.replace(/^[+-]/, '').split(/[.eE]/);
  return Math.max(1, whole.replace(/^0+/, '').length);
}

/** Texts that are dates or times are told as such. */
function stringOf(text: string, now: number): string {
  const isDate = /^\d{4}-\d{2}-\d{2}$/.test(text);
  const isTimestamp = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})?$/.test(text);
  const isTime = /^\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?$/.test(text) && parseTime(text) !== undefined;
  const found = isDate
    ? dateOf(parseDate(text), now)
    : isTimestamp
      ? timestampOf(parseTimestamp(text), now)
      : isTime
        ? '(time)'
        : undefined;
  return found ?? hash(text);
}

function dateOf(days: number | undefined, now: number): string | undefined {
  if (days === undefined) return undefined;
  const past = Math.floor(now / DAY) - days;
  if (past === 0) return '(date-today)';
  if (Math.abs(past) >= 90) return '(date)';
  return `(date-${Math.abs(past)}-days-${past > 0 ? 'ago' : 'from-now'})`;
}

function timestampOf(nanoseconds: bigint | undefined, now: number): string | undefined {
  if (nanoseconds === undefined) return undefined;
  const past = now - Number(nanoseconds / 1_000_000n);
  const distance = Math.abs(past);
  const when = past > 0 ? 'ago' : 'from-now';
  if (distance < RECENT) return '(timestamp-about-now)';
  const hours = Math.floor(distance / HOUR);
  if (hours <= 3 * 24) return `(timestamp-${hours}-hours-${when})`;
  return hours < 90 * 24 ? `(timestamp-${Math.floor(hours / 24)}-days-${when})` : '(timestamp)';
}

function hash(text: string): string {
  const bucket = (murmur3(Buffer.from(text, 'utf8')) & LARGEST_INT) % LARGEST_INT;
  return `(hash-${bucket.toString(16).padStart(8, '0')})`;
}
