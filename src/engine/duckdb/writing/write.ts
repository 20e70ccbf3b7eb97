import { mkdir } from 'node:fs/promises';
import { DataType, type Field, Type } from 'apache-arrow';
import { batchToRows } from '../../../arrow/index.js';
import { SkuaError } from '../../../errors.js';
import type { TableColumn } from '../../../expressions/index.js';
import { addPageChecksums, type WrittenFile } from '../../../parquet/index.js';
import type { ParameterRow, WriteOptions } from '../../contract.js';
import type { Connection } from '../native/database.js';
import { quoteIdentifier, quoteText } from '../native/text.js';
import type { TypedText } from '../parsing/parameter-types.js';
import { fieldOf } from '../results/result-type.js';
import { columnsOf, type ResultColumn, StreamingResult, schemaOf } from '../results/stream.js';
import { fieldIdOf } from '../scans/evolution.js';
import { bindParameters, textFor } from '../types/parameters.js';
import { childOf, entryFields, isVariant } from '../types/sql-type.js';
import { storedSql } from '../types/stored.js';
import { heldSql, wholeSql } from './checks.js';
import { writtenFile } from './written-file.js';

/** Rows wait here until all their partitions are known, and no partition value is ever the name of a file. */
const staged = 'skua_staged';

/**
 * Writes the rows of a query, one partition after the other. Too few or too many columns, a value that cannot be cast or that its column can't
 * hold: INVALID_ARGUMENT. A query without rows writes no file.
 */
export async function writeFiles(connection: Connection, sql: string, options: WriteOptions): Promise<WrittenFile[]> {
  const given = await givenColumns(connection, textFor(sql, options.parameters), options.columns);
  const { prefix, suffix } = rowsSql(options, given);
  const order = [...options.partitions.map((_, index) => `p${index}`), ...(options.sortedBy ?? [])];
  const sorted = order.length > 0 ? ` ORDER BY ${order.join(', ')}` : '';
  try {
    if (options.partitions.length === 0) {
      const copy = copySql(options, options.directory);
      return await filesOf(
        connection,
        [`${copy.prefix}${prefix}`, sql, `${suffix}${sorted}${copy.suffix}`],
        options,
        [],
      );
    }
    const values = options.partitions.map(({ expression }, index) => `CAST((${expression}) AS VARCHAR) AS p${index}`);
    const stage = `CREATE TEMP TABLE ${staged} AS SELECT *, ${values.join(', ')} FROM (${prefix}`;
    await rowsOf(connection, [stage, sql, `${suffix})${sorted}`], options.parameters);
    return await writePartitions(connection, options);
  } catch (error) {
    throw namingColumns(error, options.columns);
  }
}

/** The staged rows are in the order of their partitions, so that each is a range of them. */
async function writePartitions(connection: Connection, options: WriteOptions): Promise<WrittenFile[]> {
  const names = options.partitions.map((_, index) => `p${index}`).join(', ');
  const ranges = `SELECT ${names}, min(rowid), max(rowid) FROM ${staged} GROUP BY ${names} ORDER BY min(rowid)`;
  const files: WrittenFile[] = [];
  await mkdir(options.directory, { recursive: true });
  for (const [index, row] of (await rowsOf(connection, ['', ranges, ''])).entries()) {
    const partition = row.slice(0, -2) as (string | null)[];
    const [first, last] = row.slice(-2) as [bigint, bigint];
    const { prefix, suffix } = copySql(options, `${options.directory}/${index}`);
    const range = `SELECT * FROM ${staged} WHERE rowid BETWEEN ${first} AND ${last}`;
    files.push(
      ...(await filesOf(connection, [prefix, range, suffix], { ...options, parameters: undefined }, partition)),
    );
  }
  return files;
}

async function filesOf(
  connection: Connection,
  copy: StatementParts,
  { parameters, checksums }: WriteOptions,
  partition: (string | null)[],
): Promise<WrittenFile[]> {
  const rows = await rowsOf(connection, copy, parameters);
  const files = rows.map((row) => writtenFile(row, partition)).filter(({ rowCount }) => rowCount > 0);
  if (!checksums) return files;
  const whole: WrittenFile[] = [];
  for (const file of files) whole.push({ ...file, ...(await addPageChecksums(file.path)) });
  return whole;
}

/** A user's text between what is put before and after it. */
type StatementParts = [prefix: string, sql: string, suffix: string];

async function rowsOf(
  connection: Connection,
  [prefix, sql, suffix]: StatementParts,
  parameters?: ParameterRow,
): Promise<unknown[][]> {
  const { text, source } = textFor(sql, parameters, prefix);
  const statement = await connection.prepare(`${text}\n${suffix}`, source);
  const result = new StreamingResult(connection, statement, [], source);
  try {
    bindParameters(statement, parameters);
    await result.start();
    const rows: unknown[][] = [];
    const schema = schemaOf(result.readColumns());
    for await (const batch of result.batches(1 << 20)) for (const row of batchToRows(schema, batch)) rows.push(row);
    return rows;
  } finally {
    await result.close();
  }
}

