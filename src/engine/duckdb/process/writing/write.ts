import { mkdir, rm } from 'node:fs/promises';
import { DataType, type Field, Type } from 'apache-arrow';
import { batchToRows } from '../../../../arrow/index.js';
import { SkuaError } from '../../../../errors.js';
import type { TableColumn } from '../../../../expressions/index.js';
import { inParallel } from '../../../../parallel.js';
import { addPageChecksums, annotateFields, type WrittenFile } from '../../../../parquet/index.js';
import type { ParameterRow, WriteOptions } from '../../contract.js';
import type { Connection } from '../native/database.js';
import { quoteIdentifier, quoteText } from '../native/text.js';
import type { TypedText } from '../parsing/parameter-types.js';
import { fieldOf } from '../results/result-type.js';
import { columnsOf, type ResultColumn, StreamingResult, schemaOf } from '../results/stream.js';
import { holdsFloats, holdsIntervals, isNegativeZero, withoutNegativeZeros } from '../types/negative-zeros.js';
import { bindParameters, textFor } from '../types/parameters.js';
import { isNanosecondTimestamp, isSpatial } from '../types/sql-type.js';
import { storedSql } from '../types/stored.js';
import { outsideUtc, takesZone } from '../types/zoned-nanoseconds.js';
import { heldSql, losslessSql } from './checks.js';
import { rowGroupOffsets } from './row-group-offsets.js';
import { fieldIdsSql, fieldsWithIds, fixedWidths, inFileSql, storedColumns } from './written-fields.js';
import { writtenFile } from './written-file.js';

/** Rows wait here until all their partitions are known, and no partition value is ever the name of a file. */
const staged = 'skua_staged';

/**
 * Writes the rows of a query, one partition after the other. Too few or too many columns, a value that cannot be cast or that its column can't
 * hold: INVALID_ARGUMENT. A query without rows writes no file.
 */
export async function writeFiles(
  connection: Connection,
  sql: string,
  options: ObservedOptions,
  timeZone?: string,
): Promise<WrittenFile[]> {
  const { onRun, ...unobserved } = options;
  const given = await givenColumns(connection, textFor(sql, options.parameters), options.columns);
  if (timeZone !== undefined) checkZone(timeZone, options.columns, given);
  const { prefix, suffix } = rowsSql(options, given);
  const order = [...options.partitions.map((_, index) => `p${index}`), ...(options.sortedBy ?? [])];
  const sorted = order.length > 0 ? ` ORDER BY ${order.join(', ')}` : '';
  try {
    // Rows that can be read only once can't be written again, if there are negative zeros among them.
    const isStaged = !options.isRepeatable && options.columns.some(({ field }) => holdsFloats(field));
    if (options.partitions.length === 0 && !isStaged) {
      const rows: StatementParts = [prefix, sql, `${suffix}${sorted}`];
      return await filesOf(connection, rows, { ...options, copy: (zeros) => copySql(options, { zeros }) }, () => []);
    }
    const values = options.partitions.map(({ expression }, index) => `CAST((${expression}) AS VARCHAR) AS p${index}`);
    const stage = `CREATE TEMP TABLE ${staged} AS SELECT ${['*', ...values].join(', ')} FROM (${prefix}`;
    await rowsOf(connection, [stage, sql, `${suffix})${sorted}`], options.parameters);
    onRun?.();
    if (options.partitions.length > 0) return await writePartitions(connection, unobserved);
    const rows: StatementParts = ['', `SELECT * FROM ${staged}`, ''];
    const copy = (zeros: Zeros) => copySql(options, { zeros });
    return await filesOf(connection, rows, { ...unobserved, parameters: undefined, copy }, () => []);
  } catch (error) {
    throw namingColumns(error, options.columns);
  }
}

interface ObservedOptions extends WriteOptions {
  /** Told once the query itself has run. */
  onRun?: (() => void) | undefined;
  /** Whether the query can be run twice. */
  isRepeatable?: boolean;
}

/** A negative zero among the values is an error; or values have no dictionaries, which would take it for the other one. */
type Zeros = 'of one sign' | 'of both signs';

/** The connection's time zone is another than UTC. */
function checkZone(timeZone: string, columns: readonly TableColumn[], given: readonly ResultColumn[]): void {
  const takes = columns.some(({ field }, index) => {
    const column = given[index];
    return column !== undefined && takesZone(field, fieldOf(column.name, column.type));
  });
  if (takes) throw outsideUtc(timeZone);
}

