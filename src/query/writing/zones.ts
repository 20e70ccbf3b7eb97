import { zonedNanosecondIds } from '../../iceberg/index.js';
import { adjustToUtc } from '../../parquet/index.js';
import type { PinnedTable } from '../tables/tables.js';

/** Marks the moments in a data file that the engine wrote for a table; the engine knows the same times without zone only. */
export async function markZones(table: PinnedTable, path: string): Promise<void> {
  const fieldIds = zonedNanosecondIds(table.schema);
  if (fieldIds.size > 0) await adjustToUtc(path, fieldIds);
}
