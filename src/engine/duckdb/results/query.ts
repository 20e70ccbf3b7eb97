import type { ParameterRow } from '../../contract.js';
import type { Connection, Statement } from '../native/database.js';
import type { SourceText } from '../native/errors.js';
import { quoteIdentifier } from '../native/text.js';
import { typedTexts } from '../parsing/parameter-types.js';
import { withLeaves } from '../types/nested.js';
import { bindParameters } from '../types/parameters.js';
import { isVariantJson, variantJsonSql } from '../types/variants.js';
import { type FixedColumns, withFixed } from './fixed-columns.js';
import { fieldOf } from './result-type.js';
import { columnsOf, type ResultColumn, StreamingResult } from './stream.js';

/** Prepares, binds and starts a query; what Arrow's clients do not know is cast. */
export async function startQuery(
  connection: Connection,
  sql: string,
  parameters: ParameterRow | undefined,
  fixed: FixedColumns,
): Promise<{ result: StreamingResult; columns: readonly ResultColumn[] }> {
  const source = { sql, prefixBytes: 0 };
  const statement = await connection.prepare(sql, source);
  const columns = withFixed(columnsOf(statement), fixed);
  // Types that hang on the bound values are known once the query runs.
  const settled = columns.every(({ type }) => type.known);
  if (settled && columns.some(({ type }) => type.cast)) {
    statement.close();
    return startCast(connection, sql, columns, parameters);
  }
  if (!settled) {
    const [, typed] = typedTexts(sql, parameters?.schema);
    if (typed !== undefined && (await isSettled(connection, typed))) {
      statement.close();
      return startQuery(connection, typed, parameters, fixed);
    }
  }
  const result = await start(connection, statement, columns, source, parameters);
  if (settled) return { result, columns };
  const actual = withFixed(result.readColumns(), fixed);
  result.columns = actual;
  if (!actual.some(({ type }) => type.cast)) return { result, columns: actual };
  await result.close();
  return startCast(connection, sql, actual, parameters);
}

async function isSettled(connection: Connection, sql: string): Promise<boolean> {
  const statement = await connection.prepare(sql).catch(() => undefined);
  const columns = statement && columnsOf(statement);
  statement?.close();
  return columns?.every(({ type }) => type.known) ?? false;
}

async function startCast(
  connection: Connection,
  sql: string,
  columns: readonly ResultColumn[],
  parameters: ParameterRow | undefined,
): Promise<{ result: StreamingResult; columns: readonly ResultColumn[] }> {
  const outputs = columns.map(({ name, type }, index) => {
    const field = fieldOf(name, type);
    const json = withLeaves(field, `c${index}`, { is: isVariantJson, sql: (_, value) => variantJsonSql(value) });
    const value = type.cast ? `CAST(${json} AS ${type.sql})` : json;
    return `${value} AS ${quoteIdentifier(name)}`;
  });
  const prefix = `SELECT ${outputs.join(', ')} FROM (`;
  const wrapped = `${prefix}${sql}\n) AS q(${columns.map((_, index) => `c${index}`).join(', ')})`;
  const source = { sql, prefixBytes: Buffer.byteLength(prefix) };
  const statement = await connection.prepare(wrapped, source);
  return { result: await start(connection, statement, columns, source, parameters), columns };
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
