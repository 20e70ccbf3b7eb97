import type { ByteRange } from '../storage/contract.js';
import { mergeRanges } from '../storage/index.js';
import type { ColumnChunk, ParquetFooter } from './types.js';

/**
 * The bytes that DuckDB reads of a file to answer for the wanted top-level columns: the footer, the column chunks with all that is nested
 * in them, and their bloom filters, which it consults for equality. Page indexes are not read. In order, without overlaps.
 *
 * @param columns names of top-level columns as the file has them
 * @param fileSize in bytes
 * @param skippedRowGroups indexes of row groups that are not wanted; see `skippedRowGroups`. Their bloom filters are all the same, since
 *   DuckDB may look into them before it finds that statistics rule the row group out.
 */
export function neededRanges(
  footer: ParquetFooter,
  columns: Iterable<string>,
  fileSize: number,
  skippedRowGroups: readonly number[] = [],
): ByteRange[] {
  const wanted = new Set(columns);
  const skipped = new Set(skippedRowGroups);
  const ranges: ByteRange[] = [{ offset: fileSize - footer.length, length: footer.length }];
  footer.rowGroups.forEach((group, index) => {
    for (const chunk of group.chunks) {
      if (!wanted.has(chunk.leaf.path[0] as string)) continue;
      if (!skipped.has(index)) ranges.push(chunk.range);
      const bloom = bloomRange(chunk, footer, fileSize);
      if (bloom) ranges.push(bloom);
    }
  });
  return mergeRanges(ranges);
}

/** Up to the next thing in the file where the writer left out the bloom filter's length. */
function bloomRange({ bloomFilter }: ColumnChunk, footer: ParquetFooter, fileSize: number): ByteRange | undefined {
  if (!bloomFilter) return undefined;
  const { offset, length } = bloomFilter;
  if (length !== undefined) return { offset, length };
  let end = fileSize - footer.length;
  for (const group of footer.rowGroups) {
    for (const chunk of group.chunks) {
      for (const start of [chunk.range.offset, chunk.bloomFilter?.offset ?? end]) {
        if (start > offset && start < end) end = start;
      }
    }
  }
  return { offset, length: end - offset };
}