/** One partition of the staged rows, which are in the order of their partitions. */
interface StagedPartition {
  values: (string | null)[];
  /** Their row ids, both included. */
  first: bigint;
  last: bigint;
}

/** Partitions of at most so many rows are written by one statement each hundred thousands of rows: a statement takes far longer than such a file. */
const SMALL_PARTITION = 10_000;
const ROWS_AT_A_TIME = 250_000;

async function writePartitions(connection: Connection, options: WriteOptions): Promise<WrittenFile[]> {
  const partitions = await stagedPartitions(connection, options);
  const files: WrittenFile[] = [];
  await mkdir(options.directory, { recursive: true });
  for (const [index, run] of runsOf(partitions).entries()) {
    const directory = `${options.directory}/${index}`;
    const [first, ...others] = run as [StagedPartition, ...StagedPartition[]];
    const parts =
      others.length > 0
        ? await writeRun(connection, run, { ...options, directory })
        : await filesOf(
            connection,
            ['', rangeSql(first.first, first.last), ''],
            { ...options, parameters: undefined, directory, copy: (zeros) => copySql(options, { zeros, directory }) },
            () => first.values,
          );
    files.push(...parts);
  }
  return files;
}

async function stagedPartitions(connection: Connection, { partitions }: WriteOptions): Promise<StagedPartition[]> {
  const names = partitions.map((_, index) => `p${index}`).join(', ');
  const ranges = `SELECT ${names}, min(rowid), max(rowid) FROM ${staged} GROUP BY ${names} ORDER BY min(rowid)`;
  const rows = await rowsOf(connection, ['', ranges, '']);
  return rows.map((row) => {
    const [first, last] = row.slice(-2) as [bigint, bigint];
    return { values: row.slice(0, -2) as (string | null)[], first, last };
  });
}

/** Neighbours that are written together. */
function runsOf(partitions: readonly StagedPartition[]): StagedPartition[][] {
  const runs: StagedPartition[][] = [];
  let rows = 0;
  for (const partition of partitions) {
    const count = Number(partition.last - partition.first) + 1;
    const open = runs.at(-1);
    const isSmall = count <= SMALL_PARTITION && rows > 0 && rows + count <= ROWS_AT_A_TIME;
    if (open && isSmall) open.push(partition);
    else runs.push([partition]);
    rows = count > SMALL_PARTITION ? 0 : isSmall ? rows + count : count;
  }
  return runs;
}

/** Partitions go by their places in the run, so that no value is ever the name of a folder. */
async function writeRun(
  connection: Connection,
  run: readonly StagedPartition[],
  options: WriteOptions,
): Promise<WrittenFile[]> {
  const taken = new Set(options.columns.map(({ field }) => field.name.toLowerCase()));
  let place = 'place';
  while (taken.has(place)) place += '_';
  const keys = options.partitions.map((_, index) => `p${index}`);
  const range = `rowid BETWEEN ${run[0]?.first} AND ${run.at(-1)?.last}`;
  const places = `SELECT ${keys.join(', ')}, row_number() OVER (ORDER BY min(rowid)) - 1 AS place FROM ${staged} WHERE ${range} GROUP BY ${keys.join(', ')}`;
  // ASOF JOIN over the rows' places would lose the sign of zeros in lists and structs.
  const isIn = keys.map((key) => `s.${key} IS NOT DISTINCT FROM r.${key}`).join(' AND ');
  const rows = `SELECT s.*, r.place FROM ${staged} AS s JOIN (${places}) AS r ON ${isIn} WHERE s.${range} ORDER BY s.rowid`;
  const copy = (zeros: Zeros) => copySql(options, { zeros, partition: { name: place, value: 'place' } });
  return filesOf(connection, ['', rows, ''], { ...options, parameters: undefined, copy }, (row) => {
    const [, index] = (row.at(-1) as [string, string][])[0] as [string, string];
    return run[Number(index)]?.values as (string | null)[];
  });
}

function rangeSql(first: bigint, last: bigint): string {
  return `SELECT * FROM ${staged} WHERE rowid BETWEEN ${first} AND ${last}`;
}

/** Files whose pages get their checksums at a time. */
const FILES_AT_A_TIME = 4;

interface CopyOptions extends ObservedOptions {
  /** What stands before and after the rows' query. */
  copy: (zeros: Zeros) => { prefix: string; suffix: string };
}

