import { type Field, Schema } from 'apache-arrow';
import { SkuaError } from '../../../../errors.js';
import type { ParameterRow } from '../../contract.js';
import type { Connection, Statement } from '../native/database.js';
import type { SourceText } from '../native/errors.js';
import { quoteIdentifier, quoteText } from '../native/text.js';
import type { TypedText } from '../parsing/parameter-types.js';
import { holds, withLeaves } from '../types/nested.js';
import { bindParameters } from '../types/parameters.js';
import { isSpatial, sqlTypeOf } from '../types/sql-type.js';
import { isVariantJson, variantJsonSql } from '../types/variants.js';
import { type FixedColumns, withFixed } from './fixed-columns.js';
import { fieldOf, type ResultType } from './result-type.js';
import { columnsOf, type ResultColumn, StreamingResult } from './stream.js';

export interface QueryOptions {
  parameters: ParameterRow | undefined;
  fixed: FixedColumns;
  /** See `RunOptions.schema`. */
  announced?: Schema | undefined;
  /** The columns that the text itself has, where they are known and it has no parameters. */
  known?: readonly ResultColumn[] | undefined;
  /** Told of them where they were not. */
  onPlanned?: (columns: readonly ResultColumn[]) => void;
}

interface StartedQuery {
  result: StreamingResult;
  columns: readonly ResultColumn[];
}

/** Prepares, binds and starts a query; what Arrow's clients do not know, and what was announced as another type, is cast. */
export async function startQuery(
  connection: Connection,
  text: TypedText,
  options: QueryOptions,
): Promise<StartedQuery> {
  const { parameters, fixed, announced, known, onPlanned } = options;
  const started = known && (await startKnown(connection, text, withFixed(known, fixed), options));
  if (started) return started;
  const statement = await connection.prepare(text.text, text.source);
  const own = columnsOf(statement);
  if (!parameters) onPlanned?.(own);
  const planned = withFixed(own, fixed);
  // Types that hang on the bound values are known once the query runs.
  if (planned.every(({ type }) => type.known) && needsCast(planned, announced)) {
    statement.close();
    return startCast(connection, text, planned, options);
  }
  const result = await start(connection, statement, planned, text.source, parameters);
  const columns = withFixed(result.readColumns(), fixed);
  result.columns = columns;
  if (!needsCast(columns, announced)) return { result, columns };
  await result.close();
  return startCast(connection, text, columns, options);
}

/**
 * Starts a query whose columns are known, which is planned once: DuckDB plans a statement over files when it is prepared, and anew when it is
 * started. Undefined where the text can't be planned or has other columns after all, which is for whoever prepares it to say.
 */
async function startKnown(
  connection: Connection,
  text: TypedText,
  columns: readonly ResultColumn[],
  { fixed, announced }: QueryOptions,
): Promise<StartedQuery | undefined> {
  const isCast = needsCast(columns, announced);
  const { text: sql, source } = isCast ? castText(text, columns, announced) : text;
  const statement = await connection.prepare('SELECT * FROM query($1)');
  statement.bindText(1, sql);
  const result = new StreamingResult(connection, statement, columns, source);
  try {
    await result.start();
  } catch (error) {
    await result.close();
    if (result.isPlanned || isStopped(error)) throw error;
    return undefined;
  }
  const actual = withFixed(result.readColumns(), fixed).map((column, index) => ({
    ...column,
    name: columns[index]?.name ?? column.name,
  }));
  if (actual.length === columns.length && !needsCast(actual, announced)) {
    result.columns = isCast ? givenColumns(columns, actual) : actual;
    return { result, columns: result.columns };
  }
  await result.close();
  return undefined;
}

/** Whether planning was ended from outside, which says nothing of the text. */
function isStopped(error: unknown): boolean {
  return error instanceof SkuaError && (error.code === 'CANCELLED' || error.code === 'RESOURCE_EXHAUSTED');
}

