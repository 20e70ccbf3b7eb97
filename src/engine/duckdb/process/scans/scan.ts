import type { Field } from 'apache-arrow';
import { SkuaError } from '../../../../errors.js';
import type { Literal, TableColumn } from '../../../../expressions/index.js';
import type { CountedRows, DecodedColumns, ParquetSource, TableScan } from '../../contract.js';
import { quoteIdentifier, quoteText } from '../native/text.js';
import { literalSql, sqlTypeOf } from '../types/sql-type.js';
import { traversableSql } from '../types/variants.js';
import { decodedReadSql, undecodedName } from './decoded.js';
import { hasDeletedPositions } from './deleted-positions.js';
import { deleteJoins, type ReadTogether } from './deletes.js';
import { columnRead, missingSql, type PhysicalRead } from './evolution.js';
import { filterSql } from './filter-sql.js';
import { isPlain } from './plain.js';
import { ReadNames } from './read-names.js';

/** The name under which a scan's rows know their file: `_file` is its location, `_pos` the row's position in it. */
const fileColumn = '_file';
const positionColumn = '_pos';

/**
 * A scan of one file with deleted positions is joined by them alone, a scan of many by their files as well, which takes longer for each row; so the
 * large ones, of at least so many rows, are scanned by themselves, as long as they are few.
 */
const largeFile = 50_000;
const mostLargeFiles = 32;

/** Files that one `read_parquet` reads alike. */
export interface Group extends ReadTogether {
  files: ParquetSource[];
  columns: GroupColumn[];
  /** By their own columns, without a schema. */
  isPlain: boolean;
}

interface FileColumn {
  column: TableColumn;
  /** Absent where the file does not hold the column. */
  physical?: { name: string; read: PhysicalRead };
}

interface GroupColumn extends FileColumn {
  /** `as`: the SQL name that it is read under, since a table may have columns named like the engine's virtual ones. */
  physical?: { name: string; read: PhysicalRead; as: string };
}

/**
 * A SELECT that gives the table's columns by name, evolved and without deleted rows, whose positions have been loaded in the order of the groups.
 * `emptyFile` is a Parquet file without rows.
 */
export function scanSql(scan: TableScan, groups: readonly Group[], emptyFile: string): string {
  const counted = scan.source.kind === 'parquet' ? (scan.source.counted ?? []) : [];
  const parts = groups.map((group) => groupSql(scan, group, emptyFile));
  parts.push(...counted.map((rows) => countedSql(scan, rows)));
  if (parts.length <= 1) return parts[0] ?? emptySelect(scan);
  return unionSql(scan, parts);
}

/** The columns of a scan as a file of it holds them, as `d0`, `d1`, … in the rows' order; none is computed or missing. */
export function storedColumnsSql(scan: TableScan, file: ParquetSource, emptyFile: string): string {
  const names = new ReadNames();
  const columns = scan.columns.map((column) => columnIn(column, file));
  const group = isPlain(scan, file) ? plainGroupOf(file, columns, names) : groupOf(file, columns, names);
  const outputs = group.columns.map(({ column, physical }, index) => {
    if (!physical) throw new SkuaError('INTERNAL', `'${file.location}' has no column ${column.field.name} to decode`);
    return `CAST(s.${physical.as} AS ${physical.read.type}) AS d${index}`;
  });
  return `SELECT ${outputs.join(', ')} FROM ${readSql(group, emptyFile)} AS s`;
}