async function filesOf(
  connection: Connection,
  [prefix, sql, suffix]: StatementParts,
  options: CopyOptions,
  partitionOf: (row: readonly unknown[]) => (string | null)[],
): Promise<WrittenFile[]> {
  const copied = (zeros: Zeros) => {
    const copy = options.copy(zeros);
    return rowsOf(connection, [copy.prefix + prefix, sql, suffix + copy.suffix], options.parameters);
  };
  const hasIntervals = options.columns.some(({ field }) => holdsIntervals(field));
  const rows = await copied(hasIntervals ? 'of both signs' : 'of one sign').catch(async (error) => {
    if (!isNegativeZero(error)) throw error;
    await rm(options.directory, { recursive: true, force: true });
    return copied('of both signs');
  });
  options.onRun?.();
  const written = rows.map((row) => writtenFile(row, partitionOf(row))).filter(({ rowCount }) => rowCount > 0);
  const files = await annotated(written, options);
  for (const file of files) await countNans(connection, file, options);
  const changes = { widths: fixedWidths(options), blooms: new Map(options.bloomFilters) };
  return inParallel(files, FILES_AT_A_TIME, async (file) => {
    const whole = options.checksums ? { ...file, ...(await addPageChecksums(file.path, changes)) } : file;
    return { ...whole, rowGroupOffsets: await rowGroupOffsets(whole) };
  });
}

/** Files whose times in nanoseconds are called so. */
async function annotated(files: WrittenFile[], options: WriteOptions): Promise<WrittenFile[]> {
  const times = fieldsWithIds(options).filter(([field]) => isNanosecondTimestamp(field));
  if (times.length === 0) return files;
  const annotations = new Map(times.map(([, id]) => [id, { kind: 'nanoseconds' } as const]));
  return inParallel(files, FILES_AT_A_TIME, (file) => annotateFields(file, annotations));
}

/**
 * The engine tells of the last row group alone whether it holds NaN. In the footer a row group that does has no bounds: the values of such a column are
 * read, and counted. Columns in lists and maps stay uncounted.
 */
async function countNans(connection: Connection, file: WrittenFile, { columns }: WriteOptions): Promise<void> {
  const floating = file.columns.filter(({ path }) => DataType.isFloat(fieldAt(columns, path)?.type));
  if (floating.length === 0) return;
  const path = quoteText(file.path);
  const stated = await rowsOf(connection, [
    '',
    `SELECT DISTINCT path_in_schema FROM parquet_metadata(${path}) WHERE stats_min_value IS NULL AND coalesce(stats_null_count, 0) < num_values`,
    '',
  ]);
  const doubtful = new Set(stated.map(([name]) => name));
  for (const column of floating) column.nanCount = 0;
  const uncounted = floating.filter(({ path: names }) => doubtful.has(names.join(', ')));
  if (uncounted.length === 0) return;
  const counts = uncounted.map(({ path: names }) => {
    return `CAST(count_if(isnan(${names.map(quoteIdentifier).join('.')})) AS BIGINT)`;
  });
  const read = `SELECT ${counts.join(', ')} FROM read_parquet(${path}, hive_partitioning = false)`;
  const [row] = await rowsOf(connection, ['', read, '']);
  for (const [index, column] of uncounted.entries()) column.nanCount = Number(row?.[index]);
}

/** The column that a path leads to by structs alone. */
function fieldAt(columns: readonly TableColumn[], [first, ...rest]: readonly string[]): Field | undefined {
  let field = columns.find(({ field: { name } }) => name === first)?.field;
  for (const name of rest) {
    const children: Field[] = field && DataType.isStruct(field.type) ? field.type.children : [];
    field = children.find((child) => child.name === name);
  }
  return field;
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
    const from = type && fieldOf(field.name, type);
    const value = sameBytes(field, from, `c${index}`);
    return `${losslessSql(field, value === `c${index}` ? from : field, value, storedSql(field, value, from))} AS c${index}`;
  });
  const rows = columns.findIndex(({ field }) => field.name === checked?.where);
  const held = columns.map(({ field, fieldId }, index) => {
    const value = `c${index}`;
    if (checked && !checked.fieldIds.has(fieldId)) return value;
    const type = given[index]?.type;
    const from = type && fieldOf(field.name, type);
    const sql = heldSql({ field, from }, value, rows < 0 ? undefined : `c${rows}`);
    return sql === value ? value : `${sql} AS ${value}`;
  });
  return {
    prefix: `SELECT ${held.join(', ')} FROM (SELECT ${casts.join(', ')} FROM (`,
    suffix: `) AS q(${names.join(', ')})${leftOutSql(options)})`,
  };
}

