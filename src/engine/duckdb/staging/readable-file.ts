/** The footer that the engine reads a file by. */
import type { PhysicalColumn } from '../../../expressions/index.js';
import { applyNameMapping, nameMapping, numberByPosition } from '../../../iceberg/index.js';
import type { DataFile, DeleteFile } from '../../../iceberg/types.js';
import { localFooter } from '../../../parquet/index.js';
import type { PinnedTable } from '../../contract.js';
import { tableAnnotations } from './file-types.js';
import type { LocalFiles, LocalForm } from './local-files.js';

/** A file as the engine reads it. */
export interface ReadableFile extends LocalForm {
  /** With field ids. */
  columns: PhysicalColumn[];
}

export async function readableFile(
  local: LocalFiles,
  table: PinnedTable,
  file: DataFile | DeleteFile,
): Promise<ReadableFile> {
  const footer = await local.footer(table, file);
  const columns = withFieldIds(table, footer.columns);
  const shown = localFooter(footer, file.location, footer.fileSize, tableAnnotations(table, footer, columns));
  if (!shown) return { footer, columns, size: footer.fileSize };
  return { footer: shown.footer, columns: withFieldIds(table, shown.footer.columns), size: shown.size, shown };
}

/** Files without field ids get them from the name mapping or, where the table has none, by position. */
function withFieldIds(table: PinnedTable, columns: PhysicalColumn[]): PhysicalColumn[] {
  if (columns.some(hasFieldId)) return columns;
  const mapping = nameMapping(table.metadata);
  return mapping ? applyNameMapping(columns, mapping) : numberByPosition(columns);
}

function hasFieldId(column: PhysicalColumn): boolean {
  return column.fieldId !== undefined || column.children.some(hasFieldId);
}
