import { DataType, type Field, Type } from 'apache-arrow';
import { batchToRows } from '../../arrow/index.js';
import { SkuaError } from '../../errors.js';
import type { TableColumn, WriteOptions, WrittenColumnStatistics, WrittenFile } from '../contract.js';
import type { Connection } from './database.js';
import { fieldIdOf } from './evolution.js';
import { bindParameters } from './parameters.js';
import { childOf, entryFields, sqlTypeOf } from './sql-type.js';
import { columnsOf, StreamingResult, schemaOf } from './stream.js';
import { quoteIdentifier, quoteText } from './text.js';

/** Names of the columns that carry partition values; they decide about the file and are not written. */
const partitionName = (index: number) => `skua_partition_${index}`;

/**
 * Writes the rows of a query. Too few or too many columns, a value that cannot be cast, a null in a required column: INVALID_ARGUMENT.
 * A query without rows writes no file.
 */
export async function writeFiles(connection: Connection, sql: string, options: WriteOptions): Promise<WrittenFile[]> {
  await checkColumnCount(connection, sql, options.columns);
  const { prefix, suffix } = copySql(options);
  const source = { sql, prefixBytes: Buffer.byteLength(prefix) };
  const statement = await connection.prepare(`${prefix}${sql}\n${suffix}`, source);
  const result = new StreamingResult(connection, statement, [], source);
  try {
    bindParameters(statement, options.parameters);
    await result.start();
    const rows: unknown[][] = [];
    const schema = schemaOf(result.readColumns());
    for await (const batch of result.batches(1 << 20)) rows.push(...batchToRows(schema, batch));
    return rows.map((row) => writtenFile(row, options)).filter(({ rowCount }) => rowCount > 0);
  } catch (error) {
    throw namingColumns(error, options.columns);
  } finally {
    await result.close();
  }
}

async function checkColumnCount(connection: Connection, sql: string, columns: readonly TableColumn[]): Promise<void> {
  const statement = await connection.prepare(sql);
  try {
    const given = columnsOf(statement);
    if (given.length !== columns.length && given.every(({ type }) => type.known)) {
      throw new SkuaError('INVALID_ARGUMENT', `the table has ${columns.length} columns, but ${given.length} are given`);
    }
  } finally {
    statement.close();
  }
}

function copySql(options: WriteOptions): { prefix: string; suffix: string } {
  const casts = options.columns.map(({ field }, index) => {
    const value = checkedSql(field, `CAST(c${index} AS ${sqlTypeOf(field)})`);
    return `${value} AS ${quoteIdentifier(field.name)}`;
  });
  const partitions = options.partitions.map(
    ({ expression }, index) => `CAST((${expression}) AS VARCHAR) AS ${partitionName(index)}`,
  );
  const names = options.columns.map((_, index) => `c${index}`).join(', ');
  const inner = `SELECT ${casts.join(', ')} FROM (`;
  const prefix = partitions.length > 0 ? `COPY (SELECT *, ${partitions.join(', ')} FROM (${inner}` : `COPY (${inner}`;
  const close = `) AS q(${names})${partitions.length > 0 ? ') AS t' : ''})`;
  const settings = [
    'FORMAT parquet',
    'RETURN_STATS',
    `COMPRESSION ${options.compression}`,
    `FIELD_IDS {${options.columns.map(({ field, fieldId }) => `${quoteText(field.name)}: ${fieldIdsSql(field, fieldId)}`).join(', ')}}`,
    ...(partitions.length > 0
      ? [
          `PARTITION_BY (${options.partitions.map((_, index) => partitionName(index)).join(', ')})`,
          'OVERWRITE_OR_IGNORE true',
          "FILENAME_PATTERN 'data_{uuid}'",
        ]
      : [`FILE_SIZE_BYTES ${Math.max(1, Math.floor(options.targetFileSize))}`, 'PER_THREAD_OUTPUT false']),
  ];
  return { prefix, suffix: `${close} TO ${quoteText(options.directory)} (${settings.join(', ')})` };
}

const notNull = 'NOT NULL constraint';

/** The value, or an error that names the column where a required one is null, at any depth of structs. */
function checkedSql(field: Field, value: string): string {
  if (field.nullable) return value;
  const message = `the column ${field.name} is required and cannot be null (${notNull})`;
  return `CASE WHEN ${value} IS NULL THEN error(${quoteText(message)}) ELSE ${value} END`;
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

function childIds({ type }: Field): [string, Field][] {
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

type Pairs = [string, unknown][];

/** One row of RETURN_STATS: file name, count, file size, footer size, column statistics, partition keys. */
function writtenFile(row: unknown[], options: WriteOptions): WrittenFile {
  const [path, count, size, footer, statistics, keys] = row;
  const partition = new Map((keys ?? []) as [string, string | null][]);
  const rowCount = Number(count);
  return {
    path: String(path),
    rowCount,
    fileSize: Number(size),
    footerSize: Number(footer),
    partition: options.partitions.map((_, index) => partition.get(partitionName(index)) ?? null),
    columns: ((statistics ?? []) as [string, Pairs][]).map(([name, pairs]) =>
      columnStatistics(name, new Map(pairs), rowCount),
    ),
  };
}

function columnStatistics(name: string, statistics: Map<string, unknown>, rowCount: number): WrittenColumnStatistics {
  const text = (key: string) => (typeof statistics.get(key) === 'string' ? (statistics.get(key) as string) : undefined);
  const number = (key: string) => Number(text(key) ?? 0);
  const values = text('num_values');
  const nans = text('has_nan');
  return {
    path: splitPath(name),
    valueCount: values === undefined ? rowCount : Number(values),
    nullCount: number('null_count'),
    ...(nans === undefined || nans === 'false' ? (nans === 'false' ? { nanCount: 0 } : {}) : {}),
    columnSize: number('column_size_bytes'),
    ...(text('min') === undefined ? {} : { min: text('min') }),
    ...(text('max') === undefined ? {} : { max: text('max') }),
  };
}

/** `a."b.c".d` as its names. */
function splitPath(name: string): string[] {
  const names: string[] = [];
  for (const match of name.matchAll(/"((?:[^"]|"")*)"|[^."]+/g)) {
    names.push(match[1] === undefined ? match[0] : match[1].replaceAll('""', '"'));
  }
  return names;
}

/** The engine knows the columns by number only. */
function namingColumns(error: unknown, columns: readonly TableColumn[]): unknown {
  if (!(error instanceof SkuaError)) return error;
  const name = (number: string) => columns[Number(number)]?.field.name ?? number;
  const message = error.message.replace(/source column c(\d+)\b/, (_, number: string) => `column ${name(number)}`);
  return message === error.message ? error : new SkuaError(error.code, message, { cause: error });
}
