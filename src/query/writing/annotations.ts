import { fieldIdsOfType } from '../../iceberg/index.js';
import { adjustToUtc, annotateVariants, type WrittenFile } from '../../parquet/index.js';
import type { PinnedTable } from '../tables/tables.js';

/**
 * Gives a data file that the engine wrote for a table the annotations that the engine can't: moments in nanoseconds, which it knows as times
 * without zone only, and variants, of which it writes the bytes.
 */
export async function annotate({ schema }: PinnedTable, written: WrittenFile): Promise<WrittenFile> {
  const moments = fieldIdsOfType(schema, 'timestamptz_ns');
  if (moments.size > 0) await adjustToUtc(written.path, moments);
  const variants = fieldIdsOfType(schema, 'variant');
  return variants.size > 0 ? annotateVariants(written, variants) : written;
}