/** Of a union that nobody wants a column of, the engine reads the first one: here it is one that no file is read for. */
function unionSql({ columns, rowColumns }: TableScan, parts: readonly string[]): string {
  const outputs = columns.map(({ field }) => quoteIdentifier(field.name));
  if (rowColumns) outputs.push(fileColumn, positionColumn);
  if (outputs.length === 0) return parts.join('\nUNION ALL\n');
  const taken = new Set(outputs.map((name) => name.toLowerCase()));
  let first = '"nothing"';
  while (taken.has(first)) first = first.replace(/"$/, '_"');
  const all = parts.map((part) => `SELECT 0 AS ${first}, * FROM (${part})`);
  return `SELECT ${outputs.join(', ')} FROM (${all.join('\nUNION ALL\n')})`;
}

/** So many rows of which no column is read. */
export function countedRowsSql(scan: TableScan, rowCount: number): string {
  const columns = scan.columns.map(
    ({ field }) => `CAST(NULL AS ${sqlTypeOf(field)}) AS ${quoteIdentifier(field.name)}`,
  );
  return `SELECT ${columns.length > 0 ? columns.join(', ') : '1'} FROM range(${rowCount})`;
}

function countedSql({ columns, rowColumns }: TableScan, rows: CountedRows): string {
  const outputs = columns.map(({ field, fieldId }) => {
    const type = sqlTypeOf(field);
    const { count = 0, min, max } = rows.columns.get(fieldId) ?? {};
    const [first, other, none] = [min, max, null].map((value) => literalSql(value, type));
    const isOne = count === rows.rowCount && first === other;
    const value =
      count === 0
        ? none
        : isOne
          ? first
          : `CASE WHEN i = 0 THEN ${first} WHEN i < ${count} THEN ${other} ELSE ${none} END`;
    return `${value} AS ${quoteIdentifier(field.name)}`;
  });
  if (rowColumns) outputs.push(...rowColumnsOf());
  return `SELECT ${outputs.length > 0 ? outputs.join(', ') : '1'} FROM range(${rows.rowCount}) AS r(i)`;
}

function rowColumnsOf(): string[] {
  return [`CAST(NULL AS VARCHAR) AS ${fileColumn}`, `CAST(NULL AS BIGINT) AS ${positionColumn}`];
}

function emptySelect(scan: TableScan): string {
  const columns = scan.columns.map(
    ({ field }) => `CAST(NULL AS ${sqlTypeOf(field)}) AS ${quoteIdentifier(field.name)}`,
  );
  if (scan.rowColumns) columns.push(...rowColumnsOf());
  return `SELECT ${columns.length > 0 ? columns.join(', ') : '1'} WHERE false`;
}

/** `names` takes the names that the files' columns are read under. */
export function groupFiles(scan: TableScan, files: readonly ParquetSource[], names: ReadNames): Group[] {
  const isLarge = (file: ParquetSource) => hasDeletedPositions(file) && file.rowCount >= largeFile;
  const areFew = files.filter(isLarge).length <= mostLargeFiles;
  const equality = new EqualityKeys();
  const groups = new Map<string, Group>();
  for (const file of files) {
    const columns = [...scan.columns, ...comparedOnly(scan)].map((column) => columnIn(column, file));
    const plain = file.decoded === undefined && isPlain(scan, file);
    const key = JSON.stringify([
      plain,
      columns.map(({ physical }) => physical && [physical.name, physical.read.type, physical.read.convert('_')]),
      equality.of(file),
      file.partialFor,
      file.rows,
      file.decoded?.path,
      hasDeletedPositions(file) && (areFew && isLarge(file) ? file.path : 'deletes'),
    ]);
    const group = groups.get(key);
    if (group) group.files.push(file);
    else if (file.decoded) groups.set(key, decodedGroupOf(file, file.decoded, columns));
    else groups.set(key, plain ? plainGroupOf(file, columns, names) : groupOf(file, columns, names));
  }
  let number = 0;
  for (const group of groups.values()) {
    group.firstNumber = number;
    number += group.files.length;
  }
  return [...groups.values()];
}

/** Tells files apart by the equality deletes that apply to them; those with the same ones have them as one array. */
class EqualityKeys {
  readonly #known = new Map<ParquetSource['equalityDeletes'], string>();

  of({ equalityDeletes }: ParquetSource): string {
    const key =
      this.#known.get(equalityDeletes) ??
      equalityDeletes.map(({ path, fieldIds }) => `${path} ${fieldIds.join(' ')}`).join('\n');
    this.#known.set(equalityDeletes, key);
    return key;
  }
}

function plainGroupOf(file: ParquetSource, columns: readonly FileColumn[], names: ReadNames): Group {
  const files = [file];
  names.addPlain(files);
  return {
    files,
    firstNumber: 0,
    isPlain: true,
    columns: columns.map(({ column, physical }) =>
      physical ? { column, physical: { ...physical, as: quoteIdentifier(physical.name) } } : { column },
    ),
  };
}

function decodedGroupOf(file: ParquetSource, decoded: DecodedColumns, columns: readonly FileColumn[]): Group {
  return {
    files: [file],
    firstNumber: 0,
    isPlain: false,
    columns: columns.map(({ column, physical }, index) =>
      physical
        ? { column, physical: { ...physical, as: decoded.columns.get(physical.name) ?? undecodedName(index) } }
        : { column },
    ),
  };
}

function groupOf(file: ParquetSource, columns: readonly FileColumn[], names: ReadNames): Group {
  const files = [file];
  return {
    files,
    firstNumber: 0,
    isPlain: false,
    columns: columns.map(({ column, physical }) =>
      physical ? { column, physical: { ...physical, as: names.add(files, physical.name) } } : { column },
    ),
  };
}

/** The columns of compared fields that the scan does not give, each once. */
function comparedOnly({ columns, comparedColumns = [] }: TableScan): TableColumn[] {
  const given = new Set(columns.map(({ fieldId }) => fieldId));
  const only = comparedColumns.filter(({ column }) => !given.has(column.fieldId));
  return [...new Map(only.map(({ column }) => [column.fieldId, column])).values()];
}

function columnIn(column: TableColumn, file: ParquetSource): FileColumn {
  if (!column.computed && file.constants.has(column.fieldId)) return { column };
  const physical = file.columns.find(({ fieldId }) => fieldId === column.fieldId);
  if (!physical) return { column };
  return {
    column,
    physical: {
      name: physical.name,
      read: columnRead(column.field, physical, {
        fieldId: column.fieldId,
        defaults: column.nestedDefaults,
        withoutNan: file.withoutNan,
        unasked: file.misleadingBloomFilters?.has(physical.name),
        isDecoded: file.decoded !== undefined,
      }),
    },
  };
}

function groupSql(scan: TableScan, group: Group, emptyFile: string): string {
  const outputs = group.columns
    .slice(0, scan.columns.length)
    .map((column) => `${valueSql(column, group)} AS ${quoteIdentifier(column.column.field.name)}`);
  if (scan.rowColumns) {
    outputs.push(`${locationSql(group.files)} AS ${fileColumn}`);
    outputs.push(`s.file_row_number AS ${positionColumn}`);
  }
  const read = partialSql(scan, group, readSql(group, emptyFile));
  const joins = deleteJoins(scan, group, (fieldId) => comparedSql(scan, group, fieldId));
  return `SELECT ${outputs.length > 0 ? outputs.join(', ') : '1'} FROM ${read} AS s${joins}`;
}

/** The value that an equality delete compares, and its type. */
function comparedSql(scan: TableScan, group: Group, fieldId: number): { value: string; type: string } | undefined {
  const compared = scan.comparedColumns?.find((candidate) => candidate.fieldId === fieldId);
  const found = group.columns.find(({ column }) => column.fieldId === (compared?.column.fieldId ?? fieldId));
  if (!found) return undefined;
  let { field } = found.column;
  let value = valueSql(found, group);
  for (const name of compared?.path ?? []) {
    value = `struct_extract(${value}, ${quoteText(name)})`;
    const child = (field.type.children as Field[]).find((candidate) => candidate.name === name);
    if (!child) return undefined;
    field = child;
  }
  return { value, type: sqlTypeOf(field) };
}

function valueSql({ column, physical }: GroupColumn, { files }: Group): string {
  const read = physical?.read.convert(`s.${physical.as}`);
  switch (column.computed) {
    case 'file':
      return locationSql(files);
    case 'position':
      return 's.file_row_number';
    case 'partition':
      return byFile(files.map((file) => structSql(column.field, file.partition ?? [])));
    case 'rowId': {
      const first = byFile(files.map(({ firstRowId }) => `CAST(${firstRowId ?? 'NULL'} AS BIGINT)`));
      const assigned = `${first} + s.file_row_number`;
      return read === undefined ? assigned : `coalesce(${read}, ${assigned})`;
    }
    case 'lastUpdated': {
      const assigned = constantSql(column, files);
      return read === undefined ? assigned : `coalesce(${read}, ${assigned})`;
    }
    default:
      return read === undefined ? constantSql(column, files) : traversableSql(column.field, read);
  }
}

function locationSql(files: readonly ParquetSource[]): string {
  return byFile(files.map(({ location }) => quoteText(location)));
}

function structSql({ type }: Field, values: readonly (Literal | null)[]): string {
  const parts = (type.children as Field[]).map(
    (child, index) => `${quoteIdentifier(child.name)} := ${literalSql(values[index], sqlTypeOf(child))}`,
  );
  return `struct_pack(${parts.join(', ')})`;
}

function readSql(group: Group, emptyFile: string): string {
  if (group.isPlain) return plainReadSql(group);
  const decoded = group.files[0]?.decoded;
  if (decoded)
    return decodedReadSql(
      decoded,
      group.columns.flatMap(({ physical }) => physical ?? []),
    );
  const entries = group.columns.flatMap(({ physical }) =>
    physical ? schemaEntry(physical.name, physical.as, physical.read.type) : [],
  );
  if (entries.length > 0 && group.files.some(({ held }) => held)) entries.push(...unheldEntries(group));
  const schema = entries.length > 0 ? `, schema = MAP {${entries.join(', ')}}` : '';
  const files = group.files.map(({ path }) => path);
  // With a schema of its own, a single file would be read by one thread only, and several files are by all.
  if (files.length === 1 && entries.length > 0) files.push(emptyFile);
  const paths = `[${files.map(quoteText).join(', ')}]`;
  // And such a scan knows nothing of its size, which the order of joins hangs on.
  return `read_parquet(${paths}${schema}${cardinalityOf(group.files)}, hive_partitioning = false)`;
}

/** The engine takes the size of one file from its footer; of several it looks into the first alone. */
function plainReadSql({ files }: Group): string {
  const paths = files.map(({ path }) => quoteText(path)).join(', ');
  const cardinality = files.length > 1 ? cardinalityOf(files) : '';
  return `read_parquet([${paths}]${cardinality}, hive_partitioning = false)`;
}

function cardinalityOf(files: readonly ParquetSource[]): string {
  const rows = files.reduce((total, { rowCount }) => total + rowCount, 0);
  return `, explicit_cardinality = ${Math.max(1, Math.floor(rows))}`;
}

function schemaEntry(name: string, as: string, type: string): string {
  return `${quoteText(name)}: {name: '${as}', type: ${quoteText(type)}, default_value: NULL}`;
}

/**
 * Columns that no file has. EXPLAIN writes a filter down only if its place among what the scan reads, virtual columns included, is below the
 * number of the columns that the files are said to have; with these it always is.
 */
function unheldEntries({ files: [first] }: Group): string[] {
  const own = new Set(first?.columns.map(({ name }) => name));
  const names: string[] = [];
  for (let number = 0; names.length < MOST_VIRTUAL_COLUMNS; number++) {
    if (!own.has(`none ${number}`)) names.push(`none ${number}`);
  }
  return names.map((name, index) => schemaEntry(name, `n${index}`, 'BOOLEAN'));
}

const MOST_VIRTUAL_COLUMNS = 8;

/** Filters right at the reader, below the joins that take deleted rows away. */
function partialSql(scan: TableScan, { files, columns }: Group, read: string): string {
  const { partialFor: filters = [], rows } = files[0] ?? {};
  if (filters.length === 0 && !rows) return read;
  // Columns that only deletes compare are no longer of the table, and may be called like those that are.
  const own = columns.slice(0, scan.columns.length);
  const names = new Map(own.map(({ column, physical }) => [column.field.name, physical?.as]));
  const conditions = filters.map((filter) => filterSql(filter, scan, (column) => names.get(column) ?? column));
  if (rows && rows.from > 0) conditions.push(`file_row_number >= ${rows.from}`);
  if (rows) conditions.push(`file_row_number < ${rows.to}`);
  return `(SELECT *, file_row_number, file_index FROM ${read} WHERE ${conditions.join(' AND ')})`;
}

/** What a column is in files that do not hold it: the partition's value, or the initial default, or null (spec, "Column Projection"). */
function constantSql(column: TableColumn, files: readonly ParquetSource[]): string {
  const { field, fieldId, initialDefault, nestedDefaults } = column;
  const type = sqlTypeOf(field);
  const missing = nestedDefaults ? missingSql(field, fieldId, nestedDefaults) : literalSql(initialDefault, type);
  return byFile(
    files.map(({ constants }) => (constants.has(fieldId) ? literalSql(constants.get(fieldId), type) : missing)),
  );
}

/** One expression for each file, chosen by the file's place in the scan. */
function byFile(values: readonly string[]): string {
  const [first] = values as [string];
  if (values.every((value) => value === first)) return first;
  return `([${values.join(', ')}])[CAST(s.file_index AS BIGINT) + 1]`;
}
