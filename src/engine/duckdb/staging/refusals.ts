/** What can be described but not read: refused with UNIMPLEMENTED before a byte of it is moved. */
import { SkuaError } from '../../../errors.js';
import type { PhysicalColumn } from '../../../expressions/index.js';
import type { FileTask } from '../../../iceberg/contract.js';
import type { DataFile, DeleteFile } from '../../../iceberg/types.js';
import type { ParquetFooter } from '../../../parquet/index.js';
import type { PinnedTable } from '../../contract.js';

export function refuseOtherFormats(table: PinnedTable, tasks: readonly FileTask[]): void {
  for (const { file, deletes } of tasks) {
    const odd = [file, ...deletes].find(({ format }) => format !== 'parquet' && format !== 'puffin');
    if (odd) {
      const what = odd.content === 'data' ? 'data files' : 'delete files';
      throw new SkuaError(
        'UNIMPLEMENTED',
        `Table ${table.displayName} has ${what} in ${odd.format.toUpperCase()} format; Skua reads Parquet`,
      );
    }
  }
}

/** The engine knows neither LZO nor the LZ4 with Hadoop's framing, which Parquet replaced by LZ4_RAW. */
export function refuseOtherCodecs(
  file: DataFile | DeleteFile,
  footer: ParquetFooter,
  columns: readonly string[],
): void {
  for (const { chunks } of footer.rowGroups) {
    for (const { leaf, codec } of chunks) {
      if ((codec === 'LZO' || codec === 'LZ4') && columns.includes(leaf.path[0] as string)) {
        throw new SkuaError(
          'UNIMPLEMENTED',
          `The Parquet file '${file.location}' is compressed with ${codec}, which is not supported`,
        );
      }
    }
  }
}

/** Of two columns with one field id, either could be the table's. */
export function refuseSharedFieldIds(
  file: DataFile | DeleteFile,
  columns: readonly PhysicalColumn[],
  wanted: ReadonlySet<number>,
): void {
  const seen = new Set<number>();
  const visit = ({ fieldId, children }: PhysicalColumn): void => {
    if (fieldId !== undefined && fieldId >= 0 && seen.has(fieldId)) {
      const message = `The Parquet file '${file.location}' has more than one column with the field id ${fieldId}`;
      throw new SkuaError('DATA_LOSS', message);
    }
    if (fieldId !== undefined) seen.add(fieldId);
    children.forEach(visit);
  };
  columns.filter(({ fieldId }) => fieldId !== undefined && wanted.has(fieldId)).forEach(visit);
}
