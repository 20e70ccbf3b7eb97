import { SkuaError } from '../../../../errors.js';
import type { PhysicalColumn } from '../../../../expressions/index.js';
import type { EqualityDeletes, ParquetSource, TableScan } from '../../contract.js';
import { zonedNanoseconds } from '../native/named-types.js';
import { quoteIdentifier, quoteText } from '../native/text.js';
import { deletedPositionsTable, hasDeletedPositions } from './deleted-positions.js';

type ColumnByFieldId = (fieldId: number) => { value: string; type: string } | undefined;

/** Files that are read together, of which the first has this number among the files of the scan. */
export interface ReadTogether {
  files: readonly ParquetSource[];
  firstNumber: number;
}

/** Anti joins on the scan `s` that take the deleted rows of the files away (spec, "Delete Formats"). */
export function deleteJoins(scan: TableScan, group: ReadTogether, column: ColumnByFieldId): string {
  return positionJoin(scan, group) + equalityJoins(group.files[0]?.equalityDeletes ?? [], column);
}

function positionJoin(scan: TableScan, { files, firstNumber }: ReadTogether): string {
  if (!files.some(hasDeletedPositions)) return '';
  const from = quoteIdentifier(deletedPositionsTable(scan));
  if (files.length === 1) {
    return ` ANTI JOIN (SELECT pos FROM ${from} WHERE file = ${firstNumber}) AS d ON d.pos = s.file_row_number`;
  }
  const own = `file BETWEEN ${firstNumber} AND ${firstNumber + files.length - 1}`;
  const positions = `SELECT file - ${firstNumber} AS file, pos FROM ${from} WHERE ${own}`;
  return ` ANTI JOIN (${positions}) AS d ON d.file = s.file_index AND d.pos = s.file_row_number`;
}

/** Null equals null in an equality delete (spec, "Equality Delete Files"). Files with columns of the same names are read together. */
function equalityJoins(deletes: readonly EqualityDeletes[], column: ColumnByFieldId): string {
  const bySelect = new Map<string, [EqualityDeletes, ...EqualityDeletes[]]>();
  for (const file of deletes) {
    const select = keysSql(file, column);
    const files = bySelect.get(select);
    if (files) files.push(file);
    else bySelect.set(select, [file]);
  }
  let joins = '';
  for (const [number, [select, files]] of [...bySelect].entries()) {
    const name = `e${number}`;
    const conditions = files[0].fieldIds.map(
      (id) => `${name}.f${id} IS NOT DISTINCT FROM ${required(column(id), id).value}`,
    );
    const keys = `(SELECT ${select} FROM ${readDeletes(files)} AS k)`;
    joins += ` ANTI JOIN ${keys} AS ${name} ON ${conditions.join(' AND ')}`;
  }
  return joins;
}

/**
 * The engine casts what it reads to the types of the first file; where the columns of others are wider, since the table's were widened in between,
 * they have to be united.
 */
function readDeletes(files: readonly [EqualityDeletes, ...EqualityDeletes[]]): string {
  const list = files.map(({ path }) => quoteText(path)).join(', ');
  const types = new Set(files.map(({ columns }) => JSON.stringify(columns)));
  return `read_parquet([${list}], hive_partitioning = false${types.size > 1 ? ', union_by_name = true' : ''})`;
}

/** The compared columns of a delete file as `f<field id>`, in the types of the table. */
function keysSql({ fieldIds, columns }: EqualityDeletes, column: ColumnByFieldId): string {
  return fieldIds
    .map((id) => {
      const path = pathTo(id, columns);
      if (!path) throw new SkuaError('DATA_LOSS', `an equality delete file lacks its column with field id ${id}`);
      const value = path.reduce(
        (outer, inner) =>
          outer === '' ? `k.${quoteIdentifier(inner)}` : `struct_extract(${outer}, ${quoteText(inner)})`,
        '',
      );
      const { type } = required(column(id), id);
      return `CAST(${type === zonedNanoseconds ? `CAST(${value} AS VARCHAR)` : value} AS ${type}) AS f${id}`;
    })
    .join(', ');
}

/** Names from the top-level column down to the field. */
function pathTo(fieldId: number, columns: readonly PhysicalColumn[]): string[] | undefined {
  for (const { name, fieldId: own, children } of columns) {
    if (own === fieldId) return [name];
    const below = pathTo(fieldId, children);
    if (below) return [name, ...below];
  }
  return undefined;
}

function required<T>(value: T | undefined, fieldId: number): T {
  if (value !== undefined) return value;
  throw new SkuaError('INTERNAL', `equality deletes compare an unknown column with field id ${fieldId}`);
}
