/** Types of expressions, as DuckDB has them, and what they are in Spark. Each expression of a translated text has just the type given here. */
import { DataType, Precision, TimeUnit } from 'apache-arrow';
import type { Type } from '../../../iceberg/types.js';
import { refuse } from './refusal.js';
import { isNode, type SyntaxValue, textOf } from './tree.js';

export type SqlType =
  | { kind: 'boolean' | 'float' | 'double' | 'varchar' | 'date' | 'timestamp' | 'timestamptz' | 'null' }
  | { kind: 'tinyint' | 'smallint' | 'integer' | 'bigint' | 'hugeint' }
  | { kind: 'decimal'; width: number; scale: number }
  /** Anything else: a column may have it, but nothing is computed with it. */
  | { kind: 'other'; name: string };

export type Kind = SqlType['kind'];

export const BOOLEAN: SqlType = { kind: 'boolean' };
export const INTEGER: SqlType = { kind: 'integer' };
export const BIGINT: SqlType = { kind: 'bigint' };
export const HUGEINT: SqlType = { kind: 'hugeint' };
export const DOUBLE: SqlType = { kind: 'double' };
export const VARCHAR: SqlType = { kind: 'varchar' };
export const DATE: SqlType = { kind: 'date' };
export const TIMESTAMP: SqlType = { kind: 'timestamp' };
export const NULL: SqlType = { kind: 'null' };

/** The most digits that a decimal has, in both engines. */
export const MOST_DIGITS = 38;

export function decimal(width: number, scale: number): SqlType {
  return { kind: 'decimal', width, scale };
}

/** Whole numbers from the narrowest to the widest, with the digits that each needs as a decimal. */
const INTEGERS: Partial<Record<Kind, number>> = { tinyint: 3, smallint: 5, integer: 10, bigint: 19, hugeint: 38 };
const ORDER = Object.keys(INTEGERS);

const SPARK: Partial<Record<Kind, string>> = {
  boolean: 'BOOLEAN',
  tinyint: 'TINYINT',
  smallint: 'SMALLINT',
  integer: 'INT',
  bigint: 'BIGINT',
  hugeint: 'DECIMAL(38,0)',
  float: 'FLOAT',
  double: 'DOUBLE',
  varchar: 'STRING',
  date: 'DATE',
  timestamp: 'TIMESTAMP_NTZ',
  timestamptz: 'TIMESTAMP',
};

export function sparkType(type: SqlType): string {
  if (type.kind === 'decimal') return `DECIMAL(${type.width},${type.scale})`;
  return SPARK[type.kind] ?? refuse(`values of the type ${showType(type)} are not translated`);
}

/** As users read it. */
export function showType(type: SqlType): string {
  if (type.kind === 'decimal') return `DECIMAL(${type.width},${type.scale})`;
  return type.kind === 'other' ? type.name : type.kind.toUpperCase();
}

export function isSameType(left: SqlType, right: SqlType): boolean {
  return showType(left) === showType(right);
}

export function isInteger({ kind }: SqlType): boolean {
  return kind in INTEGERS;
}

/** Whether numbers of the type are exact. */
export function isExact(type: SqlType): boolean {
  return type.kind === 'decimal' || isInteger(type);
}

export function isNumeric(type: SqlType): boolean {
  return isExact(type) || type.kind === 'double' || type.kind === 'float';
}

/** Digits of an exact number as a decimal. */
export function digitsOf(type: SqlType): { width: number; scale: number } {
  if (type.kind === 'decimal') return type;
  return { width: INTEGERS[type.kind] ?? refuse(`${showType(type)} is no exact number`), scale: 0 };
}

/** The type that values of both types have where they meet: in comparisons, CASE, UNION. */
export function commonType(left: SqlType, right: SqlType): SqlType {
  if (isSameType(left, right) || right.kind === 'null') return left;
  if (left.kind === 'null') return right;
  if (isInteger(left) && isInteger(right)) {
    return ORDER.indexOf(left.kind) > ORDER.indexOf(right.kind) ? left : right;
  }
  if (isExact(left) && isExact(right)) {
    const [a, b] = [digitsOf(left), digitsOf(right)];
    const scale = Math.max(a.scale, b.scale);
    // Beyond that both engines check whether the values fit.
    return decimal(Math.min(Math.max(a.width - a.scale, b.width - b.scale) + scale, MOST_DIGITS), scale);
  }
  const kinds = [left.kind, right.kind];
  if (kinds.includes('double') && isNumeric(left) && isNumeric(right)) return DOUBLE;
  if (kinds.includes('date') && kinds.includes('timestamp')) return TIMESTAMP;
  return refuse(`${showType(left)} and ${showType(right)} are not compared or combined there as here`);
}

