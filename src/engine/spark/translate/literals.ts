/** Values as Spark SQL writes them. */
import { decimalText } from '../../../decimal-text.js';
import { refuse } from './refusal.js';
import type { Typed } from './scope.js';
import { isNode, type SyntaxNode, type SyntaxValue } from './tree.js';
import {
  BIGINT,
  BOOLEAN,
  DATE,
  decimal,
  INTEGER,
  isInteger,
  NULL,
  type SqlType,
  showType,
  sparkType,
  TIMESTAMP,
  treeType,
  VARCHAR,
} from './types.js';

const NUMBER = /^-?\d+$/;

/** A CONSTANT of the syntax tree. */
export function constant(node: SyntaxNode): Typed {
  const value = isNode(node.value) ? node.value : {};
  const type = treeType(value.type);
  if (value.is_null === true || type.kind === 'null') return { sql: 'NULL', type: NULL };
  return literal(type, value.value);
}

/** `value`: as the syntax tree has it; of a decimal its digits without the point. */
export function literal(type: SqlType, value: SyntaxValue | undefined): Typed {
  const text = String(value);
  switch (type.kind) {
    case 'varchar':
      return { sql: textSql(text), type: VARCHAR, text };
    case 'boolean':
      return { sql: value === true || text === 'true' ? 'true' : 'false', type: BOOLEAN };
    case 'integer':
    case 'bigint':
      if (!NUMBER.test(text)) break;
      return { ...integerSql(BigInt(text), type), integer: BigInt(text) };
    case 'decimal':
      if (!NUMBER.test(text)) break;
      return { sql: decimalSql(BigInt(text), type.width, type.scale), type };
    case 'double':
      return { sql: doubleSql(Number(value)), type };
  }
  return refuse(`a constant of the type ${showType(type)} is not translated`);
}

export function integerSql(value: bigint, type: SqlType): Typed {
  if (type.kind === 'integer') return { sql: String(value), type: INTEGER };
  // The smallest one can't be written as a number with a sign.
  if (type.kind === 'bigint')
    return { sql: value < -(2n ** 62n) ? `CAST('${value}' AS BIGINT)` : `${value}L`, type: BIGINT };
  if (!isInteger(type)) refuse(`${showType(type)} is no whole number`);
  return { sql: `CAST(${value} AS ${sparkType(type)})`, type };
}

export function decimalSql(unscaled: bigint, width: number, scale: number): string {
  return `CAST('${decimalText(unscaled, scale)}' AS ${sparkType(decimal(width, scale))})`;
}

function doubleSql(value: number): string {
  if (Number.isNaN(value)) return "CAST('NaN' AS DOUBLE)";
  if (!Number.isFinite(value)) return `CAST('${value}' AS DOUBLE)`;
  return Object.is(value, -0) ? "CAST('-0.0' AS DOUBLE)" : `${value}D`;
}

/** Backslashes begin escapes there. */
export function textSql(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

const DATE_TEXT = /^\d{4}-\d{2}-\d{2}$/;
const TIME_TEXT = /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?))?$/;

/** A text that stands for a date. Only what both engines read alike. */
export function dateOf(text: string): Typed {
  if (!DATE_TEXT.test(text) || !isDay(text)) refuse(`'${text}' is not a date in the form '2024-12-31'`);
  return { sql: `DATE '${text}'`, type: DATE };
}

export function timestampOf(text: string): Typed {
  const [, day, time = '00:00:00'] = TIME_TEXT.exec(text) ?? [];
  if (day === undefined || !isDay(day)) refuse(`'${text}' is not a timestamp in the form '2024-12-31 23:59:59'`);
  return { sql: `TIMESTAMP_NTZ '${day} ${time}'`, type: TIMESTAMP };
}

function isDay(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`);
  return text >= '0001' && !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}
