import { SkuaError } from '../../../errors.js';
import type { PhysicalColumn } from '../../../expressions/index.js';
import type { EqualityDeletes, ParquetSource, TableScan } from '../../contract.js';
import { zonedNanoseconds } from '../native/named-types.js';
import { quoteIdentifier, quoteText } from '../native/text.js';

/** The temporary table of deleted positions of a scan: `file` counts the scan's files, `pos` the rows of one. */
export function deletedPositionsTable(scan: TableScan): string {
  return `skua deletes of ${scan.name}`;
}

type ColumnByFieldId = (fieldId: number) => { value: string; type: string } | undefined;

/** Anti joins on the scan `s` that take the deleted rows of the files away (spec, "Delete Formats"). */
export function deleteJoins(scan: TableScan, files: readonly ParquetSource[], column: ColumnByFieldId): string {
  return positionJoin(scan, files) + equalityJoins(files[0]?.equalityDeletes ?? [], column);
}

function positionJoin(scan: TableScan, files: readonly ParquetSource[]): string {
  const all = scan.source.kind === 'parquet' ? scan.source.files : [];
  const parts: string[] = [];
  const ordinals = files.flatMap((file, index) => (file.deletedPositions?.length ? [[all.indexOf(file), index]] : []));
  if (ordinals.length > 0) {
    const single = files.length === 1;
    const file = single ? '0' : `CASE file ${ordinals.map(([from, to]) => `WHEN ${from} THEN ${to}`).join(' ')} END`;
    const chosen = `file IN (${ordinals.map(([from]) => from).join(', ')})`;
    parts.push(`SELECT ${file} AS file, pos FROM ${quoteIdentifier(deletedPositionsTable(scan))} WHERE ${chosen}`);
  }
  const byDeleteFile = new Map<string, number[]>();
  for (const [index, file] of files.entries()) {
    for (const path of file.positionDeletes) byDeleteFile.set(path, [...(byDeleteFile.get(path) ?? []), index]);
  }
  for (const [path, indexes] of byDeleteFile) {
    const locations = indexes.map((index) => `(${quoteText(files[index]?.location ?? '')}, ${index})`).join(', ');
    parts.push(
      `SELECT f.file, d.pos FROM read_parquet(${quoteText(path)}, hive_partitioning = false) d ` +
        `JOIN (VALUES ${locations}) f(location, file) ON d.file_path = f.location`,
    );
  }
  if (parts.length === 0) return '';
  const condition = files.length === 1 ? '' : 'd.file = s.file_index AND ';
  return ` ANTI JOIN (${parts.join(' UNION ALL ')}) AS d ON ${condition}d.pos = s.file_row_number`;
}

/** Null equals null in an equality delete (spec, "Equality Delete Files"). Files with the same columns are read together. */
function equalityJoins(deletes: readonly EqualityDeletes[], column: ColumnByFieldId): string {
  const bySelect = new Map<string, { fieldIds: number[]; paths: string[] }>();
  for (const file of deletes) {
    const select = keysSql(file, column);
    const entry = bySelect.get(select) ?? { fieldIds: file.fieldIds, paths: [] };
    entry.paths.push(file.path);
    bySelect.set(select, entry);
  }
  let joins = '';
  for (const [number, [select, { fieldIds, paths }]] of [...bySelect].entries()) {
    const name = `e${number}`;
    const list = paths.map(quoteText).join(', ');
    const conditions = fieldIds.map((id) => `${name}.f${id} IS NOT DISTINCT FROM ${required(column(id), id).value}`);
    const keys = `(SELECT ${select} FROM read_parquet([${list}], hive_partitioning = false) AS k)`;
    joins += ` ANTI JOIN ${keys} AS ${name} ON ${conditions.join(' AND ')}`;
  }
  return joins;
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