function needsCast(columns: readonly ResultColumn[], announced: Schema | undefined): boolean {
  if (announced && announced.fields.length !== columns.length) throw differs(announced, columns);
  return columns.some(({ type }, index) => type.cast || !isAnnounced(type, announced?.fields[index]));
}

function isAnnounced(type: ResultType, field: Field | undefined): boolean {
  return field === undefined || String(type.arrow) === String(field.type);
}

function differs(announced: Schema, columns: readonly ResultColumn[]): SkuaError {
  const given = columns.map(({ name, type }) => `${name} ${type.sql}`).join(', ');
  return new SkuaError('INTERNAL', `the result was announced as ${announced.fields.join(', ')}, and is ${given}`);
}

async function startCast(
  connection: Connection,
  text: TypedText,
  columns: readonly ResultColumn[],
  { parameters, fixed, announced }: QueryOptions,
): Promise<StartedQuery> {
  const wrapped = castText(text, columns, announced);
  const statement = await connection.prepare(wrapped.text, wrapped.source);
  const result = await start(connection, statement, columns, wrapped.source, parameters);
  const actual = withFixed(result.readColumns(), fixed);
  result.columns = givenColumns(columns, actual);
  if (!needsCast(actual, announced)) return { result, columns: result.columns };
  await result.close();
  throw differs(announced ?? new Schema([]), actual);
}

/** The text with casts around the columns that it has. */
function castText(
  { text, source }: TypedText,
  columns: readonly ResultColumn[],
  announced: Schema | undefined,
): TypedText {
  const outputs = columns.map(({ name, type }, index) => {
    return `${outputSql(`c${index}`, name, type, announced?.fields[index])} AS ${quoteIdentifier(name)}`;
  });
  const prefix = `SELECT ${outputs.join(', ')} FROM (`;
  const wrapped = `${prefix}${text}\n) AS q(${columns.map((_, index) => `c${index}`).join(', ')})`;
  return { text: wrapped, source: { ...source, prefixBytes: source.prefixBytes + Buffer.byteLength(prefix) } };
}

/** What was a variant is text once it is cast, and spatial values are bytes; both still say what they are. */
function givenColumns(columns: readonly ResultColumn[], actual: readonly ResultColumn[]): ResultColumn[] {
  return actual.map((column, index) => (isNamedOtherwise(columns[index]) ? columns[index] : column) as ResultColumn);
}

function isNamedOtherwise(column: ResultColumn | undefined): boolean {
  return column !== undefined && holds(fieldOf(column.name, column.type), isGivenOtherwise);
}

function isGivenOtherwise(field: Field): boolean {
  return isVariantJson(field) || isSpatial(field);
}

/** A column as it was announced. What has no Arrow form is cast; of other values, only those that are still the same. */
function outputSql(value: string, name: string, type: ResultType, announced: Field | undefined): string {
  const plain = withLeaves(fieldOf(name, type), value, {
    is: isGivenOtherwise,
    sql: (field, leaf) => (isSpatial(field) ? `ST_AsWKB(${leaf})` : variantJsonSql(leaf)),
  });
  const given = type.cast ? `CAST(${plain} AS ${type.sql})` : plain;
  if (isAnnounced(type, announced)) return given;
  const target = sqlTypeOf(announced as Field);
  const cast = `TRY_CAST(${given} AS ${target})`;
  const kept = `TRY_CAST(${cast} AS ${type.sql}) IS NOT DISTINCT FROM ${given}`;
  const message = `the column ${name} was announced as ${target}, and has a value that is none`;
  return `CASE WHEN ${kept} THEN ${cast} ELSE error(${quoteText(message)}) END`;
}

async function start(
  connection: Connection,
  statement: Statement,
  columns: readonly ResultColumn[],
  source: SourceText,
  parameters: ParameterRow | undefined,
): Promise<StreamingResult> {
  const result = new StreamingResult(connection, statement, columns, source);
  try {
    bindParameters(statement, parameters);
    await result.start();
    return result;
  } catch (error) {
    await result.close();
    throw error;
  }
}