/** Spatial values that go to bytes or come from them, which the engine casts to neither. */
function sameBytes(field: Field, from: Field | undefined, value: string): string {
  if (!from || !DataType.isBinary(field.type) || !DataType.isBinary(from.type)) return value;
  if (isSpatial(field) === isSpatial(from)) return value;
  return isSpatial(field) ? `ST_GeomFromWKB(${value})` : `ST_AsWKB(${value})`;
}

interface Copy {
  zeros: Zeros;
  /** Default: that of the options. */
  directory?: string;
  partition?: { name: string; value: string };
}

/** What copies such rows into files of a folder; what stands before and after their query. */
function copySql(
  options: WriteOptions,
  { zeros, directory = options.directory, partition }: Copy,
): { prefix: string; suffix: string } {
  const stored = storedColumns(options);
  const columns = options.columns.flatMap((column, index) => {
    const held = zeros === 'of one sign' ? withoutNegativeZeros(column.field, `c${index}`) : `c${index}`;
    const value = inFileSql(column.field, held);
    return stored.includes(column) ? [`${value} AS ${quoteIdentifier(column.field.name)}`] : [];
  });
  if (partition) columns.push(`${partition.value} AS ${quoteIdentifier(partition.name)}`);
  const ids = stored.map(({ field, fieldId }) => `${quoteText(field.name)}: ${fieldIdsSql(field, fieldId)}`);
  const settings = [
    'FORMAT parquet',
    'RETURN_STATS',
    `COMPRESSION ${options.compression}`,
    ...(options.compressionLevel === undefined ? [] : [`COMPRESSION_LEVEL ${options.compressionLevel}`]),
    ...(options.rowGroupSize === undefined ? [] : [`ROW_GROUP_SIZE ${rowsInGroup(options)}`]),
    `FIELD_IDS {${ids.join(', ')}}`,
    partition
      ? `PARTITION_BY (${quoteIdentifier(partition.name)})`
      : `FILE_SIZE_BYTES ${Math.max(1, Math.floor(options.targetFileSize))}`,
    'PER_THREAD_OUTPUT false',
    ...(zeros === 'of both signs' ? ['DICTIONARY_SIZE_LIMIT 0'] : []),
  ];
  const target = `TO ${quoteText(directory)} (${settings.join(', ')})`;
  // A limit, however high, lets the rows through one after the other; without one, threads take turns at the file with a row group each.
  const limit = options.sortedBy?.length ? ' LIMIT 9223372036854775807' : '';
  return { prefix: `COPY (SELECT ${columns.join(', ')} FROM (`, suffix: `)${limit}) ${target}` };
}

/** Rows of a row group of so many bytes, which the engine counts in rows, by the usual widths of the columns' types. */
function rowsInGroup(options: WriteOptions): number {
  const width = storedColumns(options).reduce((sum, { field }) => sum + widthOf(field), 0);
  const rows = Math.floor((options.rowGroupSize ?? 0) / Math.max(1, width));
  return Math.min(MOST_ROWS, Math.max(SMALLEST_GROUP, Math.floor(rows / SMALLEST_GROUP) * SMALLEST_GROUP));
}

/** The engine writes row groups of whole vectors. */
const SMALLEST_GROUP = 2048;
const MOST_ROWS = 16 << 20;
/** Bytes of a text, and items of a list or map, where nothing is known of them. */
const USUAL_TEXT = 32;
const USUAL_ITEMS = 8;

function widthOf({ type }: Field): number {
  if (DataType.isStruct(type)) return (type.children as Field[]).reduce((sum, child) => sum + widthOf(child), 0);
  if (DataType.isList(type) || DataType.isMap(type) || type.typeId === Type.LargeList) {
    return USUAL_ITEMS * (type.children as Field[]).reduce((sum, child) => sum + widthOf(child), 0);
  }
  if (DataType.isFixedSizeBinary(type)) return type.byteWidth;
  if (DataType.isInt(type) || DataType.isFloat(type) || DataType.isTime(type)) return 8;
  if (DataType.isDecimal(type)) return 16;
  if (DataType.isDate(type) || DataType.isTimestamp(type)) return 8;
  return DataType.isBool(type) ? 1 : USUAL_TEXT;
}

/** The condition that columns which are left out hold nothing but nulls: an error that names the column where one does not. */
function leftOutSql(options: WriteOptions): string {
  const stored = storedColumns(options);
  const checks = options.columns.flatMap((column, index) =>
    stored.includes(column) ? [] : [losslessSql(column.field, undefined, `c${index}`, 'true')],
  );
  return checks.length === 0 ? '' : ` WHERE ${checks.join(' AND ')}`;
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
