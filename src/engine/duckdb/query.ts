import { SkuaError } from '../../errors.js';
import type { ParameterRow, TableBinding, TableScan } from '../contract.js';
import type { Connection, Statement } from './database.js';
import { defineFunctions } from './define-functions.js';
import type { SourceText } from './errors.js';
import { type FixedColumns, withFixed } from './fixed-columns.js';
import { loadDeletedPositions, loadTable } from './load.js';
import { typedTexts } from './parameter-types.js';
import { bindParameters } from './parameters.js';
import { countedRowsSql, scanSql } from './scan.js';
import { sqlTypeOf } from './sql-type.js';
import { columnsOf, type ResultColumn, StreamingResult } from './stream.js';
import { quoteIdentifier, quoteText } from './text.js';
import { holdsMoments, momentsSql } from './zoned-nanoseconds.js';

/** Gives the connection a temporary view or table for each scan. `emptyFile` is a Parquet file without rows. */
export async function attachScans(
  connection: Connection,
  scans: readonly TableScan[],
  emptyFile: string,
): Promise<void> {
  for (const scan of scans) {
    if (scan.functions) {
      await defineFunctions(connection, scan.functions);
      continue;
    }
    if (scan.source.kind === 'count') {
      await connection.execute(
        `CREATE TEMP VIEW ${quoteIdentifier(scan.name)} AS ${countedRowsSql(scan, scan.source.rowCount)}`,
      );
      continue;
    }
    if (scan.source.kind === 'local') {
      const paths = scan.source.paths.map(quoteText).join(', ');
      const moments = scan.columns
        .filter(({ field }) => holdsMoments(field))
        .map(({ field }) => {
          const column = quoteIdentifier(field.name);
          return `${momentsSql(field, column)} AS ${column}`;
        });
      const all = moments.length > 0 ? `* REPLACE (${moments.join(', ')})` : '*';
      await connection.execute(
        `CREATE TEMP VIEW ${quoteIdentifier(scan.name)} AS SELECT ${all} FROM read_parquet([${paths}], hive_partitioning = false)`,
      );
      continue;
    }
    if (scan.source.kind === 'batches') {
      await loadTable(connection, scan.name, scan.source.schema, scan.source.batches);
      continue;
    }
    await loadDeletedPositions(connection, scan);
    const select = scanSql(scan, scan.source.files, emptyFile);
    await connection.execute(`CREATE TEMP VIEW ${quoteIdentifier(scan.name)} AS ${select}`);
  }
}

/** Gives the connection an empty temporary table for each binding. `fixed` names the types of bytes of one length. */
export async function attachEmpty(
  connection: Connection,
  tables: readonly TableBinding[],
  fixed?: (width: number) => string,
): Promise<void> {
  for (const table of tables) {
    if (table.functions) {
      await defineFunctions(connection, table.functions);
      continue;
    }
    const columns = table.columns.map(({ field }) => `${quoteIdentifier(field.name)} ${sqlTypeOf(field, fixed)}`);
    if (table.rowColumns) columns.push('_file VARCHAR', '_pos BIGINT');
    if (columns.length === 0) throw new SkuaError('INVALID_ARGUMENT', `the table ${table.name} has no columns`);
    await connection.execute(`CREATE TEMP TABLE ${quoteIdentifier(table.name)} (${columns.join(', ')})`);
  }
}

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
    const value = type.cast ? `CAST(c${index} AS ${type.sql})` : `c${index}`;
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
