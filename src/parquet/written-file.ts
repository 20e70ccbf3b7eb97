export interface WrittenFile {
  path: string;
  rowCount: number;
  /** Bytes. */
  fileSize: number;
  footerSize: number;
  /** Where its row groups begin. */
  rowGroupOffsets: number[];
  /** One entry per partition field, in the text form of a Literal. */
  partition: (string | null)[];
  columns: WrittenColumnStatistics[];
}

export interface WrittenColumnStatistics {
  /** Column names from the root to the leaf. */
  path: string[];
  valueCount: number;
  nullCount: number;
  nanCount?: number | undefined;
  /** Bytes, compressed. */
  columnSize: number;
  /** As text of the engine; absent where there is none. */
  min?: string | undefined;
  max?: string | undefined;
}