/** The columns of the query, which are as many as the table's. */
async function givenColumns(
  connection: Connection,
  { text, source }: TypedText,
  columns: readonly TableColumn[],
): Promise<ResultColumn[]> {
  const statement = await connection.prepare(text, source);
  try {
    const given = columnsOf(statement);
    if (given.length !== columns.length && given.every(({ type }) => type.known)) {
      throw new SkuaError('INVALID_ARGUMENT', `the table has ${columns.length} columns, but ${given.length} are given`);
    }
    return given;
  } finally {
    statement.close();
  }
}

/** A query's rows as `c0`, `c1`, … as files hold the columns; what stands before and after the query. */
function rowsSql(options: WriteOptions, given: readonly ResultColumn[]): { prefix: string; suffix: string } {
  const { columns, checked } = options;
  const names = columns.map((_, index) => `c${index}`);
  const casts = columns.map(({ field }, index) => {
    const type = given[index]?.type;
    const value = `c${index}`;
    return `${wholeSql(field, type && fieldOf(field.name, type), value, storedSql(field, value))} AS c${index}`;
  });
  const rows = columns.findIndex(({ field }) => field.name === checked?.where);
  const held = columns.map(({ field, fieldId }, index) => {
    const value = `c${index}`;
    if (checked && !checked.fieldIds.has(fieldId)) return value;
    const sql = heldSql(field, value, rows < 0 ? undefined : `c${rows}`);
    return sql === value ? value : `${sql} AS ${value}`;
  });
  return {
    prefix: `SELECT ${held.join(', ')} FROM (SELECT ${casts.join(', ')} FROM (`,
    suffix: `) AS q(${names.join(', ')})${leftOutSql(options)})`,
  };
}

/** What copies such rows into files of a folder; what stands before and after their query. */
function copySql(options: WriteOptions, directory: string): { prefix: string; suffix: string } {
  const stored = storedColumns(options);
  const columns = options.columns.flatMap((column, index) =>
    stored.includes(column) ? [`c${index} AS ${quoteIdentifier(column.field.name)}`] : [],
  );
  const ids = stored.map(({ field, fieldId }) => `${quoteText(field.name)}: ${fieldIdsSql(field, fieldId)}`);
  const settings = [
    'FORMAT parquet',
    'RETURN_STATS',
    `COMPRESSION ${options.compression}`,
    ...(options.compressionLevel === undefined ? [] : [`COMPRESSION_LEVEL ${options.compressionLevel}`]),
    `FIELD_IDS {${ids.join(', ')}}`,
    `FILE_SIZE_BYTES ${Math.max(1, Math.floor(options.targetFileSize))}`,
    'PER_THREAD_OUTPUT false',
  ];
  const target = `TO ${quoteText(directory)} (${settings.join(', ')})`;
  // A limit, however high, lets the rows through one after the other; without one, threads take turns at the file with a row group each.
  const limit = options.sortedBy?.length ? ' LIMIT 9223372036854775807' : '';
  return { prefix: `COPY (SELECT ${columns.join(', ')} FROM (`, suffix: `)${limit}) ${target}` };
}

/** Columns of the type `unknown` are in no data file (Iceberg spec, "Primitive Types"). */
function storedColumns({ columns, unknown }: WriteOptions): TableColumn[] {
  return unknown === 'leave out' ? columns.filter(({ field }) => !DataType.isNull(field.type)) : columns;
}

/** The condition that columns which are left out hold nothing but nulls: an error that names the column where one does not. */
function leftOutSql(options: WriteOptions): string {
  const stored = storedColumns(options);
  const checks = options.columns.flatMap((column, index) =>
    stored.includes(column) ? [] : [wholeSql(column.field, undefined, `c${index}`, 'true')],
  );
  return checks.length === 0 ? '' : ` WHERE ${checks.join(' AND ')}`;
}

/** The value of FIELD_IDS for one field: its id, or its own and its children's. */
function fieldIdsSql(field: Field, id: number | undefined): string | undefined {
  const entries = childIds(field).flatMap(([name, child]) => {
    const ids = fieldIdsSql(child, fieldIdOf(child));
    return ids === undefined ? [] : [`${quoteText(name)}: ${ids}`];
  });
  if (entries.length === 0) return id === undefined ? undefined : String(id);
  if (id !== undefined) entries.unshift(`'__duckdb_field_id': ${id}`);
  return `{${entries.join(', ')}}`;
}

function childIds(field: Field): [string, Field][] {
  const { type } = field;
  if (isVariant(field)) return [];
  if (DataType.isStruct(type)) return (type.children as Field[]).map((child) => [child.name, child]);
  if (DataType.isMap(type)) {
    const [key, value] = entryFields(type);
    return [
      ['key', key],
      ['value', value],
    ];
  }
  if (DataType.isList(type) || type.typeId === Type.LargeList) return [['element', childOf(type)]];
  return [];
}

/** The engine knows the columns by number only. */
function namingColumns(error: unknown, columns: readonly TableColumn[]): unknown {
  if (!(error instanceof SkuaError)) return error;
  const name = (number: string) => columns[Number(number)]?.field.name ?? number;
  const message = error.message
    .replace(/source column c(\d+)\b/, (_, number: string) => `column ${name(number)}`)
    .replace(
      /^Can't convert VARIANT of type '(\w+)' to Parquet VARIANT/,
      'variants in files can hold no value of type $1',
    );
  return message === error.message ? error : new SkuaError(error.code, message, { cause: error });
}
