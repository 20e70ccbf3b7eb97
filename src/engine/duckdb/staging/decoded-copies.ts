/** What staging knows of columns that are kept in the engine's own format. */
import type { TableColumn } from '../../../expressions/index.js';
import type { CacheFile } from '../../../storage/index.js';
import type { TableScan } from '../contract.js';

/** A column of a data file that a statement reads. */
export interface DecodableColumn {
  column: TableColumn;
  /** The file's own name for it. */
  name: string;
  /** Of two columns of a file with the same key, the values lie there alike, and are decoded alike. */
  key: string;
}

/** A database with decoded columns of a data file. */
export interface DecodedCopy {
  file: CacheFile;
  /** Names of its columns, by the data file's own. */
  columns: ReadonlyMap<string, string>;
}

/** Brings columns of a data file into a folder, all of their row groups, and gives the scan that reads them there. */
export type StageColumns = (
  directory: string,
  columns: readonly DecodableColumn[],
  signal: AbortSignal,
) => Promise<{ scan: TableScan; release(): Promise<void> }>;

export interface DecodedCopies {
  /** The copy that has all of the columns. It may have been evicted since. */
  find(file: CacheFile, columns: readonly DecodableColumn[]): DecodedCopy | undefined;
  /** Told that a statement reads columns of a file of which there is no such copy; those `beside` are decoded with them where they can be. */
  missed(
    file: CacheFile,
    columns: readonly DecodableColumn[],
    stage: StageColumns,
    beside?: readonly DecodableColumn[],
  ): void;
  /** Forgets the copy of a file, which is gone or can't be read. */
  forget(file: CacheFile): void;
}
