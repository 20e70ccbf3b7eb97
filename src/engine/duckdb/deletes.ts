import { SkuaError } from '../../errors.js';
import type { ParquetSource, TableScan } from '../contract.js';
import { quoteIdentifier, quoteText } from './text.js';

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
function equalityJoins(deletes: ParquetSource['equalityDeletes'], column: ColumnByFieldId): string {
  const byColumns = new Map<string, { fieldIds: number[]; paths: string[] }>();
  for (const { path, fieldIds } of deletes) {
    const key = fieldIds.join();
    const entry = byColumns.get(key) ?? { fieldIds, paths: [] };
    entry.paths.push(path);
    byColumns.set(key, entry);
  }
  let joins = '';
  for (const [number, { fieldIds, paths }] of [...byColumns.values()].entries()) {
    const name = `e${number}`;
    const found = fieldIds.map((id) => ({ id, ...required(column(id), id) }));
    const schema = found.map(
      ({ id, type }) => `${id}: {name: 'f${id}', type: ${quoteText(type)}, default_value: NULL}`,
    );
    const list = paths.map(quoteText).join(', ');
    const conditions = found.map(({ id, value }) => `${name}.f${id} IS NOT DISTINCT FROM ${value}`);
    joins += ` ANTI JOIN read_parquet([${list}], schema = MAP {${schema.join(', ')}}, hive_partitioning = false) AS ${name} ON ${conditions.join(' AND ')}`;
  }
  return joins;
}

function required<T>(value: T | undefined, fieldId: number): T {
  if (value !== undefined) return value;
  throw new SkuaError('UNIMPLEMENTED', `equality deletes compare the dropped column with field id ${fieldId}`);
}
