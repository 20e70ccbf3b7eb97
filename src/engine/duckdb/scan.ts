import type { ParquetSource, TableColumn, TableScan } from '../contract.js';
import { deleteJoins } from './deletes.js';
import { type PhysicalRead, physicalRead } from './evolution.js';
import { literalSql, sqlTypeOf } from './sql-type.js';
import { quoteIdentifier, quoteText } from './text.js';

/** The name under which a scan's rows know their file: `_file` is its location, `_pos` the row's position in it. */
const fileColumn = '_file';
const positionColumn = '_pos';

/** From how many files with deletes on, one scan joins them all instead of one scan for each. */
const sharedScanThreshold = 32;

/** Files that one `read_parquet` reads alike. */
interface Group {
  files: ParquetSource[];
  columns: GroupColumn[];
}

interface GroupColumn {
  column: TableColumn;
  /** Absent where the files do not hold the column. */
  physical?: { name: string; read: PhysicalRead };
}

/** A SELECT that gives the table's columns by name, evolved and without deleted rows. */
export function scanSql(scan: TableScan, files: readonly ParquetSource[]): string {
  const groups = groupFiles(scan, files);
  if (groups.length === 0) return `${emptySelect(scan)}`;
  return groups.map((group) => groupSql(scan, group)).join('\nUNION ALL\n');
}

function emptySelect(scan: TableScan): string {
  const columns = scan.columns.map(
    ({ field }) => `CAST(NULL AS ${sqlTypeOf(field)}) AS ${quoteIdentifier(field.name)}`,
  );
  if (scan.rowColumns)
    columns.push(`CAST(NULL AS VARCHAR) AS ${fileColumn}`, `CAST(NULL AS BIGINT) AS ${positionColumn}`);
  return `SELECT ${columns.length > 0 ? columns.join(', ') : '1'} WHERE false`;
}

function groupFiles(scan: TableScan, files: readonly ParquetSource[]): Group[] {
  const deleting = files.filter((file) => file.deletedPositions?.length || file.positionDeletes.length > 0).length;
  const groups = new Map<string, Group>();
  for (const file of files) {
    const columns = scan.columns.map((column) => groupColumn(column, file));
    const positional = (file.deletedPositions?.length ?? 0) > 0 || file.positionDeletes.length > 0;
    const key = JSON.stringify([
      columns.map(({ physical }) => physical && [physical.name, physical.read.type, physical.read.convert('_')]),
      file.equalityDeletes,
      positional ? (deleting > sharedScanThreshold ? 'deletes' : file.path) : '',
    ]);
    const group = groups.get(key);
    if (group) group.files.push(file);
    else groups.set(key, { files: [file], columns });
  }
  return [...groups.values()];
}

function groupColumn(column: TableColumn, file: ParquetSource): GroupColumn {
  const physical = file.columns.find(({ fieldId }) => fieldId === column.fieldId);
  if (!physical) return { column };
  return { column, physical: { name: physical.name, read: physicalRead(column.field, physical) } };
}

function groupSql(scan: TableScan, group: Group): string {
  const outputs = group.columns.map((column, index) => {
    const value = column.physical
      ? column.physical.read.convert(`s.${readName(index)}`)
      : constantSql(column.column, group.files);
    return `${value} AS ${quoteIdentifier(column.column.field.name)}`;
  });
  if (scan.rowColumns) {
    outputs.push(`${byFile(group.files.map(({ location }) => quoteText(location)))} AS ${fileColumn}`);
    outputs.push(`s.file_row_number AS ${positionColumn}`);
  }
  const joins = deleteJoins(scan, group.files, (fieldId) => {
    const index = group.columns.findIndex(({ column }) => column.fieldId === fieldId);
    const found = group.columns[index];
    if (!found) return undefined;
    const type = sqlTypeOf(found.column.field);
    return { type, value: found.physical ? `s.${readName(index)}` : constantSql(found.column, group.files) };
  });
  return `SELECT ${outputs.length > 0 ? outputs.join(', ') : '1'} FROM ${readSql(group)} AS s${joins}`;
}

/** Columns are read under names of our own: a table may have columns named like DuckDB's virtual ones. */
function readName(index: number): string {
  return `c${index}`;
}

function readSql(group: Group): string {
  const paths = `[${group.files.map(({ path }) => quoteText(path)).join(', ')}]`;
  const entries = group.columns.flatMap(({ physical }, index) =>
    physical
      ? `${quoteText(physical.name)}: {name: '${readName(index)}', type: ${quoteText(physical.read.type)}, default_value: NULL}`
      : [],
  );
  const schema = entries.length > 0 ? `, schema = MAP {${entries.join(', ')}}` : '';
  // With a schema of its own a scan knows nothing of its size, which the order of joins hangs on.
  const rows = group.files.reduce((total, { rowCount }) => total + rowCount, 0);
  const cardinality = `, explicit_cardinality = ${Math.max(1, Math.floor(rows))}`;
  return `read_parquet(${paths}${schema}${cardinality}, hive_partitioning = false)`;
}

/** What a column is in files that do not hold it: the partition's value, or the initial default, or null (spec, "Column Projection"). */
function constantSql({ field, fieldId, initialDefault }: TableColumn, files: readonly ParquetSource[]): string {
  const type = sqlTypeOf(field);
  return byFile(
    files.map(({ constants }) => literalSql(constants.has(fieldId) ? constants.get(fieldId) : initialDefault, type)),
  );
}

/** One expression for each file, chosen by the file's place in the scan. */
function byFile(values: readonly string[]): string {
  const [first] = values as [string];
  if (values.every((value) => value === first)) return first;
  return `([${values.join(', ')}])[CAST(s.file_index AS BIGINT) + 1]`;
}
