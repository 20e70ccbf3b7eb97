/** DEFAULT of columns: a literal in SQL as a default value in Iceberg (spec, "Default values", from format version 3 on). */
import { batchToRows } from '../../arrow/index.js';
import { SkuaError } from '../../errors.js';
import { typeToSql } from '../../iceberg/index.js';
import type { NestedField, Schema, Type } from '../../iceberg/types.js';
import { parseJson } from '../../json.js';
import type { StatementContext } from '../environment.js';
import { bindQuery, runQuery } from '../reading/query.js';
import { Cursor } from '../syntax/cursor.js';
import { wholeSql } from '../writing/whole.js';

/** Words of literals. A function would be called once, when the table is defined, and not for each row. */
const LITERAL_WORDS = new Set(
  'TRUE FALSE NULL DATE TIME TIMESTAMP TIMESTAMPTZ WITH WITHOUT ZONE UUID BLOB DECIMAL INT INTEGER BIGINT VARCHAR'.split(
    ' ',
  ),
);
const FIRST_VERSION = 3;

/** Tables of earlier format versions have no defaults: INVALID_ARGUMENT. */
export function requireDefaults(formatVersion: number): void {
  if (formatVersion >= FIRST_VERSION) return;
  throw new SkuaError(
    'INVALID_ARGUMENT',
    `A column can have a DEFAULT in tables of format version ${FIRST_VERSION} or later; this one is of version ${formatVersion} (TBLPROPERTIES ('format-version' = '${FIRST_VERSION}') makes or upgrades one)`,
  );
}

/** The value of a literal in the JSON form of a column's type (spec, Appendix D); undefined for NULL. What is no literal: INVALID_ARGUMENT. */
export async function defaultValue(
  context: StatementContext,
  { name, type }: Pick<NestedField, 'name' | 'type'>,
  sql: string,
): Promise<unknown> {
  for (const cursor = new Cursor(sql); !cursor.ended; ) {
    const { kind, keyword } = cursor.next();
    if (kind === 'parameter' || kind === 'quoted' || (kind === 'word' && !LITERAL_WORDS.has(keyword))) {
      throw new SkuaError('INVALID_ARGUMENT', `A DEFAULT is a literal; "${sql}" is none`);
    }
  }
  const bound = await bindQuery(context, `SELECT ${textExpression(name, type, `(${sql}\n)`)} AS value`);
  const stream = await runQuery(context, bound);
  let text: unknown;
  for await (const batch of stream.batches) text = batchToRows(stream.schema, batch)[0]?.[0];
  return typeof text === 'string' ? jsonOf(name, type, text) : undefined;
}

/** The schema with the values of the defaults as write defaults: columns of a new table have no earlier rows to read them for. */
export async function withWriteDefaults(
  context: StatementContext,
  schema: Schema,
  columns: readonly { default?: string }[],
  formatVersion: number,
): Promise<Schema> {
  if (columns.every((column) => column.default === undefined)) return schema;
  requireDefaults(formatVersion);
  const fields = await Promise.all(
    schema.fields.map(async (field, index) => {
      const sql = columns[index]?.default;
      const writeDefault = sql === undefined ? undefined : await defaultValue(context, field, sql);
      return writeDefault === undefined ? field : { ...field, writeDefault };
    }),
  );
  return { ...schema, fields };
}

function textExpression(name: string, type: Type, sql: string): string {
  const text = (expression: string) => `CAST(${expression} AS VARCHAR)`;
  const whole = (target: string) => wholeSql(name, type, sql, (value) => `CAST(${value} AS ${target})`);
  if (type.kind === 'decimal') return text(`CAST(${sql} AS ${typeToSql(type)})`);
  if (type.kind === 'fixed') return `lower(hex(CAST(${sql} AS BLOB)))`;
  if (type.kind !== 'primitive' || type.type === 'variant' || type.type === 'unknown') {
    throw new SkuaError('UNIMPLEMENTED', `A DEFAULT for a column of type ${typeToSql(type)} is not supported`);
  }
  switch (type.type) {
    case 'binary':
      return `lower(hex(CAST(${sql} AS BLOB)))`;
    case 'timestamp':
    case 'timestamp_ns':
      return `replace(${text(whole(typeToSql(type)))}, ' ', 'T')`;
    case 'timestamptz':
    case 'timestamptz_ns':
      return `replace(${text(`${whole('TIMESTAMPTZ')} AT TIME ZONE 'UTC'`)}, ' ', 'T') || '+00:00'`;
    default:
      return text(whole(typeToSql(type)));
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
      if (!/infinity|^24:/.test(text)) return text;
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
