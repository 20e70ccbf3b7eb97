/** What a Parquet footer tells: which bytes of a file a scan needs. */
export { addPageChecksums } from './add-checksums.js';
export type { BloomFilterOptions } from './bloom-filter-writer.js';
export { misleadingBloomFilters } from './bloom-filters.js';
export { parseFooter, readFooter } from './footer.js';
export { annotateFields, type FooterAnnotation, isEdgeAlgorithm } from './footer-annotations.js';
export { createFooterCache, type FooterCache, type FooterFile } from './footer-cache.js';
export { type LocalFooter, localFooter } from './local-footer.js';
export { adjustToUtc } from './nanosecond-clocks.js';
export { neededRanges } from './needed-ranges.js';
export { pagesAreSound } from './page-checksums.js';
export { type SkippedRowGroups, skippedRowGroups, spansOfColumn } from './row-groups.js';
export type {
  Annotation,
  ChunkStatistics,
  ColumnChunk,
  LeafColumn,
  ParquetFooter,
  RowGroup,
  SchemaElement,
} from './types.js';
export { variantProblem } from './variant-bytes.js';

export type { WrittenColumnStatistics, WrittenFile } from './written-file.js';
