/** Columns of a data file that are read in the engine's own format, where they are there in it. */
import { shapeOf } from '../../../arrow/index.js';
import type { PhysicalColumn, TableColumn } from '../../../expressions/index.js';
import type { DataFile } from '../../../iceberg/types.js';
import type { PinnedTable } from '../../contract.js';
import type { DecodedColumns, TableScan } from '../contract.js';
import type { Caches } from './caches.js';
import type { DecodableColumn, StageColumns } from './decoded-copies.js';
import { cacheFile, LocalFiles } from './local-files.js';
import type { ReadableFile } from './readable-file.js';

/**
 * From how many bytes on a file's columns are decoded, where so many files are read: a database is opened for each, and one scan of many small files
 * takes less.
 */
export function smallestDecoded(files: number): number {
  if (files <= 8) return 1 << 12;
  return files <= 64 ? 1 << 20 : Number.POSITIVE_INFINITY;
}

/** Of files of at most so many bytes all columns are decoded at once, so that no other choice of them needs another copy. */
const DECODED_WHOLE = 2 << 20;

interface DecodableFile {
  file: DataFile;
  readable: ReadableFile;
  /** That are read, and all of the table's. */
  columns: readonly TableColumn[];
  known: readonly TableColumn[];
  /** Smaller files, in bytes, are read as they are. */
  smallest: number;
}

/** Links the copy that has all of the columns. Without one, the reading is noted, so that there may be one the next time. */
export async function decodedSource(
  local: LocalFiles,
  table: PinnedTable,
  { file, readable, columns, known, smallest }: DecodableFile,
): Promise<DecodedColumns | undefined> {
  const { caches } = local;
  const cached = cacheFile(table, file);
  if (!caches.decoded || cached.store === 'file' || cached.size < smallest) return undefined;
  const wanted = decodable(columns, readable.columns);
  if (wanted.length === 0) return undefined;
  const copy = caches.decoded.find(cached, wanted);
  const path = copy && (await local.decoded(cached, copy));
  if (path !== undefined) return { path, columns: copy?.columns ?? new Map() };
  const beside = cached.size <= DECODED_WHOLE ? decodable(known, readable.columns) : [];
  caches.decoded.missed(cached, wanted, stageColumns(caches, table, file, readable), beside);
  return undefined;
}

/** The columns that the file holds, each once. */
function decodable(columns: readonly TableColumn[], physical: readonly PhysicalColumn[]): DecodableColumn[] {
  const byName = new Map<string, DecodableColumn>();
  for (const { computed: _, ...column } of columns) {
    const own = physical.find(({ fieldId }) => fieldId === column.fieldId);
    if (!own) continue;
    byName.set(own.name, { column, name: own.name, key: JSON.stringify([own, shapeOf(column.field)]) });
  }
  return [...byName.values()];
}

function stageColumns(caches: Caches, table: PinnedTable, file: DataFile, readable: ReadableFile): StageColumns {
  return async (directory, columns, signal) => {
    const local = new LocalFiles(caches, directory, signal);
    try {
      const names = columns.map(({ name }) => name);
      const { path, held } = await local.columns(table, file, { ...readable, columns: names, skippedRowGroups: [] });
      const source = {
        path,
        ...(held && { held }),
        location: file.location,
        rowCount: readable.footer.rowCount,
        columns: readable.columns,
        constants: new Map(),
        positionDeletes: [],
        equalityDeletes: [],
      };
      const scan: TableScan = {
        name: 'decoded',
        columns: columns.map(({ column }) => column),
        source: { kind: 'parquet', files: [source] },
      };
      return { scan, release: () => local.release() };
    } catch (error) {
      await local.release();
      throw error;
    }
  };
}
