/** DEFAULT of columns: a constant in SQL as a default value in Iceberg (spec, "Default values", from format version 3 on). */
import { DataType, type Field } from 'apache-arrow';
import { batchToRows } from '../../arrow/index.js';
import { SkuaError } from '../../errors.js';
import { parseValue, typeToSql, valueToLiteral } from '../../iceberg/index.js';
import type { NestedField, Schema, Type } from '../../iceberg/types.js';
import { parseJson } from '../../json.js';
import { quoteString } from '../../sql/index.js';
import type { StatementContext } from '../environment.js';
import { bindQuery, describeBound, runQuery } from '../reading/query.js';
import { Cursor } from '../syntax/cursor.js';
import { losslessSql } from '../writing/lossless.js';
import { typedSql } from '../writing/typed-values.js';

/** Words of literals, casts and constructors. A function would be called once, when the table is defined, and not for each row. */
const CONSTANT_WORDS = new Set(
  (
    'TRUE FALSE NULL CAST TRY_CAST AS WITH WITHOUT LOCAL ZONE PRECISION VARYING GETVARIABLE STRUCT STRUCT_PACK ROW ' +
    'BOOLEAN BOOL TINYINT SMALLINT INT INTEGER BIGINT HUGEINT FLOAT REAL DOUBLE DECIMAL NUMERIC DATE TIME TIMESTAMP TIMESTAMPTZ TIMESTAMP_S ' +
    'TIMESTAMP_MS TIMESTAMP_NS TIMESTAMPTZ_NS VARCHAR TEXT STRING CHAR UUID BLOB BYTEA BINARY VARBINARY GEOMETRY VARIANT'
  ).split(' '),
);
const FIRST_VERSION = 3;

/** Which default values of a field: what rows from before read as, what INSERT writes. */
export type DefaultKey = 'initialDefault' | 'writeDefault';

/** A default value in the JSON form of its type (spec, Appendix D), and the type with the defaults that fields inside it have. */
export interface ColumnDefault {
  type: Type;
  value: unknown;
}

/**
 * The value of a constant; undefined for NULL, which is no default. That of a struct is the empty object, and its fields have defaults of their
 * own, under the given keys. What is no constant, and a default in a table of an earlier format version: INVALID_ARGUMENT.
 */
export async function columnDefault(
  context: StatementContext,
  column: Pick<NestedField, 'name' | 'type'>,
  sql: string,
  { keys, formatVersion }: { keys: readonly DefaultKey[]; formatVersion: number },
): Promise<ColumnDefault | undefined> {
  requireConstant(sql);
  if (/^\(*\s*null\s*\)*(?:::.*)?$/is.test(sql.trim())) return undefined;
  requireDefaults(formatVersion);
  const given = `(${sql}\n)`;
  const [field] = (await describeBound(context, await bindQuery(context, `SELECT ${given}`))).schema.fields;
  const expressions: string[] = [];
  collectExpressions(column, { value: 'value', given: 'given', field }, expressions);
  const selected = expressions.map((expression, index) => `${expression} AS v${index}`).join(', ');
  const typed = `SELECT ${given} AS given, ${typedSql(column.type, given)} AS value`;
  const stream = await runQuery(context, await bindQuery(context, `SELECT ${selected} FROM (${typed})`));
  let row: unknown[] = [];
  for await (const batch of stream.batches) row = batchToRows(stream.schema, batch)[0] ?? row;
  return takeDefault(column, row.values(), keys);
}

/** The schema with the values of the defaults as write defaults: columns of a new table have no earlier rows to read them for. */
export async function withWriteDefaults(
  context: StatementContext,
  schema: Schema,
  columns: readonly { default?: string }[],
  formatVersion: number,
): Promise<Schema> {
  const fields = await Promise.all(
    schema.fields.map(async (field, index): Promise<NestedField> => {
      const sql = columns[index]?.default;
      if (sql === undefined) return field;
      const given = await columnDefault(context, field, sql, { keys: ['writeDefault'], formatVersion });
      return given ? { ...field, type: given.type, writeDefault: given.value } : field;
    }),
  );
  return { ...schema, fields };
}

function requireDefaults(formatVersion: number): void {
  if (formatVersion >= FIRST_VERSION) return;
  throw new SkuaError(
    'INVALID_ARGUMENT',
    `A column can have a DEFAULT in tables of format version ${FIRST_VERSION} or later; this one is of version ${formatVersion} (TBLPROPERTIES ('format-version' = '${FIRST_VERSION}') makes or upgrades one)`,
  );
}

function requireConstant(sql: string): void {
  for (const cursor = new Cursor(sql); !cursor.ended; ) {
    const { kind, keyword } = cursor.next();
    const isName = kind === 'quoted' || (kind === 'word' && !CONSTANT_WORDS.has(keyword));
    // A name in front of a colon is that of a field.
    if (kind === 'parameter' || (isName && cursor.peek()?.text !== ':')) {
      throw new SkuaError('INVALID_ARGUMENT', `A DEFAULT is a literal; "${sql}" is none`);
    }
  }
}