const PRIMITIVES: Partial<Record<string, SqlType>> = {
  boolean: BOOLEAN,
  int: INTEGER,
  long: BIGINT,
  float: { kind: 'float' },
  double: DOUBLE,
  date: DATE,
  timestamp: TIMESTAMP,
  timestamptz: { kind: 'timestamptz' },
  string: VARCHAR,
};

/** The type of a column of a table. */
export function columnType(type: Type): SqlType {
  if (type.kind === 'decimal') return decimal(type.precision, type.scale);
  if (type.kind !== 'primitive') return { kind: 'other', name: type.kind };
  return PRIMITIVES[type.type] ?? { kind: 'other', name: type.type };
}

const WRITTEN: Record<string, SqlType> = {
  BOOLEAN,
  TINYINT: { kind: 'tinyint' },
  SMALLINT: { kind: 'smallint' },
  INTEGER,
  BIGINT,
  HUGEINT,
  FLOAT: { kind: 'float' },
  DOUBLE,
  VARCHAR,
  DATE,
  TIMESTAMP,
  'TIMESTAMP WITH TIME ZONE': { kind: 'timestamptz' },
  TIMESTAMPTZ: { kind: 'timestamptz' },
  NULL,
};

/** Names that a text may use, and that the parser has not replaced. */
const SYNONYMS: Record<string, string> = {
  INT: 'INTEGER',
  INT4: 'INTEGER',
  INT8: 'BIGINT',
  LONG: 'BIGINT',
  TEXT: 'VARCHAR',
  STRING: 'VARCHAR',
  CHAR: 'VARCHAR',
  BOOL: 'BOOLEAN',
  REAL: 'FLOAT',
  FLOAT8: 'DOUBLE',
};

/** The type that a node of the syntax tree names. */
export function treeType(value: SyntaxValue | undefined): SqlType {
  const node = isNode(value) ? value : {};
  const id = textOf(node.id);
  const info = isNode(node.type_info) ? node.type_info : {};
  if (id === 'DECIMAL') return decimal(Number(info.width ?? 18), Number(info.scale ?? 3));
  const written = WRITTEN[SYNONYMS[id] ?? id];
  // A collation, or a name of somebody's own.
  if (textOf(info.collation) !== '' || written === undefined) return { kind: 'other', name: id };
  return written;
}

/** The type that a text such as `DECIMAL(15,2)` names. */
export function namedType(text: string): SqlType {
  const [, width, scale] = /^DECIMAL\((\d+),\s*(\d+)\)$/i.exec(text) ?? [];
  if (width !== undefined && scale !== undefined) return decimal(Number(width), Number(scale));
  return WRITTEN[text.toUpperCase()] ?? { kind: 'other', name: text };
}

/** The type whose values are announced as an Arrow type. HUGEINT is announced as a decimal of 38 digits. */
export function announcedType(type: DataType): SqlType {
  if (DataType.isDecimal(type)) return decimal(type.precision, type.scale);
  if (DataType.isBool(type)) return BOOLEAN;
  if (DataType.isInt(type) && type.isSigned) {
    return { kind: ({ 8: 'tinyint', 16: 'smallint', 32: 'integer', 64: 'bigint' } as const)[type.bitWidth] };
  }
  if (DataType.isFloat(type) && type.precision === Precision.DOUBLE) return DOUBLE;
  if (DataType.isFloat(type) && type.precision === Precision.SINGLE) return { kind: 'float' };
  if (DataType.isUtf8(type)) return VARCHAR;
  if (DataType.isDate(type)) return DATE;
  if (DataType.isTimestamp(type) && type.unit === TimeUnit.MICROSECOND) {
    return type.timezone ? { kind: 'timestamptz' } : TIMESTAMP;
  }
  return { kind: 'other', name: String(type) };
}
