/** Files that are read by their own columns, as the engine reads them fastest. */
import { DataType, type Field, Precision, TimeUnit } from 'apache-arrow';
import type { StoredType, TableColumn } from '../../../../expressions/index.js';
import type { ParquetSource, TableScan } from '../../contract.js';
import { hasDeletedPositions } from './deleted-positions.js';

/** Names that the engine has for what no file holds. */
export const virtualNames: ReadonlySet<string> = new Set(['filename', 'file_row_number', 'file_index']);

/** EXPLAIN writes names as they are: these can be told from the rest of its text, and from those of `ReadNames`. */
const plainName = /^(?!c\d+$)[a-z_][a-z0-9_]*$/i;

/**
 * EXPLAIN leaves a filter out whose column has a higher place among those that are read than the file has columns. The engine reads at most
 * so many of its own beside them.
 */
const mostVirtualColumns = 4;

/**
 * Whether the columns of a scan are those of the file under whatever names they have there: no row of it is deleted, no column computed or
 * missing, none has parts that could be named differently.
 */
export function isPlain(scan: TableScan, file: ParquetSource): boolean {
  const { columns, rowColumns, comparedColumns = [] } = scan;
  if (rowColumns || comparedColumns.length > 0 || file.columns.length === 0) return false;
  if (file.partialFor || file.rows) return false;
  if (hasDeletedPositions(file) || file.equalityDeletes.length > 0) return false;
  if (file.held && file.columns.length - file.held.size < mostVirtualColumns) return false;
  return hasPlainNames(file) && columns.every((column) => isOwn(column, file));
}

function hasPlainNames({ columns }: ParquetSource): boolean {
  const names = new Set(columns.map(({ name }) => name.toLowerCase()));
  if (names.size < columns.length) return false;
  return columns.every(({ name }) => plainName.test(name) && !virtualNames.has(name.toLowerCase()));
}

function isOwn({ field, fieldId, computed }: TableColumn, file: ParquetSource): boolean {
  if (computed || file.constants.has(fieldId)) return false;
  const own = file.columns.filter((column) => column.fieldId === fieldId);
  const [physical] = own;
  if (!physical || own.length > 1 || physical.children.length > 0 || physical.isVariant) return false;
  return isStoredAs(physical.stored, ownType(field));
}

/**
 * How values lie in a file that the engine reads as the table has them; undefined for types that it has to be told. It reads all files of a scan
 * by the types of the first, so one of another type would lose what the first can't hold.
 */
function ownType({ type, metadata }: Field): StoredType | undefined {
  if (metadata.has('ARROW:extension:name')) return undefined;
  if (DataType.isDecimal(type)) return { kind: 'decimal', precision: type.precision, scale: type.scale };
  if (DataType.isInt(type)) return { kind: type.bitWidth === 64 ? 'long' : 'int' };
  if (DataType.isFloat(type)) return { kind: type.precision === Precision.DOUBLE ? 'double' : 'float' };
  if (DataType.isBool(type)) return { kind: 'boolean' };
  if (DataType.isUtf8(type)) return { kind: 'string' };
  if (DataType.isDate(type)) return { kind: 'date' };
  if (!DataType.isTimestamp(type) || type.unit !== TimeUnit.MICROSECOND) return undefined;
  return { kind: type.timezone ? 'timestamptz' : 'timestamp' };
}

function isStoredAs(stored: StoredType | undefined, expected: StoredType | undefined): boolean {
  if (!stored || stored.kind !== expected?.kind) return false;
  if (stored.kind !== 'decimal' || expected.kind !== 'decimal') return true;
  return stored.precision === expected.precision && stored.scale === expected.scale;
}