/** SQL of a value as its column's type, and as it is written, where that has such a part. */
interface Constant {
  value: string;
  given: string;
  field: Field | undefined;
}

/** For a struct whether it is there and what its fields are, for a leaf its text, in the order in which `takeDefault` reads them. */
function collectExpressions(
  { name, type }: Pick<NestedField, 'name' | 'type'>,
  { value, given, field }: Constant,
  expressions: string[],
): void {
  if (type.kind !== 'struct') {
    expressions.push(textExpression(type, field ? losslessSql(name, type, given, () => value) : value));
    return;
  }
  expressions.push(`CASE WHEN ${value} IS NOT NULL THEN '' END`);
  const parts: Field[] = field && DataType.isStruct(field.type) ? field.type.children : [];
  for (const [index, child] of type.fields.entries()) {
    // The fields of ROW (…) have no names, and go by position.
    const part = parts[0]?.name
      ? parts.find((candidate) => candidate.name.toLowerCase() === child.name.toLowerCase())
      : parts[index];
    const partOfGiven = `struct_extract(${given}, ${part?.name ? quoteString(part.name) : index + 1})`;
    const constant = { value: `struct_extract(${value}, ${quoteString(child.name)})`, given: partOfGiven, field: part };
    collectExpressions({ name: `${name}.${child.name}`, type: child.type }, constant, expressions);
  }
}

function takeDefault(
  { name, type }: Pick<NestedField, 'name' | 'type'>,
  values: Iterator<unknown>,
  keys: readonly DefaultKey[],
): ColumnDefault | undefined {
  const text = values.next().value;
  const isGiven = typeof text === 'string';
  if (type.kind !== 'struct') return isGiven ? { type, value: jsonOf(name, type, text) } : undefined;
  const fields = type.fields.map((field): NestedField => {
    const given = takeDefault({ name: `${name}.${field.name}`, type: field.type }, values, keys);
    const defaults = Object.fromEntries(keys.map((key) => [key, given?.value]));
    return { ...field, type: given?.type ?? field.type, ...defaults };
  });
  return isGiven ? { type: { ...type, fields }, value: {} } : undefined;
}

function textExpression(type: Type, value: string): string {
  const text = (expression: string) => `CAST(${expression} AS VARCHAR)`;
  if (type.kind === 'decimal') return text(value);
  if (type.kind === 'fixed') return `lower(hex(${value}))`;
  if (type.kind !== 'primitive' || type.type === 'variant' || type.type === 'unknown') {
    throw new SkuaError(
      'UNIMPLEMENTED',
      `A DEFAULT for a column of type ${typeToSql(type)} is not supported; give the value with each INSERT`,
    );
  }
  switch (type.type) {
    case 'binary':
      return `lower(hex(${value}))`;
    case 'timestamp':
    case 'timestamp_ns':
      return `replace(${text(value)}, ' ', 'T')`;
    case 'timestamptz':
      return `replace(${text(`${value} AT TIME ZONE 'UTC'`)}, ' ', 'T') || '+00:00'`;
    case 'timestamptz_ns':
      return `regexp_replace(replace(${text(value)}, ' ', 'T'), '(?:\\+00|Z)?$', '+00:00')`;
    default:
      return text(value);
  }
}

function jsonOf(name: string, type: Type, text: string): unknown {
  if (type.kind === 'fixed' && text.length !== 2 * type.length) {
    throw new SkuaError('INVALID_ARGUMENT', `A DEFAULT of ${text.length / 2} bytes does not fit ${typeToSql(type)}`);
  }
  if (type.kind !== 'primitive') return text;
  switch (type.type) {
    case 'date':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
    case 'timestamp_ns':
    case 'timestamptz_ns':
      if (!/infinity|^24:/.test(text)) return isoText(type, text);
      throw new SkuaError(
        'INVALID_ARGUMENT',
        `The column ${name} can't have the DEFAULT ${text}: Iceberg has no such time`,
      );
    case 'boolean':
      return text === 'true';
    case 'int':
    case 'long':
      return parseJson(text);
    case 'float':
    case 'double': {
      const value = Number(text);
      if (!Number.isFinite(value)) throw new SkuaError('INVALID_ARGUMENT', `${text} can't be a DEFAULT`);
      return value;
    }
    default:
      return text;
  }
}

/** Years before the first and after 9999 as ISO has them: with a sign. */
function isoText(type: Type, text: string): string {
  const value = /\(BC\)|^\d{5,}-/.test(text) ? parseValue(type, text) : undefined;
  return (value !== undefined && valueToLiteral(type, value)?.text) || text;
}
